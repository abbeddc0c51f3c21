"""What remedies did to both losses: which way seeds went, and how that is read."""

from dataclasses import replace

import pytest
from made_up import judged_remedies, regularized

from labkit.both import effects
from labkit.both.effects import HIGHER, LOWER, MIXED


def moved(train, validation):
    """A study whose one dose of L2 moves both losses so much, seed by seed."""
    facts = regularized(L2=[0.0] * len(validation))
    scores = facts.scores
    own = (scores["regularization"] == "L2") & (scores["dose"] == facts.doses["L2"])
    plain = scores[scores["regularization"] == "none"].set_index("seed")
    for column, by_seed in (("train_loss", train), ("validation_loss", validation)):
        seeds = scores.loc[own, "seed"]
        scores.loc[own, column] = [plain.at[s, column] + by_seed[s] for s in seeds]
    (effect,) = [e for e in effects.effects(facts) if e.remedy == "L2"]
    return effect


@pytest.mark.parametrize(
    ("train", "validation", "ways", "verdict"),
    [
        ([0.1, 0.2, 0.1], [-0.1, -0.2, -0.1], (HIGHER, LOWER), "regularizes"),
        ([0.1, 0.2, 0.1], [0.1, 0.2, 0.1], (HIGHER, HIGHER), "is too strong"),
        ([-0.1, -0.2, -0.1], [0.1, 0.2, 0.1], (LOWER, HIGHER), "overfits more"),
        ([-0.1, -0.2, -0.1], [-0.1, 0.2, -0.1], (LOWER, MIXED), "learns by heart"),
        ([0.0, 0.0, 0.0], [0.0, 0.0, 0.0], (MIXED, MIXED), "is idle"),
    ],
)
def test_a_remedy_is_read_by_the_way_all_seeds_went(train, validation, ways, verdict):
    effect = moved(train, validation)
    assert (effect.train_way, effect.validation_way) == ways
    assert effect.reading.verdict == verdict
    assert effect.train == pytest.approx(sum(train) / 3)
    assert effect.validation == pytest.approx(sum(validation) / 3)


def test_every_pair_of_ways_has_a_reading_of_its_own():
    ways = (LOWER, HIGHER, MIXED)
    assert set(effects.READINGS) == {(one, other) for one in ways for other in ways}
    assert len({own.verdict for own in effects.READINGS.values()}) == 9


def test_none_is_no_remedy_and_the_others_keep_their_order():
    facts = regularized(dropout=[0.1] * 3, L2=[0.0] * 3)
    assert [own.remedy for own in effects.effects(facts)] == ["dropout", "L2", "early stopping"]


def test_the_turn_is_where_the_mean_loss_without_a_remedy_is_lowest():
    """Validation loss 1/epoch + 0.05 (epoch − 3) after epoch 3: lowest at the fourth."""
    facts = regularized()
    accuracy = facts.curves["epoch"] / 100
    found = effects.turn(replace(facts, curves=facts.curves.assign(validation_accuracy=accuracy)))
    assert (found.best_epoch, found.last_epoch) == (4, 10)
    assert found.loss == pytest.approx((0.30, 0.45)) and found.rises
    assert found.accuracy == pytest.approx((0.04, 0.10)) and not found.errs_more
    worse = facts.curves.assign(validation_accuracy=1 - accuracy)
    assert effects.turn(replace(facts, curves=worse)).errs_more


def test_the_strongest_remedy_is_the_one_that_gains_most_by_its_measure():
    facts = judged_remedies(("cross-entropy", "macro-F1"), dropout=-0.02, L2=0.01)
    found = effects.strongest_of_all(facts)
    assert list(found) == ["cross-entropy", "macro-F1"]
    assert found["macro-F1"].remedy == "L2"
    assert (found["macro-F1"].gain.low, found["macro-F1"].gain.high) == pytest.approx((0.0, 0.02))
