"""Fixtures that several rooms share: a made-up market whose truth is known, machine rows, and a pip
that sees one folder.
"""

import os
import sys
from random import Random

import numpy as np
import pandas as pd
import pytest
import torch
from joblib import parallel_config

from labkit.failures.simulation import simulate
from labkit.report import results

# The tests' models are small: a second thread costs more than it brings.
torch.set_num_threads(1)


def pytest_collection_modifyitems(items):
    """Long modules first, so that no process waits for one at the end.

    In another order where ``LABKIT_ORDER`` gives a seed: of the modules, and inside each.
    """
    seed = os.environ.get("LABKIT_ORDER")
    if seed is None:
        items.sort(key=lambda item: item.get_closest_marker("long") is None)
        return
    draw = Random(int(seed))
    draw.shuffle(items)
    modules = list(dict.fromkeys(item.path for item in items))
    items.sort(key=lambda item: modules.index(item.path))


SYMBOLS = ["AAA", "BBB", "CCC", "DDD"]
LATE = "EEE"
"""Listed 300 trading days after the others."""


def synthetic_prices(seed: int = 0, start: str = "2010-01-01", end: str = "2013-12-31"):
    """Daily prices of `SYMBOLS` and `LATE`, whose log volatility is persistent and shared.

    Log volatility is a stationary autoregression of a market part and an own part; a day's four
    prices are those of a random walk of 30 steps within the day.
    """
    random = np.random.default_rng(seed)
    days = pd.bdate_range(start, end)
    market = _autoregression(random, len(days), 0.97, 0.08)
    frames = []
    for symbol in [*SYMBOLS, LATE]:
        volatility = np.exp(-4.4 + market + _autoregression(random, len(days), 0.9, 0.1))
        steps = random.normal(size=(len(days), 30)) * volatility[:, None] / np.sqrt(30)
        gap = random.normal(size=len(days)) * volatility / 3
        within = np.cumsum(steps, axis=1)
        opening = np.log(50) + np.cumsum(gap + np.r_[0, within[:-1, -1]])
        path = np.column_stack([np.zeros(len(days)), within]) + opening[:, None]
        frames.append(
            pd.DataFrame(
                {
                    "date": days,
                    "symbol": symbol,
                    "open": np.exp(path[:, 0]),
                    "close": np.exp(path[:, -1]),
                    "low": np.exp(path.min(axis=1)),
                    "high": np.exp(path.max(axis=1)),
                    "volume": np.exp(random.normal(14, 0.3, len(days))).round(),
                }
            )
        )
    frames[-1] = frames[-1].iloc[300:]
    return pd.concat(frames, ignore_index=True)


def _autoregression(random, n: int, persistence: float, noise: float) -> np.ndarray:
    values = np.zeros(n)
    for t in range(1, n):
        values[t] = persistence * values[t - 1] + random.normal(0, noise)
    return values


@pytest.fixture(scope="session")
def prices() -> pd.DataFrame:
    """Four years of five symbols."""
    return synthetic_prices()


@pytest.fixture
def one_process():
    """No worker processes: models of a test are smaller than the start of one."""
    with parallel_config(backend="sequential"):
        yield


@pytest.fixture(scope="session")
def machines() -> pd.DataFrame:
    """The simulated machine rows, all 10,000."""
    return simulate()


@pytest.fixture(scope="session", autouse=True)
def results_folder(tmp_path_factory):
    """No test reads or writes the project's own results."""
    before, results.FOLDER = results.FOLDER, tmp_path_factory.mktemp("results")
    yield results.FOLDER
    results.FOLDER = before


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """pip sees one folder of wheels and nothing else; there is no Quarto."""
    wheels = tmp_path / "wheels"
    for name in [name for name in os.environ if name.startswith(("PIP_", "LABKIT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", wheels.as_uri())
    monkeypatch.setenv("PATH", str(tmp_path))
    return wheels


@pytest.fixture(autouse=True)
def closed_figures():
    """No figure outlives its test."""
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
