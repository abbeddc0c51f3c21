"""Print the table of contenders, then how a stack grows."""

import argparse
import os
import warnings

import pandas as pd

from benchmarks.contenders import CONTENDERS, SIZES, data
from benchmarks.growth import growth
from benchmarks.measure import measure

FORMATS = ("", ".1f", ".1f", ".1f", ".1f", ".0f", ".4f")


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="python -m labkit bench", description=__doc__)
    parser.add_argument("--size", choices=list(SIZES), default="small", help="of the grid")
    parser.add_argument("--no-growth", action="store_true", help="only the contenders")
    args = parser.parse_args()
    size = SIZES[args.size]
    print(f"{size.describe()}; 5 folds; {os.cpu_count()} cores\n", flush=True)
    print(race(size).to_markdown(index=False, floatfmt=FORMATS))
    if not args.no_growth:
        print("\nOne stack on one thread, hidden layers of width and width / 2:\n")
        formats = ("", "g", ".3f", ".3f", ".1f", ".2f")
        print(growth().to_markdown(index=False, floatfmt=formats))


def race(size) -> pd.DataFrame:
    """Time, ratio to the first, memory and best score of every contender, in one run."""
    X, y = data(size)
    rows = []
    for name, search in CONTENDERS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = measure(search, X, y, size.grid)
        rows.append(
            {
                "search": name,
                "seconds": done.seconds,
                "times faster": (rows[0]["seconds"] if rows else done.seconds) / done.seconds,
                "CPU seconds": done.cpu_seconds,
                "times less CPU": (rows[0]["CPU seconds"] if rows else done.cpu_seconds)
                / done.cpu_seconds,
                "peak memory [MB]": done.megabytes,
                "best macro-F1": done.result,
            }
        )
        print(f"{name}: {done.seconds:.1f} s", flush=True)
    print()
    return pd.DataFrame(rows)


if __name__ == "__main__":
    main()
