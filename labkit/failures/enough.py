"""Whether there are machine rows enough for the studies: told before an hour of work, not after."""

from labkit.failures.data import Maintenance
from labkit.failures.profile import Profile
from labkit.failures.rules import FAILURE_TYPES
from labkit.files.provenance import DataError

ROWS_A_FOLD = 2
"""Rows of every class that a fold needs."""


def check_enough(data: Maintenance, profile: Profile) -> None:
    """Hold the classes against the folds of a profile.

    Raises
    ------
    DataError
        When a class is absent, or has too few rows for the folds.
    """
    needed = ROWS_A_FOLD * profile.folds
    rows = data.frame["failure_type"].value_counts().reindex(FAILURE_TYPES, fill_value=0)
    few = rows[rows < needed]
    if len(few):
        told = ", ".join(f"{name} {count or 'none'}" for name, count in few.items())
        raise DataError(
            f"{data.provenance.place}: too few rows of a class for the studies of failures, of "
            f"{len(data.frame):,} in all: {told}. Expected each of {len(FAILURE_TYPES)} classes "
            f"to have {needed} rows or more, {ROWS_A_FOLD} for each of {profile.folds} folds. "
            "Take a larger file, or LABKIT_SOURCE=embedded for the simulation."
        )
