"""The data room: files → validated frames, with provenance.

>>> machines = load_maintenance("embedded")
>>> machines.frame.shape, machines.provenance.is_real
((10000, 10), False)
"""

from labkit.data import maintenance as _maintenance
from labkit.data import nyse as _nyse
from labkit.data.failures import (
    FAILURE_TYPES,
    HEAT_DIFFERENCE,
    HEAT_SPEED,
    LABEL_PRIORITY,
    OVERSTRAIN_LIMIT,
    POWER_RANGE,
    heat_dissipation_rule,
    overstrain_rule,
    power,
    power_rule,
    temperature_difference,
)
from labkit.data.maintenance import Maintenance, load_maintenance
from labkit.data.nyse import NYSE, load_nyse
from labkit.data.provenance import DataError, FileRecord, Provenance
from labkit.data.report import report
from labkit.data.simulation import failure_probabilities, simulate

LABELS = _nyse.LABELS | _maintenance.LABELS
"""Column → text for an axis, with its unit."""

__all__ = [
    "FAILURE_TYPES",
    "HEAT_DIFFERENCE",
    "HEAT_SPEED",
    "LABELS",
    "LABEL_PRIORITY",
    "NYSE",
    "OVERSTRAIN_LIMIT",
    "POWER_RANGE",
    "DataError",
    "FileRecord",
    "Maintenance",
    "Provenance",
    "failure_probabilities",
    "heat_dissipation_rule",
    "load_maintenance",
    "load_nyse",
    "overstrain_rule",
    "power",
    "power_rule",
    "report",
    "simulate",
    "temperature_difference",
]
