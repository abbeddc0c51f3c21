"""Tables of the chapter that models failures."""

from collections.abc import Mapping

import pandas as pd

from labkit.failures.final import Final
from labkit.failures.judging import BLOCKS, HELD_OUT, OUT_OF_FOLD
from labkit.failures.knowledge import Knowledge
from labkit.report.facts import Facts
from labkit.report.sentence import number
from labkit.report.table import P_VALUE, Table, bold_best, with_intervals
from labkit.report.tables import study_table


def standings(final: Final) -> Table:
    """Every family at every stage before every judge: macro-F1 with its interval, log loss."""
    judges = {HELD_OUT: "Held-out", BLOCKS: "Blocks of time", OUT_OF_FOLD: "Out-of-fold"}
    return _standings(final, final.standings, judges)


def knowledge(facts: Knowledge) -> Table:
    """Every family that knows the process, the process and the rules, before both judges."""
    return _standings(facts, facts.known, {HELD_OUT: "Held-out", BLOCKS: "Blocks of time"})


def _standings(facts: Facts, table: pd.DataFrame, judges: Mapping[str, str]) -> Table:
    parts = {name: table[table["judge"] == name].reset_index(drop=True) for name in judges}
    frame = parts[BLOCKS][["model", "log_loss"]].assign(
        **{name: _best_in_bold(part) for name, part in parts.items()}
    )
    columns = {"model": "Model", **judges, "log_loss": "Log loss, blocks"}
    return study_table(facts, frame, columns, best={"log_loss": "min"}, markdown=judges)


def _best_in_bold(standing: pd.DataFrame) -> pd.Series:
    """Macro-F1 with its interval, the best in bold."""
    return bold_best(with_intervals(standing, "macro_f1"), standing["macro_f1"])


def invented(facts: Knowledge) -> Table:
    """The network on blocks of time by where its rare rows come from."""
    frame = facts.invented.assign(f1=_best_in_bold(facts.invented))
    columns = {"source": "Rare rows", "f1": "Macro-F1 [95 %]", "log_loss": "Log loss"}
    return study_table(facts, frame, columns, best={"log_loss": "min"}, markdown=["f1"])


def differences(final: Final) -> Table:
    """The best MLP less each of the others, before both judges."""
    frame = final.differences
    shown = frame.assign(gain=with_intervals(frame, "difference", "+.3f"))
    columns = {
        "against": "Against",
        "judge": "Judge",
        "gain": "Macro-F1 [95 %]",
        "adjusted": "p, after Holm",
    }
    return study_table(final, shown, columns, formats={"adjusted": P_VALUE})


def candidates(final: Final) -> Table:
    """How many learners each family's searches tried."""
    columns = {
        "family": "Family",
        "tuned": "On the physics features",
        "recipe": "On the recipe's inputs",
        "nested": "Inside each block",
    }
    return study_table(final, final.candidates, columns)


def held_out(final: Final) -> Table:
    """Accuracy, macro precision, recall and F1 of every classifier, as train / test."""
    metrics = {
        "accuracy": "Accuracy",
        "macro_precision": "Precision",
        "macro_recall": "Recall",
        "macro_f1": "F1",
    }
    return _train_and_test(final, final.scores, "model", "Model", metrics)


def per_class(final: Final) -> Table:
    """Precision, recall, F1 and rows of the best MLP, class by class, as train / test."""
    own = final.per_class[final.per_class["stage"] == final.best]
    metrics = {"precision": "Precision", "recall": "Recall", "f1": "F1", "rows": "Rows"}
    return _train_and_test(final, own, "class", "Class", metrics)


def _train_and_test(
    final: Final, scores: pd.DataFrame, key: str, heading: str, metrics: Mapping[str, str]
) -> Table:
    """A row for each value of ``key``; each cell holds the train and the test score."""
    sets = {s: scores[scores["set"] == s].set_index(key) for s in ("train", "test")}
    frame = pd.DataFrame({key: sets["train"].index})
    for metric in metrics:
        spec = "," if metric == "rows" else ".3f"
        cells = [[number(v, spec) for v in sets[s].loc[frame[key], metric]] for s in sets]
        frame[metric] = [" / ".join(both) for both in zip(*cells, strict=True)]
    align = dict.fromkeys(metrics, "right")
    return study_table(final, frame, {key: heading, **metrics}, align=align)
