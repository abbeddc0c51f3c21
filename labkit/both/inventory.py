"""What ``python -m labkit data`` prints: what was found, where, and how to get the real data."""

from labkit.failures import data as maintenance
from labkit.files.provenance import Provenance
from labkit.files.sources import Wanted
from labkit.volatility import data as nyse


def report(fetch: bool = True) -> str:
    """Both data sets in words, for a terminal.

    Parameters
    ----------
    fetch : bool
        Whether a data set that is not here may be downloaded.

    Raises
    ------
    DataError
        When data that are here cannot be used.
    """
    parts = [
        _told(nyse.load_nyse(fetch=fetch).provenance, nyse.WANTED),
        _told(maintenance.load_maintenance(fetch=fetch).provenance, maintenance.WANTED),
    ]
    return "\n\n".join(parts)


def _told(found: Provenance, wanted: Wanted) -> str:
    lines = [
        found.dataset,
        f"  found     {found.title}",
        f"  source    {found.source}: {found.place}",
        *(f"  file      {f.name}: {f.rows:,} rows, sha256 {f.sha256[:16]}…" for f in found.files),
        f"  licence   {found.licence}",
        f"  url       {found.url}",
        *(f"  passed    {name}" for name in found.checks),
    ]
    absent = [
        names[0] for names in wanted.tables.values() if not any(_has(found, name) for name in names)
    ]
    if found.source == "embedded":
        lines += [
            f"  to do     For the real data, download https://www.kaggle.com/datasets/"
            f"{wanted.handle}",
            f"            and put the zip, or its files, into data/{wanted.folder}/ or into a "
            "folder that",
            "            LABKIT_DATA names; with a network, `python -m labkit data` fetches them.",
        ]
    elif absent:
        lines.append(
            f"  to do     Put {' and '.join(absent)} beside them: without, chapters say less."
        )
    return "\n".join(lines)


def _has(found: Provenance, name: str) -> bool:
    return any(file.name.lower().endswith(name) for file in found.files)
