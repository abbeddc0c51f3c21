"""Results made up for tests of what tells them: tables, figures, words."""

import re

import numpy as np
import pandas as pd
from prose import faults

from labkit.failures import balancing
from labkit.failures import final as failures
from labkit.failures.calibration import Reliability
from labkit.failures.contenders import MAJORITY, ORACLE, Contender
from labkit.failures.judging import BLOCKS, HELD_OUT, OUT_OF_FOLD
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.stages import DECIDED, SINGLE
from labkit.nets.diagnostics import diagnose
from labkit.report import ablations, remedies
from labkit.report.confirmation import finalists_of, weighed
from labkit.report.grids import Grid, found
from labkit.report.intervals import Interval, Resampled
from labkit.report.models import Model
from labkit.report.sentence import Sentence
from labkit.volatility import final as volatility
from labkit.volatility import textbook
from labkit.volatility.compared import Compared
from labkit.volatility.levels import Levels
from labkit.volatility.significance import ConfidenceSet

EMPTY = pd.DataFrame()
"""In the place of tables that a test does not look at."""

NOT_COMPARED = Compared(EMPTY, *[ConfidenceSet(EMPTY, (), 0.1, 1)] * 2)

VOLATILITY_MODELS = [
    Model("persistence", "floor", "persistence"),
    Model("HAR", "baseline", "har"),
    Model("ridge regression", "baseline", "ridge"),
    Model("MLP, first", "mlp", "first"),
    Model("MLP, tuned", "mlp", "tuned"),
    Model("MLP, regularized", "mlp", "regularized"),
]

FAILURE_MODELS = [
    MAJORITY,
    ORACLE,
    *(
        Contender(f"{name}, {treatment}", kind, f"{key}-{tier}", name, treatment, form)
        for name, key, kind in (
            ("logistic regression", "logistic", "baseline"),
            ("random forest", "forest", "baseline"),
            ("MLP", "mlp", "mlp"),
        )
        for treatment, tier, form in (
            ("raw", "raw", SINGLE),
            ("physics", "physics", SINGLE),
            ("tuned", "tuned", SINGLE),
            ("recipe, decision rule", "recipe-decided", DECIDED),
        )
    ),
    Contender("MLP, regularized", "mlp", "mlp-regularized", "MLP", "regularized"),
]


def cells(made):
    """The rows of a pipe table, its heading first, as dicts."""
    lines = made.markdown.splitlines()
    assert set(lines[1]) <= set("|:-"), lines[1]
    rows = [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert len({len(row) for row in rows}) == 1, "rows of different lengths"
    return [dict(zip(rows[0], row, strict=True)) for row in rows[2:]]


def text(sentence):
    """The words of a sentence, checked for what no reader should see, on one line."""
    assert isinstance(sentence, Sentence)
    assert sentence and faults(sentence) == []
    return sentence.replace("\xa0", " ")


def volatility_scores(validation=None, **r2):
    """R² by model and set; ``validation`` changes it there only, by stage."""
    given = {"persistence": 0.2, "har": 0.5, "ridge": 0.53, "first": 0.49, "tuned": 0.52,
             "regularized": 0.54} | r2  # fmt: skip
    sets = {"train": dict.fromkeys(given, 0.9), "validation": given | (validation or {}),
            "test": given}  # fmt: skip
    rows = [
        {**model.row, "set": s, "r2": values[model.stage]}
        for s, values in sets.items()
        for model in VOLATILITY_MODELS
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(
        rmse=1 - frame["r2"], mae=1 - frame["r2"], qlike=1 - frame["r2"], directional_accuracy=0.6
    )


def volatility_final(scores=None, profile="full"):
    """The final facts of a table of scores, with margins of two hundredths each way."""
    scores = volatility_scores() if scores is None else scores
    test = scores[scores["set"] == "test"].set_index("model")["r2"]
    rows = [
        (a.name, b.name, test[a.name] - test[b.name])
        for a in VOLATILITY_MODELS if a.kind == "mlp"
        for b in VOLATILITY_MODELS if b.kind != "mlp"
    ]  # fmt: skip
    differences = pd.DataFrame(rows, columns=["model", "baseline", "difference"])
    differences["low"] = differences["difference"] - 0.02
    differences["high"] = differences["difference"] + 0.02
    facts = volatility.weighed(scores, differences)
    best = facts["names"][facts["best"]]
    tested = differences[differences["model"] == best].rename(columns={"baseline": "against"})
    duels = tested.rename(columns={"against": "rival"}).assign(
        form="16 inputs", p_value=0.01, holm=0.02, sure=tested["low"] > 0
    )
    return volatility.Final(
        duels=duels, tested=tested.assign(holm=0.02), judged=NOT_COMPARED,
        parts=Levels(0.54, 0.3, 0.4, 0.6, 0.33), ceilings={"validation": 0.7, "test": 0.74},
        profile=profile, by_sector=EMPTY, by_year=EMPTY, predictions=EMPTY, curves=EMPTY,
        forecasts={}, variances={}, realised={}, today={}, days={}, symbol_numbers={}, symbols=(),
        networks={},
        constant=EMPTY, verdicts={}, members={}, **facts,
    )  # fmt: skip


def failure_standings(**f1):
    """Macro-F1 by stage, out-of-fold as given, less on the held-out rows and in blocks of time."""
    given = {"majority": 0.164, "oracle": 0.66, "logistic-raw": 0.4, "logistic-physics": 0.42,
             "logistic-tuned": 0.44, "logistic-recipe-decided": 0.46, "forest-raw": 0.53,
             "forest-physics": 0.64, "forest-tuned": 0.645, "forest-recipe-decided": 0.65,
             "mlp-raw": 0.56, "mlp-physics": 0.58, "mlp-tuned": 0.6, "mlp-recipe-decided": 0.62,
             "mlp-regularized": 0.59}  # fmt: skip
    given |= {stage.replace("_", "-"): value for stage, value in f1.items()}
    rows = [
        {
            "judge": judge,
            **model.row,
            "accuracy": 0.965 if model.stage == "majority" else 0.98,
            **dict(
                zip(("macro_f1", "low", "high"), value + np.array([0, -0.02, 0.02]), strict=True)
            ),
            **dict.fromkeys(("log_loss", "log_loss_low", "log_loss_high"), 1 - value),
        }
        for judge, less in ((HELD_OUT, 0.01), (BLOCKS, 0.1), (OUT_OF_FOLD, 0.0))
        for model in FAILURE_MODELS
        for value in [given[model.stage] - less]
    ]
    return pd.DataFrame(rows)


def failure_differences(model, gains, judges=(HELD_OUT, BLOCKS), half=0.01):
    """A model's macro-F1 less that of others, by their names, ``half`` each way; sure if not 0."""
    rows = [
        {"judge": judge, "score": "macro_f1", "model": model, "against": against,
         "family": against.partition(",")[0],
         "difference": gain, "low": gain - half, "high": gain + half, "p_value": 0.001,
         "adjusted": 0.002}
        for judge in judges
        for against, gain in gains.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def held_out(f1_by_class=None):
    """Scores of every model on train and test, and of every class."""
    names = ["accuracy", "macro_precision", "macro_recall", "macro_f1"]
    scores, per_class = [], []
    for i, model in enumerate(FAILURE_MODELS):
        for s, shift in (("train", 0.05), ("test", 0.0)):
            label = {**model.row, "set": s}
            value = 0.965 if model.stage == "majority" else 0.5 + i / 100 + shift
            scores.append({**label, **dict.fromkeys(names, value)})
            for k, name in enumerate(FAILURE_TYPES):
                f1 = 0.1 * k + shift if f1_by_class is None else f1_by_class[k]
                own = {"class": name, "precision": f1, "recall": f1, "f1": f1}
                per_class.append({**label, **own, "rows": 1000 * (k + 1)})
    return {
        "scores": pd.DataFrame(scores),
        "per_class": pd.DataFrame(per_class),
        "confusion": EMPTY,
    }


def failures_final(standing=None, profile="full", f1_by_class=None, gains=None):
    """The final facts of a table of standings."""
    standing = failure_standings() if standing is None else standing
    leader, rival = failures.leaders(standing)
    gains = {rival.name: -0.03, "rule oracle": -0.04} if gains is None else gains
    return failures.Final(
        profile=profile, candidates=EMPTY, probabilities=EMPTY, predictions={}, judged_rows=EMPTY,
        networks={},
        curves=EMPTY, constant=EMPTY,
        verdicts={}, reliability=Reliability("MLP", 0.03, 0.03, 0.001, 0.03),
        **failures.weighed(
            standing, failure_differences(leader.name, gains), held_out(f1_by_class)
        ),
    )  # fmt: skip


def regularized(profile="full", train=0.7, rises=True, **gains):
    """Remedies whose validation loss is below none's by the gains given, seed by seed.

    Each has two doses, of which the second is a tenth worse. Validation loss without a remedy
    ``rises`` after the third of ten epochs, or falls with the training loss.
    """
    rows, parts = [], []
    for name, by_seed in {"none": [0, 0, 0], "early stopping": [0, 0, 0], **gains}.items():
        for dose in range(min(2, len(remedies.REMEDIES[name]))):
            for seed, gain in enumerate(by_seed):
                label = {"regularization": name, "dose": dose, "seed": seed}
                stopped = name == "early stopping"
                loss = 0.5 + 0.01 * seed - gain + 0.1 * dose
                rows.append(
                    {**label, "trained": 8 if stopped else 10, "kept": 3 if stopped else 10,
                     "train_loss": 0.3, "validation_loss": loss,
                     "train_score": train, "validation_score": 1 - loss}
                )  # fmt: skip
                epochs = np.arange(1, 11)
                up = 0.05 * np.maximum(epochs - 3, 0) if rises and name == "none" else 0
                curve = {"epoch": epochs, "train_loss": 1 / epochs}
                parts.append(pd.DataFrame({**label, **curve, "validation_loss": 1 / epochs + up}))
    constant = pd.DataFrame({"train": [1.0], "validation": [1.0]})
    curves = pd.concat(parts, ignore_index=True)
    found = remedies.weighed(curves, pd.DataFrame(rows), constant)
    return remedies.Remedies(profile=profile, **found)


def judged_remedies(measures=("R²",), half=0.01, p_value=0.001, **gains):
    """Remedies that gain so much on the test rows, ``half`` each way, by every measure."""
    tested = [
        remedies.Tested(m, name, 0.5, 0.5 + g, Interval(g, g - half, g + half), p_value)
        for m in measures
        for name, g in gains.items()
    ]
    return remedies.Judged(profile="full", **remedies.judgement(tested))


def balanced(profile="full", strengths=(0.25, 1.0), wide=0.01, **f1):
    """Balancing strategies with a macro-F1 of one half, or as given for all or each strength.

    Resampled, the macro-F1 of each moves by ``wide``, independently of the others.
    """
    random = np.random.default_rng(0)
    rows, by_class, macro_f1 = [], [], {}
    for strategy, strength in balancing.cells(strengths):
        own = f1.get(strategy, 0.5)
        own = own[strengths.index(strength)] if isinstance(own, tuple) else own
        draws = own + wide * random.normal(size=400)
        macro_f1[strategy, strength] = Resampled(own, draws)
        rows += [(strategy, strength, r, own, 0.9, 0.1) for r in (0, 1)]
        cell = balancing.cell_name((strategy, strength))
        by_class += [
            (cell, c, *((0.99, 0.99) if c == "No Failure" else (0.8 if own > 0.5 else 0.4, 0.3)))
            for c in FAILURE_TYPES
        ]
    columns = ["strategy", "strength", "repeat", "macro_f1", "accuracy", "log_loss"]
    scores = pd.DataFrame(rows, columns=columns)
    per_class = pd.DataFrame(by_class, columns=["cell", "class", "recall", "precision"])
    facts = balancing.weighed(scores, per_class, macro_f1)
    return balancing.Balancing(profile=profile, counts=EMPTY, **facts)


def searched(
    hidden=((64, 32), (64, 32), (16,)), scores=(0.5, 0.2, 0.45), profile="full", floor=0.0,
    fresh=None, first=None, **axes,
):  # fmt: skip
    """A grid of three candidates, best first; further axes by name.

    ``fresh`` are their scores on fresh folds, ``first`` the row of the first model, in that order;
    by default the scores of the search and the last row.
    """
    table = pd.DataFrame(
        {
            "learning_rate": [0.001, 0.01, 0.005][: len(scores)],
            "optimizer": ["adam", "sgd", "rmsprop"][: len(scores)],
            "hidden_sizes": list(hidden),
            "batch_size": [1024, 64, 64][: len(scores)],
            "epochs": [8, 2, 2][: len(scores)],
            **axes,
            "mean_test_score": list(scores),
            "std_test_score": 0.01,
            "mean_train_score": 0.6,
            "crossed": True,
        }
    )
    table = table.sort_values("mean_test_score", ascending=False, ignore_index=True)
    table = table.assign(layers=[len(sizes) for sizes in table["hidden_sizes"]])
    names = ["learning_rate", "optimizer", "hidden_sizes", "batch_size", "epochs", *axes]
    return Grid(
        profile=profile, floor=floor, confirmation=confirmed(table, names, fresh, first),
        **found(table, names),
    )  # fmt: skip


def confirmed(table, names, fresh=None, first=None):
    """Candidates trained anew on three folds; by default each scores as in the search."""
    given = table.iloc[len(table) - 1 if first is None else first][names].to_dict()
    finalists = finalists_of(table, given)
    means = finalists["mean_test_score"] if fresh is None else np.asarray(fresh)
    scores = np.array([[-0.01], [0.0], [0.01]]) + np.asarray(means)
    return weighed(finalists, scores, n_drawings=1, judged_share=0.5)


def ablated(profile="full", averaged=None, margin=0.001, **means):
    """A recipe without its parts: two repetitions each, a hundredth apart; intervals a margin."""
    scores = pd.DataFrame(
        [(part, mean + d) for part, mean in means.items() for d in (-0.005, 0.005)],
        columns=["left_out", "score"],
    )
    gains = {part: mean - means[ablations.WHOLE] for part, mean in means.items()}
    differences = {
        part: Interval(gain, gain - margin, gain + margin)
        for part, gain in gains.items()
        if part != ablations.WHOLE
    }
    found = ablations.weighed(scores, "score", differences, averaged)
    return ablations.Ablation(profile=profile, **found)


def targets(close=0.99, ret=0.001, vol=0.5, naive=0.2):
    """R² on the three targets of the textbook's study."""
    names = [textbook.CLOSE, textbook.RETURN, textbook.VOLATILITY]
    table = pd.DataFrame(
        {"target": names, "naive_r2": [close, -0.002, naive], "linear_r2": [0.9999, ret, vol],
         "mlp_r2": [0.98, ret - 0.01, vol - 0.02]}
    )  # fmt: skip
    return textbook.Textbook(profile="full", **textbook.weighed(table))


CONSTANT = {"train": 1.0, "validation": 1.0, "test": 1.0}
EPOCHS = np.arange(1, 31)


def judged(held, train=None, held_out="validation"):
    """The verdict on a held-out loss, beside a training loss that falls smoothly."""
    train = 0.3 + 0.6 * 0.7 ** np.arange(1, len(held) + 1) if train is None else train
    epochs = np.arange(1, len(held) + 1)
    frame = pd.DataFrame({"epoch": epochs, "train_loss": train, f"{held_out}_loss": held})
    return diagnose(frame, CONSTANT, held_out)
