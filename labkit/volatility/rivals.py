"""Ridge regression and boosting, tuned inside the training years, on the same inputs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, product

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score

from labkit.nets.parallel import Job, spread
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

ALPHAS = tuple(np.logspace(0, 6, 13))
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
        ``family``, ``form``; ``candidates``, how many were tried; the R² of the best, ``score``
        (within the day where it is a cross-section); ``parameters``.
    groups : DataFrame
        ``group`` of the wide inputs and how many ``inputs`` it has.
    n_inputs, n_stocks : int
        Wide inputs, and stocks that the search sees.
    first_judged, last_judged : str
        The days that the candidates are judged on, all of them in the training years.
    chosen : dict of str to dict
        ``family, form`` to the parameters of the best.
    """

    best: pd.DataFrame
    groups: pd.DataFrame
    n_inputs: int
    n_stocks: int
    first_judged: str
    last_judged: str
    chosen: dict[str, dict[str, float]]


@study("regression-rivals")
def rivals(data: NYSE, profile: Profile) -> Rivals:
    """Search ridge regression and boosting on the last fold of the training years.

    The last fold has the longest past, and more stocks than the networks' grid: how large a tree
    pays depends on how many rows there are.
    """
    train, _, folds = search_rows(data, replace(profile, search_symbols=profile.rival_symbols))
    fit, judge = folds[-1]
    made, names = evenings(data, profile.rival_symbols, {"train": train})
    wide, dates = made["train"].X[made["train"].rows], train.index["date"].to_numpy()
    y = train.y.to_numpy()
    narrow, many = panel_preprocessing(FEATURES).fit(train.X.iloc[fit]), Bounded()
    few = [np.asarray(narrow.transform(train.X.iloc[part])) for part in (fit, judge)]
    lots = [many.fit_transform(wide[fit]), many.transform(wide[judge])]
    apart = y[fit] - day_means(y[fit], dates[fit])
    cases = ((NARROW, few, y[fit]), (WIDE, lots, y[fit]), (CROSS, lots, apart))
    rows = []
    for form, (X, X_judge), target in cases:
        penalties = () if form == NARROW else _penalties(X, target, X_judge)
        for family, parameters, predicted in chain(penalties, _trees(X, target, X_judge, profile)):
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
        first_judged=f"{train.index['date'].iloc[judge].min():%Y-%m-%d}",
        last_judged=f"{train.index['date'].iloc[judge].max():%Y-%m-%d}",
        **weighed(rows),
    )


Candidates = Iterator[tuple[str, dict[str, float], np.ndarray]]
"""Family, parameters and forecast of each."""


def _penalties(X: np.ndarray, y: np.ndarray, X_judge: np.ndarray) -> Candidates:
    for alpha in ALPHAS:
        yield "ridge", {"alpha": alpha}, Ridge(alpha).fit(X, y).predict(X_judge)


def _trees(X: np.ndarray, y: np.ndarray, X_judge: np.ndarray, profile: Profile) -> Candidates:
    axes = dict(profile.boosting)
    counts = axes.pop("max_iter")
    tried = [dict(zip(axes, values, strict=True)) for values in product(*axes.values())]
    jobs = [Job([k], _grown, (own, counts, X, y, X_judge)) for k, own in enumerate(tried)]
    for parameters, by_count in zip(tried, spread(jobs, "Boosting", "models"), strict=True):
        for n, predicted in by_count.items():
            yield "boosting", {**parameters, "max_iter": n}, predicted


def _grown(
    parameters: dict[str, float], counts: list[int], X: np.ndarray, y: np.ndarray, X_judge
) -> list[dict[int, np.ndarray]]:
    """Forecasts by number of trees: the most are fitted, fewer come for nothing."""
    model = boosting(**parameters, max_iter=max(counts)).fit(X, y)
    made = enumerate(model.staged_predict(X_judge), start=1)
    return [{n: predicted for n, predicted in made if n in counts}]


def weighed(rows: list[tuple[str, str, dict[str, float], float]]) -> dict:
    """The facts of the candidates' scores, by the fields of `Rivals`."""
    table = pd.DataFrame(rows, columns=["family", "form", "parameters", "score"])
    best, chosen = [], {}
    for (family, form), own in table.groupby(["family", "form"], sort=False):
        parameters, score = own.loc[own["score"].idxmax(), ["parameters", "score"]]
        chosen[f"{family}, {form}"] = {name: float(value) for name, value in parameters.items()}
        best.append(
            {
                "family": family,
                "form": form,
                "candidates": len(own),
                "score": score,
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
        "score": "R²",
        "parameters": "The best",
    }
    return study_table(facts, facts.best, columns, formats={"score": ".4f"})
