"""The tables of the reproducibility appendix: data, versions, profile, timings, rules."""

import os
import platform
from importlib.metadata import version

import pandas as pd

from labkit.config import Profile
from labkit.files.provenance import Provenance
from labkit.nets import diagnostics
from labkit.report import results
from labkit.report.grids import label
from labkit.report.table import Table, table

PACKAGES = [
    "torch",
    "scikit-learn",
    "skorch",
    "imbalanced-learn",
    "numba",
    "numpy",
    "pandas",
    "seaborn",
    "matplotlib",
    "jupyter",
]


def provenance(*sources: Provenance) -> Table:
    """Each file in use, its rows and hash, and the licence of the data set."""
    rows = [
        {
            "dataset": source.dataset,
            "file": file.name,
            "rows": file.rows,
            "sha256": f"`{file.sha256[:12]}`",
            "licence": source.licence,
        }
        for source in sources
        for file in source.files
    ]
    return table(
        pd.DataFrame(rows),
        {
            "dataset": "Data set",
            "file": "File",
            "rows": "Rows",
            "sha256": "SHA-256",
            "licence": "Licence",
        },
        markdown=["sha256"],
    )


def versions() -> Table:
    """Python, the packages the lab names, and the machine."""
    rows = [{"what": "Python", "version": platform.python_version()}]
    rows += [{"what": name, "version": version(name)} for name in PACKAGES]
    rows += [
        {"what": "Operating system", "version": platform.system()},
        {"what": "Processor", "version": platform.machine()},
        {"what": "Cores", "version": str(os.cpu_count())},
    ]
    return table(pd.DataFrame(rows), {"what": "What", "version": "Version"})


def profiles(*used: Profile) -> Table:
    """The sizes that the profiles of both wings set; the axes of their grids one by one."""
    rows = []
    for own in used:
        wing = type(own).__module__.split(".")[1]
        for name, value in vars(own).items():
            axes = value.items() if isinstance(value, dict) else [("", value)]
            for axis, values in axes:
                what = f"{name}, {axis}" if axis else name
                rows.append({"wing": wing, "what": what.replace("_", " "), "value": _text(values)})
    return table(pd.DataFrame(rows), {"wing": "Studies", "what": "Setting", "value": "Value"})


def _text(value) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(label(v) if isinstance(value, list) else _text(v) for v in value)
    return "all" if value is None else str(value)


def timings(profile: str) -> Table:
    """The studies that a profile has in ``results/``, what made each, and the seconds it took."""
    kept = results.records()
    frame = kept[kept["profile"] == profile]
    made_by = "`" + frame["made_by"].str.removeprefix("labkit.") + "`"
    return table(
        frame.assign(study="`" + frame["study"] + "`", made_by=made_by),
        {"study": "Study", "made_by": "Made by", "profile": "Profile", "seconds": "Seconds"},
        formats={"seconds": ",.1f"},
        markdown=["study", "made_by"],
    )


def verdict_rules() -> Table:
    """The limits behind the words underfits, overfits, converged, noisy."""
    rows = [
        (
            "overfits",
            "the held-out loss ends this far above its lowest, less what the training loss has "
            "risen since",
            diagnostics.RISE,
        ),
        (
            "overfits",
            "train and held-out loss end this much further apart than after the first epoch, of "
            f"which no more than {diagnostics.SETS_DIFFER:.0%} is put down to the sets; unless the "
            "held-out loss turned up, came down again and is at its best at the end",
            diagnostics.GAP,
        ),
        (
            "underfits",
            "neither, and the held-out loss still improves, or has risen by this together with the "
            "training loss, or shows nothing learned",
            diagnostics.RISE,
        ),
        (
            "still improving",
            "the last quarter of the epochs lowered the best held-out or training loss by this",
            diagnostics.IMPROVEMENT,
        ),
        ("noisy", "the held-out loss goes up and down by this, on average", diagnostics.NOISE),
    ]
    frame = pd.DataFrame(rows, columns=["verdict", "rule", "limit"])
    columns = {"verdict": "Verdict", "rule": "When more than", "limit": "Limit"}
    return table(frame, columns, formats={"limit": ".0%"})
