"""The line that scikit-learn prints at the end of a fit."""

from collections.abc import Mapping
from typing import Any

from joblib.logger import short_format_time

WIDTH = 80
"""Dots fill the line up to here, as they do in scikit-learn's."""


def end_of_fit(
    params: Mapping[str, Any],
    result: Mapping[str, Any],
    *,
    split: tuple[int, int],
    candidate: tuple[int, int],
    verbose: int,
) -> str:
    """What ``GridSearchCV`` prints with a ``verbose`` of 2 or more.

    Parameters
    ----------
    params : mapping
        Of the candidate.
    result : mapping
        Times and scores on a split.
    split, candidate : tuple of int
        The number, from 0, and how many there are.
    verbose : int
        Above 2 the scores are told, above 9 the candidate's number.

    Examples
    --------
    >>> result = {"fit_time": 0.2, "score_time": 0.1, "test_scores": 0.75}
    >>> line = end_of_fit({"epochs": 5}, result, split=(0, 3), candidate=(1, 4), verbose=10)
    >>> line.replace(".....", "")
    '[CV 1/3; 2/4] END .epochs=5;, score=0.750 total time=   0.3s'
    """
    number = f" {split[0] + 1}/{split[1]}" if verbose > 2 else ""
    number += f"; {candidate[0] + 1}/{candidate[1]}" if verbose > 9 else ""
    told = ", ".join(f"{name}={params[name]}" for name in sorted(params))
    told += ";" if told else ""
    if verbose > 2:
        told += _scores(result["test_scores"], result.get("train_scores"))
    told += f" total time={short_format_time(result['fit_time'] + result['score_time'])}"
    begin = f"[CV{number}] END "
    return begin + "." * (WIDTH - len(begin) - len(told)) + told


def _scores(test: Any, train: Any) -> str:
    if isinstance(test, Mapping):
        shares = {name: f"train={train[name]:.3f}, " if train else "" for name in sorted(test)}
        return "".join(f" {name}: ({shares[name]}test={test[name]:.3f})" for name in shares)
    return (
        f", score={test:.3f}" if train is None else f", score=(train={train:.3f}, test={test:.3f})"
    )
