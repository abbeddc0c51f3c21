"""What each step is worth, from predictions that were kept: known answers, and what is shown."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from drawn import ticks
from made_up import cells, failure_standings, failures_final, volatility_final

from labkit.both import figures, scoreboard, steps, tables
from labkit.failures import profile as failure_profile
from labkit.failures.judging import BLOCKS, HELD_OUT
from labkit.failures.rules import FAILURE_TYPES
from labkit.volatility import profile as volatility_profile

DAYS, STOCKS = 40, 5
QUICK = volatility_profile.PROFILES["quick"]


@pytest.fixture(scope="module")
def of_volatility():
    """Forecasts whose squared error is that of noise of a size of its own, by stage."""
    random = np.random.default_rng(0)
    y = random.normal(size=DAYS * STOCKS)
    noise = random.normal(size=y.size)
    sizes = {"first": 0.8, "tuned": 0.8, "regularized": 0.4, "recipe": 0.6, "averaged": 0.5,
             "mlp-wide": 0.7, "persistence": 1.5, "ridge": 0.45}  # fmt: skip
    kinds = {"persistence": "floor", "ridge": "baseline"}
    forecasts = np.stack([y + size * noise for size in sizes.values()])
    r2 = 1 - ((forecasts - y) ** 2).sum(axis=1) / ((y - y.mean()) ** 2).sum()
    scores = pd.DataFrame(
        {"model": [f"model {s}" for s in sizes], "kind": [kinds.get(s, "mlp") for s in sizes],
         "stage": list(sizes), "set": "test", "r2": r2}
    )  # fmt: skip
    return replace(
        volatility_final(), scores=scores, forecasts={"test": forecasts}, realised={"test": y},
        days={"test": np.repeat(np.arange(DAYS), STOCKS)}, best="averaged", rival="ridge",
        names={s: f"model {s}" for s in sizes},
    )  # fmt: skip


def test_a_step_gains_the_difference_of_both_scores(of_volatility):
    found = steps.steps_of_volatility(of_volatility, QUICK)
    r2 = of_volatility.scores.set_index("stage")["r2"]
    for name, (before, after) in steps.OF_VOLATILITY.items():
        step = found.of(name)
        assert step.gain.value == pytest.approx(r2[after] - r2[before])
        assert (step.before, step.after) == (f"model {before}", f"model {after}")
    assert found.of(steps.REMEDY).gain.low > 0, "half the noise is no sure gain"
    assert found.of(steps.INPUTS).gain.high < 0, "more noise is no sure loss"
    tie = found.of(steps.TUNING).gain
    assert tie.low == tie.value == tie.high == 0, "the same forecasts differ"


@pytest.fixture(scope="module")
def of_failures():
    """Classifiers that get a share of the rows wrong, before both judges."""
    y = np.tile(FAILURE_TYPES, 30)
    stages = {"mlp-raw": 0.5, "mlp-physics": 0.2, "mlp-tuned": 0.2, "mlp-regularized": 0.4,
              "mlp-recipe": 0.3, "mlp-recipe-averaged": 0.1}  # fmt: skip
    models = [{"model": s.upper(), "kind": "mlp", "stage": s} for s in stages]
    parts, predictions = [], {}
    for judge in (HELD_OUT, BLOCKS):
        random, own = np.random.default_rng(1), []
        for share in stages.values():
            numbers = np.arange(len(y)) % 6
            wrong = random.random((2, len(y))) < share
            own.append(np.eye(6)[np.where(wrong, (numbers + 1) % 6, numbers)])
        predictions[judge] = np.stack(own)
        parts.append(pd.DataFrame(models).assign(judge=judge, macro_f1=0.5, low=0.4, high=0.6))
    truth = pd.concat([pd.DataFrame({"judge": j, "true": y}) for j in (HELD_OUT, BLOCKS)])
    return replace(
        failures_final(), standings=pd.concat(parts), predictions=predictions, judged_rows=truth
    )


def test_steps_of_failures_are_judged_twice(of_failures):
    found = steps.steps_of_failures(of_failures, failure_profile.PROFILES["quick"])
    assert [own.judge for own in found] == [HELD_OUT, BLOCKS]
    for own in found:
        assert own.of(steps.INPUTS).gain.low > 0 > own.of(steps.REMEDY).gain.high
        tuned = own.of(steps.TUNING)
        assert (tuned.before, tuned.after) == ("MLP-PHYSICS", "MLP-TUNED")
        assert tuned.gain.low < 0 < tuned.gain.high


def test_figure_and_table_show_every_step_before_every_judge(of_volatility, of_failures):
    found = [
        steps.steps_of_volatility(of_volatility, QUICK),
        *steps.steps_of_failures(of_failures, failure_profile.PROFILES["quick"]),
    ]
    axes = figures.steps(found).axes
    assert [axis.get_xlabel() for axis in axes] == [
        "gain in R²\nvolatility, test year",
        "gain in macro-F1\nfailures, held-out rows",
        "gain in macro-F1\nfailures, blocks of time",
    ]
    assert list(ticks(axes[0].yaxis)) == list(steps.OF_VOLATILITY)
    made = cells(tables.steps(of_volatility, found))
    assert len(made) == 12 and made[0]["Step"] == "Further inputs"
    assert made[1]["Gain [95 %]"] == "+0.000 [+0.000, +0.000]" and made[1]["From"] == "model first"


def test_the_scoreboard_goes_from_floors_to_ceilings(of_volatility):
    found = scoreboard.of_volatility(of_volatility, QUICK)
    kinds = list(found.table["kind"])
    assert kinds == ["floor", "baseline", *["mlp"] * (len(kinds) - 3), "ceiling"]
    mlps = found.table[found.table["kind"] == "mlp"]
    assert mlps["score"].is_monotonic_increasing and "model averaged" in set(mlps["model"])
    learned = found.table[found.table["kind"] != "ceiling"]
    assert ((learned["low"] < learned["score"]) & (learned["score"] < learned["high"])).all()
    assert np.isnan(found.table["low"].iloc[-1])


def test_the_picture_names_every_model_shown_and_its_score(of_volatility):
    boards = [
        scoreboard.of_volatility(of_volatility, QUICK),
        scoreboard.of_failures(failures_final(failure_standings(mlp_tuned=0.7))),
    ]
    fig = figures.scoreboards(boards)
    for axis, board in zip(fig.axes, boards, strict=True):
        assert list(ticks(axis.yaxis)) == list(board.table["model"])
        shown = [own.get_text() for own in axis.texts]
        assert shown == [f"{score:.3f}".replace("-", "−") for score in board.table["score"]]
    assert boards[1].table.iloc[-2]["model"] == "MLP, tuned", "the best MLP is not the last of them"
