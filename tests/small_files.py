"""Two small files that are right, prices and machine rows, and how they are written."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

PRICES_NAME = "nyse/prices-split-adjusted.csv"
MACHINES_NAME = "maintenance/predictive_maintenance.csv"


def prices() -> pd.DataFrame:
    """Two symbols, twelve trading days with some above the 12th."""
    days = pd.bdate_range("2016-01-05", periods=12).strftime("%Y-%m-%d")
    frames = []
    for symbol, base in (("AAA", 49.677519), ("BBB", 1050.25)):
        step = np.arange(len(days)) / 7
        frames.append(
            pd.DataFrame(
                {
                    "date": days,
                    "symbol": symbol,
                    "open": (base + step).round(6),
                    "close": (base + step + 0.1).round(6),
                    "low": (base + step - 0.5).round(6),
                    "high": (base + step + 0.5).round(6),
                    "volume": 1_012_396.0 + np.arange(len(days)) * 1000,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def machines() -> pd.DataFrame:
    """Twelve rows, as Kaggle has them."""
    n = np.arange(12)
    failed = n == 5
    return pd.DataFrame(
        {
            "UDI": n + 1,
            "Product ID": [f"M{14860 + i}" for i in n],
            "Type": ["M", "L", "L", "H"] * 3,
            "Air temperature [K]": 298.1 + n / 10,
            "Process temperature [K]": 308.6 + n / 10,
            "Rotational speed [rpm]": 1551 + n,
            "Torque [Nm]": (42.8 - n / 10).round(1),
            "Tool wear [min]": 3 * n,
            "Target": failed.astype(int),
            "Failure Type": np.where(failed, "Power Failure", "No Failure"),
        }
    ).round(1)


def uci(frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows in UCI's layout."""
    flags = {name: 0 for name in ("TWF", "HDF", "PWF", "OSF", "RNF")}
    renamed = frame.rename(columns={"Target": "Machine failure"}).drop(columns="Failure Type")
    return renamed.assign(**flags | {"PWF": frame["Target"]})


def csv_of(frame: pd.DataFrame, **options) -> str:
    return frame.to_csv(index=False, lineterminator="\n", **options)


P, M = csv_of(prices()), csv_of(machines())


def comma_decimals(frame: pd.DataFrame, **options) -> str:
    return csv_of(frame, sep=";", decimal=",", **options)


def write(folder: Path, files: dict) -> None:
    for name, content in files.items():
        content = content() if callable(content) else content
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def zipped(members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()
