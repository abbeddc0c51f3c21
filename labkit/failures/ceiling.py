"""How close an MLP comes to the best possible classifier as rows grow, where that one is known.

On simulated machine rows the class probabilities follow from the process that drew them
(`labkit.failures.simulation.failure_probabilities`). The classifier that knows them is the Bayes
classifier: no other can expect a lower log loss.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone

from labkit.failures.features import RULES, machine_features
from labkit.failures.profile import Profile
from labkit.failures.recipe import RECIPE
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import classification_scores, most_probable
from labkit.failures.simulation import failure_probabilities, simulate
from labkit.failures.stages import SINGLE, Split, Stage, codes, predict_stages
from labkit.nets.estimators import MLPClassifier
from labkit.report.facts import Facts
from labkit.report.models import CEILING, FLOOR, MLP, Model
from labkit.report.results import study
from labkit.report.sentence import Sentence, listing, number, percent

NETWORK = Model("MLP", MLP, "recipe")
BAYES = Model("Bayes classifier", CEILING, "bayes")
MAJORITY = Model("majority class", FLOOR, "majority")

TEST_SEED_STEP = 1
"""Between the seed of the training rows and that of the test rows."""

SMALLEST_BATCH = 128
BATCHES = 64
"""Batches of an epoch at most, so that a hundred times the rows are no more steps than ten."""


@dataclass(frozen=True)
class Reach:
    """How far a network comes with a number of training rows.

    ``f1_covered`` and ``loss_covered`` are shares of the way from the majority class's score to the
    Bayes classifier's, which may lie outside of zero and one; ``f1`` and ``bayes_f1`` are macro-F1.
    """

    rows: int
    f1_covered: float
    loss_covered: float
    f1: float
    bayes_f1: float


@dataclass(frozen=True, kw_only=True)
class Ceiling(Facts):
    """Networks trained on ever more simulated rows, beside the Bayes classifier.

    Attributes
    ----------
    scores : DataFrame
        ``rows, model, kind, stage, macro_f1, log_loss``, all on the same fresh simulated rows.
    fewest, most : Reach
        With the fewest and with the most training rows.
    """

    scores: pd.DataFrame
    fewest: Reach
    most: Reach


@study("classification-ceiling")
def ceiling(profile: Profile) -> Ceiling:
    """The recipe's network on simulated rows; the process itself is the data."""
    scores = ceiling_scores(
        ceiling_mlp().set_params(epochs=profile.recipe_epochs),
        profile.ceiling_rows,
        profile.ceiling_test_rows,
        profile.seed,
    )
    return Ceiling(profile=profile.name, **weighed(scores))


def weighed(scores: pd.DataFrame) -> dict:
    """What the scores say, by the names of the fields of `Ceiling`."""
    rows = scores["rows"]
    return {
        "scores": scores,
        "fewest": _reach(scores[rows == rows.min()]),
        "most": _reach(scores[rows == rows.max()]),
    }


def _reach(scores: pd.DataFrame) -> Reach:
    by_stage = scores.set_index("stage")
    f1 = by_stage["macro_f1"]
    return Reach(
        rows=int(scores["rows"].iloc[0]),
        f1_covered=covered(f1),
        loss_covered=covered(by_stage["log_loss"]),
        f1=float(f1[NETWORK.stage]),
        bayes_f1=float(f1[BAYES.stage]),
    )


def covered(scores: pd.Series) -> float:
    """Share of the way from the majority class's score to the Bayes classifier's.

    Zero is the majority class, one the Bayes classifier; it may lie outside.

    >>> round(covered(pd.Series({"recipe": 0.5, "bayes": 0.6, "majority": 0.2})), 2)
    0.75
    """
    start, end = scores[MAJORITY.stage], scores[BAYES.stage]
    return float((scores[NETWORK.stage] - start) / (end - start))


def ceiling_mlp() -> MLPClassifier:
    """The `RECIPE` without label smoothing.

    Smoothing keeps a network from saying what it knows to be certain, which is nearly all that the
    Bayes classifier says: the log loss would measure the smoothing.
    """
    return clone(RECIPE).set_params(label_smoothing=0.0)


def ceiling_scores(
    mlp: MLPClassifier, sizes: tuple[int, ...], n_test: int, seed: int
) -> pd.DataFrame:
    """Scores of three classifiers on ``n_test`` fresh rows, for each number of training rows.

    The training sets are nested and drawn at random from the rows of the largest, so that a
    smaller one has fewer rows of the same campaigns. The majority class is given the class shares
    of its training rows, each class counted once more so that none is impossible. All three name
    the most probable class: the best rule for accuracy, so that macro-F1 alone may be beaten.

    Parameters
    ----------
    mlp : MLPClassifier
        Its batches grow with the rows: an epoch has at most `BATCHES` of them.
    sizes : tuple of int
        Numbers of training rows.
    n_test : int
    seed : int

    Returns
    -------
    DataFrame
        Columns rows, model, kind, stage, macro_f1, log_loss.
    """
    pool = simulate(max(sizes), seed)
    test = simulate(n_test, seed + TEST_SEED_STEP)
    both = pd.concat([pool, test], ignore_index=True)
    X, y = machine_features(both), both["failure_type"].astype(str)
    order = np.random.default_rng(seed).permutation(len(pool))
    out = np.arange(len(pool), len(both))
    truth = y.iloc[out].to_numpy()
    bayes = failure_probabilities(test)
    table = []
    for rows in sizes:
        train = np.sort(order[:rows])
        stage = Stage(_with_batches(mlp, rows), RULES, normal=True)
        predicted = predict_stages({NETWORK: stage}, X, y, [Split(train, out, seed)])
        counts = np.bincount(codes(y.iloc[train]), minlength=len(FAILURE_TYPES)) + 1
        probabilities = {
            NETWORK: predicted[NETWORK, SINGLE, 0],
            BAYES: bayes,
            MAJORITY: np.tile(counts / counts.sum(), (n_test, 1)),
        }
        for model, own in probabilities.items():
            scores = classification_scores(truth, most_probable(own), own)
            kept = {name: scores[name] for name in ("macro_f1", "log_loss")}
            table.append({"rows": rows, **model.row, **kept})
    return pd.DataFrame(table)


def _with_batches(mlp: MLPClassifier, rows: int) -> MLPClassifier:
    return clone(mlp).set_params(batch_size=max(SMALLEST_BATCH, rows // BATCHES))


def said(facts: Ceiling) -> Sentence:
    """How much of the way from the majority class to the Bayes classifier the MLP goes."""
    few, many = facts.fewest, facts.most
    stalled = (
        "; more rows did not bring it nearer in log loss"
        if many.loss_covered <= few.loss_covered
        else ""
    )
    return Sentence(
        f"Of the way from the majority class to the Bayes classifier the MLP goes, with "
        f"{number(few.rows)} training rows, {_way(few)}; with {number(many.rows)} rows, "
        f"{_way(many)}. Its macro-F1 is then {number(many.f1, '.3f')}, where knowing the process "
        f"gives {number(many.bayes_f1, '.3f')}{stalled}."
    )


def _way(reach: Reach) -> str:
    """The shares of the way, or that there is none since the majority class scores better."""
    shares = {"macro-F1": reach.f1_covered, "log loss": reach.loss_covered}
    return listing(
        f"{percent(share, 0)} in {name}"
        if share >= 0
        else f"none in {name} (it falls short of the majority class)"
        for name, share in shares.items()
    )
