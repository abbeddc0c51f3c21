"""What ``python -m labkit data`` prints: what was found, where, and how to get the real data."""

from collections.abc import Callable

from labkit import config
from labkit.failures.data import load_maintenance
from labkit.failures.enough import check_enough as enough_machines
from labkit.failures.profile import PROFILES
from labkit.files.datasets import MAINTENANCE, NYSE, Wanted
from labkit.files.provenance import DataError, Provenance
from labkit.volatility.data import load_nyse
from labkit.volatility.enough import check_enough as enough_prices


def report(profile: str = config.USUAL, *, fetch: bool = True) -> str:
    """Both data sets in words, for a terminal.

    Parameters
    ----------
    profile : str
        What they are to be enough for.
    fetch : bool
        Whether a data set that is not here may be downloaded.

    Raises
    ------
    DataError
        When data that are here cannot be used.
    """
    stocks, rows = load_nyse(fetch=fetch), load_maintenance(fetch=fetch)
    parts = [
        _told(stocks.provenance, NYSE, lambda: enough_prices(stocks)),
        _told(rows.provenance, MAINTENANCE, lambda: enough_machines(rows, PROFILES[profile])),
    ]
    return "\n\n".join(parts)


def _told(found: Provenance, wanted: Wanted, check_enough: Callable[[], None]) -> str:
    lines = [
        found.dataset,
        f"  found     {found.title}",
        f"  source    {found.source}: {found.place}",
        *(f"  file      {f.name}: {f.rows:,} rows, sha256 {f.sha256[:16]}…" for f in found.files),
        f"  licence   {found.licence}",
        f"  url       {found.url}",
        *(f"  passed    {name}" for name in found.checks),
        *(f"  note      {note}" for note in found.notes),
    ]
    try:
        check_enough()
    except DataError as error:
        lines.append(f"  too few   {error}")
    absent = [
        wanted.names(table)[0]
        for table in list(wanted.tables)[1:]  # the first is a must
        if not any(check.startswith(f"{table}:") for check in found.checks)
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
