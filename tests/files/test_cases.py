"""Files that people have, a row for each kind: what is read, and what is refused with which words.

Every case is a small file that is right, changed as people's files are. What is read must be the
frame of the file that is right, and not merely some frame.
"""

import gzip
import io
import lzma
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd
import pytest
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

from labkit.both.inventory import report
from labkit.failures.data import load_maintenance
from labkit.failures.enough import check_enough as enough_machines
from labkit.failures.profile import FULL
from labkit.files.provenance import DataError
from labkit.place import ROOT
from labkit.volatility.data import load_nyse
from labkit.volatility.enough import check_enough as enough_prices


@dataclass(frozen=True)
class Case:
    """One kind of file.

    ``files`` maps a name in the folder that LABKIT_DATA names to the content; ``expected`` is
    "frame" where the right frame is to be read, else a part of the message; ``also`` checks more of
    the data; ``needs`` is the package without which the message names it.
    """

    name: str
    files: dict[str, str | bytes | Callable]
    expected: str = "frame"
    also: Callable | None = None
    needs: str = ""


def price(name: str, content: str | bytes, expected: str = "frame", **options) -> Case:
    return Case(f"nyse: {name}", {PRICES_NAME: content}, expected, **options)


def machine(name: str, content: str | bytes, expected: str = "frame", **options) -> Case:
    return Case(f"machines: {name}", {MACHINES_NAME: content}, expected, **options)


def headed(text: str, rename: Callable[[str], str]) -> str:
    header, rows = text.split("\n", 1)
    return ",".join(rename(name) for name in header.split(",")) + "\n" + rows


def dated(change: Callable[[pd.Timestamp, str], str]) -> str:
    frame = prices()
    pairs = zip(pd.to_datetime(frame["date"]), frame["symbol"], strict=True)
    return csv_of(frame.assign(date=[change(day, symbol) for day, symbol in pairs]))


def in_thousands(mark: str, decimal: str) -> pd.DataFrame:
    """Prices whose numbers are written with marks between thousands."""
    frame = prices()
    swap = str.maketrans({",": mark, ".": decimal})
    numbers = frame.columns[2:]
    return frame.assign(**{c: [f"{v:,.6f}".translate(swap) for v in frame[c]] for c in numbers})


def line(text: str, number: int, old: str, new: str) -> str:
    """A text with a change in one line, counted as an editor does."""
    lines = text.split("\n")
    assert old in lines[number - 1], lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(old, new, 1)
    return "\n".join(lines)


def damaged(content: bytes, begin: int, length: int = 20) -> bytes:
    return content[:begin] + bytes(length) + content[begin + length :]


def negative_seek() -> bytes:
    """A zip whose end says that its list of members begins before the file does."""
    content = bytearray(zipped({"predictive_maintenance.csv": M.encode()}))
    content[-10:-6] = (2**31 - 1).to_bytes(4, "little")
    return bytes(content)


def nameless() -> bytes:
    """A zip whose list has a member whose name begins with a zero byte: that is, has none."""
    content = zipped({"predictive_maintenance.csv": M.encode()})
    begin = content.index(b"PK\1\2") + 46
    return content[:begin] + b"\0" + content[begin + 1 :]


def excel(frame: pd.DataFrame, **options) -> bytes:
    buffer = io.BytesIO()
    frame.to_excel(buffer, index=False, **options)
    return buffer.getvalue()


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return buffer.getvalue()


def typed(frame: pd.DataFrame) -> pd.DataFrame:
    """Prices with dates that are dates."""
    return frame.assign(date=pd.to_datetime(frame["date"]))


def zoned(frame: pd.DataFrame) -> pd.DataFrame:
    """The same, days of New York, as an index."""
    frame = typed(frame)
    return frame.assign(date=frame["date"].dt.tz_localize("America/New_York")).set_index("date")


def untimed(data) -> None:
    assert not data.in_time_order
    assert data.frame["udi"].tolist() == list(range(1, 13))
    assert any("no UDI" in note for note in data.provenance.notes)


def noted(data, part: str) -> None:
    assert any(part in note for note in data.provenance.notes)
    assert part in report(fetch=False)


def no_origin(data) -> None:
    assert "a file in the layout of" in data.provenance.title
    assert data.provenance.licence == "not known"
    assert not data.provenance.is_known and not data.provenance.citation


SHUFFLED = machines().sample(frac=1, random_state=0)
LONG_CELL = "x" * 200_000
TIMES = {"AAA": "16:00:00", "BBB": "00:00:00"}
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 52701226\n"
PAGE = "<!DOCTYPE html>\n<html><body>Please log in</body></html>\n"

CASES = [
    # Found by the header, whatever the name and place
    price("as it is", P, also=no_origin),
    machine("as it is", M, also=no_origin),
    Case("nyse: a copy's name", {"nyse/prices-split-adjusted (1).csv": P}),
    Case("nyse: another name", {"my stocks.csv": P}),
    Case("nyse: nested", {"Downloads/archive/nyse-data/prices.csv": P}),
    Case("nyse: .txt", {"prices.txt": P}),
    Case("nyse: .tsv", {"nyse/prices.tsv": P.replace(",", "\t")}),
    Case("nyse: .csv.gz", {"nyse/prices-split-adjusted.csv.gz": gzip.compress(P.encode())}),
    Case("nyse: zip in the root", {"archive (2).zip": zipped({"a/stocks.csv": P.encode()})}),
    Case("machines: nested copy", {"a/b/predictive_maintenance (2).csv": M}),
    Case("machines: UCI's columns, Kaggle's name", {MACHINES_NAME: csv_of(uci(machines()))}),
    Case("machines: Kaggle's columns, UCI's name", {"maintenance/ai4i2020.csv": M}),
    Case(
        "machines: beside a readme and hidden files",
        {MACHINES_NAME: M, "readme.txt": "Notes\nof mine\n", "__MACOSX/._x.csv": b"\0\1"},
    ),
    Case("nyse: a broken copy beside", {PRICES_NAME: P, "nyse/prices.csv": LFS},
         also=lambda data: noted(data, "Git LFS")),
    Case("nyse: securities alone", {"nyse/securities.csv": "a,b\n1,2\n"}, "Ticker symbol"),
    Case("nyse: broken securities", {PRICES_NAME: P, "nyse/securities.csv": "a,b\n1,2\n"},
         also=lambda data: noted(data, "Ticker symbol")),
    Case("machines: two files", {"a.csv": M, "b.csv": M + "\n"}, "both be the machines"),
    Case("machines: the same twice", {"a.csv": M, "b.csv": M}),
    # Passed over in silence once
    Case("nyse: nothing at all", {}, "no table in it at all"),
    Case("machines: nothing at all", {}, "no table in it at all"),
    Case("nyse: other names only", {"iris.csv": "sepal,petal,kind\n1,2,a\n"}, "sepal, petal"),
    Case("machines: a kind not read", {"maintenance/data.7z": b"7z"}, "Save it as CSV"),
    Case("machines: no Excel at all", {"maintenance/data.xlsx": b"PK\3\4"}, "data.xlsx"),
    Case("machines: old Excel", {"maintenance/data.xls": b"\xd0\xcf\x11\xe0ab"}, "data.xls"),
    Case("nyse: no Parquet at all", {"nyse/prices.parquet": b"PAR1xxxx"}, "prices.parquet"),
    Case("machines: Excel", {"maintenance/m.xlsx": lambda: excel(machines())}, needs="openpyxl"),
    Case("nyse: Excel", {"nyse/p (1).xlsx": lambda: excel(typed(prices()), startrow=3)},
         needs="openpyxl"),
    Case("nyse: Excel, a blank", {"nyse/p.xlsx": lambda: excel(prices().replace("BBB", None))},
         "row 14: symbol is blank", needs="openpyxl"),
    Case("nyse: Parquet", {"nyse/prices.parquet": lambda: parquet(typed(prices()))},
         needs="pyarrow"),
    Case("nyse: Parquet, days in zones", {"nyse/prices.parquet": lambda: parquet(zoned(prices()))},
         needs="pyarrow"),
    Case("machines: Parquet", {"machines.parquet": lambda: parquet(machines())}, needs="pyarrow"),
    # Dates
    price("one zone", dated(lambda d, s: f"{d:%Y-%m-%d} 00:00:00-05:00")),
    price("summer time", dated(lambda d, s: f"{d:%Y-%m-%d} 00:00-0{5 - (d.day > 12)}:00")),
    price("Z", dated(lambda d, s: f"{d:%Y-%m-%dT%H:%M:%SZ}")),
    price(
        "zones far apart",
        dated(lambda d, s: f"{d:%Y-%m-%d} 21:00:00" + ("Z" if d.day == 6 else "-05:00")),
        "line 3: date is '2016-01-06 21:00:00Z'",
    ),
    price("time of day of some symbols", dated(lambda d, s: f"{d:%Y-%m-%d} {TIMES[s]}")),
    price("no such time", dated(lambda d, s: f"{d:%Y-%m-%d} 25:00"), "line 2"),
    price("US order", dated(lambda d, s: f"{d.month}/{d.day}/{d.year}")),
    price("day first", dated(lambda d, s: f"{d:%d.%m.%Y}")),
    price("slashes, year first", dated(lambda d, s: f"{d:%Y/%m/%d}")),
    price("compact", dated(lambda d, s: f"{d:%Y%m%d}")),
    price("names of months", dated(lambda d, s: f"{d:%d-%b-%Y}")),
    price("names of months, first", dated(lambda d, s: f"{d:%B} {d.day}, {d.year}")),
    price("no such month", line(P, 4, "2016-01-07", "07-Jam-2016"), "line 4: date is '07-Jam"),
    price("afternoons", dated(lambda d, s: f"{d.month}/{d.day}/{d.year} 4:00:00 PM")),
    price("either order", dated(lambda d, s: f"{d.day % 12 + 1}/{d.month}/2016"), "told apart"),
    price("both orders", line(dated(lambda d, s: f"{d:%m/%d/%Y}"), 2, "01/05", "25/01"), "told"),
    price("two ways", line(P, 3, "2016-01-06", "01/06/2016"), "line 3: date is '01/06/2016'"),
    price("two-digit years", dated(lambda d, s: f"{d:%m/%d/%y}"), "line 2: date is '01/05/16'"),
    price("years only", dated(lambda d, s: f"{d.year + d.day}"), "line 2: date is '2021'"),
    price("months only", dated(lambda d, s: f"{d:%Y-%m}"), "line 2: date is '2016-01'"),
    price("year 1", line(P, 4, "2016", "0001"), "line 4: date is '0001-01-07'"),
    price("year 9999", line(P, 4, "2016", "9999"), "line 4: date is '9999-01-07'"),
    price("a digit lost", line(P, 8, "01-13", "01-1"), "line 8: date is '2016-01-1'"),
    price("no such day", line(P, 4, "01-07", "02-30"), "line 4: date is '2016-02-30'"),
    price("days since 1900", dated(lambda d, s: "42374"), "line 2: date is '42374'"),
    price("a day twice", line(P, 3, "2016-01-06", "2016-01-05 16:00"), "no second one"),
    price("the day of two zones", line(P, 3, "2016-01-06", "2016-01-05T05:00Z"), "no second one"),
    # Dialects
    price("semicolons", P.replace(",", ";")),
    machine("semicolons", M.replace(",", ";")),
    price("tabs", P.replace(",", "\t")),
    price("a hint for Excel", "sep=;\n" + P.replace(",", ";")),
    price("decimal commas", comma_decimals(prices())),
    machine("decimal commas", comma_decimals(machines())),
    price("commas in thousands", csv_of(in_thousands(",", "."))),
    price("points in thousands", csv_of(in_thousands(".", ","), sep=";")),
    price("spaces in thousands", csv_of(in_thousands("\u00a0", "."))),
    price("apostrophes in thousands", csv_of(in_thousands("'", "."))),
    price("comma or thousands", csv_of(prices().assign(
        **dict.fromkeys(["open", "close", "low", "high", "volume"], "1,050")), sep=";"),
        "1,050 may be 1050 or 1 and a fraction"),
    price("point and comma decimals", line(P.replace(",", ";"), 5, ".", ","), "line 5: open is"),
    machine("padded", M.replace(",", "  ,").replace("\n", " \n")),
    machine("underscores", headed(M, lambda name: name.replace(" ", "_"))),
    machine("no units", headed(M, lambda name: name.split(" [")[0].replace(" ", "_"))),
    machine("units without brackets", headed(M, lambda n: n.replace("[", "").replace("]", ""))),
    machine("capitals", headed(M, str.upper)),
    machine("another unit", headed(M, lambda n: n.replace("[K]", "[°C]")), "Air temperature [K]"),
    price("capital headers", headed(P, str.title)),
    price("nearest header", headed(P, lambda name: name.replace("volume", "volumes")), "'volumes'"),
    machine("the same column twice", headed(M, lambda n: n.replace("UDI", "torque")), "both be"),
    price("UTF-16", P.encode("utf-16")),
    price("UTF-16 without a mark", P.encode("utf-16-le")),
    price("UTF-32", P.encode("utf-32")),
    machine("Latin-1", headed(M, lambda n: n.replace("UDI", "N°")).encode("latin-1"), also=untimed),
    machine("old line ends", M.replace("\n", "\r").encode()),
    machine("an index column", machines().to_csv()),
    price("an index column", prices().to_csv()),
    machine("other columns too", csv_of(machines().assign(note="fine, thanks"))),
    machine("no UDI, no product", csv_of(machines().drop(columns=["UDI", "Product ID"])),
            also=untimed),
    price("Git LFS", LFS, "Git LFS"),
    price("a web page", PAGE, "web page"),
    price("no columns", "nothing here\n" * 3, "missing"),
    machine("every row in quotes", "\n".join(f'"{row}"' for row in M.split("\n")[:-1]) + "\n",
            "missing"),
    # Order
    machine("shuffled", csv_of(SHUFFLED)),
    machine("shuffled, without UDI", csv_of(SHUFFLED.drop(columns="UDI")), also=untimed),
    # Values
    price("a stray quote", line(line(P, 5, "AAA", '"AAA'), 9, "AAA", 'AAA"'), "line 5"),
    price("a quote to the end", line(P, 5, "AAA", '"AAA'), "line 5"),
    price("text behind a quote", line(P, 5, "AAA", '"AA"A'), "line 5"),
    machine("a stray quote", line(line(M, 4, "No F", '"No F'), 6, "No F", '"No F'), "line 4"),
    price("beyond int64", line(P, 5, "1015396.0", "9" * 25), "line 5: volume"),
    machine("beyond 2^53", line(M, 5, "4,M", f"{2**53 + 1},M"), "line 5: udi"),
    machine("truth", line(M, 5, "42.5", "True"), "line 5: torque is 'True'"),
    machine("all true", csv_of(machines().assign(Target=True)), "target is 'True'"),
    price("1e300", line(P, 5, "1015396.0", "1e300"), "line 5: volume"),
    price("infinite", line(P, 5, "1015396.0", "inf"), "line 5: volume"),
    machine("hot", line(M, 5, "298.4", "1e300"), "kelvin"),
    machine("fast", line(M, 5, "1554", "900000"), "line 5: rotational_speed"),
    machine("negative UDI", line(M, 5, "4,M", "-4,M"), "line 5: udi is -4"),
    machine("digits of another script", line(M, 5, "42.5", "٤٢"), "line 5: torque"),
    price("cut in a row", P[:-30], "cut off"),
    price("cut in a number", P[:-5], "cut off"),
    machine("cut in a label", M[:-4], "failure_type is 'No Fail'"),
    machine("no last line end", M[:-1]),
    price("no last line end", P[:-1]),
    price("whole numbers, no last line end", csv_of(prices().astype({"volume": int}))[:-3],
          "may be cut off"),
    price("a cell too few", line(P, 5, ",AAA", ""), "line 5"),
    price("a cell too many", line(P, 5, ",AAA", ",AAA,"), "line 5"),
    price("one too few, one too many", line(line(P, 5, ",AAA", ""), 6, ",AAA", ",A,A"), "line 5"),
    price("a zero byte", line(P, 5, "AAA", "A\0A"), "zero bytes"),
    # Symbols
    price("spaces around", P.replace("AAA", " AAA ")),
    price("cannot be seen", line(P, 4, "AAA", "A\u200bAA")),
    price("small letters", P.replace("AAA", "aaa")),
    price("small letters, in part", line(P, 4, "AAA", "aAa")),
    price("one day in two spellings", P + P.split("\n")[1].replace("AAA", "aaa") + "\n",
          "no second one"),
    price("blank", line(P, 5, "AAA", ""), "line 5: symbol is blank"),
    price("blank but for spaces", line(P, 5, "AAA", "  "), "line 5: symbol is '  '"),
    price("a control character", line(P, 5, "AAA", "A\x07A"), "line 5: symbol"),
    # Archives
    Case("nyse: a bomb", {"archive.zip": zipped({"prices.csv": bytes(50_000_000)})}, "grows to"),
    Case("nyse: a bomb by gzip", {"prices.csv.gz": gzip.compress(bytes(50_000_000))}, "grows to"),
    Case(
        "nyse: damaged LZMA",
        {"a.zip": damaged(zipped({"prices.csv": P.encode()}, zipfile.ZIP_LZMA), 60)},
        "not a readable archive",
    ),
    Case("machines: a negative seek", {"a.zip": negative_seek()}, "not a readable archive"),
    Case("machines: a member without a name", {"a.zip": nameless()}, "archive"),
    Case("nyse: a cut gzip", {"nyse/a.csv.gz": gzip.compress(P.encode())[:-30]}, "archive"),
    Case("nyse: an empty gzip", {"nyse/a.csv.gz": gzip.compress(b"")}, "empty"),
    Case("nyse: an empty zip", {"a.zip": zipped({})}, "no table"),
    Case("nyse: no zip", {"nyse/a.zip": P}, "not a readable archive"),
    price("empty", "", "empty"),
    price("a long cell", line(P, 5, "AAA", f'"{LONG_CELL}"'), "line 5"),
    price("a long header", f'"{LONG_CELL}",' + P, "line 1"),
    price("a zip under a wrong name", zipped({"a.csv": P.encode()}), "Let its name end in .zip"),
    price("xz under a wrong name", lzma.compress(P.encode()), "not"),
]  # fmt: skip


def loaded(kind: str):
    """The data set that a case is of, and its main frame."""
    if kind.startswith("nyse"):
        data = load_nyse(fetch=False)
        return data, data.prices
    data = load_maintenance(fetch=False)
    return data, data.frame


@pytest.fixture(scope="module")
def right(tmp_path_factory):
    """The frames of the two files that are right."""
    folder = tmp_path_factory.mktemp("right")
    write(folder, {PRICES_NAME: P, MACHINES_NAME: M})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LABKIT_DATA", str(folder))
        return {"nyse": loaded("nyse")[1], "machines": loaded("machines")[1]}


def same(frame: pd.DataFrame, right: pd.DataFrame) -> None:
    """Equal, but for the order of rows and the names of products where a file has no numbers."""
    key = [name for name in right if name not in ("udi", "product_id")]
    own, other = (each[key].sort_values(key, ignore_index=True) for each in (frame, right))
    pd.testing.assert_frame_equal(own, other)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_file_is_read_as_it_is_meant_or_refused_with_the_reason(case, folder, right):
    if case.needs:
        pytest.importorskip(case.needs)
    write(folder, case.files)
    if case.expected != "frame":
        with pytest.raises(DataError) as refused:
            loaded(case.name)
        assert case.expected in str(refused.value)
        assert len(str(refused.value)) < 2000
        return
    data, frame = loaded(case.name)
    assert data.provenance.source == "environment"
    same(frame, right[case.name.partition(":")[0]])
    if "UDI" in "".join(map(str, case.files.values())):
        assert frame["udi"].is_monotonic_increasing
    if case.also:
        case.also(data)


@pytest.mark.parametrize(
    ("name", "content", "package"),
    [("m.xlsx", zipped({"xl/workbook.xml": b""}), "openpyxl"),
     ("m.xls", b"\xd0\xcf\x11\xe0", "xlrd"),
     ("p.parquet", b"PAR1xxxxPAR1", "pyarrow")],
)  # fmt: skip
def test_a_package_that_is_missing_is_named(name, content, package, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    write(folder, {name: content})
    with pytest.raises(DataError, match=f"{name}.*pip install {package}"):
        load_maintenance(fetch=False)


SHARED = ROOT.parent / "shared" / "cases"


@pytest.mark.skipif(not SHARED.is_dir(), reason="no shared cases beside the project")
def test_shared_cases_are_frames_or_data_errors(monkeypatch):
    """One table of what becomes of each; `pytest -s` shows it."""
    rows = []
    for path in sorted(path for path in SHARED.iterdir() if path.is_dir()):
        monkeypatch.setenv("LABKIT_DATA", str(path))
        enough = ""
        try:
            data, frame = loaded(path.name)
            assert data.provenance.source == "environment"
            outcome = "; ".join([f"{len(frame):,} rows", *data.provenance.notes])
            try:
                enough_prices(data) if path.name.startswith("nyse") else enough_machines(data, FULL)
                enough = "yes"
            except DataError as error:
                enough = f"DataError: {error}".replace(f"{path}/", "")
        except DataError as error:
            outcome = f"DataError: {error}".replace(f"{path}/", "")
        rows.append((path.name, outcome, enough.split(". Expected")[0]))
    headings = ["Case", "Read", "Enough for the studies"]
    print("\n" + tabulate(rows, headers=headings, maxcolwidths=[None, 60, 60]))


def test_a_file_may_be_named_in_the_place_of_a_folder(tmp_path, monkeypatch):
    write(tmp_path, {"m.csv": M})
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "m.csv"))
    assert load_maintenance().provenance.source == "environment"
    assert load_nyse(fetch=False).provenance.notes == (
        f"{tmp_path / 'm.csv'}: has another data set only",
    )


def test_a_folder_of_one_data_set_and_of_something_else_names_that(folder):
    write(folder, {PRICES_NAME: P, "sales.csv": "shop,sum\n1,2\n"})
    assert len(load_nyse().prices) == 24
    with pytest.raises(DataError, match="no file of Predictive maintenance.*\n.*sales.csv.*shop"):
        load_maintenance(fetch=False)


def test_names_say_nothing_among_others_data_sets_on_kaggle(tmp_path):
    """A prices.csv of cryptocurrencies is none of ours, nor a reason to stop."""
    write(tmp_path / "input", {"crypto/prices.csv": "time,coin\n1,2\n"})
    assert load_nyse(fetch=False).provenance.source == "embedded"
    write(tmp_path / "input", {"nyse/prices.csv": LFS})
    with pytest.raises(DataError, match="Git LFS"):
        load_nyse(fetch=False)


def test_copies_are_noted(folder):
    doubled = pd.concat([machines(), machines().assign(UDI=range(100, 112))])
    write(folder, {MACHINES_NAME: csv_of(doubled)})
    noted(load_maintenance(), "12 of 24 rows are copies of others")
