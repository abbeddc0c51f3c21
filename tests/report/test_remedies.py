"""Remedies: what is chosen on validation, and what a judgement of them rests on."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from made_up import judged_remedies, regularized

from labkit.nets.mlp import MLP
from labkit.nets.training import History
from labkit.report import remedies
from labkit.report.intervals import Interval


def test_all_together_is_every_remedy_at_each_dose():
    alone = [name for name in remedies.REMEDIES if name not in (remedies.NONE, "all together")]
    together = remedies.REMEDIES["all together"]
    for k, changes in enumerate(together):
        parts = [remedies.REMEDIES[name] for name in alone]
        assert changes == {p: v for own in parts for p, v in own[min(k, len(own) - 1)].items()}


def test_the_dose_is_that_of_the_lowest_validation_loss_and_none_never_leads():
    facts = regularized(dropout=[-0.2] * 3, L2=[-0.1] * 3, **{"early stopping": [-0.3] * 3})
    assert facts.doses["dropout"] == 0, "the second dose is a tenth worse"
    assert facts.leading == "L2" and facts.leading_gain == pytest.approx(-0.1)
    assert facts.always == ()


@pytest.mark.parametrize(
    ("gains", "cure"),
    [
        ({"L2": [0.1] * 3}, remedies.Cure(0.0, 1e-4, False, 10)),
        ({"early stopping": [0.1] * 3}, remedies.Cure(0.0, 0.0, False, 3)),
        ({"all together": [0.1] * 3}, remedies.Cure(0.1, 1e-4, True, 10)),
    ],
)
def test_a_cure_trains_for_the_epochs_that_were_kept_and_watches_no_rows(gains, cure):
    facts = regularized(**gains)
    assert facts.cure == cure and "patience" not in facts.cure.parameters


def test_curves_and_epochs_are_those_of_the_chosen_doses():
    facts = regularized(dropout=[0.1] * 3)
    runs = facts.curves.groupby(["regularization", "seed", "epoch"]).size()
    assert set(runs) == {1}, "a curve of another dose is among them"
    assert facts.of("early stopping")["trained"] == 8 and facts.of("early stopping")["kept"] == 3
    assert len(facts.at_doses) == 9 and facts.overfitting == 3


def test_a_verdict_is_of_the_weights_that_were_kept_and_not_of_the_epochs_after_them():
    """Both runs turn up after the third epoch; the one that kept it does not overfit."""
    epochs = np.arange(1, 11)
    loss = np.where(epochs <= 3, 1 / epochs, 0.3 + 0.05 * epochs)
    parts, rows = [], []
    for name, kept in (("none", 10), ("early stopping", 3)):
        label = {"regularization": name, "dose": 0, "seed": 0}
        curve = {"epoch": epochs, "train_loss": 1 / epochs, "validation_loss": loss}
        parts.append(pd.DataFrame({**label, **curve}))
        row = {"train_loss": 0.1, "validation_loss": 0.3, "train_score": 0.9}
        rows.append({**label, "trained": 10, "kept": kept, **row, "validation_score": 0.7})
    constant = pd.DataFrame({"train": [1.0], "validation": [1.0]})
    found = remedies.weighed(pd.concat(parts), pd.DataFrame(rows), constant)
    fit = found["verdicts"].set_index("regularization")["fit"]
    assert fit["none"] == "overfits" and fit["early stopping"] != "overfits"
    assert set(found["verdicts"]["epochs"]) == {10, 3} and len(found["curves"]) == 20


def test_what_early_stopping_watched_is_not_what_the_scores_are_of():
    """The loss of the epoch kept, on rows of the choice; the history of the others is left out."""
    table = pd.DataFrame(
        {"epoch": [1, 2, 3], "train_loss": [3.0, 2.0, 1.0], "validation_loss": [9.0, 8.0, 9.0],
         "validation_accuracy": 0.0, "choosing_loss": [5.0, 6.0, 7.0], "choosing_accuracy": 0.5}
    )  # fmt: skip
    trained = SimpleNamespace(model=MLP(2, 1), history=History(table, 2, True))
    run = remedies.Run(remedies.Variant("early stopping", 0), 7, trained)
    row = run.scores(lambda model, name: {"train": 0.1, "choosing": 0.2}[name])
    assert (row["validation_loss"], row["train_loss"]) == (6.0, 2.0)
    assert (row["trained"], row["kept"], row["seed"]) == (3, 2, 7)
    assert (row["train_score"], row["validation_score"]) == (0.1, 0.2)
    assert list(run.curves()["validation_loss"]) == [5.0, 6.0, 7.0]
    assert set(run.curves()["validation_accuracy"]) == {0.5}


def test_a_gain_is_sure_only_where_interval_and_adjusted_p_value_say_so():
    facts = judged_remedies(dropout=0.02, L2=0.005, other=-0.02)
    assert facts.sure == {"R²": ("dropout",)} and facts.harmful == {"R²": ("other",)}
    gain = Interval(0.02, 0.01, 0.03)
    tested = [remedies.Tested("R²", name, 0.5, 0.52, gain, p) for name, p in
              [("dropout", 0.02), ("L2", 0.02), ("other", 0.001)]]  # fmt: skip
    made = remedies.judgement(tested)
    np.testing.assert_allclose(made["gains"]["adjusted"], [0.04, 0.04, 0.003])
    assert made["sure"]["R²"] == ("dropout", "L2", "other")


def test_each_measure_is_adjusted_for_its_own_remedies():
    facts = judged_remedies(("cross-entropy", "macro-F1"), p_value=0.02, dropout=0.02, L2=0.02)
    assert set(facts.gains["adjusted"]) == {0.04}
    assert facts.measures == ("cross-entropy", "macro-F1")
