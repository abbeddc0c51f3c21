"""Whether there are machine rows enough for the studies: told before an hour of work, not after."""

from labkit.failures.data import Maintenance
from labkit.failures.profile import Profile
from labkit.failures.rules import FAILURE_TYPES
from labkit.files.provenance import DataError

ROWS_A_FOLD = 2
"""Rows of every class that a fold needs."""

LEAST_ROWS = 2_000
"""Rows in all: of 1,000, the alarms stop gradient boosting, which then fits worse than a line."""


def check_enough(data: Maintenance, profile: Profile) -> None:
    """Hold the classes against the folds of a profile.

    Raises
    ------
    DataError
        When a class is absent, or has too few rows for the folds, or all classes together have.
    """
    needed = ROWS_A_FOLD * profile.folds
    rows = data.frame["failure_type"].value_counts().reindex(FAILURE_TYPES, fill_value=0)
    few = rows[rows < needed]
    if len(few) or len(data.frame) < LEAST_ROWS:
        told = "".join(f", {name} {count or 'none'}" for name, count in few.items())
        raise DataError(
            f"{data.provenance.place}: too few rows for the studies of failures: "
            f"{len(data.frame):,} in all{told}. Expected {LEAST_ROWS:,} or more, and of each of "
            f"{len(FAILURE_TYPES)} classes {needed}, {ROWS_A_FOLD} for each of {profile.folds} "
            "folds. Take a larger file, or LABKIT_SOURCE=embedded for the simulation."
        )
