"""The test year beside the final table: the field's models on it, and models fitted anew."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.metrics import r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from labkit.report.facts import Facts
from labkit.report.models import BASELINE, FLOOR, Model
from labkit.report.results import study
from labkit.report.sentence import Sentence, counted, listing, number
from labkit.report.table import Table
from labkit.report.tables import study_table
from labkit.volatility.compared import FieldFacts, compared
from labkit.volatility.contenders import RECIPE_MODEL, baselines, tuned_boosting
from labkit.volatility.data import NYSE
from labkit.volatility.evenings import Bounded, evenings
from labkit.volatility.field import over_all_stocks, rows_of, stock_by_stock, stocks_of_field
from labkit.volatility.final import Final, final
from labkit.volatility.levels import usual_log_vol
from labkit.volatility.panel import FEATURES, Panel, panel_preprocessing
from labkit.volatility.profile import Profile
from labkit.volatility.recipe import RECIPE
from labkit.volatility.refits import quarterly, quarters
from labkit.volatility.rivals import Rivals, rivals
from labkit.volatility.scores import Forecasts
from labkit.volatility.stocks import Stocks, stocks
from labkit.volatility.wide_contenders import fit_parts, in_every_form, learners

SLOW = ("boosting",)
"""Who takes minutes for every fit to the wide inputs, and is not fitted to them anew."""


@study("regression-field-judged")
def field_on_test(data: NYSE, profile: Profile) -> FieldFacts:
    """The field's models and all of the final table, on a few stocks of the test year.

    All were fitted to the training years: averages and GARCH models stock by stock, the others to
    all stocks at once. The stocks are those of the comparison on validation.
    """
    own = stocks(data, profile.study_symbols)
    panels = {"train": own.train, "test": own.open_test()}
    symbols = stocks_of_field(panels["train"], profile.field_symbols)
    rows = {s: rows_of(panel, symbols) for s, panel in panels.items()}
    few = {s: panel.take(rows[s]) for s, panel in panels.items()}
    alone, together = stock_by_stock(data.prices, few), over_all_stocks(panels)
    finished = final(data, profile)
    log_vols, variances = (
        among | {model: _rows(by_set, rows) for model, by_set in (over | made).items()}
        for among, over, made in (
            (alone.log_vols, together.log_vols, forecasts_of(finished, finished.forecasts)),
            (alone.variances, together.variances, forecasts_of(finished, finished.variances)),
        )
    )
    return FieldFacts(
        profile=profile.name,
        found=compared(
            log_vols,
            variances,
            "test",
            few["test"],
            usual_log_vol(panels["train"]),
            resamples=profile.bootstrap,
            seed=profile.seed,
        ),
        n_stocks=len(symbols),
    )


def forecasts_of(finished: Final, kept: dict[str, np.ndarray]) -> Forecasts:
    """What the final study kept, ``(models, rows)`` by set, by model."""
    test = finished.scores[finished.scores["set"] == "test"]
    models = [Model(row.model, row.kind, row.stage) for row in test.itertuples()]
    return {model: {s: own[k] for s, own in kept.items()} for k, model in enumerate(models)}


def _rows(by_set: dict[str, np.ndarray], rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {s: by_set[s][positions] for s, positions in rows.items()}


@dataclass(frozen=True, kw_only=True)
class Refitted(Facts):
    """Models fitted once, to the training years, and anew each quarter of the test year.

    Attributes
    ----------
    scores : DataFrame
        ``model, kind, stage``; R² on the test year, ``once`` and ``quarterly``; ``gain``.
    fits : int
        Quarters.
    refitted_best : str
        Name of the model that is best when fitted anew.
    least_gain, largest_gain : float
        Of the models fitted anew.
    left_out : tuple of str
        Names of the models of the final table that learn and were not fitted anew.
    """

    scores: pd.DataFrame
    fits: int
    refitted_best: str
    least_gain: float
    largest_gain: float
    left_out: tuple[str, ...]


@study("regression-refitted")
def refitted(data: NYSE, profile: Profile) -> Refitted:
    """The learners of the final table, but for a few, fitted anew each quarter."""
    own = stocks(data, profile.study_symbols)
    found, test = rivals(data, profile), own.open_test()
    anew = few_inputs_anew(own, found, profile) | many_inputs_anew(data, found, profile)
    finished = final(data, profile)
    once = forecasts_of(finished, finished.forecasts)
    rows = [
        {
            **model.row,
            "once": r2_score(test.y, once[model]["test"]),
            "quarterly": r2_score(test.y, made),
        }
        for model, made in anew.items()
    ]
    quarters_of_test = test.index["date"].dt.to_period("Q").nunique()
    return Refitted(profile=profile.name, fits=quarters_of_test, **weighed(rows, once))


def weighed(rows: list[dict], models: Forecasts) -> dict:
    """The facts of the rows of the table, by the fields of `Refitted`."""
    scores = pd.DataFrame(rows).sort_values("quarterly", ascending=False, ignore_index=True)
    scores["gain"] = scores["quarterly"] - scores["once"]
    left_out = (m.name for m in models if m.kind != FLOOR and m.name not in set(scores["model"]))
    return {
        "scores": scores,
        "refitted_best": scores["model"].iloc[0],
        "least_gain": float(scores["gain"].min()),
        "largest_gain": float(scores["gain"].max()),
        "left_out": tuple(left_out),
    }


def few_inputs_anew(own: Stocks, found: Rivals, profile: Profile) -> dict[Model, np.ndarray]:
    """Forecasts of the test rows, by model, of what is fitted to the sixteen features."""
    learned = {m: made for m, made in baselines().items() if m.kind == BASELINE}
    network = TransformedTargetRegressor(
        make_pipeline(
            panel_preprocessing(FEATURES), clone(RECIPE).set_params(random_state=profile.seed)
        ),
        transformer=StandardScaler(),
    )
    everyone = learned | tuned_boosting(found) | {RECIPE_MODEL: (network, FEATURES)}

    def anew(estimator: BaseEstimator, features: list[str]) -> np.ndarray:
        def fit_predict(past: Panel, ahead: Panel) -> np.ndarray:
            return clone(estimator).fit(past.X[features], past.y).predict(ahead.X[features])

        return quarterly(fit_predict, own.panel, own.split.test, own.split.embargo)

    made = Parallel(n_jobs=-1, prefer="threads")(delayed(anew)(*own) for own in everyone.values())
    return dict(zip(everyone, made, strict=True))


def many_inputs_anew(data: NYSE, found: Rivals, profile: Profile) -> dict[Model, np.ndarray]:
    """Forecasts of the test rows, by model, of what is fitted to the wide inputs, in every form.

    As in the final table, all stocks of an evening are forecast, and scales are those of the rows
    fitted to. What the targets reach, five days, is no more than the embargo.
    """
    own = stocks(data, profile.study_symbols)
    quick = [who for who in learners(found, profile) if who.stage not in SLOW]
    sets, _ = evenings(data, profile.study_symbols, {"all": own.panel})
    every = sets["all"]
    judged_days = np.unique(every.dates[every.rows[own.split.test]])
    ahead = np.flatnonzero(np.isin(every.dates, judged_days))
    made: dict[Model, np.ndarray] = {}
    for past, judged in quarters(every.dates, ahead, own.split.embargo):
        known = every.take(np.intersect1d(past, every.rows))
        scaling = Bounded().fit(known.X)
        known = replace(known, X=scaling.transform(known.X))
        new = every.take(ahead[judged])
        new = replace(new, X=scaling.transform(new.X))
        fitted = fit_parts(quick, known)
        for model, by_set in in_every_form(quick, fitted, {"new": new}).items():
            made.setdefault(model, np.full(len(every.dates), np.nan))
            made[model][ahead[judged]] = by_set["new"]
    return {model: values[every.rows[own.split.test]] for model, values in made.items()}


def refits_shown(facts: Refitted) -> Table:
    """R² on the test year fitted once and anew, a model a row."""
    columns = {
        "model": "Model",
        "once": "Fitted once",
        "quarterly": "Anew each quarter",
        "gain": "Gain",
    }
    formats = {"once": ".4f", "quarterly": ".4f", "gain": "+.4f"}
    best = {"once": "max", "quarterly": "max"}
    return study_table(facts, facts.scores, columns, formats=formats, best=best)


def refits_said(facts: Refitted) -> Sentence:
    """Who is best when fitted anew, what that changes at least and at most, and who was not."""
    return Sentence(
        f"Fitted {counted(facts.fits, 'time')}, {facts.refitted_best} is best; the R² changes by "
        f"{number(facts.least_gain, '+.4f')} to {number(facts.largest_gain, '+.4f')}. Not fitted "
        f"anew: {listing(facts.left_out)}."
    )
