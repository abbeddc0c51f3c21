"""How close an MLP comes to the best possible classifier as rows grow, where that one is known.

On simulated machine rows the class probabilities follow from the process that drew them
(`labkit.failures.simulation.failure_probabilities`). The classifier that knows them is the Bayes
classifier: no other can expect a lower log loss.
"""

import numpy as np
import pandas as pd
from sklearn.base import clone

from labkit import config
from labkit.failures.features import machine_features
from labkit.failures.recipe import CLASSIFICATION_RECIPE
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import classification_scores, most_probable
from labkit.failures.setting import FIRST, RULES
from labkit.failures.simulation import failure_probabilities, simulate
from labkit.failures.stages import Split, Stage, codes, predict_stages
from labkit.nets.estimators import MLPClassifier
from labkit.report import results
from labkit.report.results import Result

MLP = "MLP"
BAYES = "Bayes classifier"
MAJORITY = "majority class"

TEST_SEED_STEP = 1
"""Between the seed of the training rows and that of the test rows."""

SMALLEST_BATCH = 128
BATCHES = 64
"""Batches of an epoch at most, so that a hundred times the rows are no more steps than ten."""


def ceiling_by_rows() -> Result:
    """MLPs trained on ever more simulated rows, beside the Bayes classifier.

    Table: ``scores`` (rows, model, macro-F1, log loss), all on the same fresh simulated rows.
    """
    return results.stored(
        "classification-ceiling",
        _ceiling_by_rows,
        data="drawn by labkit.failures.simulation.simulate",
        profile=config.profile(),
    )


def _ceiling_by_rows() -> Result:
    profile = config.profile()
    scores = ceiling_scores(
        ceiling_mlp().set_params(epochs=profile.recipe_epochs),
        profile.ceiling_rows,
        profile.ceiling_test_rows,
        profile.seed,
    )
    return Result({"scores": scores})


def ceiling_mlp() -> MLPClassifier:
    """The `CLASSIFICATION_RECIPE` without label smoothing.

    Smoothing keeps a network from saying what it knows to be certain, which is nearly all that the
    Bayes classifier says: the log loss would measure the smoothing.
    """
    return clone(FIRST).set_params(**{**CLASSIFICATION_RECIPE, "label_smoothing": 0.0})


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
        Columns rows, model, macro_f1, log_loss.
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
        predicted = predict_stages({MLP: stage}, X, y, [Split(train, out, seed)])
        counts = np.bincount(codes(y.iloc[train]), minlength=len(FAILURE_TYPES)) + 1
        probabilities = {
            MLP: predicted[(MLP, 0)],
            BAYES: bayes,
            MAJORITY: np.tile(counts / counts.sum(), (n_test, 1)),
        }
        for model, own in probabilities.items():
            scores = classification_scores(truth, most_probable(own), own)
            kept = {name: scores[name] for name in ("macro_f1", "log_loss")}
            table.append({"rows": rows, "model": model, **kept})
    return pd.DataFrame(table)


def _with_batches(mlp: MLPClassifier, rows: int) -> MLPClassifier:
    return clone(mlp).set_params(batch_size=max(SMALLEST_BATCH, rows // BATCHES))
