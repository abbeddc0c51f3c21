"""Predictive maintenance: machine rows with sensor values and the failure that came with them.

Kaggle's file and UCI's (AI4I 2020) both give the same frame. Where there is neither, the rows are
drawn from the process that UCI describes.
"""

import hashlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from labkit.failures.rules import FAILURE_TYPES, OVERSTRAIN_LIMIT, label
from labkit.failures.simulation import SEED, simulate
from labkit.files.datasets import KAGGLE_MACHINES, MAINTENANCE, UCI_FLAGS, UCI_MACHINES
from labkit.files.provenance import Provenance
from labkit.files.reading import read_table
from labkit.files.schema import Rule, Table, check, within
from labkit.files.sources import Found, frame_record, locate

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

_TEMPERATURES = ("air_temperature", "process_temperature")

_MEASURED = ("type", *_TEMPERATURES, "rotational_speed", "torque", "tool_wear")
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
    within("UDI counts from 0 or 1", ("udi",), 0, np.inf, "a row number, 0 or more"),
    within("temperatures in kelvin", _TEMPERATURES, 200, 400, "temperatures in kelvin, 200 to 400"),
    within("speed plausible", ("rotational_speed",), 1, 100_000, "a speed of 1 to 100,000 rpm"),
    within("torque plausible", ("torque",), 0, 10_000, "a torque of 0 to 10,000 Nm"),
    within("tool wear plausible", ("tool_wear",), 0, 100_000, "a wear of 0 to 100,000 min"),
    _flag("target"),
)

_HINT = "Take the file from {} as it is."
_CHOICES = {"type": tuple(OVERSTRAIN_LIMIT), "failure_type": tuple(FAILURE_TYPES)}

KAGGLE = Table(
    layout=KAGGLE_MACHINES,
    hint=_HINT.format(f"https://www.kaggle.com/datasets/{MAINTENANCE.handle}"),
    numbers=_NUMBERS,
    whole_numbers=_WHOLE,
    choices=_CHOICES,
    rules=_RULES,
)

UCI = Table(
    layout=UCI_MACHINES,
    hint=_HINT.format("https://archive.ics.uci.edu/dataset/601"),
    numbers=_NUMBERS,
    whole_numbers=(*_WHOLE, *UCI_FLAGS),
    choices=_CHOICES,
    rules=(*_RULES, *map(_flag, UCI_FLAGS)),
)

_TABLES = {table.layout: table for table in (KAGGLE, UCI)}

_DATA_SET = "predictive maintenance data set"

AI4I = "de05fca7cb6bf57fd95236f6cfd0aade16035b067fc7d909955234336b7b4868"
"""SHA-256 of the measurements and ``target`` of AI4I 2020, which Kaggle's file and UCI's share, by
`content_hash`: the same however a file is written."""


@dataclass(frozen=True, eq=False)
class Maintenance:
    """Machine rows.

    Attributes
    ----------
    frame : DataFrame, shape (rows, 10)
        The columns of `LABELS`, with its units, in the order of UDI: that of time.
        ``failure_type`` is one of `labkit.failures.rules.FAILURE_TYPES`.
    provenance : Provenance
    in_time_order : bool
        Whether the order of the rows is that of time. Without UDI it is the file's, of which
        nothing is known; ``udi`` then counts its rows.
    """

    frame: pd.DataFrame
    provenance: Provenance
    in_time_order: bool = True


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
    found = locate(MAINTENANCE, source, fetch=fetch)
    return _from_file(found) if found.files else _embedded(found)


def content_hash(frame: pd.DataFrame) -> str:
    """SHA-256 of what was measured and of ``target``, row by row in the order of UDI."""
    written = frame[["udi", *_MEASURED, "target"]].to_csv(index=False, lineterminator="\n")
    return hashlib.sha256(written.encode()).hexdigest()


def _from_file(found: Found) -> Maintenance:
    candidate = found.files["machines"]
    table = _TABLES[candidate.layout]
    read = read_table(candidate.table(), table)
    frame, notes = read.frame, [*found.passed_over, *read.notes]
    if table is UCI:
        flags = frame[list(UCI_FLAGS)].rename(columns=UCI_FLAGS)
        frame = frame.assign(failure_type=label(flags))
    in_time_order = "udi" in frame
    if not in_time_order:
        notes.append("no UDI: whether rows are in the order of time is not known")
        frame = frame.assign(udi=np.arange(1, len(frame) + 1))
    elif not frame["udi"].is_monotonic_increasing:
        notes.append("rows sorted by UDI")
        frame = frame.sort_values("udi", ignore_index=True)
    if "product_id" not in frame:
        notes.append("no Product ID: products are called by their type and row")
        frame = frame.assign(product_id=frame["type"] + frame["udi"].astype("str"))
    copies = int(frame.duplicated(list(_MEASURED)).sum())
    if copies:
        notes.append(
            f"{copies:,} of {len(frame):,} rows are copies of others in all that was measured; "
            "studies whose rows to predict are copies of rows trained on stop"
        )
    is_known = content_hash(frame) == AI4I
    at_kaggle = found.source in ("kaggle", "download")
    if at_kaggle and not is_known:
        notes.append("not the measurements known of Kaggle's file: a new version?")
    provenance = Provenance(
        dataset=MAINTENANCE.dataset,
        source=found.source,
        title=("Kaggle's " if at_kaggle else "the ") + _DATA_SET
        if is_known
        else f"a file in the layout of the {_DATA_SET}",
        is_real=True,
        is_nyse=False,
        is_known=is_known,
        files=(candidate.file.record(len(frame)),),
        licence="CC BY 4.0 as far as known, not verified" if is_known else "not known",
        url="https://doi.org/10.24432/C5HS5C" if is_known else "not known",
        citation="matzka2020ai4i" if is_known else "",
        checks=table.checks,
        rows=len(frame),
        place=found.place,
        notes=tuple(notes),
    )
    return Maintenance(frame[list(LABELS)], provenance, in_time_order)


def _embedded(found: Found) -> Maintenance:
    frame = simulate()
    check(frame, KAGGLE, "the simulation")
    provenance = Provenance(
        dataset=MAINTENANCE.dataset,
        source=found.source,
        title="a simulation of the process behind AI4I 2020",
        is_real=False,
        is_nyse=False,
        is_known=True,
        files=(frame_record(f"labkit.failures.simulation.simulate, seed {SEED}", frame),),
        licence="this project's own (MIT)",
        url="https://doi.org/10.24432/C5HS5C",
        citation="matzka2020ai4i",
        checks=KAGGLE.checks,
        rows=len(frame),
        place=found.place,
        notes=found.passed_over,
    )
    return Maintenance(frame[list(LABELS)], provenance)
