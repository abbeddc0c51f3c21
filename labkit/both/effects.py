"""What remedies did to the fit, seed by seed, how that may be read, and what is left on test."""

from dataclasses import dataclass

from labkit.report.intervals import Interval, paired_gains
from labkit.report.remedies import NONE, Judged, Remedies

LOWER, HIGHER, MIXED = "lower", "higher", "mixed"
"""Which way a remedy moves a loss: the same way at every seed, or not."""


@dataclass(frozen=True)
class Reading:
    """What is said of a remedy that moves both losses in certain ways, and what is behind it."""

    verdict: str
    meaning: str


READINGS = {
    (HIGHER, LOWER): Reading(
        "regularizes", "it fits its own rows less closely and others better: what it is for"
    ),
    (LOWER, LOWER): Reading(
        "trains better", "it fits all rows better: training ends in a better place"
    ),
    (MIXED, LOWER): Reading(
        "carries over better", "others are fitted better, at no sure cost on its own rows"
    ),
    (HIGHER, HIGHER): Reading(
        "is too strong", "it fits all rows worse: it takes away what was needed"
    ),
    (LOWER, HIGHER): Reading(
        "overfits more", "it fits its own rows faster than without, and others worse"
    ),
    (MIXED, HIGHER): Reading("harms", "others are fitted worse, with nothing gained on its own"),
    (HIGHER, MIXED): Reading(
        "costs fit", "it fits its own rows less closely, and for others seeds do not agree"
    ),
    (LOWER, MIXED): Reading(
        "learns by heart", "it fits its own rows better, and for others seeds do not agree"
    ),
    (MIXED, MIXED): Reading("is idle", "seeds agree on neither: what it does is lost in noise"),
}
"""By the way of the training loss and of the validation loss, against none at the same seed."""


@dataclass(frozen=True)
class Effect:
    """Mean change of both losses by a remedy at its dose, and which way the seeds went."""

    remedy: str
    train: float
    validation: float
    train_way: str
    validation_way: str

    @property
    def reading(self) -> Reading:
        """What may be said of it."""
        return READINGS[self.train_way, self.validation_way]


def effects(found: Remedies) -> tuple[Effect, ...]:
    """Every remedy but none, in the order of the study."""
    own = found.at_doses
    train, validation = (
        paired_gains(own, "regularization", f"{s}_loss", NONE) for s in ("train", "validation")
    )
    return tuple(
        Effect(
            name,
            float(train[name].mean()),
            float(validation[name].mean()),
            _way(train[name]),
            _way(validation[name]),
        )
        for name in found.doses
        if name != NONE
    )


def _way(changes) -> str:
    if (changes < 0).all():
        return LOWER
    return HIGHER if (changes > 0).all() else MIXED


@dataclass(frozen=True)
class Turn:
    """Validation loss and accuracy without a remedy, means over seeds: at the best epoch, at last.

    The best epoch is that of the lowest mean loss.
    """

    best_epoch: int
    last_epoch: int
    loss: tuple[float, float]
    accuracy: tuple[float, float]

    @property
    def rises(self) -> bool:
        """Whether the loss ends above its lowest by a tenth of it or more."""
        return self.loss[1] >= 1.1 * self.loss[0]

    @property
    def errs_more(self) -> bool:
        """Whether the accuracy has fallen, by half a hundredth or more."""
        return self.accuracy[1] <= self.accuracy[0] - 0.005


def turn(found: Remedies) -> Turn:
    """What happens to the model without a remedy after its best epoch."""
    curves = found.curves[found.curves["regularization"] == NONE]
    means = curves.groupby("epoch")[["validation_loss", "validation_accuracy"]].mean()
    best, last = means["validation_loss"].idxmin(), means.index.max()

    def at_both(column: str) -> tuple[float, float]:
        return float(means.at[best, column]), float(means.at[last, column])

    return Turn(int(best), int(last), at_both("validation_loss"), at_both("validation_accuracy"))


@dataclass(frozen=True)
class Strongest:
    """The remedy that gains most on the test rows by a measure."""

    remedy: str
    gain: Interval


def strongest(found: Judged, measure: str) -> Strongest:
    """Of all remedies, by the value of the gain; its interval may include zero."""
    own = found.of(measure)
    row = own.loc[own["gain"].idxmax()]
    return Strongest(row["regularization"], Interval(row["gain"], row["low"], row["high"]))


def strongest_of_all(found: Judged) -> dict[str, Strongest]:
    """The `strongest` remedy by each measure."""
    return {measure: strongest(found, measure) for measure in found.measures}
