"""Models on the same rows: their scores, and which of them may be the best."""

from dataclasses import dataclass

import pandas as pd

from labkit.report.facts import Facts
from labkit.report.results import study
from labkit.report.sentence import Sentence, counted, listing, number, percent
from labkit.report.table import Table
from labkit.report.tables import study_table
from labkit.volatility.data import NYSE
from labkit.volatility.field import field, rows_of, stocks_of_field
from labkit.volatility.levels import levels, usual_log_vol
from labkit.volatility.panel import Panel
from labkit.volatility.profile import Profile
from labkit.volatility.scores import Forecasts, qlike_losses, regression_scores
from labkit.volatility.significance import ConfidenceSet, confidence_set, daily_losses
from labkit.volatility.stocks import stocks


@dataclass(frozen=True)
class Compared:
    """Models on the same rows of one set.

    Attributes
    ----------
    scores : DataFrame
        A row a model, best R² first: ``model, kind, stage``; the scores of `regression_scores`;
        ``within_stock``, ``within_day`` and ``day_level``, its R² by the parts of `Levels`;
        ``in_r2_set`` and ``in_qlike_set``, whether it may be the best by either loss.
    by_square, by_qlike : ConfidenceSet
        The models that may be the best by squared error of log volatility, and by QLIKE, each a
        day's mean over its stocks.
    """

    scores: pd.DataFrame
    by_square: ConfidenceSet
    by_qlike: ConfidenceSet


def compared(
    log_vols: Forecasts,
    variances: Forecasts,
    own: str,
    panel: Panel,
    usual: pd.Series,
    *,
    resamples: int,
    seed: int,
) -> Compared:
    """Score forecasts of one set, and find the models that may be the best.

    Parameters
    ----------
    log_vols, variances : dict of Model to dict of str to array, shape (rows,)
        Two models or more; the same in both.
    own : str
        The set to score.
    panel : Panel
        Its rows.
    usual : Series
        Each stock's mean log volatility over the training years, of `usual_log_vol`.
    resamples, seed : int
        Of the confidence sets' bootstrap.
    """
    y, today = panel.y.to_numpy(), panel.X["log_vol_1"].to_numpy()
    squares, qlikes, rows = {}, {}, []
    for model, by_set in log_vols.items():
        predicted, variance = by_set[own], variances[model][own]
        squares[model.name] = (y - predicted) ** 2
        qlikes[model.name] = qlike_losses(2 * y, variance)
        parts = levels(panel, predicted, usual)
        rows.append(
            {
                **model.row,
                **regression_scores(y, predicted, today, variance),
                "within_stock": parts.within_stock,
                "within_day": parts.within_day,
                "day_level": parts.day_level,
            }
        )
    by_square, by_qlike = (
        confidence_set(daily_losses(loss, panel.index["date"]), resamples=resamples, seed=seed)
        for loss in (squares, qlikes)
    )
    scores = pd.DataFrame(rows).sort_values("r2", ascending=False, ignore_index=True)
    scores["in_r2_set"] = scores["model"].isin(by_square.inside)
    scores["in_qlike_set"] = scores["model"].isin(by_qlike.inside)
    return Compared(scores, by_square, by_qlike)


@dataclass(frozen=True, kw_only=True)
class FieldFacts(Facts):
    """The field's models on the same stocks of one set.

    Attributes
    ----------
    found : Compared
    n_stocks : int
    """

    found: Compared
    n_stocks: int


@study("regression-field")
def field_on_validation(data: NYSE, profile: Profile) -> FieldFacts:
    """The field's models on a few stocks: fitted to the training years, compared on validation."""
    own = stocks(data, profile.study_symbols)
    symbols = stocks_of_field(own.train, profile.field_symbols)
    panels = {
        name: panel.take(rows_of(panel, symbols))
        for name, panel in {"train": own.train, "validation": own.validation}.items()
    }
    made = field(data.prices, panels)
    return FieldFacts(
        profile=profile.name,
        found=compared(
            made.log_vols,
            made.variances,
            "validation",
            panels["validation"],
            usual_log_vol(panels["train"]),
            resamples=profile.bootstrap,
            seed=profile.seed,
        ),
        n_stocks=len(symbols),
    )


def shown(facts: Facts, found: Compared) -> Table:
    """The scores, a model a row; a star marks the models that may be the best."""
    frame = found.scores
    starred = {
        name: [
            f"{number(score, '.4f')}{'*' if inside else ''}"
            for score, inside in zip(*pair, strict=True)
        ]
        for name, pair in {
            "r2": (frame["r2"], frame["in_r2_set"]),
            "qlike": (frame["qlike"], frame["in_qlike_set"]),
        }.items()
    }
    columns = {
        "model": "Model",
        "r2": "R²",
        "within_stock": "R², within stock",
        "within_day": "R², within day",
        "day_level": "R², day level",
        "qlike": "QLIKE",
    }
    align = {"r2": "right", "qlike": "right"}
    return study_table(facts, frame.assign(**starred), columns, align=align)


def said(found: Compared) -> Sentence:
    """Which models may be the best, by either loss."""
    size = percent(1 - found.by_square.size, 0)
    return Sentence(
        f"By squared error of the log, {_among(found.by_square)} may be the best, at a confidence "
        f"of {size}: {listing(found.by_square.inside)}. By QLIKE, {_among(found.by_qlike)}: "
        f"{listing(found.by_qlike.inside)}."
    )


def _among(found: ConfidenceSet) -> Sentence:
    return Sentence(f"{counted(len(found.inside), 'model')} of {len(found.table)}")
