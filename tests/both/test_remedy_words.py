"""Sentences on the remedies of both tasks, of results that agree, disagree and tie."""

from dataclasses import replace

import pytest
from made_up import judged_remedies, regularized, text

from labkit.both import remedy_words as words
from labkit.both.effects import Effect, Turn, strongest_of_all

HELPED = regularized(dropout=[0.02, 0.01, 0.03], L2=[0.05, 0.04, -0.01])
HARMED = regularized(
    dropout=[-0.02, -0.01, -0.03], L2=[-0.05, -0.04, 0.01], **{"early stopping": [-0.02] * 3}
)
CALM = regularized(rises=False)


def test_overfitting_is_said_of_the_tasks_whose_curves_say_it():
    both = text(words.overfits(HELPED, HARMED))
    assert "overfits in both tasks" in both and "3 of 3 seeds for volatility" in both
    assert "its R² for volatility is 0.700 on train and 0.490 on validation" in both
    assert "that of failures" in text(words.overfits(CALM, HARMED))
    assert "that of volatility" in text(words.overfits(HARMED, CALM))
    neither = text(words.overfits(CALM, CALM))
    assert "neither task: there is little to cure" in neither and "0 of 3 seeds" in neither


def test_the_best_remedy_of_a_task_may_be_the_one_that_harms_least():
    told = text(words.best_on_validation(HELPED, HARMED))
    assert "for volatility it is **L2**, 0.027 below the mean squared error" in told
    assert "for failures no remedy lowers the cross-entropy, and **" in told
    assert "raises it least, by 0.020" in told


def test_early_stopping_stops_at_one_epoch_and_keeps_another():
    late = replace(HELPED, summary=HELPED.summary.assign(trained=10.0))
    told = text(words.stopping(HELPED, late))
    assert "for volatility it ends training after 8 of 10 epochs and keeps the weights" in told
    assert "for failures it lets all 10 epochs pass and keeps the weights of epoch 3" in told


def test_doses_are_told_remedy_by_remedy_and_what_an_edge_says():
    weak = replace(HELPED, doses={"none": 0, "dropout": 1, "L2": 0, "batch norm": 0})
    strong = replace(HELPED, doses={"none": 0, "dropout": 2, "L2": 4, "batch norm": 0})
    told = text(words.doses(weak, strong))
    assert "dropout, 0.2 for volatility and 0.3 for failures; L2, 0.0001 (the weakest" in told
    assert "0.01 (the strongest tried) for failures" in told and "batch norm" not in told
    assert "did not ask for more of it" in told and "might be better still" in told
    inner = replace(weak, doses={"none": 0, "dropout": 1})
    assert text(words.doses(inner, inner)).count(".") == 3, "an edge is told where there is none"


def effect(remedy, *ways):
    return Effect(remedy, 0.1, 0.1, *ways)


def test_what_both_tasks_say_is_told_once_and_what_they_do_not_apart():
    one = [effect("dropout", "higher", "lower"), effect("L2", "higher", "lower"),
           effect("batch norm", "lower", "higher")]  # fmt: skip
    other = [*one[:2], effect("batch norm", "lower", "lower")]
    told = text(words.readings(one, other))
    assert "In both tasks each of dropout and L2 *regularizes*." in told
    assert "batch norm *overfits more* for volatility and *trains better* for failures" in told
    assert "differ" not in text(words.readings(one, one))
    apart = text(words.readings(one[:1], [effect("dropout", "mixed", "mixed")]))
    assert apart.startswith("No remedy does the same in both. The tasks differ in this: dropout")


@pytest.mark.parametrize(
    ("turn", "says"),
    [
        (Turn(9, 60, (0.07, 0.15), (0.97, 0.972)), "grows surer of the rows that it has wrong"),
        (Turn(9, 60, (0.07, 0.15), (0.97, 0.95)), "both errs more often and is surer"),
        (Turn(60, 60, (0.07, 0.07), (0.97, 0.97)), "hardly turns"),
    ],
)
def test_a_loss_may_rise_without_a_row_more_in_error(turn, says):
    assert says in text(words.certain_and_wrong(turn))


def on_test(facts):
    return text(words.on_test(facts, strongest_of_all(facts)))


def test_only_a_gain_beyond_chance_is_called_one():
    told = on_test(judged_remedies(dropout=0.02, L2=-0.03, together=0.005))
    assert told == (
        "In R² dropout gains by more than chance, and the largest gain is that of dropout, +0.020 "
        "(95 % interval +0.010 to +0.030). By more than chance L2 makes it worse."
    )
    unsure = on_test(judged_remedies(p_value=0.04, dropout=0.02, L2=0.02))
    assert "no remedy gains by more than chance" in unsure, "adjusted for two, the p-value is 0.08"
    assert "all 2 remedies gain" in on_test(judged_remedies(dropout=0.02, L2=0.03))


@pytest.mark.parametrize(
    ("validation", "test", "says"),
    [
        ({"dropout": [0.1] * 3, "L2": [0.1] * 3}, {"dropout": 0.02, "L2": 0.02}, "all of them"),
        ({"dropout": [0.1] * 3, "L2": [0.1] * 3}, {"dropout": 0.02, "L2": 0.0}, "dropout gains"),
        ({"dropout": [0.1] * 3, "L2": [0.1] * 3}, {"dropout": 0.0, "L2": 0.0}, "none gains"),
        ({"dropout": [0.1] * 3}, {"dropout": 0.02}, "with dropout, and it gains on test"),
        ({"dropout": [0.1] * 3}, {"dropout": 0.0}, "it gains nothing beyond chance in R²"),
        ({"dropout": [-0.1] * 3}, {"dropout": 0.02}, "no remedy lowers the validation loss at"),
    ],
)
def test_what_validation_promised_is_held_against_test(validation, test, says):
    told = words.carried_over(regularized(**validation), judged_remedies(**test), "volatility")
    assert says in text(told)
