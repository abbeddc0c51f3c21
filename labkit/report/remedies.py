"""Remedies against overfitting, alone and together, tried by both studies on a model that does.

Doses and the best remedy are chosen on validation, by the loss that is minimised; a second study
then scores each remedy, at the dose so chosen, on the test rows.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from torch import nn

from labkit.nets.stacked import Trained
from labkit.report.curves import verdicts_over_seeds
from labkit.report.facts import Facts
from labkit.report.intervals import SURE, Interval, holm, paired_gains, spread
from labkit.report.sentence import Sentence, number

NONE = "none"
STOPPED = "early stopping"

PATIENCE = 10
"""Epochs without a lower loss before early stopping ends training: more than a slow start takes."""

_DROPOUT = [{"dropout": share} for share in (0.1, 0.2, 0.3, 0.4, 0.5)]
_L2 = [{"weight_decay": penalty} for penalty in (1e-4, 3e-4, 1e-3, 3e-3, 1e-2)]
_BATCH_NORM = {"batch_norm": True}
_STOPPING = {"patience": PATIENCE}

REMEDIES: dict[str, list[dict[str, Any]]] = {
    NONE: [{}],
    "dropout": _DROPOUT,
    "L2": _L2,
    "batch norm": [_BATCH_NORM],
    STOPPED: [_STOPPING],
    "all together": [
        {**dropout, **l2, **_BATCH_NORM, **_STOPPING}
        for dropout, l2 in zip(_DROPOUT, _L2, strict=True)
    ],
}
"""By remedy, the parameters that each dose of it changes in an estimator, the weakest first."""

STOPPING = "validation"
"""What training calls the rows that early stopping watches."""

CHOOSING = "choosing"
"""The rows that doses and the best remedy are chosen on, which no training looks at."""


def dose_label(changes: Mapping[str, Any]) -> Sentence:
    """The numbers of a dose; empty where it is but a switch.

    >>> dose_label({"dropout": 0.2, "weight_decay": 1e-3, "batch_norm": True, "patience": 10})
    '0.2, 0.001'
    """
    numbers = (changes.get(name) for name in ("dropout", "weight_decay"))
    return Sentence(", ".join(number(value, "g") for value in numbers if value is not None))


@dataclass(frozen=True)
class Variant:
    """A remedy at one of its doses, which are numbered from zero."""

    remedy: str
    dose: int

    @property
    def changes(self) -> dict[str, Any]:
        """What it changes in an estimator."""
        return REMEDIES[self.remedy][self.dose]


def variants() -> list[Variant]:
    """Every remedy at every dose, none first."""
    return [Variant(name, k) for name, doses in REMEDIES.items() for k in range(len(doses))]


@dataclass(frozen=True)
class Run:
    """A variant at a seed, trained while `STOPPING` and `CHOOSING` rows were watched."""

    variant: Variant
    seed: int
    trained: Trained

    def curves(self) -> pd.DataFrame:
        """Losses and accuracies by epoch on train and on the choosing rows, called validation."""
        table = self.trained.history.table
        watched = table.drop(columns=[name for name in table if name.startswith(STOPPING)])
        return watched.rename(columns=lambda name: name.replace(CHOOSING, "validation")).assign(
            regularization=self.variant.remedy, dose=self.variant.dose, seed=self.seed
        )

    def scores(self, score: Callable[[nn.Module, str], float]) -> dict[str, Any]:
        """A row of ``scores`` of `Remedies`; ``score`` is given the network and a set's name."""
        history, model = self.trained.history, self.trained.model
        at = self.curves().set_index("epoch").loc[history.best_epoch]
        return {
            "regularization": self.variant.remedy,
            "dose": self.variant.dose,
            "seed": self.seed,
            "trained": len(history.table),
            "kept": history.best_epoch,
            "train_loss": float(at["train_loss"]),
            "validation_loss": float(at["validation_loss"]),
            "train_score": score(model, "train"),
            "validation_score": score(model, CHOOSING),
        }


@dataclass(frozen=True)
class Cure:
    """The best remedy, ready for a training without rows to watch.

    Where it stops early, ``epochs`` are those that it kept, the median over seeds; else all.
    """

    dropout: float
    weight_decay: float
    batch_norm: bool
    epochs: int

    @property
    def parameters(self) -> dict[str, Any]:
        """What it changes in an estimator."""
        return dict(vars(self))


@dataclass(frozen=True, kw_only=True)
class Remedies(Facts):
    """A model that overfits and each remedy of it, over several seeds.

    Attributes
    ----------
    scores : DataFrame
        ``regularization``, ``dose`` (its number), ``seed``; ``trained``, the epochs until the end
        or the stop, and ``kept``, the epoch whose weights remain; loss and score of those on both
        sets, ``<set>_loss`` and ``<set>_score``.
    curves : DataFrame
        ``regularization``, ``seed``, ``epoch``, losses and accuracies on train and validation, of
        every remedy at its chosen dose.
    constant : DataFrame
        The loss of the best constant on each set, in one row.
    summary : DataFrame
        A row for each remedy at its chosen dose: ``regularization``; means over seeds of the loss
        and score on both sets, of ``trained`` and ``kept``; ``validation_score_sd``; the ``gap``
        between the scores; and ``gain``, how much lower the validation loss is than with none.
    verdicts : DataFrame
        What the curves say up to the epoch kept, a row for each remedy, as
        `labkit.report.curves.verdicts_over_seeds` gives it.
    doses : dict of str to int
        Remedy to the number of its chosen dose: that of the lowest mean validation loss.
    leading : str
        The best remedy on validation, never none.
    leading_gain : float
        Its ``gain``.
    cure : Cure
        The leading remedy for further trainings.
    always : tuple of str
        Remedies whose validation loss is below that of none at every seed.
    overfitting : int
        Seeds at which the model without a remedy overfits.
    n_seeds : int
    """

    scores: pd.DataFrame
    curves: pd.DataFrame
    constant: pd.DataFrame
    summary: pd.DataFrame
    verdicts: pd.DataFrame
    doses: dict[str, int]
    leading: str
    leading_gain: float
    cure: Cure
    always: tuple[str, ...]
    overfitting: int
    n_seeds: int

    def of(self, regularization: str) -> pd.Series:
        """Its row of the summary."""
        return self.summary.set_index("regularization").loc[regularization]

    @property
    def at_doses(self) -> pd.DataFrame:
        """The rows of ``scores`` of every remedy at its chosen dose."""
        return _at(self.scores, self.doses)

    @property
    def chosen(self) -> list[Variant]:
        """Every remedy at its chosen dose, none first."""
        return [Variant(name, dose) for name, dose in self.doses.items()]


def found(
    runs: Sequence[Run], scores: Sequence[Mapping[str, Any]], constant: Mapping[str, float]
) -> dict:
    """`weighed` of all runs and their scores.

    ``constant`` is the loss of the best constant on ``train`` and on the choosing rows.
    """
    curves = pd.concat([run.curves() for run in runs], ignore_index=True)
    of_constant = {"train": constant["train"], "validation": constant[CHOOSING]}
    return weighed(curves, pd.DataFrame(scores), pd.DataFrame([of_constant]))


def weighed(curves: pd.DataFrame, scores: pd.DataFrame, constant: pd.DataFrame) -> dict:
    """The facts of a comparison of remedies, by the names of the fields of `Remedies`.

    Parameters
    ----------
    curves, scores, constant : DataFrame
        As `Remedies` describes them; the curves of every dose, numbered in their column ``dose``.
    """
    by_dose = scores.groupby(["regularization", "dose"], sort=False)["validation_loss"].mean()
    doses = {name: int(by_dose[name].idxmin()) for name in REMEDIES if name in by_dose}
    own = _at(scores, doses)
    kept_curves = _at(curves, doses).drop(columns="dose")
    verdicts = verdicts_over_seeds(_up_to_kept(kept_curves, own), constant, "regularization")
    gains = -paired_gains(own, "regularization", "validation_loss", NONE)
    leading = gains.mean().idxmax()
    plain = verdicts.set_index("regularization").loc[NONE]
    overfits = plain["fit"] == "overfits"
    return {
        "scores": scores,
        "curves": kept_curves,
        "constant": constant,
        "summary": _summary(own, gains.mean()),
        "verdicts": verdicts,
        "doses": doses,
        "leading": leading,
        "leading_gain": float(gains[leading].mean()),
        "cure": _cure(Variant(leading, doses[leading]), own),
        "always": tuple(name for name in gains if (gains[name] > 0).all()),
        "overfitting": int(plain["fit_seeds"]) if overfits else 0,
        "n_seeds": len(gains),
    }


def _at(table: pd.DataFrame, doses: Mapping[str, int]) -> pd.DataFrame:
    """The rows of every remedy at its dose."""
    return table[table["dose"] == table["regularization"].map(doses)].reset_index(drop=True)


def _up_to_kept(curves: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Each run's curves up to the epoch whose weights remain: what came after is not the model."""
    kept = scores[["regularization", "seed", "kept"]]
    both = curves.merge(kept, on=["regularization", "seed"], how="left")
    return both[both["epoch"] <= both["kept"]].drop(columns="kept")


def _cure(chosen: Variant, scores: pd.DataFrame) -> Cure:
    own = scores[scores["regularization"] == chosen.remedy]
    return Cure(
        dropout=chosen.changes.get("dropout", 0.0),
        weight_decay=chosen.changes.get("weight_decay", 0.0),
        batch_norm=chosen.changes.get("batch_norm", False),
        epochs=int(own["kept"].median()),
    )


def _summary(scores: pd.DataFrame, gains: pd.Series) -> pd.DataFrame:
    groups = scores.groupby("regularization", sort=False)
    table = groups.mean().drop(columns=["dose", "seed"])
    table["validation_score_sd"] = groups["validation_score"].agg(spread)
    table["gap"] = table["train_score"] - table["validation_score"]
    table["gain"] = gains.reindex(table.index, fill_value=0.0)
    return table.reset_index()


@dataclass(frozen=True, kw_only=True)
class Judged(Facts):
    """Every remedy, at the dose chosen on validation, on the test rows.

    Attributes
    ----------
    gains : DataFrame
        ``measure``, ``regularization``; ``before`` and ``after``, the measure without and with it;
        ``gain``, by how much it is better, with ``low`` and ``high``; its ``p_value``, and
        ``adjusted``, after Holm for the remedies of the measure.
    measures : tuple of str
        What was measured: first the loss, or the score that goes with it.
    sure : dict of str to tuple of str
        Measure to the remedies that are better than none by more than chance.
    harmful : dict of str to tuple of str
        Measure to those that are worse by more than chance.
    """

    gains: pd.DataFrame
    measures: tuple[str, ...]
    sure: dict[str, tuple[str, ...]]
    harmful: dict[str, tuple[str, ...]]

    def of(self, measure: str) -> pd.DataFrame:
        """The gains by one measure."""
        return self.gains[self.gains["measure"] == measure].reset_index(drop=True)


@dataclass(frozen=True)
class Tested:
    """A measure without and with a remedy; what is gained; the p-value of no gain."""

    measure: str
    remedy: str
    before: float
    after: float
    gain: Interval
    p_value: float


def judgement(tested: Sequence[Tested]) -> dict:
    """The facts of a judgement, by the names of the fields of `Judged`."""
    table = pd.DataFrame(
        {
            "measure": own.measure,
            "regularization": own.remedy,
            "before": own.before,
            "after": own.after,
            "gain": own.gain.value,
            "low": own.gain.low,
            "high": own.gain.high,
            "p_value": own.p_value,
        }
        for own in tested
    )
    by_measure = table.groupby("measure", sort=False)
    table["adjusted"] = by_measure["p_value"].transform(lambda p: holm(p.to_numpy()))
    sure = table["adjusted"] < SURE
    return {
        "gains": table,
        "measures": tuple(table["measure"].unique()),
        "sure": _names(table, sure & (table["low"] > 0)),
        "harmful": _names(table, sure & (table["high"] < 0)),
    }


def _names(table: pd.DataFrame, which: pd.Series) -> dict[str, tuple[str, ...]]:
    return {
        measure: tuple(own.loc[which[own.index], "regularization"])
        for measure, own in table.groupby("measure", sort=False)
    }
