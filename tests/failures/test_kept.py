"""Kept networks: loaded from their file, they predict what they did when they were trained."""

import numpy as np
import pandas as pd
import pytest
import torch

from labkit.failures.features import PHYSICS, RULES, machine_features
from labkit.failures.kept import checkpoint, predict_proba
from labkit.failures.stages import AVERAGED, DECIDED, SINGLE, Split, Stage, Task, fit_tasks
from labkit.nets.estimators import MLPClassifier
from labkit.report.checkpoints import Checkpoint

pytestmark = pytest.mark.usefixtures("one_process")

PLAIN = MLPClassifier(hidden_sizes=(16,), epochs=4, batch_size=64, learning_rate=0.01)
RICH = MLPClassifier(
    hidden_sizes=(16, 8), epochs=4, batch_size=64, learning_rate=0.01, batch_norm=True, dropout=0.1,
    activation="silu", embedding_scale=0.5, label_smoothing=0.05, patience=3,
)  # fmt: skip


@pytest.fixture(scope="module")
def failures(machines):
    failed = machines["failure_type"] != "No Failure"
    few = pd.concat([machines[failed], machines[~failed][:400]]).sort_index(ignore_index=True)
    X = machine_features(few)
    X.loc[X.index[::50], "torque"] = np.nan
    return X, few["failure_type"].astype(str)


@pytest.mark.parametrize(
    "stage",
    [Stage(PLAIN, PHYSICS), Stage(RICH, RULES, normal=True, n_members=3, decides=True)],
    ids=["standardised", "quantiles, several, a rule"],
)
def test_a_file_predicts_what_the_table_was_scored_on(failures, stage, tmp_path):
    X, y = failures
    order = np.random.default_rng(0).permutation(len(X))
    split = Split(np.sort(order[:500]), np.sort(order[500:]), seed=3)
    fitted = fit_tasks([Task("only", stage, split)], X, y)["only"]
    path = tmp_path / "networks.pt"
    checkpoint(stage, fitted, X.iloc[split.train]).save(path)

    kept = Checkpoint.load(path)
    assert len(kept.parts["weights"]) == stage.n_members
    assert set(torch.load(path, weights_only=True)) == set(kept.parts)
    forms = {SINGLE} | ({AVERAGED, DECIDED} if stage.decides else set())
    assert set(fitted.forms) == forms
    for form, own in fitted.forms.items():
        made = predict_proba(kept, X.iloc[split.out], form)
        np.testing.assert_allclose(made, own, atol=1e-5, err_msg=form)
