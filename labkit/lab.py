"""What a chapter opens with: the data in use and the profile, as the environment says.

Here, and nowhere further in, is the environment read: ``LABKIT_SOURCE`` and ``LABKIT_DATA`` say
which data, ``LABKIT_PROFILE`` which profile. Studies take both as arguments. ``LABKIT_LOG`` names a
file that is told what studies begin and end.
"""

import logging
import os
from functools import cache

from labkit import config
from labkit.failures.data import Maintenance, load_maintenance
from labkit.failures.enough import check_enough as enough_machines
from labkit.failures.profile import PROFILES as FAILURE_PROFILES
from labkit.failures.profile import Profile as FailureProfile
from labkit.files.provenance import Provenance
from labkit.volatility.data import NYSE, load_nyse
from labkit.volatility.enough import check_enough as enough_prices
from labkit.volatility.profile import PROFILES as VOLATILITY_PROFILES
from labkit.volatility.profile import Profile as VolatilityProfile


def stocks() -> tuple[NYSE, VolatilityProfile]:
    """The stock prices in use, and the profile of the studies of volatility.

    Raises
    ------
    DataError
        When the data named are not there, not as they should be, or too few for the studies.
    ProfileError
        When there is no such profile.
    """
    _log_to(os.environ.get("LABKIT_LOG"))
    data, profile = _stocks(_named()), VOLATILITY_PROFILES[config.profile_name()]
    enough_prices(data)
    return data, profile


def machines() -> tuple[Maintenance, FailureProfile]:
    """The machine rows in use, and the profile of the studies of failures.

    Raises
    ------
    DataError
        When the data named are not there, not as they should be, or too few for the studies.
    ProfileError
        When there is no such profile.
    """
    _log_to(os.environ.get("LABKIT_LOG"))
    data, profile = _machines(_named()), FAILURE_PROFILES[config.profile_name()]
    enough_machines(data, profile)
    return data, profile


def provenances() -> tuple[Provenance, Provenance]:
    """Where the prices and the machine rows in use are from, enough for the studies or not.

    Raises
    ------
    DataError
        When the data named are not there, or not as they should be.
    """
    return _stocks(_named()).provenance, _machines(_named()).provenance


def _named() -> tuple[str | None, ...]:
    """What the environment says of the data: others of these, other data."""
    return tuple(os.environ.get(name) for name in ("LABKIT_SOURCE", "LABKIT_DATA"))


@cache
def _stocks(named: tuple) -> NYSE:
    return load_nyse()


@cache
def _machines(named: tuple) -> Maintenance:
    return load_maintenance()


@cache
def _log_to(path: str | None) -> None:
    """Have what labkit logs written to a file too."""
    if path is None:
        return
    log = logging.getLogger("labkit")
    log.addHandler(logging.FileHandler(path, encoding="utf-8"))
    log.setLevel(logging.INFO)
    log.propagate = False  # to no handler that would write into a chapter's output
