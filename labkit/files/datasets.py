"""The lab's two data sets: what they are called, and by which columns a file of them is known.

A file is known by its header, whatever it is called. Both data sets stand here, so that a folder
with only one of them can be told from a folder with neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Layout:
    """The columns of one kind of file.

    Attributes
    ----------
    what : str
        A noun phrase for messages.
    names : tuple of str
        What the file is called where it comes from, the preferred name first.
    columns : dict of str to str
        Name in the file to name in the frame.
    optional : tuple of str
        Names in the file of columns that may be lacking; the others must be there.
    """

    what: str
    names: tuple[str, ...]
    columns: Mapping[str, str]
    optional: tuple[str, ...] = ()

    @property
    def required(self) -> tuple[str, ...]:
        """Names in the file of the columns without which it is no such file."""
        return tuple(name for name in self.columns if name not in self.optional)


@dataclass(frozen=True, eq=False)
class Wanted:
    """A data set's files.

    Attributes
    ----------
    dataset : str
        The name in messages.
    folder : str
        Its folder in ``LABKIT_DATA`` and ``data/``.
    handle : str
        Its name on Kaggle.
    tables : dict of str to tuple of Layout
        For each table the layouts that it may have. The first table is a must.
    """

    dataset: str
    folder: str
    handle: str
    tables: Mapping[str, tuple[Layout, ...]]

    @property
    def main(self) -> str:
        """The table without which there is no data set."""
        return next(iter(self.tables))

    def names(self, table: str) -> tuple[str, ...]:
        """What a table's file is called where it comes from, the preferred name first."""
        return tuple(name for layout in self.tables[table] for name in layout.names)


PRICES = Layout(
    "daily prices of the NYSE data set",
    ("prices-split-adjusted.csv", "prices.csv"),
    {name: name for name in ("date", "symbol", "open", "close", "low", "high", "volume")},
)

FUNDAMENTALS = Layout(
    "yearly fundamentals of the NYSE data set",
    ("fundamentals.csv",),
    {"Ticker Symbol": "symbol", "Period Ending": "period_ending"},
)

SECURITIES = Layout(
    "the securities of the NYSE data set",
    ("securities.csv",),
    {
        "Ticker symbol": "symbol",
        "Security": "security",
        "GICS Sector": "sector",
        "GICS Sub Industry": "sub_industry",
    },
)

NYSE = Wanted(
    dataset="NYSE",
    folder="nyse",
    handle="dgawlik/nyse",
    tables={
        "prices": (PRICES,),
        "fundamentals": (FUNDAMENTALS,),
        "securities": (SECURITIES,),
    },
)

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
_NUMBERING = ("UDI", "Product ID")

KAGGLE_MACHINES = Layout(
    "Kaggle's predictive_maintenance.csv",
    ("predictive_maintenance.csv",),
    _RECORDED | {"Target": "target", "Failure Type": "failure_type"},
    _NUMBERING,
)

UCI_FLAGS = {
    "TWF": "Tool Wear Failure",
    "HDF": "Heat Dissipation Failure",
    "PWF": "Power Failure",
    "OSF": "Overstrain Failure",
    "RNF": "Random Failures",
}
"""UCI's columns of zeros and ones, and the labels that Kaggle made of them."""

UCI_MACHINES = Layout(
    "UCI's ai4i2020.csv",
    ("ai4i2020.csv",),
    _RECORDED | {"Machine failure": "target"} | {name: name for name in UCI_FLAGS},
    _NUMBERING,
)

MAINTENANCE = Wanted(
    dataset="Predictive maintenance",
    folder="maintenance",
    handle="shivamb/machine-predictive-maintenance-classification",
    tables={"machines": (KAGGLE_MACHINES, UCI_MACHINES)},
)

DATASETS = (NYSE, MAINTENANCE)
