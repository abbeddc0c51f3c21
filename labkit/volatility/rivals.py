"""Ridge regression and boosting, tuned on the folds of the networks' grid, on the same inputs."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, product

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from labkit.report.facts import Facts
from labkit.report.results import study
from labkit.report.table import Table
from labkit.report.tables import capital, study_table
from labkit.volatility.data import NYSE
from labkit.volatility.evenings import Bounded, evenings
from labkit.volatility.grid import search_rows
from labkit.volatility.panel import FEATURES, panel_preprocessing
from labkit.volatility.profile import Profile
from labkit.volatility.scores import r2_within
from labkit.volatility.two_parts import day_means

ALPHAS = tuple(np.logspace(2, 6, 9))
"""Penalties of the ridge regressions on many inputs; on few, leave-one-out chooses."""

SHARE_OF_INPUTS = 0.2
"""Of the inputs, drawn anew for each split of a boosted tree: a usual cure where many inputs say
nearly the same, found on the validation year."""

NARROW, WIDE, CROSS = "16 inputs", "wide", "wide, cross-section"
"""What a model is fitted to: few inputs, many, or many and the target less its mean of the day."""


@dataclass(frozen=True, kw_only=True)
class Rivals(Facts):
    """The search for the other learners' parameters.

    Attributes
    ----------
    best : DataFrame
        ``family``, ``form``; ``candidates``, how many were tried; the mean R² over the folds of the
        best, ``mean_test_score`` (within the day where it is a cross-section); ``parameters``.
    groups : DataFrame
        ``group`` of the wide inputs and how many ``inputs`` it has.
    n_inputs, n_stocks : int
        Wide inputs, and stocks that the search sees.
    chosen : dict of str to dict
        ``family, form`` to the parameters of the best.
    """

    best: pd.DataFrame
    groups: pd.DataFrame
    n_inputs: int
    n_stocks: int
    chosen: dict[str, dict[str, float]]


@study("regression-rivals")
def rivals(data: NYSE, profile: Profile) -> Rivals:
    """Search ridge regression and boosting on expanding windows of the training years."""
    train, _, folds = search_rows(data, profile)
    made, names = evenings(data, profile.search_symbols, {"train": train})
    wide, dates = made["train"].X[made["train"].rows], train.index["date"].to_numpy()
    y, rows = train.y.to_numpy(), []
    for fit, judge in folds:
        narrow = panel_preprocessing(FEATURES).fit(train.X.iloc[fit])
        many = Bounded()
        few = [np.asarray(narrow.transform(train.X.iloc[part])) for part in (fit, judge)]
        lots = [many.fit_transform(wide[fit]), many.transform(wide[judge])]
        apart = y[fit] - day_means(y[fit], dates[fit])
        for form, (X, X_judge), target in (
            (NARROW, few, y[fit]), (WIDE, lots, y[fit]), (CROSS, lots, apart),
        ):  # fmt: skip
            tried = chain(
                () if form == NARROW else _penalties(X, target, X_judge),
                _trees(X, target, X_judge, profile),
            )
            for family, parameters, predicted in tried:
                score = (
                    r2_within(y[judge], predicted, dates[judge])
                    if form == CROSS
                    else r2_score(y[judge], predicted)
                )
                rows.append((family, form, parameters, score))
    return Rivals(
        profile=profile.name,
        groups=names.groupby("group", sort=False).size().reset_index(name="inputs"),
        n_inputs=len(names),
        n_stocks=train.index["symbol"].nunique(),
        **weighed(rows),
    )


Candidates = Iterator[tuple[str, dict[str, float], np.ndarray]]
"""Family, parameters and forecast of each."""


def _penalties(X: np.ndarray, y: np.ndarray, X_judge: np.ndarray) -> Candidates:
    for alpha in ALPHAS:
        yield "ridge", {"alpha": alpha}, Ridge(alpha).fit(X, y).predict(X_judge)


def _trees(X: np.ndarray, y: np.ndarray, X_judge: np.ndarray, profile: Profile) -> Candidates:
    """Trees are counted as they grow: the most are fitted, fewer come for nothing."""
    axes = dict(profile.boosting)
    counts = axes.pop("max_iter")
    for values in product(*axes.values()):
        parameters = dict(zip(axes, values, strict=True))
        model = boosting(**parameters, max_iter=max(counts)).fit(X, y)
        for n, predicted in enumerate(model.staged_predict(X_judge), start=1):
            if n in counts:
                yield "boosting", {**parameters, "max_iter": n}, predicted


def weighed(rows: list[tuple[str, str, dict[str, float], float]]) -> dict:
    """The facts of the candidates' scores, by the fields of `Rivals`."""
    table = pd.DataFrame(rows, columns=["family", "form", "parameters", "score"])
    table["key"] = table["parameters"].map(repr)
    best, chosen = [], {}
    for (family, form), own in table.groupby(["family", "form"], sort=False):
        means = own.groupby("key", sort=False)["score"].mean()
        parameters = own.set_index("key")["parameters"].loc[[means.idxmax()]].iloc[0]
        chosen[f"{family}, {form}"] = {name: float(value) for name, value in parameters.items()}
        best.append(
            {
                "family": family,
                "form": form,
                "candidates": len(means),
                "mean_test_score": means.max(),
                "parameters": ", ".join(f"{name} {v:g}" for name, v in parameters.items()),
            }
        )
    return {"best": pd.DataFrame(best), "chosen": chosen}


def boosting(
    max_leaf_nodes: float, min_samples_leaf: float, max_iter: float
) -> HistGradientBoostingRegressor:
    """Boosted trees without early stopping, which would watch rows drawn at random.

    Parameters
    ----------
    max_leaf_nodes, min_samples_leaf, max_iter : number
    """
    return HistGradientBoostingRegressor(
        max_leaf_nodes=int(max_leaf_nodes),
        min_samples_leaf=int(min_samples_leaf),
        max_iter=int(max_iter),
        max_features=SHARE_OF_INPUTS,
        early_stopping=False,
        random_state=0,
    )


def chosen(found: Rivals, family: str, form: str) -> BaseEstimator:
    """The learner with the parameters that did best, not fitted."""
    parameters = found.chosen[f"{family}, {form}"]
    return Ridge(**parameters) if family == "ridge" else boosting(**parameters)


def groups_shown(facts: Rivals) -> Table:
    """The groups of the wide inputs."""
    columns = {"group": "Group", "inputs": "Inputs"}
    return study_table(
        facts, facts.groups.assign(group=facts.groups["group"].map(capital)), columns
    )


def shown(facts: Rivals) -> Table:
    """The best of each family and form, and among how many."""
    columns = {
        "family": "Family",
        "form": "Fitted to",
        "candidates": "Candidates",
        "mean_test_score": "Mean R²",
        "parameters": "The best",
    }
    return study_table(facts, facts.best, columns, formats={"mean_test_score": ".4f"})
