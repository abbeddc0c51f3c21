"""What the machine rows show, in sentences computed from the frames of `labkit.exploration`."""

import pandas as pd

from labkit.failures.features import MACHINE_FEATURES
from labkit.failures.figures import SHORT_CLASSES
from labkit.failures.rules import FAILURE_TYPES
from labkit.report.sentence import Sentence, counted, listing, number, percent

NO_FAILURE = FAILURE_TYPES[0]


def _short(name: str) -> str:
    return SHORT_CLASSES[name].lower()


def _plain(column: str) -> str:
    names = {"udi": "UDI", "product_id": "product ID", "target": "`target`"}
    return names.get(column, column.replace("_", " "))


def cleanliness(contents: pd.DataFrame, duplicates: pd.DataFrame) -> Sentence:
    """Blanks and repeated rows, or that there are none."""
    blank = contents[contents["blanks"] > 0]
    repeated = duplicates.set_index("what")["rows"]
    where = [f"{n} in {_plain(c)}" for c, n in zip(blank["column"], blank["blanks"], strict=True)]
    blanks = f"Blanks: {listing(where)}" if where else "No column has a blank"
    return Sentence(
        f"{blanks}. There are {counted(int(repeated['whole rows']), 'duplicate row')}, and "
        f"{counted(int(repeated['rows without their numbers']), 'row')} that repeat the "
        "measurements of another under a new number."
    )


def contradictions(table: pd.DataFrame, n_rows: int) -> Sentence:
    """How many rows say two things at once, and whether a rule takes a side."""
    if table.empty:
        return Sentence("The two labels agree in every row.")
    cases = [
        f"{counted(row.rows, 'row')} labelled {_short(row.failure_type)} with `target` {row.target}"
        for row in table.itertuples()
    ]
    total, ruled = int(table["rows"].sum()), int(table["rule"].sum())
    meet = f"{number(ruled)} meet" if ruled > 1 else "1 meets" if ruled else "none meets"
    end = "." if ruled else ": nothing in the measurements tells which of the two labels is wrong."
    return Sentence(
        f"The two labels contradict each other in {counted(total, 'row')}, "
        f"{percent(total / n_rows, 2)} of the file: {listing(cases)}. Of these, {meet} a "
        f"documented failure rule{end}"
    )


def leakage(table: pd.DataFrame) -> Sentence:
    """How well the best column that must not be used does, and the best that may be."""
    forbidden = table[table["column"].isin(["udi", "product_id", "target"])]
    allowed = table[~table["column"].isin(forbidden["column"])]
    worst, best = forbidden.iloc[0], allowed.iloc[0]
    leaks = worst["failed"] > best["failed"]
    return Sentence(
        f"One split on {_plain(worst['column'])} alone tells failed from not with a balanced "
        f"accuracy of {percent(worst['failed'])}; the best measurement, "
        f"{_plain(best['column'])}, reaches {percent(best['failed'])}. "
        + (
            "No sensor is that good: the column is the answer written in other words."
            if leaks
            else "Here it is no better than a sensor, yet it is known only after the fact."
        )
    )


def row_number_leak(table: pd.DataFrame) -> Sentence:
    """What the row number is worth on random folds and on contiguous blocks."""
    row = table.set_index("column").loc["udi"]
    gain = row["random_folds"] - row["blocks"]
    return Sentence(
        "A tree on UDI alone has a macro-F1 of "
        f"{number(row['random_folds'], '.3f')} on random folds and {number(row['blocks'], '.3f')} "
        "on contiguous blocks: "
        + (
            f"the {number(gain, '.3f')} between them is what it learns from neighbouring rows, not "
            "from the machine."
            if gain > 0.001
            else "the row number gives nothing away here, but nor does it measure anything."
        )
    )


def classes(counts: pd.DataFrame) -> Sentence:
    """The largest and the smallest class, and what a model that never warns would score."""
    ranked = counts.sort_values("rows", ascending=False)
    most, least = ranked.iloc[0], ranked.iloc[-1]
    return Sentence(
        f"{percent(most['share'])} of the rows are labelled {_short(most['class'])}: a model that "
        f"always says so has an accuracy of {percent(most['share'])} and finds nothing. The rarest "
        f"class is {_short(least['class'])}, with {counted(int(least['rows']), 'row')}; for each "
        f"there are {number(most['rows'] / max(least['rows'], 1), '.0f')} of the most frequent."
    )


def correlations(features: pd.DataFrame, by_class: pd.DataFrame) -> Sentence:
    """The strongest pair among the measurements, and the strongest feature of each failure."""
    measured = features.loc[MACHINE_FEATURES, MACHINE_FEATURES]
    pairs = measured.stack()
    pairs = pairs[[a < b for a, b in pairs.index]].sort_values(key=abs, ascending=False)
    (a, b), value = pairs.index[0], pairs.iloc[0]
    failures = by_class.drop(columns=NO_FAILURE)
    strongest = failures.abs().idxmax()
    parts = [
        f"{_short(name)} with {_plain(strongest[name])} "
        f"({number(failures.loc[strongest[name], name], '.2f')})"
        for name in failures
    ]
    return Sentence(
        f"The measurements that go together most are {_plain(a)} and {_plain(b)} "
        f"({number(value, '.2f')}). Each failure's strongest correlation: {listing(parts)}. "
        f"{number(strongest.nunique())} different features among "
        f"{counted(len(strongest), 'failure')}: there is no one measurement to watch."
        if strongest.nunique() > 1
        else f"The measurements that go together most are {_plain(a)} and {_plain(b)} "
        f"({number(value, '.2f')}). Every failure goes most with {_plain(strongest.iloc[0])}."
    )


def class_medians(X: pd.DataFrame, y: pd.Series) -> Sentence:
    """For each failure, the feature whose median is furthest from that of sound rows."""
    numbers = X.select_dtypes("number")
    sound = numbers[y == NO_FAILURE]
    spread = sound.std()
    parts = []
    for name in FAILURE_TYPES[1:]:
        shift = (numbers[y == name].median() - sound.median()) / spread
        feature = shift.abs().idxmax()
        side = "above" if shift[feature] > 0 else "below"
        parts.append(
            f"{_plain(feature)} for {_short(name)} ({number(abs(shift[feature]), '.1f')} {side})"
        )
    return Sentence(
        "The feature whose median lies furthest from that of sound rows, in standard deviations of "
        f"those: {listing(parts)}."
    )


def outlier_methods(columns: pd.DataFrame, by_class: pd.DataFrame) -> Sentence:
    """How many rows each method flags, and where."""
    touched = columns[columns["share"] > 0].sort_values("share", ascending=False)
    where = listing(
        f"{_plain(c)} ({percent(s)})"
        for c, s in zip(touched["column"], touched["share"], strict=True)
    )
    shares = {m: _weighted(by_class, m) for m in ("iqr", "robust")}
    return Sentence(
        f"Tukey's fences flag {percent(shares['iqr'])} of the rows, for {where}; the robust "
        f"distance flags {percent(shares['robust'])}."
    )


def failures_are_outliers(by_class: pd.DataFrame) -> Sentence:
    """What deleting outliers would cost: the share of failures and of sound rows that would go."""
    sound = by_class[by_class["class"] == NO_FAILURE]
    failures = by_class[by_class["class"] != NO_FAILURE]
    ratios = {m: _weighted(failures, m) / max(_weighted(sound, m), 1e-9) for m in ("iqr", "robust")}
    top = failures.loc[failures["robust"].idxmax()]
    more = min(ratios.values()) > 1
    return Sentence(
        f"Deleting what the fences flag would delete {percent(_weighted(failures, 'iqr'))} of the "
        f"failures and {percent(_weighted(sound, 'iqr'))} of the sound rows; by the robust "
        f"distance, {percent(_weighted(failures, 'robust'))} and "
        f"{percent(_weighted(sound, 'robust'))}. Hardest hit would be {_short(top['class'])}, of "
        f"which {percent(top['robust'], 0)} would be gone. "
        + (
            "The outliers are what we are looking for, so every row stays."
            if more
            else "Outlying and failing are not the same here, and every row stays."
        )
    )


def _weighted(by_class: pd.DataFrame, method: str) -> float:
    return float((by_class[method] * by_class["rows"]).sum() / by_class["rows"].sum())


def memory(order: pd.DataFrame) -> Sentence:
    """Which measurements remember the row before, and which are drawn afresh."""
    slow = order[order["lag_1"] > 0.5]
    fresh = order[order["lag_1"].abs() < 0.1]
    if slow.empty:
        return Sentence(
            "No measurement goes with that of the row before: the rows might be in any order."
        )
    parts = [f"{_plain(r.column)} ({number(r.lag_1, '.4f')})" for r in slow.itertuples()]
    rest = (
        f"; {listing(_plain(c) for c in fresh['column'])} have next to none"
        if len(fresh) > 1
        else ""
    )
    return Sentence(
        f"The rows are in time order: from one row to the next there is an autocorrelation in "
        f"{listing(parts)}{rest}."
    )


def concentration(places: pd.DataFrame, missing: pd.DataFrame, n_blocks: int) -> Sentence:
    """The failure that keeps to the shortest stretch, and the classes that blocks would lack."""
    narrow = places.loc[places["span"].idxmin()]
    absent = missing[missing["blocks"] > 0]
    lacks = listing(
        f"{_short(name)} is absent from {number(int(n))}"
        for name, n in zip(absent["class"], absent["blocks"], strict=True)
    )
    end = f"Cut into {n_blocks} contiguous blocks, " + (
        f"{lacks} of them." if len(absent) else "the file has every class in each."
    )
    return Sentence(
        f"All {number(int(narrow['rows']))} {_short(narrow['class'])} failures lie between UDI "
        f"{number(int(narrow['first']))} and {number(int(narrow['last']))}, "
        f"{percent(narrow['span'], 0)} of the file. {end}"
    )


def rules(agreement: pd.DataFrame, by_rounding: int) -> Sentence:
    """How well the documented rules and the labels agree, and why they do not wholly."""
    unexplained = [
        f"{number(int(row['labelled'] - row['both']))} of {number(int(row['labelled']))} "
        f"{_short(row['class'])} failures"
        for _, row in agreement.iterrows()
        if row["both"] < row["labelled"]
    ]
    other = int(agreement["other_failure"].sum())
    missed = int((agreement["labelled"] - agreement["both"]).sum())
    text = (
        f"Their rule is not met by {listing(unexplained)}."
        if unexplained
        else "Every row with the label of one of these failures meets its rule."
    )
    if by_rounding:
        who = "All of them" if by_rounding == missed else f"{number(by_rounding)} of them"
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


def synthetic(quality: pd.DataFrame) -> Sentence:
    """Which invented rows are least lifelike."""
    worst, best = (quality.loc[i] for i in (quality["obeys"].idxmin(), quality["obeys"].idxmax()))
    if best["strategy"] == worst["strategy"]:
        compared = f"Of the new rows by {best['strategy']} {percent(best['obeys'])} do"
    else:
        compared = (
            f"Of the new rows by {best['strategy']} {percent(best['obeys'])} do, of those by "
            f"{worst['strategy']} {percent(worst['obeys'])}"
        )
    impossible = quality.loc[quality["impossible"].idxmax()]
    beyond = (
        f" {percent(impossible['impossible'])} of the rows by {impossible['strategy']} have a "
        "negative torque or tool wear, which no machine has."
        if impossible["impossible"] > 0
        else ""
    )
    return Sentence(
        f"Where a documented rule decides the class, {percent(worst['original'])} of the real "
        f"rows obey it. {compared}.{beyond}"
    )


def extremes(counts: pd.DataFrame) -> Sentence:
    """The strategies with the fewest and the most training rows."""
    totals = counts.set_index("strategy").sum(axis=1)
    return Sentence(
        f"The training set shrinks from {number(int(totals['none']))} rows to "
        f"{number(int(totals.min()))} with {totals.idxmin()} and grows to "
        f"{number(int(totals.max()))} with {totals.idxmax()}."
        if totals.min() < totals["none"]
        else f"The training set grows from {number(int(totals['none']))} rows to "
        f"{number(int(totals.max()))} with {totals.idxmax()}."
    )
