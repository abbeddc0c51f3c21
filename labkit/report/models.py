"""What a table says of a model: its name, its kind, and its stage in the study."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline

Kind = Literal["mlp", "baseline", "floor", "ceiling"]
"""Ours; another learner; a rule that learns nothing; one that knows what cannot be learned."""

MLP: Kind = "mlp"
BASELINE: Kind = "baseline"
FLOOR: Kind = "floor"
CEILING: Kind = "ceiling"

NOT_LEARNED = (FLOOR, CEILING)


@dataclass(frozen=True)
class Model:
    """A row of a table of models.

    Parameters
    ----------
    name : str
        For readers, and unique in its table.
    kind : {"mlp", "baseline", "floor", "ceiling"}
    stage : str
        What it is in the study, by which code asks for it: ``tuned``, say, or ``ridge``.
    """

    name: str
    kind: Kind
    stage: str

    @property
    def row(self) -> dict[str, str]:
        """Its columns in a table: ``model``, ``kind``, ``stage``."""
        return {"model": self.name, "kind": self.kind, "stage": self.stage}


def best(table: pd.DataFrame, score: str, kind: Kind = MLP) -> Model:
    """The model of a kind whose score, a mean over its rows, is highest.

    Parameters
    ----------
    table : DataFrame
        Columns ``model``, ``kind``, ``stage`` and the score. Its rows are those that choices may be
        made on: validation, or cross-validation.
    score : str
    kind : {"mlp", "baseline", "floor", "ceiling"}

    Raises
    ------
    ValueError
        When there is no model of the kind.
    """
    own = table[table["kind"] == kind]
    if own.empty:
        raise ValueError(
            f"no model of the kind {kind!r} among {', '.join(table['model'].unique())}"
        )
    means = own.groupby(["model", "kind", "stage"], sort=False)[score].mean()
    return Model(*means.idxmax())


def simpler_relatives(
    learners: Mapping[Model, tuple[BaseEstimator, Sequence[str]]],
) -> dict[Model, list[Model]]:
    """For each model those among the others that it can do all of.

    A rule that learns nothing is simpler than a linear model, and that than any other learner, on
    the same inputs or fewer; of two linear models the one with fewer inputs is. A `CEILING` knows
    what the others cannot learn, and is nobody's relative.

    Parameters
    ----------
    learners : mapping of Model to (estimator, inputs)
        Estimators may be pipelines or searches; inputs are names of columns.
    """
    ranks = {m: _rank(m, own) for m, (own, _) in learners.items() if m.kind != CEILING}
    inputs = {model: set(learners[model][1]) for model in ranks}

    def is_simpler(one: Model, other: Model) -> bool:
        if ranks[one] == ranks[other] == 1:
            return inputs[one] < inputs[other]
        return ranks[one] < ranks[other] and inputs[one] <= inputs[other]

    return {model: [other for other in ranks if is_simpler(other, model)] for model in ranks}


def _rank(model: Model, estimator: BaseEstimator) -> int:
    """0 for what learns nothing, 1 for a linear model, 2 for the rest."""
    if model.kind == FLOOR:
        return 0
    while isinstance(estimator, Pipeline) or hasattr(estimator, "estimator"):
        is_pipeline = isinstance(estimator, Pipeline)
        estimator = estimator[-1] if is_pipeline else estimator.estimator
    return 1 if type(estimator).__module__.split(".")[:2] == ["sklearn", "linear_model"] else 2
