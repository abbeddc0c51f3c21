"""What the machine rows show, in sentences: each says the facts that it is given."""

from labkit.failures.exploration.balancing import Likeness, Sizes
from labkit.failures.exploration.machines import (
    Agreement,
    Cleanliness,
    Companion,
    Contradictions,
    Correlations,
    Leak,
    Rarity,
    RowNumberLeak,
)
from labkit.failures.exploration.neighbours import Strangers
from labkit.failures.exploration.outliers import Outlying
from labkit.failures.exploration.timeline import Concentration, Memory
from labkit.failures.rules import SHORT_CLASSES
from labkit.report.sentence import Sentence, counted, listing, number, percent


def _short(name: str) -> str:
    return SHORT_CLASSES[name].lower()


def _plain(column: str) -> str:
    names = {"udi": "the row number", "product_id": "product ID", "target": "`target`"}
    return names.get(column, column.replace("_", " "))


def cleanliness(found: Cleanliness) -> Sentence:
    """Blanks and repeated rows, or that there are none."""
    where = [f"{n} in {_plain(column)}" for column, n in found.blanks.items()]
    blanks = f"Blanks: {listing(where)}" if where else "No column has a blank"
    return Sentence(
        f"{blanks}. There are {counted(found.duplicates, 'duplicate row')}, and "
        f"{counted(found.repeated, 'row')} that repeat the "
        "measurements of another under a new number."
    )


def contradictions(found: Contradictions) -> Sentence:
    """How many rows say two things at once, and whether a rule takes a side."""
    if not found.clashes:
        return Sentence("The two labels agree in every row.")
    cases = [
        f"{counted(own.rows, 'row')} labelled {_short(own.failure_type)} with `target` {own.target}"
        for own in found.clashes
    ]
    ruled = found.ruled
    meet = f"{number(ruled)} meet" if ruled > 1 else "1 meets" if ruled else "none meets"
    return Sentence(
        f"The two labels contradict each other in {counted(found.rows, 'row')}, "
        f"{percent(found.share, 2)} of the file: {listing(cases)}. Of these, {meet} a "
        f"documented failure rule{_worn(found)}"
    )


def _worn(found: Contradictions) -> str:
    """What the tool's wear says of contradicting rows, and whether anything else does."""
    untold = "nothing in the measurements tells which of the two labels is wrong."
    if not found.worn:
        return "." if found.ruled else f": {untold}"
    lie = f", and {number(found.worn)} {'lies' if found.worn == 1 else 'lie'} where a worn tool"
    return f"{lie} may fail." if found.ruled else f"{lie} may fail; for the others, {untold}"


def leakage(found: Leak) -> Sentence:
    """How well the best column that must not be used does, and the best that may be."""
    return Sentence(
        f"One split on {_plain(found.column)} alone tells failed from not with a balanced "
        f"accuracy of {percent(found.score)}; the best measurement, "
        f"{_plain(found.measurement)}, reaches {percent(found.measurement_score)}. "
        + (
            "No sensor is that good: the column is the answer written in other words."
            if found.is_one
            else "Here it is no better than a sensor, yet it is known only after the fact."
        )
    )


def row_number_leak(found: RowNumberLeak) -> Sentence:
    """What the worst of the serial numbers is worth on random folds and on contiguous blocks."""
    return Sentence(
        f"A tree on {_plain(found.column)} alone has a macro-F1 of "
        f"{number(found.random_folds, '.3f')} on random folds and {number(found.blocks, '.3f')} "
        "on contiguous blocks: "
        + (
            f"the {number(found.gain, '.3f')} between them, the most that a serial number gives "
            "away, is what it learns from neighbouring rows, not from the machine."
            if found.gain > 0.001
            else "the serial numbers give nothing away here, but nor do they measure anything."
        )
    )


def classes(found: Rarity) -> Sentence:
    """The largest and the smallest class, and what a model that never warns would score."""
    return Sentence(
        f"{percent(found.most_share)} of the rows are labelled {_short(found.most)}: a model that "
        f"always says so has an accuracy of {percent(found.most_share)} and finds nothing. The "
        f"rarest class is {_short(found.least)}, with {counted(found.least_rows, 'row')}; for each "
        f"there are {number(found.ratio, '.0f')} of the most frequent."
    )


def correlations(found: Correlations) -> Sentence:
    """The strongest pair among the measurements, and the strongest feature of each failure."""
    pair = (
        f"The measurements that go together most are {_plain(found.first)} and "
        f"{_plain(found.second)} ({number(found.value, '.2f')})."
    )
    if found.n_features == 1:
        return Sentence(
            f"{pair} Every failure goes most with {_plain(found.companions[0].feature)}."
        )
    parts = [
        f"{_short(own.failure)} with {_plain(own.feature)} ({number(own.value, '.2f')})"
        for own in found.companions
    ]
    return Sentence(
        f"{pair} Each failure's strongest correlation: {listing(parts)}. "
        f"{number(found.n_features)} different features among "
        f"{counted(len(found.companions), 'failure')}: there is no one measurement to watch."
    )


def class_medians(found: tuple[Companion, ...]) -> Sentence:
    """For each failure, the feature whose median is furthest from that of sound rows."""
    parts = [
        f"{_plain(own.feature)} for {_short(own.failure)} ({number(abs(own.value), '.1f')} "
        f"{'above' if own.value > 0 else 'below'})"
        for own in found
    ]
    return Sentence(
        "The feature whose median lies furthest from that of sound rows, in standard deviations of "
        f"those: {listing(parts)}."
    )


def outlier_methods(found: Outlying) -> Sentence:
    """How many rows each method flags, and where."""
    columns = [f"{_plain(c)} ({percent(share)})" for c, share in found.columns.items()]
    where = f", for {listing(columns)}" if columns else ""
    return Sentence(
        f"Tukey's fences flag {percent(found.fences.all)} of the rows{where}; the robust "
        f"distance flags {percent(found.robust.all)}."
    )


def failures_are_outliers(found: Outlying) -> Sentence:
    """What deleting outliers would cost: the share of failures and of sound rows that would go."""
    fences, robust = found.fences, found.robust
    return Sentence(
        f"Deleting what the fences flag would delete {percent(fences.failures)} of the "
        f"failures and {percent(fences.sound)} of the sound rows; by the robust "
        f"distance, {percent(robust.failures)} and {percent(robust.sound)}. Hardest hit would be "
        f"{_short(found.hardest)}, of which {percent(found.hardest_share, 0)} would be gone. "
        f"{_sides_of_sound(found)} {_outstanding(found)}"
    )


def _sides_of_sound(found: Outlying) -> str:
    """Which failures lie outside the fences more often than sound rows, and which do not."""
    above, below = (
        listing(f"{_short(name)} ({percent(share)})" for name, share in shares.items())
        for shares in (found.above, found.below)
    )
    if not found.above:
        return f"No more often outside the fences than sound rows are {below}."
    text = f"More often outside the fences than sound rows are {above}"
    return f"{text}; no more often, {below}." if found.below else f"{text}."


def outstanding(found: Outlying) -> Sentence:
    """Which failures stand out as outliers, and that rows stay."""
    return Sentence(_outstanding(found))


def _outstanding(found: Outlying) -> str:
    """What the outliers are, by the failures that stand out."""
    names = found.outstanding
    if not names:
        return "Outlying and failing are not the same here, and every row stays."
    text = (
        f"Beyond chance, by both methods, {listing(map(_short, names))} "
        f"{'stands' if len(names) == 1 else 'stand'} out: these outliers are what we are looking "
        "for, so every row stays"
    )
    others = len(found.above) + len(found.below) - len(names)
    return f"{text}; the other failures do not stand out." if others else f"{text}."


def memory(found: Memory) -> Sentence:
    """Which measurements remember the row before, and which are drawn afresh."""
    if not found.slow:
        return Sentence(
            "No measurement goes with that of the row before: the rows might be in any order."
        )
    parts = [f"{_plain(column)} ({number(lag, '.4f')})" for column, lag in found.slow.items()]
    rest = (
        f"; {listing(map(_plain, found.fresh))} have next to none" if len(found.fresh) > 1 else ""
    )
    order = (
        "The rows are in time order"
        if found.numbered
        else "The file has no UDI, so whether its rows are in time order is not known"
    )
    return Sentence(
        f"{order}: from one row to the next there is an autocorrelation in {listing(parts)}{rest}."
    )


def concentration(found: Concentration) -> Sentence:
    """The failure that keeps to the shortest stretch, and the classes that blocks would lack."""
    lacks = listing(
        f"{_short(name)} is absent from {number(n)}" for name, n in found.absent.items()
    )
    end = f"Cut into {found.n_blocks} contiguous blocks, " + (
        f"{lacks} of them." if found.absent else "the file has every class in each."
    )
    return Sentence(
        f"All {number(found.rows)} {_short(found.failure)} failures lie between rows "
        f"{number(found.first)} and {number(found.last)}, "
        f"{percent(found.span, 0)} of the file. {end}"
    )


def rules(found: Agreement) -> Sentence:
    """How well the documented rules and the labels agree, and why they do not wholly."""
    unexplained = [
        f"{number(own.rows)} of {number(own.labelled)} {_short(own.failure)} failures"
        for own in found.unexplained
    ]
    text = (
        f"Their rule is not met by {listing(unexplained)}."
        if unexplained
        else "Every row with the label of one of these failures meets its rule."
    )
    rounded, other = found.by_rounding, found.other_failure
    if rounded:
        who = "All of them" if rounded == found.missed else f"{number(rounded)} of them"
        text += (
            f" {who} have a temperature difference that is the limit on paper and a little less "
            "in the binary numbers of a computer, so that the file calls a failure what the rule "
            "does not."
        )
    if other:
        text += (
            f" In the other direction, {counted(other, 'row')} {'meets' if other == 1 else 'meet'} "
            f"a rule and {'wears' if other == 1 else 'wear'} another failure's label: a row has "
            "only one."
        )
    return Sentence(text)


def synthetic(found: Likeness | None) -> Sentence:
    """Which invented rows are least lifelike, if any are invented."""
    if found is None:
        return Sentence(
            "No strategy invents a row here whose class has a documented rule: the classes are of "
            "equal size as they are, or what is added are copies."
        )
    compared = f"Of the new rows by {found.best} {percent(found.best_share)} do"
    if found.best != found.worst:
        compared += f", of those by {found.worst} {percent(found.worst_share)}"
    beyond = (
        f" {percent(found.impossible)} of the rows by {found.impossible_by} have a "
        "negative torque or tool wear, which no machine has."
        if found.impossible > 0
        else ""
    )
    return Sentence(
        f"Where a documented rule decides the class, {percent(found.real)} of the real "
        f"rows obey it. {compared}.{beyond}"
    )


def strangers(found: Strangers | None) -> Sentence:
    """For which failure SMOTE's lines keep among their own, and for which they do not."""
    if found is None:
        return Sentence("No failure has two rows between which SMOTE could draw a line.")
    text = (
        f"Of the lines of {_short(found.most)}, {percent(found.most_share, 0)} have their middle "
        "nearer to a row of another class than to any of their own"
    )
    if found.most_share == found.least_share:
        return Sentence(f"{text}; the other failures differ in nothing from it.")
    return Sentence(
        f"{text}; of those of {_short(found.least)}, {percent(found.least_share, 0)}. Where most "
        "do, what SMOTE adds are sound rows with the label of a failure."
    )


def extremes(found: Sizes) -> Sentence:
    """The strategies with the fewest and the most training rows."""
    grows = f"to {number(found.most)} with {listing(found.most_by)}."
    if found.fewest == found.before:
        return Sentence(f"The training set grows from {number(found.before)} rows {grows}")
    return Sentence(
        f"The training set shrinks from {number(found.before)} rows to {number(found.fewest)} with "
        f"{listing(found.fewest_by)} and grows {grows}"
    )
