"""Predictive maintenance: machine rows with sensor values and the failure that came with them.

Kaggle's file and UCI's (AI4I 2020) both give the same frame. Where there is neither, the rows are
drawn from the process that UCI describes.
"""

from dataclasses import dataclass

import pandas as pd

from labkit.failures.rules import FAILURE_TYPES, OVERSTRAIN_LIMIT, label
from labkit.failures.simulation import SEED, simulate
from labkit.files.provenance import Provenance
from labkit.files.schema import Rule, Table, check, read_table
from labkit.files.sources import Found, Wanted, frame_record, locate

LABELS = {
    "udi": "Row number",
    "product_id": "Product",
    "type": "Product type",
    "air_temperature": "Air temperature [K]",
    "process_temperature": "Process temperature [K]",
    "rotational_speed": "Rotational speed [rpm]",
    "torque": "Torque [Nm]",
    "tool_wear": "Tool wear [min]",
    "target": "Machine failure",
    "failure_type": "Failure type",
}
"""Columns of the machine rows, for axes."""

WANTED = Wanted(
    dataset="Predictive maintenance",
    folder="maintenance",
    handle="shivamb/machine-predictive-maintenance-classification",
    tables={"machines": ("predictive_maintenance.csv", "ai4i2020.csv")},
)

UCI_FLAGS = {
    "TWF": "Tool Wear Failure",
    "HDF": "Heat Dissipation Failure",
    "PWF": "Power Failure",
    "OSF": "Overstrain Failure",
    "RNF": "Random Failures",
}
"""UCI's columns of zeros and ones, and the labels that Kaggle made of them."""

_TEMPERATURES = ("air_temperature", "process_temperature")

_RECORDED = {
    "UDI": "udi",
    "Product ID": "product_id",
    "Type": "type",
    "Air temperature [K]": "air_temperature",
    "Process temperature [K]": "process_temperature",
    "Rotational speed [rpm]": "rotational_speed",
    "Torque [Nm]": "torque",
    "Tool wear [min]": "tool_wear",
}
_NUMBERS = (*_TEMPERATURES, "torque")
_WHOLE = ("udi", "rotational_speed", "tool_wear", "target")


def _flag(name: str) -> Rule:
    return Rule(f"{name} is 0 or 1", (name,), lambda frame: frame[name].isin([0, 1]), "0 or 1")


_RULES = (
    Rule(
        "one row per UDI",
        ("udi",),
        lambda frame: ~frame.duplicated(["udi"]),
        "one row for each UDI, and no second one",
    ),
    Rule(
        "type is L, M or H",
        ("type",),
        lambda frame: frame["type"].isin(list(OVERSTRAIN_LIMIT)),
        "one of the letters " + ", ".join(OVERSTRAIN_LIMIT),
    ),
    Rule(
        "temperatures in kelvin",
        _TEMPERATURES,
        lambda frame: (
            frame[list(_TEMPERATURES)].gt(200).all(axis=1)
            & frame[list(_TEMPERATURES)].lt(400).all(axis=1)
        ),
        "temperatures in kelvin, between 200 and 400",
    ),
    Rule(
        "speed positive",
        ("rotational_speed",),
        lambda frame: frame["rotational_speed"] > 0,
        "a speed above 0 rpm",
    ),
    Rule(
        "torque and tool wear not negative",
        ("torque", "tool_wear"),
        lambda frame: (frame["torque"] >= 0) & (frame["tool_wear"] >= 0),
        "0 or more",
    ),
    _flag("target"),
)

KAGGLE = Table(
    what="Kaggle's predictive_maintenance.csv",
    columns=_RECORDED | {"Target": "target", "Failure Type": "failure_type"},
    hint=f"Take the file from https://www.kaggle.com/datasets/{WANTED.handle} as it is.",
    numbers=_NUMBERS,
    whole_numbers=_WHOLE,
    rules=(
        *_RULES,
        Rule(
            "failure type is known",
            ("failure_type",),
            lambda frame: frame["failure_type"].isin(FAILURE_TYPES),
            "one of " + ", ".join(FAILURE_TYPES),
        ),
    ),
)

UCI = Table(
    what="UCI's ai4i2020.csv",
    columns=_RECORDED | {"Machine failure": "target"} | {name: name for name in UCI_FLAGS},
    hint="Take the file from https://archive.ics.uci.edu/dataset/601 as it is.",
    numbers=_NUMBERS,
    whole_numbers=(*_WHOLE, *UCI_FLAGS),
    rules=(*_RULES, *map(_flag, UCI_FLAGS)),
)

_TITLES = {
    "environment": "the predictive maintenance data set",
    "local": "the predictive maintenance data set",
    "kaggle": "Kaggle's predictive maintenance data set",
    "download": "Kaggle's predictive maintenance data set",
    "embedded": "a simulation of the process behind AI4I 2020",
}


@dataclass(frozen=True, eq=False)
class Maintenance:
    """Machine rows.

    Attributes
    ----------
    frame : DataFrame, shape (rows, 10)
        The columns of `LABELS`, with its units, in the order of the file: that of time.
        ``failure_type`` is one of `labkit.failures.rules.FAILURE_TYPES`.
    provenance : Provenance
    """

    frame: pd.DataFrame
    provenance: Provenance


def load_maintenance(source: str | None = None, *, fetch: bool = True) -> Maintenance:
    """Find, read and validate the predictive maintenance data.

    Parameters
    ----------
    source : str, optional
        auto, environment, local, kaggle, download or embedded; by default ``LABKIT_SOURCE``.
    fetch : bool
        Whether a download may be tried.

    Raises
    ------
    DataError
        When the source has no such data, or the data are not as they should be.
    """
    found = locate(WANTED, source, fetch=fetch)
    return _embedded(found) if found.source == "embedded" else _from_file(found)


def _from_file(found: Found) -> Maintenance:
    file = found.files["machines"]
    table = UCI if file.base.lower() == "ai4i2020.csv" else KAGGLE
    frame = read_table(file.content(), table, str(file))
    if table is UCI:
        flags = frame[list(UCI_FLAGS)].rename(columns=UCI_FLAGS)
        frame = frame.assign(failure_type=label(flags))
    provenance = Provenance(
        dataset=WANTED.dataset,
        source=found.source,
        title=_TITLES[found.source],
        is_real=True,
        is_nyse=False,
        files=(file.record(len(frame)),),
        licence="CC BY 4.0 as far as known, not verified",
        url="https://doi.org/10.24432/C5HS5C",
        citation="matzka2020ai4i",
        checks=table.checks,
        rows=len(frame),
        place=found.place,
    )
    return Maintenance(frame[list(LABELS)], provenance)


def _embedded(found: Found) -> Maintenance:
    frame = simulate()
    check(frame, KAGGLE, "the simulation")
    provenance = Provenance(
        dataset=WANTED.dataset,
        source=found.source,
        title=_TITLES[found.source],
        is_real=False,
        is_nyse=False,
        files=(frame_record(f"labkit.failures.simulation.simulate, seed {SEED}", frame),),
        licence="this project's own (MIT)",
        url="https://doi.org/10.24432/C5HS5C",
        citation="matzka2020ai4i",
        checks=KAGGLE.checks,
        rows=len(frame),
        place=found.place,
    )
    return Maintenance(frame[list(LABELS)], provenance)
