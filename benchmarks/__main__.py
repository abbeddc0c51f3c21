"""Print the table of contenders, then how a stack grows."""

import argparse
import os
import warnings

import pandas as pd
from sklearn.model_selection import ParameterGrid

from benchmarks.contenders import CONTENDERS, FOLDS, SIZES, data
from benchmarks.growth import growth, multiplication_rates
from benchmarks.measure import measure

FORMATS = ("", "d", ".1f", ".1f", ".1f", ".1f", ".0f", ".4f")


def main() -> None:
    """Read the arguments, run, print."""
    parser = argparse.ArgumentParser(prog="python -m labkit bench", description=__doc__)
    os.environ["PYTHONWARNINGS"] = "ignore"  # of worker processes, that training ends unconverged
    parser.add_argument("--size", choices=list(SIZES), default="small", help="of the grid")
    parser.add_argument("--no-growth", action="store_true", help="only the contenders")
    args = parser.parse_args()
    size = SIZES[args.size]
    print(f"{size.describe()}; 5 folds; {os.cpu_count()} cores\n", flush=True)
    print(race(size).to_markdown(index=False, floatfmt=FORMATS))
    if not args.no_growth:
        rates = ", ".join(f"{k} {v / 1e9:.0f}" for k, v in multiplication_rates().items())
        print(f"\nOne stack on one thread; a large product of matrices, GFLOP/s: {rates}\n")
        formats = ("", "g", ".3f", ".3f", ".1f", ".2f")
        print(growth().to_markdown(index=False, floatfmt=formats))


def race(size) -> pd.DataFrame:
    """Time, memory and best score of every contender, in one run; ratios are for equal fits."""
    X, y = data(size)
    rows = []
    for name, contender in CONTENDERS.items():
        grid = contender.grid(size)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            done = measure(contender.search, X, y, grid)
        fits = len(ParameterGrid(grid)) * FOLDS.get_n_splits()
        rows.append(
            {
                "search": name,
                "fits": fits,
                "seconds": done.seconds,
                "times faster": fits / done.seconds,
                "CPU seconds": done.cpu_seconds,
                "times less CPU": fits / done.cpu_seconds,
                "peak memory [MB]": done.megabytes,
                "best macro-F1": done.result,
            }
        )
        print(f"{name}: {done.seconds:.1f} s", flush=True)
    print()
    table = pd.DataFrame(rows)
    for column in ("times faster", "times less CPU"):
        table[column] /= table[column].iloc[0]
    return table


if __name__ == "__main__":
    main()
