"""What a run is: its profile and its seed.

The profile is chosen by the environment variable ``LABKIT_PROFILE``, which only this module and
`labkit.lab` read; what its sizes are, each wing says for its own studies. Results made under one
profile are never mistaken for those of another: the profile is part of their key.
"""

import os
from dataclasses import dataclass

from labkit.errors import LabkitError

SEED = 2024
"""The one seed that all others are derived from."""

USUAL = "full"
"""The profile that the book is meant to be read in."""

PROFILES = (USUAL, "quick", "thorough")
"""Half an hour and more on two cores; a few minutes, to see that all works; an evening."""


class ProfileError(LabkitError, ValueError):
    """``LABKIT_PROFILE`` names no profile."""


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What the profiles of both wings have.

    Parameters
    ----------
    name : str
        One of `PROFILES`.
    seed : int
    """

    name: str
    seed: int = SEED


def profile_name() -> str:
    """The profile that ``LABKIT_PROFILE`` names; `USUAL` when it is unset.

    Raises
    ------
    ProfileError
        When the name is not one of `PROFILES`.
    """
    name = os.environ.get("LABKIT_PROFILE") or USUAL
    if name not in PROFILES:
        raise ProfileError(
            f"there is no profile {name!r}; LABKIT_PROFILE and --profile take one of "
            f"{', '.join(PROFILES)}"
        )
    return name
