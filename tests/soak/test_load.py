"""Far more rows than the data sets have: memory stays bounded, and time grows with the rows."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 8 * 2**30
GROWTH = 2
"""Times the seconds a row that the most rows may take of those at a tenth or a fifth as many."""

MACHINES = """
from dataclasses import replace
from labkit.failures import final
from labkit.failures.data import load_maintenance
from labkit.failures.profile import QUICK
from labkit.failures.simulation import simulate
tiny = replace(
    QUICK, learning_rates={"adam": [1e-2]}, epochs=2, remedy_epochs=2, recipe_epochs=1, ensemble=2,
    boosting_rounds=40, candidates=1, nested_candidates=1, folds=2, n_seeds=1,
    grid={"hidden_sizes": [(8,)], "batch_size": [512], "epochs": [2]},
)
data = replace(load_maintenance("embedded"), frame=simulate(rows))
clock = time.perf_counter()
final.final.make(data, tiny)
"""
"""The whole final study of failures, every family before every judge, on simulated rows."""

PRICES = """
import numpy as np
import pandas as pd
from labkit.volatility.data import load_nyse
from labkit.volatility.panel import volatility_panel
own = load_nyse("embedded").prices
times = -(-rows // len(own))
prices = pd.concat([own] * times, ignore_index=True)
prices["symbol"] += "." + pd.Series(np.arange(times).astype(str)).repeat(len(own)).to_numpy()
clock = time.perf_counter()
volatility_panel(prices)
"""
"""The panel of prices, its stocks repeated under other names."""

REPORT = """
seconds = time.perf_counter() - clock
own, children = (resource.getrusage(who).ru_maxrss for who in
                 (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({"rows": rows, "seconds": seconds, "bytes": 1024 * (own + children)}))
"""


def run(program: str, rows: int, folder: Path) -> dict:
    start = (
        "import json, resource, sys, time, warnings\nfrom pathlib import Path\n"
        "from joblib import parallel_config\nfrom labkit.report import results\n"
        "warnings.simplefilter('ignore')\nparallel_config(backend='sequential')\n"
        f"results.FOLDER, rows = Path({str(folder)!r}), {rows}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", start + program + REPORT],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("program", "sizes"),
    [
        pytest.param(MACHINES, (10_000, 100_000, 1_000_000), id="machines"),
        pytest.param(PRICES, (100_000, 1_000_000, 5_000_000), id="prices"),
    ],
)
def test_time_grows_with_the_rows_and_memory_is_bounded(program, sizes, tmp_path):
    found = [run(program, rows, tmp_path / str(rows)) for rows in sizes]
    print()
    for one in found:
        print(f"{one['rows']:>9,} rows {one['seconds']:8.1f} s {one['bytes'] / 2**30:6.2f} GB")
    assert max(one["bytes"] for one in found) <= MOST_BYTES
    *_, before, most = (one["seconds"] / one["rows"] for one in found)
    assert most <= GROWTH * before
