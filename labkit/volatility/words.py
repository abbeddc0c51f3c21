"""Sentences on the final table of the volatility study."""

from labkit.report.sentence import Sentence, number, percent
from labkit.report.words import interval, standing
from labkit.volatility.final import Final, Margin
from labkit.volatility.grid import VolatilityGrid


def outcome(final: Final) -> Sentence:
    """The test year in words: the best network, and its margin to the best of the others."""
    rival = final.names[final.rival]
    (margin,) = [margin for margin in final.margins if margin.against == rival]
    return Sentence(
        f"Of the MLPs, **{final.names[final.best]}** did best on the validation year; on the test "
        f"year it has an R² of {number(final.test_r2[final.best], '.4f')}, which is "
        f"{_margin(margin)}, the best of the other learners on validation. Knowing tomorrow's true "
        f"volatility would score {number(final.ceilings['test'], '.2f')}."
    )


def _margin(margin: Margin) -> str:
    gain = margin.gain
    sure = "" if gain.excludes_zero else ", an interval that includes zero"
    return (
        f"{number(gain.value, '+.3f')} against {margin.against} "
        f"({number(gain.low, '+.3f')} to {number(gain.high, '+.3f')}{sure})"
    )


def of_what_can_be_known(final: Final) -> Sentence:
    """R² on the test year as a share of the R² of knowing the true volatility."""
    ceiling = final.ceilings["test"]
    best, rival = (
        f"{final.names[stage]} explains {percent(final.test_r2[stage] / ceiling, 0)}"
        for stage in (final.best, final.rival)
    )
    har = final.test_r2["har"]
    return Sentence(
        "The rest of the variance is the error of the estimate, which nobody can forecast. Of "
        f"what can be known, {best}, {rival}, and {final.names['har']} {percent(har / ceiling, 0)}:"
        " a straight line through three means of the past has "
        f"{percent(har / final.test_r2[final.best], 0)} of the R² of the best network."
    )


def best_models(final: Final) -> Sentence:
    """The best network and the best of the others, both chosen on validation."""
    best, rival = final.best, final.rival
    return Sentence(
        f"the network that did best on validation, {final.names[best]}, has an R² of "
        f"{number(final.test_r2[best], '.4f')}, and {final.names[rival]}, the best of the other "
        f"learners there, {number(final.test_r2[rival], '.4f')}"
    )


def headline(final: Final) -> Sentence:
    """The best network on the test year beside everything else."""
    r2, rival = final.test_r2[final.best], final.names[final.rival]
    lowest = final.others[0]
    (margin,) = [own for own in final.margins if own.against == rival]
    return Sentence(
        f"The network that did best on the validation year is **{final.names[final.best]}**. On "
        f"the test year it explains {percent(r2)} of the variance of tomorrow's log volatility "
        f"(R² = {number(r2, '.3f')}). There it is {standing(margin.gain)} **{rival}**, the best of "
        f"the other learners on validation: the difference is {number(margin.gain.value, '+.3f')} "
        f"({interval(margin.gain, '+.3f')}). Last of all other models is {final.names[lowest]}, "
        f"with {number(final.test_r2[lowest], '.3f')}; whoever knew tomorrow's true volatility "
        f"would score {number(final.ceilings['test'], '.3f')}."
    )


def ridge_beside(grid: VolatilityGrid) -> Sentence:
    """Ridge regression beside the candidates of the grid, and on the fresh folds beside the choice.

    The latter is the fairer comparison: the choice is the best of few there, not of all.
    """
    ridge, n = grid.reference.iloc[0], len(grid.candidates)
    above = {0: "above all", n: "below all"}.get(ridge["above"])
    place = (
        f"{above} {number(n)} candidates"
        if above
        else f"below {number(int(ridge['above']))} of the {number(n)} candidates"
    )
    return Sentence(
        f"Ridge regression, in the folds of the search, has a mean R² of "
        f"{number(ridge['search'], '.4f')}, {place}. On the fresh folds it has "
        f"{number(ridge['fresh'], '.4f')}, and the choice is {standing(grid.lead)} it (difference "
        f"{number(grid.lead.value, '+.4f')}, {interval(grid.lead, '+.4f')})."
    )


def shared_level(final: Final) -> Sentence:
    """What the network's R² is with a level of its own and with the shared one, set by set."""
    r2 = final.scores.pivot(index="stage", columns="set", values="r2")
    validation, test = (
        f"{number(r2[s]['mlp-two-parts'], '.4f')} with its own level and "
        f"{number(r2[s]['mlp-shared'], '.4f')} with the shared one"
        for s in ("validation", "test")
    )
    return Sentence(
        f"On the validation year the network in two parts has an R² of {validation}; on the test "
        f"year, {test}."
    )
