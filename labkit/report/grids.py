"""scikit-learn's ``cv_results_`` as a table that people read."""

import pandas as pd

from labkit.report.intervals import mean_interval

AXES = ["learning_rate", "optimizer", "hidden_sizes", "batch_size", "epochs"]
"""The axes of the grid; ``hidden_sizes`` holds both the number of layers and of neurons."""


def grid_table(cv_results: dict) -> pd.DataFrame:
    """One row per candidate, best first.

    Columns: the `AXES`, ``layers`` and ``neurons``, ``mean_test_score``, ``std_test_score``,
    ``mean_train_score`` where it was asked for, ``mean_fit_time`` and ``rank_test_score``.
    """
    results = pd.DataFrame(cv_results)
    table = pd.DataFrame(
        {axis: _column(results, axis) for axis in AXES},
        dtype=object,
    )
    table["layers"] = [len(sizes) for sizes in table["hidden_sizes"]]
    table["neurons"] = [sum(sizes) for sizes in table["hidden_sizes"]]
    for score in ("mean_test_score", "std_test_score", "mean_train_score", "mean_fit_time"):
        if score in results:
            table[score] = results[score].astype(float)
    table["rank_test_score"] = results["rank_test_score"]
    return table.sort_values("rank_test_score", kind="stable", ignore_index=True)


def _column(results: pd.DataFrame, axis: str) -> list:
    """The values of one axis, whatever step of a pipeline it belongs to."""
    name = next(c for c in results if c.startswith("param_") and c.endswith(axis))
    return results[name].tolist()


def hidden_label(sizes) -> str:
    """Hidden sizes as text.

    >>> hidden_label((64, 32))
    '64-32'
    """
    return "-".join(str(size) for size in sizes)


def axis_effects(candidates: pd.DataFrame) -> pd.DataFrame:
    """For each value of each axis, the best and the median score of the candidates that have it."""
    parts = []
    for axis in AXES:
        values = candidates[axis].map(hidden_label) if axis == "hidden_sizes" else candidates[axis]
        groups = candidates["mean_test_score"].groupby(values.astype(str), sort=False)
        parts.append(
            pd.DataFrame({"best": groups.max(), "median": groups.median()})
            .rename_axis("value")
            .reset_index()
            .assign(axis=axis)
        )
    return pd.concat(parts, ignore_index=True)[["axis", "value", "best", "median"]]


def mean_scores(scores: pd.DataFrame, score: str) -> pd.DataFrame:
    """Mean of one score over repetitions with its 95 % interval: ``model, <score>, low, high``."""
    rows = [
        dict(zip(["model", score, "low", "high"], [model, *mean_interval(own[score])], strict=True))
        for model, own in scores.groupby("model", sort=False)
    ]
    return pd.DataFrame(rows)


def best_mlp(scores: pd.DataFrame, score: str) -> str:
    """The MLP whose mean score over repetitions is highest."""
    mlps = scores[scores["model"].str.startswith("MLP")]
    return mlps.groupby("model", sort=False)[score].mean().idxmax()


def paired_gains(
    scores: pd.DataFrame, variant: str, score: str, base: str, by: str = "seed"
) -> pd.DataFrame:
    """What each variant's score is above the base's at the same seed: seeds down, variants across.

    Pairing takes out what all variants of a seed (or of another repetition, ``by``) share: its
    split, its initial weights.
    """
    paired = scores.pivot(index=by, columns=variant, values=score)
    return paired.drop(columns=base).sub(paired[base], axis=0)
