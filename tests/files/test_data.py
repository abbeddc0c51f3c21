"""Loading: where files are found, what is accepted as it comes, and what is said of bad files."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from labkit.both.inventory import report
from labkit.failures import data as failures_data
from labkit.failures.data import load_maintenance
from labkit.failures.rules import FAILURE_TYPES
from labkit.files import kaggle
from labkit.files.provenance import DataError
from labkit.place import ROOT
from labkit.volatility import data as volatility_data
from labkit.volatility.data import load_nyse

PRICES_HEADER = "date,symbol,open,close,low,high,volume"
PRICES = [
    "2016-01-05 00:00:00,MSFT,54.9,55.0,54.5,55.4,34079700.0",
    "2016-01-06,MSFT,54.3,54.0,53.6,54.4,39518900.0",
    "2016-01-05,AAPL,105.7,102.7,102.4,105.8,55791000.0",
]
MACHINES_HEADER = (
    "UDI,Product ID,Type,Air temperature [K],Process temperature [K],Rotational speed [rpm],"
    "Torque [Nm],Tool wear [min],Target,Failure Type"
)
MACHINES = [
    "1,M14860,M,298.1,308.6,1551,42.8,0,0,No Failure",
    "2,L47181,L,298.2,308.7,1408,46.3,3,1,Power Failure",
]
UCI_HEADER = MACHINES_HEADER.replace("Target,Failure Type", "Machine failure,TWF,HDF,PWF,OSF,RNF")


def csv_text(header: str, rows: list[str]) -> str:
    return "\n".join([header, *rows]) + "\n"


def changed(rows: list[str], row: int, old: str, new: str) -> list[str]:
    assert old in rows[row]
    return [text.replace(old, new, 1) if i == row else text for i, text in enumerate(rows)]


def put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(load, path: Path) -> str:
    """The message of the refusal, with the file shown to be as it was."""
    before = path.read_bytes()
    with pytest.raises(DataError) as refused:
        load("environment")
    assert path.read_bytes() == before
    assert str(path) in str(refused.value)
    return str(refused.value)


# What is accepted as it comes


def test_prices_with_mixed_dates_are_sorted_and_typed(folder):
    path = put(folder / "nyse" / "prices.csv", csv_text(PRICES_HEADER, PRICES))
    data = load_nyse()
    assert list(data.prices["symbol"]) == ["AAPL", "MSFT", "MSFT"]
    assert list(data.prices["date"].dt.strftime("%Y-%m-%d")) == [
        "2016-01-05",
        "2016-01-05",
        "2016-01-06",
    ]
    assert data.prices.loc[0, "high"] == 105.8
    assert data.fundamentals is None and data.securities is None
    record = data.provenance.files[0]
    assert record.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (record.name, record.rows, data.provenance.rows) == ("prices.csv", 3, 3)
    assert "not adjusted" in data.provenance.title


def test_adjusted_prices_are_preferred(folder):
    put(folder / "prices.csv", csv_text(PRICES_HEADER, PRICES))
    put(folder / "prices-split-adjusted.csv", csv_text(PRICES_HEADER, PRICES[:1]))
    assert load_nyse().provenance.rows == 1


def test_bom_and_crlf(folder):
    content = b"\xef\xbb\xbf" + csv_text(MACHINES_HEADER, MACHINES).replace("\n", "\r\n").encode()
    put(folder / "maintenance" / "predictive_maintenance.csv", content)
    frame = load_maintenance().frame
    assert frame["udi"].tolist() == [1, 2]
    assert frame["failure_type"].tolist() == ["No Failure", "Power Failure"]


@pytest.mark.parametrize("where", ["archive.zip", "nyse/nyse.zip", "nyse/Archive.ZIP"])
def test_zip_as_downloaded(folder, where):
    path = put(folder / where, b"")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("deep/prices-split-adjusted.csv", csv_text(PRICES_HEADER, PRICES))
        archive.writestr("securities.csv", securities_text())
    listed = sorted(folder.rglob("*"))
    data = load_nyse()
    assert len(data.prices) == 3
    assert data.securities["sector"].tolist() == ["Information Technology"]
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert [record.sha256 for record in data.provenance.files] == [digest, digest]
    assert sorted(folder.rglob("*")) == listed


def securities_text() -> str:
    header = "Ticker symbol,Security,SEC filings,GICS Sector,GICS Sub Industry"
    return csv_text(header, ["AAPL,Apple Inc.,reports,Information Technology,Computer Hardware"])


def test_fundamentals_keep_their_blanks(folder):
    put(folder / "prices.csv", csv_text(PRICES_HEADER, PRICES))
    header = ",Ticker Symbol,Period Ending,Cash Ratio,For Year"
    rows = ["0,AAPL,2013-09-28,93.0,2013.0", "1,AAPL,2012-09-29,,"]
    path = put(folder / "fundamentals.csv", csv_text(header, rows))
    frame = load_nyse().fundamentals
    assert list(frame.columns) == ["symbol", "period_ending", "Cash Ratio", "For Year"]
    assert frame["Cash Ratio"].isna().tolist() == [True, False]
    put(path, csv_text(header, changed(rows, 0, "93.0", "much")))
    broken = load_nyse()
    assert broken.fundamentals is None and len(broken.prices) == len(PRICES)
    (note,) = broken.provenance.notes
    assert str(path) in note and "line 2: Cash Ratio is 'much'" in note
    assert "fundamentals are left out" in report(fetch=False)


def test_uci_flags_become_kaggles_labels(folder):
    start = "{n},L{n},L,298.1,308.6,1551,42.8,0,"
    flags = {
        "0,0,0,0,0,0": "No Failure",
        "1,0,0,0,0,0": "No Failure",
        "0,0,0,0,0,1": "Random Failures",
        "1,1,0,0,0,1": "Tool Wear Failure",
        "1,1,0,0,1,0": "Tool Wear Failure",
        "1,0,1,0,1,0": "Heat Dissipation Failure",
        "1,0,1,1,0,0": "Power Failure",
        "1,0,0,0,1,0": "Overstrain Failure",
    }
    rows = [start.format(n=n) + text for n, text in enumerate(flags, start=1)]
    put(folder / "ai4i2020.csv", csv_text(UCI_HEADER, rows))
    frame = load_maintenance().frame
    assert frame["failure_type"].tolist() == list(flags.values())
    assert frame["target"].tolist() == [int(text[0]) for text in flags]
    assert list(frame.columns) == list(load_maintenance("embedded").frame.columns)


# What is refused, and how


def refuse_prices(folder, rows, header=PRICES_HEADER):
    path = put(folder / "nyse" / "prices-split-adjusted.csv", csv_text(header, rows))
    return refusal(load_nyse, path)


def refuse_machines(folder, rows, header=MACHINES_HEADER):
    path = put(folder / "maintenance" / "predictive_maintenance.csv", csv_text(header, rows))
    return refusal(load_maintenance, path)


def test_missing_column(folder):
    message = refuse_prices(folder, PRICES, PRICES_HEADER.replace("low", "lowest"))
    assert "line 1: column low (nearest: 'lowest') missing" in message


def test_text_in_a_numeric_column(folder):
    message = refuse_machines(folder, changed(MACHINES, 1, "46.3", "heavy"))
    assert "expected a number" in message and "line 3: torque is 'heavy'" in message


def test_blank_cell(folder):
    assert "line 2: torque is blank" in refuse_machines(folder, changed(MACHINES, 0, "42.8", ""))


def test_half_a_revolution(folder):
    message = refuse_machines(folder, changed(MACHINES, 0, "1551", "1551.5"))
    assert "expected a whole number" in message and "line 2" in message and "1551.5" in message


def test_all_problems_at_once_with_lines_counted_as_an_editor_does(folder):
    rows = [*changed(PRICES, 0, "34079700.0", "-1"), "", "2016-01-07,MSFT,x,52,52,53,100"]
    message = refuse_prices(folder, rows)
    assert "line 2: volume is '-1'" in message
    assert "line 6: open is 'x'" in message
    assert message.count("line 6") == 1, "one problem is told once"


def test_many_failing_rows_are_counted(folder):
    rows = [f"2016-01-{day:02},MSFT,1,1,1,1,-5" for day in range(1, 21)]
    message = refuse_prices(folder, rows)
    assert "line 6" in message and "line 7" not in message and "15 rows more" in message


def test_duplicate_symbol_and_date(folder):
    message = refuse_prices(folder, [*PRICES, PRICES[0].replace(" 00:00:00", "")])
    assert "line 5: symbol is 'MSFT', date is '2016-01-05'" in message
    assert "no second one" in message


def test_high_below_low(folder):
    message = refuse_prices(folder, changed(PRICES, 1, "53.6,54.4", "54.4,53.6"))
    assert "line 3: high is 53.6, low is 54.4" in message


def test_close_outside_the_days_range(folder):
    message = refuse_prices(folder, changed(PRICES, 1, "54.0", "60.0"))
    assert "line 3" in message and "close is 60.0" in message
    put(folder / "nyse" / "prices-split-adjusted.csv", csv_text(PRICES_HEADER, PRICES))
    assert len(load_nyse().prices) == 3


@pytest.mark.parametrize("date", ["05/01/2016", "2016-13-01", "soon"])
def test_unparsable_date(folder, date):
    message = refuse_prices(folder, changed(PRICES, 1, "2016-01-06", date))
    assert f"line 3: date is '{date}'" in message and "expected a date" in message


def test_price_of_nothing(folder):
    assert "prices above 0" in refuse_prices(folder, changed(PRICES, 0, "54.5", "0"))


def test_unknown_failure_type(folder):
    message = refuse_machines(folder, changed(MACHINES, 1, "Power Failure", "Broken"))
    assert "line 3: failure_type is 'Broken'" in message
    assert all(name in message for name in FAILURE_TYPES)


def test_unknown_type_letter(folder):
    assert "line 2: type is 'X'" in refuse_machines(folder, changed(MACHINES, 0, ",M,", ",X,"))


def test_celsius(folder):
    assert "kelvin" in refuse_machines(folder, changed(MACHINES, 0, "298.1", "25.0"))


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf\n"])
def test_empty_file(folder, content):
    path = put(folder / "maintenance" / "predictive_maintenance.csv", content)
    assert "empty" in refusal(load_maintenance, path)


def test_header_only(folder):
    assert "no rows" in refuse_machines(folder, [])


def test_row_with_too_many_cells(folder):
    message = refuse_prices(folder, changed(PRICES, 1, "54.3", "54.3,1"))
    assert "line 3" in message


def test_every_row_with_one_cell_too_many(folder):
    """pandas alone would take the first column for an index and shift all others."""
    assert "not readable" in refuse_prices(folder, [row + ",7" for row in PRICES])


def test_not_text(folder):
    path = put(folder / "maintenance" / "predictive_maintenance.csv", bytes(range(128, 255)) * 9)
    assert "UTF-8" in refusal(load_maintenance, path)


def test_another_csv_under_the_right_name(folder):
    message = refuse_machines(folder, ["1,2", "3,4"], "sepal,petal")
    assert "Expected Kaggle's predictive_maintenance.csv" in message and "sepal, petal" in message


@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_truncated_zip(folder, keep):
    path = folder / "archive.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("predictive_maintenance.csv", csv_text(MACHINES_HEADER, MACHINES))
    put(path, path.read_bytes()[: int(path.stat().st_size * keep)])
    assert "zip" in refusal(load_maintenance, path)


def test_damaged_zip(folder):
    path = folder / "archive.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("predictive_maintenance.csv", csv_text(MACHINES_HEADER, MACHINES * 50))
    content = bytearray(path.read_bytes())
    content[80:120] = bytes(40)
    put(path, bytes(content))
    assert "Download it again" in refusal(load_maintenance, path)


# Where it is looked for


def test_search_goes_on_where_the_named_folder_lacks_the_data_set(folder):
    put(folder / "nyse" / "prices.csv", csv_text(PRICES_HEADER, PRICES))
    assert load_nyse(fetch=False).provenance.source == "environment"
    assert load_maintenance(fetch=False).provenance.source == "embedded"


def test_named_folder_must_exist(monkeypatch, tmp_path):
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path / "absent"))
    with pytest.raises(DataError, match="absent.*no folder"):
        load_nyse()
    assert load_nyse("embedded").provenance.source == "embedded"


def test_order_of_the_search(folder, tmp_path, monkeypatch):
    def places():
        return load_maintenance(fetch=False).provenance.source

    monkeypatch.delenv("LABKIT_DATA")

    text = csv_text(MACHINES_HEADER, MACHINES)
    assert places() == "embedded"
    slug = "machine-predictive-maintenance-classification"
    cached = tmp_path / "cache" / "datasets" / "shivamb" / slug
    put(cached / "versions" / "1" / "predictive_maintenance.csv", text)
    assert places() == "embedded", "not marked complete: the download was cut off"
    put(cached / "1.complete", "")
    assert places() == "download"
    put(tmp_path / "input" / "any" / "depth" / "predictive_maintenance.csv", text)
    assert places() == "kaggle"
    put(tmp_path / "project" / "data" / "predictive_maintenance.csv", text)
    assert places() == "local"
    put(folder / "maintenance" / "predictive_maintenance.csv", text)
    monkeypatch.setenv("LABKIT_DATA", str(folder))
    assert places() == "environment"
    for source in ("environment", "local", "kaggle", "download", "embedded"):
        assert load_maintenance(source, fetch=False).provenance.source == source


def test_on_kaggle_the_right_folder_wins(tmp_path):
    put(tmp_path / "input" / "crypto" / "prices.csv", "time,coin\n1,2\n")
    put(tmp_path / "input" / "nyse" / "prices.csv", csv_text(PRICES_HEADER, PRICES))
    assert load_nyse(fetch=False).provenance.rows == 3


def test_variable_forces_a_source(folder, monkeypatch):
    put(folder / "nyse" / "prices.csv", csv_text(PRICES_HEADER, PRICES))
    monkeypatch.setenv("LABKIT_SOURCE", "embedded")
    assert load_nyse().provenance.source == "embedded"
    assert load_nyse("environment").provenance.source == "environment"


def test_unknown_source_and_source_without_data():
    with pytest.raises(DataError, match="'disk' is no source.*environment.*embedded"):
        load_nyse("disk")
    with pytest.raises(DataError, match="LABKIT_DATA must name.*there is data at: embedded"):
        load_nyse("environment")
    with pytest.raises(DataError, match="no prices-split-adjusted.csv or prices.csv"):
        load_nyse("local")


def test_failed_download_is_silent(capfd, monkeypatch):
    # A port on which nothing listens: refused at once, network or not.
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert kaggle._kagglehub_fetched.__wrapped__("dgawlik/nyse") is None
    assert capfd.readouterr() == ("", "")


# The embedded default, and what is said about it


def test_embedded_stocks_have_no_splits():
    data = load_nyse("embedded")
    assert list(data.securities["symbol"]) == list(data.prices["symbol"].unique())
    assert data.fundamentals is None
    returns = np.log(data.prices["close"]).groupby(data.prices["symbol"]).diff()
    overnight = np.log(data.prices["open"] / data.prices.groupby("symbol")["close"].shift())
    # Apple's halving of 29 September 2000 was a profit warning; its splits are gone.
    assert (returns.abs() > 0.25).sum() == (overnight.abs() > 0.45).sum() == 1
    inside = data.prices["close"].between(data.prices["low"] - 1e-9, data.prices["high"] + 1e-9)
    assert inside.all()
    assert not data.provenance.is_nyse and "NYSE" not in data.provenance.title


def test_fingerprint_follows_the_content(folder):
    assert (
        load_maintenance("embedded").provenance.fingerprint
        == load_maintenance("embedded").provenance.fingerprint
    )
    path = put(folder / "predictive_maintenance.csv", csv_text(MACHINES_HEADER, MACHINES))
    first = load_maintenance().provenance.fingerprint
    put(path, csv_text(MACHINES_HEADER, MACHINES[:1]))
    assert load_maintenance().provenance.fingerprint != first


def test_every_column_has_a_label():
    nyse, machines = load_nyse("embedded"), load_maintenance("embedded")
    assert set(volatility_data.LABELS) == set(nyse.prices.columns)
    assert set(failures_data.LABELS) == set(machines.frame.columns)
    assert machines.provenance.is_real is False


def test_report_names_what_was_found_and_what_to_do(folder):
    put(folder / "nyse" / "prices.csv", csv_text(PRICES_HEADER, PRICES))
    text = report(fetch=False)
    assert "prices.csv: 3 rows" in text and str(folder / "nyse") in text
    assert "Put fundamentals.csv and securities.csv beside them" in text
    assert "a simulation" in text and "shivamb/machine-predictive" in text
    assert "high not below low" in text


def test_import_of_the_package_does_not_wait_for_kagglehub():
    code = "import sys, labkit.both.inventory; sys.exit('kagglehub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


# The real files

REAL = os.environ.get("LABKIT_DATA")


@pytest.fixture
def real_data(monkeypatch):
    folder = Path(REAL or ROOT.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip("no real data: LABKIT_DATA is unset")
    monkeypatch.setenv("LABKIT_DATA", str(folder))


def test_real_nyse(real_data):
    data = load_nyse("environment")
    assert data.prices.shape == (851_264, 7)
    assert data.prices["symbol"].nunique() == 501
    assert data.prices["date"].agg(["min", "max"]).tolist() == [
        pd.Timestamp("2010-01-04"),
        pd.Timestamp("2016-12-30"),
    ]
    assert pd.MultiIndex.from_frame(data.prices[["symbol", "date"]]).is_monotonic_increasing
    assert len(data.fundamentals) == 1_781 and data.fundamentals["symbol"].nunique() == 448
    assert len(data.securities) == 505
    assert data.provenance.is_nyse


def test_real_maintenance(real_data):
    frame = load_maintenance("environment").frame
    counts = frame["failure_type"].value_counts()
    assert [counts[name] for name in FAILURE_TYPES] == [9652, 112, 95, 78, 45, 18]
    assert frame["target"].sum() == 339
