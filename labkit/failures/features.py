"""What models may see of a machine row: the measurements, and the physics made of them."""

import pandas as pd

from labkit.failures.rules import OVERSTRAIN_LIMIT, power

MACHINE_FEATURES = [
    "air_temperature",
    "process_temperature",
    "rotational_speed",
    "torque",
    "tool_wear",
]
"""The numeric measurements of a machine row. IDs and ``target`` are never among the features."""


PHYSICS_FEATURES = ["temperature_difference", "power", "strain"]
"""Differences and products that the documented failure rules are written in; see `add_physics`."""


RAW = MACHINE_FEATURES
"""The first model's numbers."""

PHYSICS = MACHINE_FEATURES + PHYSICS_FEATURES
"""All numbers."""

RULES = ["rotational_speed", "tool_wear", *PHYSICS_FEATURES]
"""All numbers that the documented failure rules compare with thresholds, and no others."""


KNOWN = ["rotational_speed", "tool_wear", "temperature_difference", "power", "relative_strain"]
"""The `RULES`, strain as a share of the limit of the product's quality: one threshold for all."""


def machine_features(frame: pd.DataFrame, *, physics: bool = True) -> pd.DataFrame:
    """What a model may see of the machine rows: the quality ``type`` and the measurements.

    The serial numbers and ``target``, which is the answer, stay at the door.
    """
    X = frame[["type", *MACHINE_FEATURES]]
    return add_physics(X) if physics else X


def add_physics(X: pd.DataFrame) -> pd.DataFrame:
    """Add the quantities in which the failures are written.

    ``temperature_difference`` [K], process minus air, which heat dissipation depends on;
    ``power`` [W], torque times angular speed; ``strain`` [min·Nm], tool wear times torque; and
    ``relative_strain``, strain divided by the documented limit of the quality, which only models
    that are given the process as knowledge see.
    """
    strain = X["tool_wear"] * X["torque"]
    return X.assign(
        temperature_difference=X["process_temperature"] - X["air_temperature"],
        power=power(X["torque"], X["rotational_speed"]),
        strain=strain,
        relative_strain=strain / X["type"].astype(str).map(OVERSTRAIN_LIMIT),
    )
