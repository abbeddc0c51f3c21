"""Tables: what stands in which cell, how numbers are written, and what is bold."""

import ast
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labkit import failures, volatility
from labkit.both import reproducibility
from labkit.config import PROFILES
from labkit.failures.balancing import STRATEGIES
from labkit.failures.data import load_maintenance
from labkit.failures.rules import FAILURE_TYPES
from labkit.nets import diagnostics
from labkit.nets.splits import chronological
from labkit.report import results, tables
from labkit.report.results import Result
from labkit.report.table import mean_and_spread, table, with_interval
from labkit.volatility.data import load_nyse
from labkit.volatility.panel import FEATURE_LABELS, volatility_panel
from labkit.volatility.setting import RegressionData


@pytest.fixture(autouse=True)
def usual_profile(monkeypatch):
    monkeypatch.setenv("LABKIT_PROFILE", "full")


def cells(made):
    """The rows of a pipe table, its heading first, as dicts."""
    lines = made.markdown.splitlines()
    assert set(lines[1]) <= set("|:-"), lines[1]
    rows = [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert len({len(row) for row in rows}) == 1, "rows of different lengths"
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


FRAME = pd.DataFrame(
    {
        "name": ["a", "b", "c"],
        "score": [0.5, -0.25, 0.1234],
        "rows": [10, 2000, 3_000_000],
        "sure": [True, False, True],
    }
)


def test_numbers_are_written_as_a_book_writes_them():
    given = cells(table(FRAME))
    assert [row["score"] for row in given] == ["0.500", "−0.250", "0.123"]
    assert [row["rows"] for row in given] == ["10", "2,000", "3,000,000"]
    assert [row["sure"] for row in given] == ["True", "False", "True"]
    assert table(FRAME)._repr_markdown_() == table(FRAME).markdown


def test_headings_order_formats_and_alignment_are_the_callers():
    made = table(
        FRAME, {"score": "R²", "name": "Model"}, formats={"score": "+.1%"}, align={"name": "right"}
    )
    assert [list(row.items()) for row in cells(made)] == [
        [("R²", "+50.0%"), ("Model", "a")],
        [("R²", "−25.0%"), ("Model", "b")],
        [("R²", "+12.3%"), ("Model", "c")],
    ]
    left, right = made.markdown.splitlines()[1].strip("|").split("|")
    assert left.endswith(":") and right.endswith(":")


@pytest.mark.parametrize(("best", "bold"), [("max", ["a"]), ("min", ["b"])])
def test_the_best_is_bold(best, bold):
    given = cells(table(FRAME, best={"score": best}))
    assert [row["name"] for row in given if row["score"].startswith("**")] == bold


def test_what_looks_the_same_is_bold_together():
    frame = pd.DataFrame({"x": [0.12341, 0.12342, 0.1]})
    assert [row["x"] for row in cells(table(frame, best={"x": "max"}))] == [
        "**0.123**", "**0.123**", "0.100",
    ]  # fmt: skip


def test_gaps_are_dashes_and_never_the_best():
    frame = pd.DataFrame({"x": [np.nan, 1.0], "t": [None, "y"], "n": [pd.NA, pd.NaT]})
    first, second = cells(table(frame, best={"x": "min"}))
    assert list(first.values()) == ["–", "–", "–"]
    assert list(second.values()) == ["**1.000**", "y", "–"]
    assert "**" not in table(pd.DataFrame({"x": [np.nan]}), best={"x": "max"}).markdown


def test_zero_has_no_sign():
    frame = pd.DataFrame({"x": [-0.0001, 0.0]})
    assert [row["x"] for row in cells(table(frame))] == ["0.000", "0.000"]
    assert with_interval(-0.0001, -0.2, 0.2) == "0.000 [−0.200, 0.200]"


def test_a_bar_in_a_text_does_not_split_its_cell():
    assert cells(table(pd.DataFrame({"x": ["a|b"], "y": ["c"]})))[0] == {"x": r"a\|b", "y": "c"}


def test_hyphens_in_texts_are_no_minus_signs():
    assert cells(table(pd.DataFrame({"x": ["64-32"]})))[0]["x"] == "64-32"


def test_a_column_that_is_not_there_is_named_with_those_that_are():
    with pytest.raises(KeyError, match="no column 'f1' in the frame; it has name, score"):
        table(FRAME, {"f1": "F1"})


def test_means_with_spread_and_interval():
    assert mean_and_spread([0.5]) == "0.500"
    assert mean_and_spread([-1.0, -3.0], ".1f") == "−2.0 ± 1.4"
    assert with_interval(0.5, float("nan"), float("nan")) == "0.500"


# The studies' tables.


def test_features_are_listed_as_the_panel_has_them():
    assert [row["Feature"] for row in cells(tables.features())] == [
        f"`{name}`" for name in FEATURE_LABELS
    ]


def test_the_grid_shows_the_candidates_in_order_and_the_best_in_bold():
    candidates = pd.DataFrame(
        {
            "optimizer": ["adam", "sgd"],
            "learning_rate": [0.001, 0.01],
            "hidden_sizes": [(64, 32), (16,)],
            "layers": [2, 1],
            "batch_size": [1024, 64],
            "epochs": [8, 2],
            "mean_test_score": [0.52, 0.5],
            "std_test_score": [0.01, 0.02],
            "mean_train_score": [0.6, 0.5],
        },
    ).astype({"learning_rate": object, "batch_size": object, "epochs": object})
    first, second = cells(tables.grid(candidates, "R²"))
    assert (first["Neurons"], first["Layers"], first["Batch"]) == ("64-32", "2", "1,024")
    assert (first["Learning rate"], second["Learning rate"]) == ("0.001", "0.01")
    assert (first["R²"], second["R²"]) == ("**0.5200**", "0.5000")


def test_the_split_shows_what_each_set_spans(prices):
    panel = volatility_panel(prices)
    split = chronological(panel.index["date"], embargo=5)
    data = RegressionData(None, panel, split, pd.Series(dtype=object), 0.0, 1.0)
    train, validation, test = cells(tables.split(data))
    assert (validation["From"], test["From"]) == ("2012-01-02", "2013-01-01")
    assert train["To"] == "2011-12-23", "five trading days before the validation year"
    for row, rows in ((train, split.train), (validation, split.validation), (test, split.test)):
        assert row["Rows"] == f"{len(rows):,}"
        assert int(row["Days"]) == panel.index["date"].iloc[rows].nunique()
    assert {row["Stocks"] for row in (train, validation, test)} == {"5"}


def final_scores():
    rows = [
        ("ridge regression", "test", 0.53, 0.2), ("ridge regression", "train", 0.5, 0.2),
        ("ridge regression", "validation", 0.51, 0.2), ("MLP, first", "test", 0.49, 0.3),
        ("MLP, first", "train", 0.6, 0.1), ("MLP, first", "validation", 0.48, 0.3),
        ("MLP, regularized", "test", 0.54, 0.1), ("MLP, regularized", "train", 0.55, 0.2),
        ("MLP, regularized", "validation", 0.52, 0.2),
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["model", "set", "r2", "rmse"])
    return frame.assign(mae=frame["rmse"], qlike=frame["rmse"], directional_accuracy=0.6)


def test_the_final_regression_table_puts_each_set_in_its_column():
    by_model = {row["Model"]: row for row in cells(tables.regression_final(final_scores()))}
    assert by_model["MLP, first"] == {
        "Model": "MLP, first", "R²": "0.4900", "RMSE": "0.3000", "MAE": "0.3000",
        "QLIKE": "0.300", "Direction": "**0.600**", "R², train": "**0.6000**",
        "R², valid.": "0.4800",
    }  # fmt: skip
    assert by_model["MLP, regularized"]["R²"] == "**0.5400**"
    assert by_model["MLP, regularized"]["RMSE"] == "**0.1000**", "the lowest error is the best"


def test_differences_stand_where_model_and_baseline_meet():
    frame = pd.DataFrame(
        [("MLP, b", "HAR", 0.04, 0.03, 0.05), ("MLP, b", "ridge", -0.01, -0.02, 0.01),
         ("MLP, a", "HAR", 0.02, 0.01, 0.03), ("MLP, a", "ridge", 0.0, -0.1, 0.1)],
        columns=["model", "baseline", "difference", "low", "high"],
    )  # fmt: skip
    first, second = cells(tables.differences(frame))
    assert first == {
        "Model": "MLP, b", "HAR": "0.040 [0.030, 0.050]", "Ridge": "−0.010 [−0.020, 0.010]",
    }  # fmt: skip
    assert second["Model"] == "MLP, a", "the order given is lost"


def out_of_fold():
    rows = [
        ("majority class", 0.9652, 0.164, 0.2), ("majority class", 0.9652, 0.164, 0.2),
        ("MLP, tuned", 0.98, 0.60, 0.05), ("MLP, tuned", 0.982, 0.62, 0.06),
        ("rule oracle", 0.99, 0.66, 0.3), ("rule oracle", 0.99, 0.66, 0.3),
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["model", "accuracy", "macro_f1", "log_loss"])


def test_out_of_fold_has_the_majority_class_beside_each_accuracy():
    blocks = pd.DataFrame(
        {"model": ["MLP, tuned", "majority class", "rule oracle"], "macro_f1": [0.4, 0.2, 0.6]}
    )
    made = cells(tables.out_of_fold(out_of_fold(), blocks))
    by_model = {row["Model"]: row for row in made}
    assert list(by_model) == ["majority class", "MLP, tuned", "rule oracle"]
    half = 12.706205 * np.std([0.60, 0.62], ddof=1) / np.sqrt(2)
    text = f"0.610 [{0.61 - half:.3f}, {0.61 + half:.3f}]"
    assert by_model["MLP, tuned"]["Macro-F1 [95 %]"] == text
    assert by_model["rule oracle"]["Macro-F1 [95 %]"].startswith("**0.660")
    assert by_model["MLP, tuned"]["Macro-F1, blocks"] == "0.400"
    assert by_model["MLP, tuned"]["Accuracy"] == "0.9810"
    assert by_model["MLP, tuned"]["Log loss"] == "**0.055**"


def test_held_out_scores_stand_as_train_and_test():
    names = ["model", "set", "accuracy", "macro_precision", "macro_recall", "macro_f1"]
    scores = pd.DataFrame(
        [("MLP", "test", 0.97, 0.5, 0.4, 0.45), ("majority class", "train", 0.965, 0.2, 0.2, 0.2),
         ("MLP", "train", 0.99, 0.9, 0.8, 0.85), ("majority class", "test", 0.96, 0.1, 0.1, 0.1)],
        columns=names,
    )  # fmt: skip
    majority, mlp = cells(tables.held_out(scores))
    assert majority["Model"] == "majority class" and majority["Accuracy"] == "0.965 / 0.960"
    assert mlp["Precision"] == "0.900 / 0.500" and mlp["F1"] == "0.850 / 0.450"


def test_per_class_shows_train_and_test_of_the_same_class():
    both = []
    for name, shift in (("test", 0.0), ("train", 0.1)):
        rows = [(c, 0.1 * i + shift, 0.2, 0.3, 1000 * (i + 1)) for i, c in enumerate(FAILURE_TYPES)]
        frame = pd.DataFrame(rows, columns=["class", "precision", "recall", "f1", "rows"])
        both.append(frame.assign(set=name))
    # The rows of the two sets in different orders: cells go by name, not by place.
    both[0] = both[0].iloc[::-1]
    made = cells(tables.per_class(pd.concat(both)))
    assert [row["Class"] for row in made] == list(FAILURE_TYPES)
    assert made[2]["Precision"] == "0.300 / 0.200" and made[2]["Rows"] == "3,000 / 3,000"


def test_a_table_of_a_study_names_its_profile_unless_it_is_the_usual_one(monkeypatch):
    for name in PROFILES:
        monkeypatch.setenv("LABKIT_PROFILE", name)
        first = next(iter(cells(tables.regularization(regularization_scores(), "r2", "R²"))[0]))
        expected = "Regularization" if name == "full" else f"Regularization (profile {name})"
        assert first == expected


def regularization_scores():
    rows = []
    for name, train, validation in [("none", 0.6, 0.48), ("dropout", 0.55, 0.52)]:
        rows += [(name, s, train, validation + 0.01 * s, 5, 5) for s in (0, 1)]
    names = ["regularization", "seed", "train_r2", "validation_r2", "epochs", "best_epoch"]
    return pd.DataFrame(rows, columns=names)


def test_regularizations_show_gap_and_spread_and_the_best_in_bold():
    none, dropout = cells(tables.regularization(regularization_scores(), "r2", "R²"))
    assert none["R², validation"] == "0.485 ± 0.007" and none["Gap"] == "0.115"
    assert dropout["R², validation"] == "**0.525 ± 0.007**" and dropout["Gap"] == "0.025"
    # Paired by seed the gain is 0.04 at each: what the seeds share does not widen its interval.
    assert none["Gain [95 %]"] == "–" and dropout["Gain [95 %]"] == "+0.040 [+0.040, +0.040]"


def test_balancing_leaves_the_sound_class_out_of_the_failures_means():
    names = list(STRATEGIES)
    scores = pd.DataFrame(
        [(s, r, 0.5 + i / 100, 0.9, 0.1) for i, s in enumerate(names) for r in (0, 1)],
        columns=["strategy", "repeat", "macro_f1", "accuracy", "log_loss"],
    )
    per_class = pd.DataFrame(
        [(s, c, 1.0 if c == "No Failure" else 0.4, 1.0 if c == "No Failure" else 0.2)
         for s in names for c in FAILURE_TYPES],
        columns=["strategy", "class", "recall", "precision"],
    )  # fmt: skip
    made = cells(tables.balancing(scores, per_class))
    assert [row["Strategy"] for row in made] == names
    assert {row["Failures, recall"] for row in made} == {"**0.400**"}
    assert {row["Failures, precision"] for row in made} == {"**0.200**"}
    assert [row["Strategy"] for row in made if row["Macro-F1"].startswith("**")] == names[-1:]


def test_before_and_after_subtract_the_right_way():
    classification = pd.DataFrame(
        [("MLP, physics features", "train", 0.9), ("MLP, physics features", "test", 0.5),
         ("MLP, regularized", "train", 0.8), ("MLP, regularized", "test", 0.6)],
        columns=["model", "set", "macro_f1"],
    )  # fmt: skip
    made = cells(tables.before_after(final_scores(), classification))
    assert [row["Change"] for row in made] == ["−0.050", "+0.050", "−0.100", "+0.100"]
    assert made[1]["Before"] == "0.490" and made[1]["After"] == "0.540"


def test_the_summary_bolds_the_best_of_each_task():
    made = cells(tables.summary(final_scores(), out_of_fold()))
    bold = [(row["Task"], row["Model"]) for row in made if row["Score"].startswith("**")]
    assert bold == [("volatility", "MLP, regularized"), ("failures", "rule oracle")]
    assert {row["Accuracy"] for row in made if row["Task"] == "volatility"} == {"–"}


def test_tasks_are_compared_by_their_own_measures():
    regression = Result({"scores": pd.concat([
        regularization_scores(),
        regularization_scores().query("regularization == 'none'").assign(
            regularization="early stopping", best_epoch=3, validation_r2=0.5),
    ])})  # fmt: skip
    renamed = {f"{s}_r2": f"{s}_macro_f1" for s in ("train", "validation")}
    classification = Result({"scores": regression["scores"].rename(columns=renamed)})
    first, second = cells(tables.tasks(regression, classification))
    assert (first["Measure"], second["Measure"]) == ("R²", "macro-F1")
    assert first["Best remedy"] == "dropout" and first["Gain"] == "+0.040"
    assert first["Epoch where early stopping stops"] == "3"


def test_remedies_say_what_they_change():
    by_name = {row["Regularization"]: row["Changes"] for row in cells(tables.remedies())}
    assert by_name["none"] == "nothing" and by_name["dropout"] == "`dropout=0.2`"


# The reproducibility appendix.


def test_provenance_shows_each_file_with_its_hash():
    sources = [load_nyse("embedded").provenance, load_maintenance("embedded").provenance]
    made = cells(reproducibility.provenance(*sources))
    files = [file for source in sources for file in source.files]
    assert [row["SHA-256"].strip("`") for row in made] == [file.sha256[:12] for file in files]
    assert [row["Rows"] for row in made] == [f"{file.rows:,}" for file in files]


def test_versions_name_each_package_of_the_lab():
    shown = {row["What"]: row["Version"] for row in cells(reproducibility.versions())}
    assert set(reproducibility.PACKAGES) <= set(shown)
    assert shown["torch"].startswith("2.") and shown["Python"].startswith("3.")


@pytest.mark.parametrize("name", PROFILES)
def test_the_profile_is_shown_whole(name):
    shown = {row["Setting"]: row["Value"] for row in cells(reproducibility.profile(PROFILES[name]))}
    used = PROFILES[name]
    n_axes = len(used.regression_grid) + len(used.classification_grid)
    assert shown["name"] == name and len(shown) == len(vars(used)) - 2 + n_axes
    assert shown["regression grid, optimizer"] == "sgd, adam, rmsprop"
    shapes = ["-".join(map(str, sizes)) for sizes in used.classification_grid["hidden_sizes"]]
    assert shown["classification grid, hidden sizes"] == ", ".join(shapes)


def test_verdicts_keep_their_words_and_figures():
    epochs = np.arange(1, 31)
    train = 0.3 + 0.6 * 0.7**epochs
    curves = pd.DataFrame({"epoch": epochs, "train_loss": train})
    judged = [
        diagnostics.diagnose(curves.assign(validation_loss=loss), {"train": 1, "validation": 1})
        for loss in (train + 0.02, train + 0.02 + 0.005 * epochs, train * np.nan)
    ]
    frame = pd.DataFrame(map(vars, judged)).assign(regularization=["a", "b", "c"])
    fits, overfits, diverged = cells(tables.verdicts(frame))
    assert (fits["Fit"], overfits["Fit"]) == ("fits", "overfits")
    assert fits["Best epoch"] == "30 of 30" and fits["Rise"] == "0.0%"
    assert overfits["Rise"] == f"{judged[1].rise:.1%}"
    assert diverged["Convergence"] == "diverged" and diverged["Rise"] == "–"


def test_every_study_has_its_chapter(monkeypatch):
    """The timings' table knows where each study that is kept belongs."""
    names = set()
    for path in [p for room in (volatility, failures) for p in Path(room.__path__[0]).glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and (getattr(node.func, "id", None) or getattr(node.func, "attr", "")) == "stored"
                and isinstance(node.args[0], ast.Constant)
            ):
                names.add(node.args[0].value)
    assert len(names) >= 8
    kept = pd.DataFrame({"study": sorted(names), "profile": "quick", "seconds": 1234.56})
    monkeypatch.setattr(results, "records", lambda: kept)
    made = cells(reproducibility.timings())
    assert [row["Study"].strip("`") for row in made] == sorted(names)
    assert {row["Seconds"] for row in made} == {"1,234.6"}


def test_the_rules_shown_are_the_rules_used():
    shown = [row["Limit"] for row in cells(reproducibility.verdict_rules())]
    limits = ("RISE", "GAP", "IMPROVEMENT", "NOISE")
    assert shown == [f"{getattr(diagnostics, name):.0%}" for name in limits]
