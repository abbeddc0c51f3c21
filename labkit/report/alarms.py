"""Results too good to be true stop the render, with the reason; so do unfair comparisons."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from labkit.errors import LabkitError
from labkit.report.models import Model

GENERALISATION_LIMIT = 4.0
"""Standard errors by which a test score may exceed its training score."""

COPIES_LIMIT = 0.001
"""Share of the rows to predict that may, by chance, be the same as a training row."""

CRIPPLED = 0.01
"""A score on the training rows below a simpler relative's by more than this is no fit at all."""


class Alarm(LabkitError, RuntimeError):
    """A result that cannot be honest; the message says which, against what limit, and why."""


def check_generalisation(train_score: float, test_score: float, n_test: int, name: str) -> None:
    """A model is not better on new rows than on those it was fitted to, but for chance.

    Parameters
    ----------
    train_score, test_score : float
        Shares between 0 and 1, such as accuracies.
    n_test : int
        Rows behind the test score.
    name : str
        Of the model, for the message.

    Raises
    ------
    Alarm
        When the test score is higher by more than `GENERALISATION_LIMIT` standard errors.
    """
    share = np.clip((train_score + test_score) / 2, 1 / n_test, 1 - 1 / n_test)
    limit = GENERALISATION_LIMIT * float(np.sqrt(share * (1 - share) / n_test))
    if test_score - train_score > limit:
        raise Alarm(
            f"{name} scores {test_score:.4f} on {n_test:,} test rows and {train_score:.4f} on its "
            f"training rows: better by more than chance allows ({limit:.4f}). Check that no test "
            "row was trained on, and that the two sets are scored alike."
        )


def check_copies(X: pd.DataFrame, splits: Iterable[tuple[np.ndarray, np.ndarray]]) -> None:
    """No row to predict is a copy of a row trained on: a learner by heart would know its answer.

    Parameters
    ----------
    X : DataFrame, shape (rows, features)
        Measurements fine enough that two rows seldom agree in all of them.
    splits : iterable of (train, out) row positions

    Raises
    ------
    Alarm
        When more than `COPIES_LIMIT` of the rows to predict agree with a training row in every
        column.
    """
    key = pd.util.hash_pandas_object(X, index=False).to_numpy()
    for train, out in splits:
        copies = np.isin(key[out], key[train])
        if copies.mean() > COPIES_LIMIT:
            row = X.index[out[copies.argmax()]]
            raise Alarm(
                f"{copies.sum():,} of {len(out):,} rows to predict are copies of rows trained on, "
                f"row {row} for one: whoever learns by heart knows their answers. Look for rows "
                "that were doubled or balanced before the split."
            )


def check_relatives(
    train_scores: Mapping[Model, float], relatives: Mapping[Model, Sequence[Model]]
) -> None:
    """No opponent is crippled: who can do all that another can, fits its training rows as well.

    Parameters
    ----------
    train_scores : mapping of Model to float
        On the rows that each was fitted to: there, no chance makes the richer one the worse.
    relatives : mapping of Model to sequence of Model
        To each its simpler relatives, as `labkit.report.models.simpler_relatives` finds them.

    Raises
    ------
    Alarm
        When a score is below a simpler relative's by more than `CRIPPLED`.
    """
    for model, simpler in relatives.items():
        best = max(simpler, key=lambda other: train_scores[other], default=model)
        if train_scores[model] < train_scores[best] - CRIPPLED:
            raise Alarm(
                f"{model.name} scores {train_scores[model]:.4f} on its own training rows, below "
                f"the {train_scores[best]:.4f} of {best.name}, which can do less: it is crippled, "
                "and to beat it proves nothing. Check its parameters and inputs."
            )
