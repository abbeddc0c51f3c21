"""Verdicts on curves made to earn them, and on curves that a hasty rule would misjudge."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.nets.diagnostics import GAP, IMPROVEMENT, NOISE, RISE, UNKNOWN, diagnose

CONSTANT = {"train": 1.0, "validation": 1.0}
RANDOM = np.random.default_rng(0)


def curves(train, validation):
    epochs = np.arange(1, len(train) + 1)
    return pd.DataFrame({"epoch": epochs, "train_loss": train, "validation_loss": validation})


def decay(epochs, start, end, speed):
    """A loss falling from ``start`` towards ``end``, by ``speed`` an epoch."""
    return end + (start - end) * np.exp(-speed * np.arange(epochs))


def judge(train, validation, constant=CONSTANT):
    found = diagnose(curves(train, validation), constant)
    return found.fit, found.convergence, found.stability


FLAT = decay(40, 0.9, 0.3, 0.3)
GOOD = decay(40, 0.9, 0.34, 0.3)


def test_a_model_that_fits():
    verdict = diagnose(curves(FLAT, GOOD), CONSTANT)
    assert (verdict.fit, verdict.convergence, verdict.stability) == ("fits", "converged", "stable")
    assert verdict.best_epoch == verdict.epochs == 40
    assert verdict.train_loss == FLAT[-1] and verdict.held_out_loss == GOOD[-1]
    assert verdict.rise == 0 and verdict.noise < 1e-9
    assert verdict.gap == pytest.approx(0.04 / 0.7, rel=0.01)


def test_a_held_out_loss_that_turned_up_overfits():
    turned = GOOD + np.maximum(0, np.arange(40) - 15) * 0.004
    train = FLAT - np.maximum(0, np.arange(40) - 15) * 0.004
    verdict = diagnose(curves(train, turned), CONSTANT)
    assert verdict.fit == "overfits" and verdict.convergence == "still improving"
    assert verdict.train_improvement > IMPROVEMENT > verdict.improvement == 0
    assert verdict.best_epoch == turned.argmin() + 1 < 25
    assert verdict.rise > RISE > 0


def test_losses_that_parted_overfit_though_the_held_out_loss_never_rose():
    train, held = decay(40, 0.9, 0.05, 0.1), decay(40, 0.9, 0.5, 0.3)
    verdict = diagnose(curves(train, held), CONSTANT)
    assert verdict.fit == "overfits" and verdict.gap > GAP and verdict.rise <= RISE


def test_a_model_cut_off_while_it_learns_underfits():
    assert judge(decay(10, 0.95, 0.2, 0.05), decay(10, 0.96, 0.25, 0.05)) == (
        "underfits", "still improving", "stable",
    )  # fmt: skip


def test_a_model_that_learned_nothing_underfits():
    flat = np.full(30, 0.998) + 1e-4 * RANDOM.normal(size=30)
    assert judge(flat, flat + 0.0005)[0] == "underfits"


@pytest.mark.parametrize("epochs", [3, 4, 5, 7])
def test_a_few_steep_epochs_are_still_improving(epochs):
    """Also where a quarter of the epochs is less than one."""
    falling = 0.9 - 0.1 * np.arange(epochs)
    verdict = diagnose(curves(falling, falling), CONSTANT)
    assert (verdict.fit, verdict.convergence) == ("underfits", "still improving")
    assert verdict.stability == "stable"
    assert math.isfinite(verdict.noise) and math.isfinite(verdict.improvement)


@pytest.mark.parametrize("epochs", range(3, 30))
def test_a_smooth_curve_is_stable_however_few_its_epochs_and_however_bent(epochs):
    assert judge(decay(epochs, 0.9, 0.3, 0.5), decay(epochs, 0.9, 0.35, 0.5))[2] == "stable"


@pytest.mark.parametrize("at", [0, 3, -1])
@pytest.mark.parametrize("what", ["train", "validation"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_no_number_diverged(at, what, value):
    losses = {"train": FLAT[:8].copy(), "validation": GOOD[:8].copy()}
    losses[what][at] = value
    verdict = diagnose(curves(**losses), CONSTANT)
    assert verdict.convergence == "diverged" and verdict.stability == "noisy"
    assert math.isfinite(verdict.best_held_out_loss)


def test_a_training_loss_that_grew_beyond_a_constants_diverged():
    grown = 0.5 * 1.3 ** np.arange(10)
    assert judge(grown, grown)[:2] == ("underfits", "diverged")
    one_blow_up = np.r_[FLAT[:20], 40.0, 35.0]
    assert judge(one_blow_up, one_blow_up)[1] == "diverged"


def test_a_slow_start_has_not_diverged():
    """A low learning rate: after ten epochs the logits are still worse than the class shares."""
    slow = 1.8 - 0.03 * np.arange(10)
    verdict = diagnose(curves(slow, slow + 0.01), CONSTANT)
    assert (verdict.fit, verdict.convergence) == ("underfits", "still improving")
    assert verdict.stability == "stable" and verdict.improvement <= 1


@pytest.mark.parametrize(("sd", "stability"), [(0.03, "noisy"), (0.003, "stable")])
@pytest.mark.parametrize("epochs", [12, 30, 100])
def test_noise_is_a_matter_of_its_size(sd, stability, epochs):
    random = np.random.default_rng(epochs)
    held = decay(epochs, 0.9, 0.35, 0.5) + sd * random.normal(size=epochs)
    verdict = diagnose(curves(decay(epochs, 0.9, 0.3, 0.5), held), CONSTANT)
    assert verdict.stability == stability
    assert (verdict.noise > NOISE) == (stability == "noisy")


def test_one_bad_last_epoch_is_not_overfitting():
    """As measured on the machine data: the lowest loss is that of the last epoch but one."""
    bump = GOOD.copy()
    bump[-1] += 0.06
    assert judge(FLAT, bump)[0] == "fits"
    kept_high = GOOD.copy()
    kept_high[-8:] += 0.06
    assert judge(FLAT, kept_high)[0] == "overfits"


def test_a_flat_noisy_loss_seldom_overfits():
    random = np.random.default_rng(0)
    noisy = [GOOD + 0.01 * random.normal(size=40) for _ in range(200)]
    assert np.mean([judge(FLAT, held)[0] == "overfits" for held in noisy]) < 0.05


def test_both_losses_rising_together_is_not_overfitting():
    up = np.maximum(0, np.arange(40) - 15) * 0.004
    assert judge(FLAT + up, GOOD + up)[0] == "underfits"


@pytest.mark.parametrize("wild", [0.6, 1.74])
def test_a_calm_or_wild_year_is_no_overfitting(wild):
    """The same share explained on both sets, on a year whose variance is another."""
    constant = {"train": 1.0, "validation": wild}
    assert judge(FLAT, wild * GOOD, constant) == ("fits", "converged", "stable")


def test_a_year_that_is_harder_from_the_first_epoch_is_no_overfitting():
    assert judge(decay(20, 0.5, 0.44, 0.3), decay(20, 0.7, 0.65, 0.3))[0] == "fits"


def test_noise_on_targets_that_nothing_predicts_is_learned_by_heart():
    """The held-out loss never gets below the constant's, the training loss does."""
    assert judge(decay(30, 1.0, 0.9, 0.1), 1.01 + 0.003 * np.arange(30))[0] == "overfits"


@pytest.mark.parametrize("unit", [1e-4, 1e4])
@pytest.mark.parametrize(
    "pair",
    [
        (FLAT, GOOD),
        (FLAT, GOOD + 0.02 * RANDOM.normal(size=40)),
        (decay(40, 0.9, 0.05, 0.1), decay(40, 0.9, 0.5, 0.3)),
        (1.8 - 0.03 * np.arange(10), 1.81 - 0.03 * np.arange(10)),
    ],
    ids=["fits", "noisy", "parted", "slow"],
)
def test_verdicts_do_not_depend_on_the_unit_of_the_loss(pair, unit):
    train, held = pair
    small = diagnose(curves(train, held), CONSTANT)
    large = diagnose(curves(unit * train, unit * held), {s: unit for s in CONSTANT})
    for name in ("fit", "convergence", "stability", "best_epoch"):
        assert getattr(small, name) == getattr(large, name)
    for name in ("rise", "gap", "improvement", "noise"):
        assert getattr(small, name) == pytest.approx(getattr(large, name), abs=1e-9)


def test_figures_and_words_agree_at_the_limits():
    """Over many curves, each word holds just where its figure passes its limit."""
    random = np.random.default_rng(1)
    words = set()
    for _ in range(300):
        epochs = random.integers(8, 60)
        train = decay(epochs, 0.9, random.uniform(0.05, 0.5), random.uniform(0.02, 0.5))
        held = train + random.uniform(0, 0.3) * np.linspace(0, 1, epochs) ** 2
        held = held + random.uniform(0, 0.03) * random.normal(size=epochs)
        verdict = diagnose(curves(train, held), CONSTANT)
        assert (verdict.stability == "noisy") == (verdict.noise > NOISE)
        improves = max(verdict.improvement, verdict.train_improvement) > IMPROVEMENT
        assert (verdict.convergence == "still improving") == improves
        if verdict.fit == "overfits":
            assert verdict.rise > RISE or verdict.gap > GAP
        if verdict.fit == "fits":
            assert verdict.rise <= RISE and verdict.gap <= GAP
        words |= {verdict.fit, verdict.convergence, verdict.stability}
    assert words == {
        "fits", "overfits", "underfits", "converged", "still improving", "stable", "noisy",
    }  # fmt: skip


# What a hasty rule overlooks.


@pytest.mark.parametrize("epochs", [1, 2, 5, 12, 40])
@pytest.mark.parametrize(("train", "held"), [(0.2, 0.8), (0.05, 0.5), (0.3, 0.7)])
def test_a_gap_that_opened_within_the_first_epoch_is_overfitting(train, held, epochs):
    assert judge(np.full(epochs, train), np.full(epochs, held))[0] == "overfits"
    falling = judge(decay(epochs, train + 0.05, train, 0.3), decay(epochs, held + 0.05, held, 0.3))
    assert falling[0] == "overfits"


def test_two_sets_that_differ_a_little_from_the_start_are_no_overfitting():
    assert judge(np.full(12, 0.4), np.full(12, 0.55)) == ("fits", "converged", "stable")


def test_one_epoch_tells_nothing_of_convergence_and_noise():
    verdict = diagnose(curves([0.5], [0.55]), CONSTANT)
    assert (verdict.fit, verdict.convergence, verdict.stability) == (UNKNOWN,) * 3
    assert judge([0.2], [0.8])[:2] == ("overfits", UNKNOWN)
    assert judge([0.999], [1.0])[:2] == ("underfits", UNKNOWN), "nothing learned"


def test_two_epochs_tell_nothing_of_noise():
    assert judge([0.9, 0.5], [0.9, 0.55]) == ("underfits", "still improving", UNKNOWN)


def test_a_training_loss_that_still_falls_has_not_converged():
    """Four epochs: the held-out loss rests, the training loss does not."""
    verdict = diagnose(curves([0.7, 0.6, 0.55, 0.5], [0.66, 0.62, 0.6, 0.6]), CONSTANT)
    assert (verdict.fit, verdict.convergence) == ("fits", "still improving")
    assert verdict.improvement == 0 and verdict.train_improvement == pytest.approx(0.1)
    assert judge([0.7, 0.6, 0.55, 0.549], [0.66, 0.62, 0.6, 0.6])[1] == "converged"


def double_descent(epochs, first=0.45, hump=0.6, last=0.35):
    """Down to ``first``, up to ``hump``, down again to ``last``; a third of the epochs each."""
    return np.interp(np.arange(epochs), np.linspace(0, 0.9 * (epochs - 1), 4),
                     [0.9, first, hump, last])  # fmt: skip


@pytest.mark.parametrize("epochs", [12, 30, 60, 200])
def test_double_descent_with_its_best_at_the_end_does_not_overfit(epochs):
    train = decay(epochs, 0.9, 0.01, 8 / epochs)
    verdict = diagnose(curves(train, double_descent(epochs)), CONSTANT)
    assert verdict.fit != "overfits" and verdict.descended_again
    assert verdict.gap > GAP, "the two have parted, to the good of both"


def test_a_second_descent_that_stays_above_the_first_does_overfit():
    train = decay(40, 0.9, 0.01, 0.2)
    verdict = diagnose(curves(train, double_descent(40, last=0.5)), CONSTANT)
    assert verdict.fit == "overfits" and not verdict.descended_again


def test_a_hump_that_the_training_loss_shares_excuses_nothing():
    """A rate that is high for a while raises both."""
    hump = 0.2 * np.exp(-((np.arange(40) - 8) ** 2) / 10)
    train, held = decay(40, 0.9, 0.05, 0.1) + hump, decay(40, 0.9, 0.5, 0.3) + hump
    verdict = diagnose(curves(train, held), CONSTANT)
    assert verdict.fit == "overfits" and not verdict.descended_again


@pytest.mark.parametrize("epochs", [8, 15, 40, 100])
@pytest.mark.parametrize("sd", [0.005, 0.02, 0.05])
def test_noise_is_seldom_taken_for_a_second_descent(sd, epochs):
    random = np.random.default_rng(epochs)
    train, held = decay(epochs, 0.9, 0.05, 0.2), decay(epochs, 0.9, 0.5, 0.3)
    noisy = [held + sd * random.normal(size=epochs) for _ in range(100)]
    again = [diagnose(curves(train, own), CONSTANT).descended_again for own in noisy]
    assert np.mean(again) <= 0.05


LOSSES = st.lists(
    st.tuples(st.floats(0.01, 2.0), st.floats(0.01, 2.0)), min_size=1, max_size=30
).map(np.array)
VERDICTS = ("fit", "convergence", "stability", "best_epoch", "descended_again")


def same(one, other):
    return all(getattr(one, name) == getattr(other, name) for name in VERDICTS)


@given(LOSSES, st.integers(-12, 12), st.integers(-12, 12))
def test_the_unit_of_a_loss_changes_no_verdict(losses, train, held):
    """Cross-entropy in bits or nats, squares in any unit: each set in its own. Powers of two, for
    rounding must not decide."""
    units = {"train": 2.0**train, "validation": 2.0**held}
    scaled = curves(*(losses * list(units.values())).T)
    assert same(diagnose(scaled, units), diagnose(curves(*losses.T), CONSTANT))


@given(LOSSES)
def test_a_perfect_double_of_the_training_set_never_overfits(losses):
    train = losses[:, 0]
    assert diagnose(curves(train, train), CONSTANT).fit != "overfits"


@given(LOSSES)
def test_words_follow_from_figures(losses):
    verdict = diagnose(curves(*losses.T), CONSTANT)
    if verdict.fit == "overfits":
        parted = verdict.gap > GAP and not verdict.descended_again
        assert verdict.rise > RISE or parted
    if verdict.fit == "fits":
        assert verdict.rise <= RISE and (verdict.gap <= GAP or verdict.descended_again)
    assert (verdict.fit == UNKNOWN) <= (verdict.convergence == UNKNOWN) <= (len(losses) == 1)
    assert (verdict.stability == UNKNOWN) == (len(losses) < 3)


def test_another_set_may_be_held_out():
    frame = curves(FLAT, GOOD).rename(columns={"validation_loss": "test_loss"})
    verdict = diagnose(frame, pd.Series({"train": 1.0, "test": 1.0}), held_out="test")
    assert verdict == diagnose(curves(FLAT, GOOD), CONSTANT)


def test_no_epochs_no_verdict():
    with pytest.raises(ValueError, match="no epochs"):
        diagnose(curves([], []), CONSTANT)


# What the figures are read off.


@pytest.mark.parametrize(
    ("epochs", "share"), [(9, 1.0), (10, 0.5), (19, 0.5), (20, 0.0), (29, 0.0), (45, 0.0)]
)
def test_one_bad_last_epoch_counts_less_the_longer_the_curve(epochs, share):
    """Whole below ten epochs, half in a median of the last two, not at all in one of three."""
    held = np.full(epochs, 0.5)
    held[-1] = 0.6
    verdict = diagnose(curves(np.full(epochs, 0.5), held), CONSTANT)
    assert verdict.rise == pytest.approx(share * 0.1 / 0.5)
    assert verdict.gap == pytest.approx(share * 0.1 / 0.5)
    assert verdict.held_out_loss == 0.6 and verdict.best_held_out_loss == 0.5


def test_two_bad_last_epochs_of_twenty_are_no_chance():
    held = np.full(20, 0.5)
    held[-2:] = 0.6
    assert diagnose(curves(np.full(20, 0.5), held), CONSTANT).rise == pytest.approx(0.2)


@pytest.mark.parametrize(("epochs", "last"), [(12, 7), (40, 12), (100, 27)])
def test_noise_is_that_of_the_last_quarter_and_of_five_epochs_at_least(epochs, last):
    """A point is a turn if one stands on either side of it: so two epochs more are looked at."""
    smooth = np.full(epochs, 0.5)
    for at, noisy in ((epochs - last, False), (epochs - last + 1, True)):
        held = smooth.copy()
        held[at] += 0.1
        assert (diagnose(curves(smooth, held), CONSTANT).noise > 0) == noisy


def test_noise_is_the_smaller_of_two_steps_on_average():
    """Up by .2 and down by .1, a single turn among the three that five epochs may have."""
    held = [0.5, 0.5, 0.7, 0.6, 0.6]
    verdict = diagnose(curves([0.5] * 5, held), CONSTANT)
    assert verdict.noise == pytest.approx((0.1 / 3) / 0.5)


def test_improvement_is_that_of_the_last_quarter_of_the_epochs():
    """Eight epochs: the last two came .06 below all before, of .5 that there was to learn."""
    held = [0.9, 0.8, 0.7, 0.6, 0.56, 0.58, 0.52, 0.5]
    verdict = diagnose(curves([0.55] * 8, held), CONSTANT)
    assert verdict.improvement == pytest.approx(0.06 / 0.5)
    assert verdict.train_improvement == 0
    assert verdict.best_epoch == 8 and verdict.convergence == "still improving"


def test_what_differs_at_first_is_taken_off_the_gap_up_to_a_fifth():
    """Of what there was to learn, .5 here: .05 at first and .15 at last leave a fifth of it."""
    close = diagnose(curves([0.8, 0.5], [0.85, 0.65]), CONSTANT)
    assert close.gap == pytest.approx((0.15 - 0.05) / 0.5)
    far = diagnose(curves([0.6, 0.5], [0.8, 0.75]), CONSTANT)
    assert far.gap == pytest.approx(0.25 / 0.5 - 0.2)
    easier = diagnose(curves([0.8, 0.5], [0.7, 0.6]), CONSTANT)
    assert easier.gap == pytest.approx(0.1 / 0.5), "a set that is easier at first excuses nothing"


def test_a_loss_that_was_no_number_leaves_the_figures_unknown_and_the_best_epoch_known():
    verdict = diagnose(curves([0.9, 0.8, np.inf], [0.9, 0.7, np.nan]), CONSTANT)
    assert (verdict.fit, verdict.best_epoch, verdict.epochs) == ("underfits", 2, 3)
    assert (verdict.train_loss, verdict.best_held_out_loss) == (np.inf, 0.7)
    assert not verdict.descended_again
    unknown = (verdict.rise, verdict.gap, verdict.improvement, verdict.train_improvement)
    assert np.isnan([*unknown, verdict.noise, verdict.held_out_loss]).all()


def test_three_epochs_have_a_turn_to_tell_noise_by():
    verdict = diagnose(curves([0.5] * 3, [0.5, 0.6, 0.5]), CONSTANT)
    assert verdict.noise == pytest.approx(0.1 / 0.5) and verdict.stability == "noisy"
