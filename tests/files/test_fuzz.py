"""Damaged files: read as they are written, or refused; no other exception, and no other frame.

`LABKIT_SOAK=1` tries ten thousand, else two hundred; `pytest -s` shows what became of them.
"""

import csv
import gzip
import io
import os
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_files import (
    MACHINES_NAME,
    PRICES_NAME,
    M,
    P,
    comma_decimals,
    csv_of,
    machines,
    prices,
    uci,
    write,
    zipped,
)
from tabulate import tabulate

from labkit.failures.data import load_maintenance
from labkit.files.provenance import DataError
from labkit.volatility.data import load_nyse

EXAMPLES = 10_000 if os.environ.get("LABKIT_SOAK") else 200

ARCHIVED = {
    "prices, gzip": ("nyse/prices.csv.gz", gzip.compress(P.encode(), mtime=0)),
    "machines, zip": ("archive.zip", zipped({"predictive_maintenance.csv": M.encode()})),
}
"""The same files packed, which a checksum guards: what is read must be what was packed."""

BASES = {
    "prices": (PRICES_NAME, P.encode()),
    "prices, semicolons and decimal commas": (PRICES_NAME, comma_decimals(prices()).encode()),
    "prices, quoted": (PRICES_NAME, csv_of(prices(), quoting=csv.QUOTE_ALL).encode()),
    "prices, UTF-16": (PRICES_NAME, P.encode("utf-16")),
    "machines": (MACHINES_NAME, M.encode()),
    "machines, UCI's layout": (MACHINES_NAME, csv_of(uci(machines())).encode()),
    **ARCHIVED,
}
"""Files that are right: name and content."""

NASTY = [
    "", " ", "nan", "NA", "-1", "1e300", "inf", "True", "0", "9" * 20, "1,5", "1.5.1", '"', '""',
    "\u200b", "x", "2016-02-30", "1/2/2016", "2016-01-05T00:00:00Z", "2016", "\u0663", "00",
    "1 000",
]  # fmt: skip
"""What a cell may be overwritten with."""


def byte_changed(content, at, other):
    return content[:at] + bytes([other]) + content[at + 1 :]


def byte_added(content, at, other):
    return content[:at] + bytes([other]) + content[at:]


def byte_lost(content, at, other):
    return content[:at] + content[at + 1 :]


def cut_off(content, at, other):
    return content[:at]


def piece_lost(content, at, other):
    return content[:at] + content[at + other :]


def quotation_mark(content, at, other):
    return content[:at] + b'"' + content[at:]


def line_lost(content, at, other):
    lines = content.split(b"\n")
    del lines[at % len(lines)]
    return b"\n".join(lines)


def line_twice(content, at, other):
    lines = content.split(b"\n")
    lines.insert(other % len(lines), lines[at % len(lines)])
    return b"\n".join(lines)


def lines_swapped(content, at, other):
    lines = content.split(b"\n")
    i, j = at % len(lines), other % len(lines)
    lines[i], lines[j] = lines[j], lines[i]
    return b"\n".join(lines)


def cell_overwritten(content, at, other):
    lines = content.split(b"\n")
    row = (1 + at) % len(lines)
    mark = b";" if b";" in lines[0] else b","
    cells = lines[row].split(mark)
    cells[other % len(cells)] = NASTY[(at + other) % len(NASTY)].encode()
    lines[row] = mark.join(cells)
    return b"\n".join(lines)


def cell_lost(content, at, other):
    lines = content.split(b"\n")
    mark = b";" if b";" in lines[0] else b","
    cells = lines[at % len(lines)].split(mark)
    del cells[other % len(cells)]
    lines[at % len(lines)] = mark.join(cells)
    return b"\n".join(lines)


def zeros(content, at, other):
    return content[:at] + bytes(other % 64) + content[at + other % 64 :]


CHANGES = [
    byte_changed, byte_added, byte_lost, cut_off, piece_lost, quotation_mark, line_lost, line_twice,
    lines_swapped, cell_overwritten, cell_lost, zeros,
]  # fmt: skip

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"


def as_written(content: bytes, columns: int) -> list[list[str]]:
    """The cells of a file, by Python's csv and nothing of labkit's."""
    content = content.removeprefix(b"\xef\xbb\xbf")
    wide = content[3:200:2].count(0) > 50
    try:
        text = content.removeprefix(b"\xff\xfe").decode("utf-16-le" if wide else "utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    mark = max(",;", key=text.lstrip().split("\n")[0].count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=mark)
    cleaned = [[cell.strip(INVISIBLE).strip() for cell in row] for row in rows]
    return [row for row in cleaned if len(row) == columns]


def number(cell: str, decimal: str) -> float:
    cell = re.sub(r"(?<=\d)[ '’\u00a0\u202f](?=\d{3}(?!\d))", "", cell)
    cell = cell.replace(".", "").replace(",", ".") if decimal == "," else cell.replace(",", "")
    return float(cell)


def agrees(value, cell: str, decimal: str) -> bool:
    """Whether a value of the frame is what a cell says."""
    if isinstance(value, pd.Timestamp):
        parts = re.split(r"[-/.]", re.split(r"[T ]", cell)[0])
        return [value.year, value.month, value.day] == [int(part) for part in parts]
    if isinstance(value, str):
        seen = "".join(letter for letter in cell if letter not in INVISIBLE).strip()
        return value.casefold() == seen.casefold() or value == seen.upper()
    return value == pytest.approx(number(cell, decimal), rel=1e-12)


def wrong(frame: pd.DataFrame, content: bytes, base: str) -> str | None:
    """What in a frame is not what the file says."""
    columns = 14 if "UCI" in base else 10 if base.startswith("machines") else 7
    decimal = "," if "commas" in base else "."
    header, *rows = as_written(content, columns)
    if len(rows) != len(frame):
        return f"{len(frame)} rows of {len(rows)}"
    names = ["date", "symbol", "open", "close", "low", "high", "volume"]
    if base.startswith("machines"):
        names = [*frame.columns[:8], "target"]
        numbered = re.sub(r"\W", "", header[0]).upper() == "UDI"
        if not numbered:
            names = ["", "", *names[2:]]
        rows = sorted(rows, key=lambda row: number(row[0], decimal)) if numbered else rows
        named = re.sub(r"[\W_]", "", header[1]).upper() == "PRODUCTID"
        names[1] = "product_id" if named else ""
        if "UCI" not in base:
            names.append("failure_type")
    else:
        rows = sorted(rows, key=lambda row: (row[1].upper(), row[0]))
    for i, row in enumerate(rows):
        for name, cell in zip(names, row, strict=False):
            if name and not agrees(frame[name].iloc[i], cell, decimal):
                return f"row {i}: {name} is {frame[name].iloc[i]!r}, written {cell!r}"
    return None


def cut_is_told(frame: pd.DataFrame, base: str) -> bool:
    """Whether a frame of a file that was cut off is rows of the whole one."""
    whole = load_whole(base)
    last = "volume" if base.startswith("prices") else "tool_wear"
    return bool(np.isin(frame[last], whole[last]).all())


def load_whole(base: str) -> pd.DataFrame:
    """What a file that is right holds, under the frame's names, in text order."""
    if base.startswith("prices"):
        return prices()
    return machines().rename(columns={"Tool wear [min]": "tool_wear"})


def test_damaged_files_are_read_as_written_or_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    monkeypatch.delenv("LABKIT_SOURCE", raising=False)
    told: Counter = Counter()

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        base=st.sampled_from(list(BASES)),
        change=st.sampled_from(CHANGES),
        at=st.floats(0, 1, exclude_max=True),
        other=st.integers(0, 255),
    )
    def check(base, change, at, other):
        name, right = BASES[base]
        for path in (path for path in Path(tmp_path).rglob("*") if path.is_file()):
            path.unlink()
        content = change(right, int(at * len(right)), other)
        write(tmp_path, {name: content})
        told[change.__name__, "inputs"] += 1
        try:
            if base.startswith("prices"):
                frame = load_nyse(fetch=False).prices
            else:
                frame = load_maintenance(fetch=False).frame
        except DataError:
            told[change.__name__, "DataErrors"] += 1
            return
        told[change.__name__, "frames"] += 1
        if base in ARCHIVED:
            content = (P if base.startswith("prices") else M).encode()
        assert wrong(frame, content, base) is None
        if change is cut_off:
            assert cut_is_told(frame, base)

    check()
    rows = [
        [change.__name__.replace("_", " ")]
        + [told[change.__name__, what] for what in ("inputs", "frames", "DataErrors")]
        for change in CHANGES
    ]
    print("\n" + tabulate(rows, headers=["Change", "Inputs", "Frames", "DataErrors"]))
    assert sum(row[2] for row in rows) > 0 < sum(row[3] for row in rows)
