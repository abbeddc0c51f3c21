"""The documented failure rules of AI4I 2020: what breaks the machine, and which label wins.

Source: UCI Machine Learning Repository, data set 601 (S. Matzka 2020). The rules take a frame with
the columns of `labkit.failures.data.Maintenance` and give a boolean Series on its index.
"""

import numpy as np
import pandas as pd

FAILURE_TYPES = (
    "No Failure",
    "Heat Dissipation Failure",
    "Power Failure",
    "Overstrain Failure",
    "Tool Wear Failure",
    "Random Failures",
)
"""The six classes, in the order that every table and matrix of the book uses."""

NO_FAILURE = FAILURE_TYPES[0]

SHORT_CLASSES = {
    name: name if name == "No Failure" else name.removesuffix("s").removesuffix(" Failure")
    for name in FAILURE_TYPES
}
"""Class names that fit beside an axis."""

LABEL_PRIORITY = (
    "Power Failure",
    "Heat Dissipation Failure",
    "Tool Wear Failure",
    "Overstrain Failure",
    "Random Failures",
)
"""Which label a row with several failures wears in Kaggle's file: the first that holds.

Read off that file: all 95 rows that meet the power rule are labelled Power, the six others that
meet both the heat and the overstrain rule are labelled Heat Dissipation, and two tool wear
failures meet the overstrain rule. Tool wear never meets heat dissipation there; heat comes first
here, as the failure that can be seen. A random failure stands only where nothing else does: UCI
does not count it as a machine failure, and Kaggle's ``Target`` is 0 on all of its rows.
"""

HEAT_DIFFERENCE = 8.6
"""Difference between process and air temperature, in K, below which heat is not carried off."""

HEAT_SPEED = 1380
"""Rotational speed in rpm below which a small temperature difference is a failure."""

POWER_RANGE = (3500.0, 9000.0)
"""Mechanical power in W outside of which the process fails."""

OVERSTRAIN_LIMIT = {"L": 11_000, "M": 12_000, "H": 13_000}
"""Tool wear times torque, in min·Nm, above which a product of each type is overstrained."""

TEMPERATURE_DECIMALS = 1
"""Decimals to which the file records temperatures, in K."""


def power(torque, rotational_speed):
    """Mechanical power in W: torque (Nm) times angular speed (rad/s, from rpm).

    >>> round(float(power(40.0, 1500)), 1)
    6283.2
    """
    return torque * rotational_speed * (2 * np.pi / 60)


def temperature_difference(
    frame: pd.DataFrame, decimals: int | None = TEMPERATURE_DECIMALS
) -> pd.Series:
    """Process minus air temperature in K, rounded as the temperatures are recorded.

    Without rounding, 309.4 − 300.8 is 8.599999999999966 in binary floating point, and so below
    8.6. ``decimals=None`` leaves it so.
    """
    difference = frame["process_temperature"] - frame["air_temperature"]
    return difference if decimals is None else difference.round(decimals)


def heat_dissipation_rule(
    frame: pd.DataFrame, decimals: int | None = TEMPERATURE_DECIMALS
) -> pd.Series:
    """Where heat is not carried off: a difference below 8.6 K at a speed below 1,380 rpm.

    Parameters
    ----------
    frame : DataFrame, shape (rows, columns)
        With process_temperature and air_temperature in K, rotational_speed in rpm.
    decimals : int or None
        See `temperature_difference`. Kaggle's file itself was labelled with ``None``: its 12 rows
        whose difference is 8.6 K on paper and less in floating point are failures there. The rule
        as documented leaves them out.

    Returns
    -------
    Series of bool, shape (rows,)
    """
    small = temperature_difference(frame, decimals) < HEAT_DIFFERENCE
    return small & (frame["rotational_speed"] < HEAT_SPEED)


def power_rule(frame: pd.DataFrame) -> pd.Series:
    """Where the power is below 3,500 W or above 9,000 W; boolean, shape ``(rows,)``."""
    low, high = POWER_RANGE
    watts = power(frame["torque"], frame["rotational_speed"])
    return (watts < low) | (watts > high)


def overstrain_rule(frame: pd.DataFrame) -> pd.Series:
    """Where wear (min) times torque (Nm) exceeds the type's limit; boolean, shape ``(rows,)``."""
    limit = frame["type"].astype(str).map(OVERSTRAIN_LIMIT)
    return frame["tool_wear"] * frame["torque"] > limit


def label(flags: pd.DataFrame) -> pd.Series:
    """One label a row from the failures that hold, by `LABEL_PRIORITY`.

    Parameters
    ----------
    flags : DataFrame of bool, shape (rows, 5)
        A column for each name in `LABEL_PRIORITY`.

    Returns
    -------
    Series of str, shape (rows,)

    >>> both = {name: [name in ("Overstrain Failure", "Power Failure")] for name in LABEL_PRIORITY}
    >>> label(pd.DataFrame(both)).item()
    'Power Failure'
    """
    names = np.select(
        [flags[name].to_numpy(dtype=bool) for name in LABEL_PRIORITY],
        list(LABEL_PRIORITY),
        default="No Failure",
    )
    return pd.Series(names, index=flags.index, dtype="str", name="failure_type")
