"""Results too good to be true stop the render, with the reason."""

import numpy as np

from labkit.errors import LabkitError

GENERALISATION_LIMIT = 4.0
"""Standard errors by which a test score may exceed its training score."""


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
