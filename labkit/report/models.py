"""What a table says of a model: its name, its kind, and its stage in the study."""

from dataclasses import dataclass
from typing import Literal

import pandas as pd

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
