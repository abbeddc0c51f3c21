"""The final tables of the failure study: every family at every stage, before every judge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import confusion_matrix

from labkit.failures.alarms import check_macro_f1, check_single_features
from labkit.failures.calibration import Reliability, reliability
from labkit.failures.choosing import (
    DEVELOPMENT,
    Choices,
    budgets,
    choices,
    chosen,
    nested_choices,
)
from labkit.failures.contenders import (
    FORM_NAMES,
    MAJORITY,
    NETWORKS,
    ORACLE,
    families,
    networks,
    staged,
)
from labkit.failures.data import Maintenance
from labkit.failures.features import PHYSICS, RAW
from labkit.failures.judging import (
    BLOCKS,
    HELD_OUT,
    OUT_OF_FOLD,
    TRAINING,
    Duel,
    Judge,
    Predicted,
    Standing,
    choices_of,
    differences,
    duels,
    judges,
    standing_of,
    standings,
    train_judged,
)
from labkit.failures.kept import checkpoint
from labkit.failures.machines import (
    Machines,
    class_share_losses,
    machines,
    row_tensors,
    train_on,
)
from labkit.failures.profile import Profile
from labkit.failures.regularization import regularization
from labkit.failures.resampling import RowBootstrap
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import classification_scores, most_probable, per_class_scores
from labkit.failures.stages import DECIDED, Stage
from labkit.nets.diagnostics import Verdict
from labkit.nets.ensembles import curves
from labkit.report.alarms import check_copies, check_generalisation, check_relatives
from labkit.report.checkpoints import Checkpoint
from labkit.report.curves import verdicts_of_models
from labkit.report.facts import Facts
from labkit.report.models import BASELINE, MLP, Model, best, simpler_relatives
from labkit.report.remedies import Cure
from labkit.report.results import study

RANDOM = FAILURE_TYPES[-1]
"""The failures that depend on nothing measured."""

SETS = {"train": TRAINING, "test": HELD_OUT}
"""What tables of the held-out rows call their sets, and who judges them."""


@dataclass(frozen=True)
class Found:
    """Rows of a class, and how many of them are found."""

    found: int
    rows: int


@dataclass(frozen=True)
class ByHeart:
    """Random failures that an MLP finds among its training rows, and among the held-out ones."""

    model: str
    train: Found
    held_out: Found

    @property
    def learned(self) -> bool:
        """Whether at least half of the training rows are found, and a smaller share elsewhere."""
        share = self.train.found / self.train.rows
        return share >= 1 / 2 and share > self.held_out.found / max(self.held_out.rows, 1)


@dataclass(frozen=True, kw_only=True)
class Final(Facts):
    """Every family at every stage, before every judge.

    Attributes
    ----------
    standings : DataFrame
        ``judge, model, kind, stage, family, treatment``, accuracy, macro-F1 and log loss with
        their 95 % intervals from resampled rows.
    differences : DataFrame
        Macro-F1 of the best MLP less that of: every family given the same; the best other learner;
        the rule oracle. As `labkit.failures.judging.differences` gives it, for both judges.
    candidates : DataFrame
        How many learners each family's searches tried; see `labkit.failures.choosing.budgets`.
    scores, per_class, confusion : DataFrame
        Of the rows trained on and of the held-out rows, by ``model`` and ``set``, first repeat.
    probabilities : DataFrame
        Class probabilities in blocks of time, first repeat, of the MLP and the other learner that
        were best out-of-fold among those without a decision rule.
    predictions : dict of str to ndarray
        Class probabilities ``(models, repeats, rows, 6)`` before each judge, the models in the
        order of ``standings``, the classes in that of `FAILURE_TYPES`.
    judged_rows : DataFrame
        ``judge``, ``udi`` and ``true`` class of those rows, in their order.
    networks : dict of str to Checkpoint
        By stage, the networks of the first repeat before the held-out rows; `labkit.failures.kept`
        has their parts.
    curves : DataFrame
        Losses and accuracies by epoch of the MLPs, the held-out rows watched.
    constant : DataFrame
        The loss of the class shares on each set, in one row.
    verdicts : dict of str to Verdict
        What the curves say of train and test, by stage.
    best, rival : str
        Stage of the MLP, and of the other learner, with the highest out-of-fold macro-F1 on the
        development rows: chosen there, judged elsewhere.
    against_rival, against_rules, against_peers : tuple of Duel
        The rows of ``differences``: for the rival; for the rule oracle; for the families that were
        given the same as the best MLP.
    reliability : Reliability
        Of the MLP in ``probabilities``.
    by_heart : ByHeart
        Of the MLP that finds most random failures among its training rows.
    never_failing_accuracy : float
        Test accuracy of a model that never predicts a failure.
    f1_of_best : dict of str to float
        Class to the best MLP's F1 on the held-out rows.
    rows_of_class : dict of str to int
        Class to its number of held-out rows.
    """

    standings: pd.DataFrame
    differences: pd.DataFrame
    candidates: pd.DataFrame
    scores: pd.DataFrame
    per_class: pd.DataFrame
    confusion: pd.DataFrame
    probabilities: pd.DataFrame
    predictions: dict[str, np.ndarray]
    judged_rows: pd.DataFrame
    networks: dict[str, Checkpoint]
    curves: pd.DataFrame
    constant: pd.DataFrame
    verdicts: dict[str, Verdict]
    best: str
    rival: str
    against_rival: tuple[Duel, ...]
    against_rules: tuple[Duel, ...]
    against_peers: tuple[Duel, ...]
    reliability: Reliability
    by_heart: ByHeart
    never_failing_accuracy: float
    f1_of_best: dict[str, float]
    rows_of_class: dict[str, int]

    def of(self, stage: str, judge: str = HELD_OUT) -> Standing:
        """How the model of a stage stands before a judge."""
        return standing_of(self.standings, stage, judge)


@study("classification-final")
def final(data: Maintenance, profile: Profile) -> Final:
    """Fit and score every model.

    Raises
    ------
    Alarm
        When a result is too good to be honest, or an opponent too bad.
    """
    rows = machines(data, profile.seed)
    cure = regularization(data, profile).cure
    all_judges = judges(rows, profile)
    of_development, nested = choices(data, profile), nested_choices(data, profile)
    entered = {
        name: _entered(of_development if name == DEVELOPMENT else nested, data, profile, name, cure)
        for name in choices_of(all_judges)
    }
    trained = train_judged(rows, all_judges, families(profile, profile.candidates), entered)
    predicted = trained.predicted
    resampled = {judge.name: judge.bootstrap(rows.y, profile) for judge in all_judges}
    standing = pd.concat(
        [standings(name, predicted[name], own) for name, own in resampled.items()],
        ignore_index=True,
    )
    of_sets = _of_sets(rows, predicted)
    raise_alarms(data, rows, profile, all_judges, standing, of_sets["scores"])
    own_stages = {
        tier: stage for (family, tier), stage in entered[DEVELOPMENT].items() if family == NETWORKS
    }
    ours, (X, _) = networks(profile, 1), rows.development_rows()
    learners = {
        ours.at(tier, form).stage: stage.learner
        for tier, stage in own_stages.items()
        for form in FORM_NAMES
    }
    history, constant = _held_out_curves(rows, profile, own_stages)
    calibrated = [best(_undecided(standing), "macro_f1", kind) for kind in (MLP, BASELINE)]
    in_blocks = {model.stage: own[0] for model, own in predicted[BLOCKS].items()}
    shown = {model: in_blocks[model.stage] for model in calibrated}
    return Final(
        profile=profile.name,
        candidates=budgets(data, profile),
        predictions={
            name: np.stack([np.stack(own) for own in models.values()]).astype(np.float32)
            for name, models in predicted.items()
        },
        judged_rows=_judged_rows(all_judges, data),
        networks={
            ours.at(tier).stage: checkpoint(stage, trained.first[HELD_OUT, NETWORKS, tier], X)
            for tier, stage in own_stages.items()
        },
        probabilities=_table_of(shown, rows.y),
        reliability=reliability(
            calibrated[0].name,
            shown[calibrated[0]],
            rows.y,
            learners[calibrated[0].stage].label_smoothing,
        ),
        curves=history,
        constant=constant,
        verdicts=verdicts_of_models(history, constant, "test"),
        **weighed(standing, _differences(predicted, standing, resampled), of_sets),
    )


def _entered(
    made: Choices, data: Maintenance, profile: Profile, rows: str, cure: Cure
) -> dict[tuple[str, str], Stage]:
    """(Key of the family, name of the stage) → the stage, as it was chosen on these rows."""
    learners = chosen(made, data, profile, rows)
    return {
        (family.key, tier): stage
        for family in families(profile, profile.candidates)
        for tier, stage in staged(family, learners[family.key], profile, cure).items()
    }


def raise_alarms(
    data: Maintenance,
    rows: Machines,
    profile: Profile,
    all_judges: Sequence[Judge],
    standing: pd.DataFrame,
    scores: pd.DataFrame,
) -> None:
    """Stop where a result is too good to be honest, or an opponent too bad.

    Raises
    ------
    Alarm
        Which, against what limit, and why.
    """
    splits = [
        (split.train, split.out)
        for judge in all_judges
        if judge.name != TRAINING
        for _, _, split in judge.splits()
    ]
    check_copies(rows.X, splits)
    check_single_features(rows.X, rows.y, profile.seed)
    in_blocks = standing[standing["judge"] == BLOCKS].set_index("model")["macro_f1"]
    check_macro_f1(in_blocks.max(), data.frame, in_blocks.idxmax(), profile.seed)
    accuracy = scores.pivot(index="model", columns="set", values="accuracy")
    for model, row in accuracy.iterrows():
        check_generalisation(row["train"], row["test"], len(rows.test), model)
    train = scores[scores["set"] == "train"].set_index("model")["macro_f1"]
    firsts = {
        family.at(tier): (family.first, features)
        for family in families(profile, 1)
        if family.kind == BASELINE
        for tier, features in (("raw", RAW), ("physics", PHYSICS))
    }
    check_relatives({m: train[m.name] for m in firsts}, simpler_relatives(firsts))


def weighed(
    standing: pd.DataFrame, differences: pd.DataFrame, of_sets: Mapping[str, pd.DataFrame]
) -> dict:
    """What the scores say, by the names of the fields of `Final`, with the tables."""
    leader, rival = leaders(standing)
    treatment = standing.drop_duplicates("model").set_index("model")["treatment"]
    peers = treatment.index[
        (treatment == treatment[leader.name]) & (treatment.index != leader.name)
    ]
    scores, per_class = of_sets["scores"], of_sets["per_class"]
    test = scores[scores["set"] == "test"].set_index("model")
    own = per_class[(per_class["model"] == leader.name) & (per_class["set"] == "test")]
    own = own.set_index("class")
    return {
        "standings": standing,
        "differences": differences,
        **of_sets,
        "best": leader.stage,
        "rival": rival.stage,
        "against_rival": duels(differences, [rival.name]),
        "against_rules": duels(differences, [ORACLE.name]),
        "against_peers": duels(differences, peers),
        "by_heart": random_failures_found(per_class),
        "never_failing_accuracy": float(test.loc[MAJORITY.name, "accuracy"]),
        "f1_of_best": own["f1"].to_dict(),
        "rows_of_class": {name: int(n) for name, n in own["rows"].items()},
    }


def random_failures_found(per_class: pd.DataFrame) -> ByHeart:
    """Who finds most random failures among its training rows, from a table of scores by class."""
    own = per_class[(per_class["class"] == RANDOM) & (per_class["kind"] == MLP)]
    found = (own["recall"] * own["rows"]).round().astype(int)
    own = own.assign(found=found)
    model = own[own["set"] == "train"].sort_values("found", kind="stable")["model"].iloc[-1]
    sets = own[own["model"] == model].set_index("set")[["found", "rows"]]
    return ByHeart(model, *(Found(*map(int, sets.loc[s])) for s in ("train", "test")))


def leaders(standing: pd.DataFrame) -> tuple[Model, Model]:
    """The MLP and the other learner that are best out-of-fold on the development rows."""
    own = standing[standing["judge"] == OUT_OF_FOLD]
    return best(own, "macro_f1"), best(own, "macro_f1", BASELINE)


def _differences(
    predicted: Mapping[str, Predicted],
    standing: pd.DataFrame,
    resampled: Mapping[str, RowBootstrap],
) -> pd.DataFrame:
    """The best MLP against every family given the same, the best other learner, the rules."""
    leader, rival = leaders(standing)
    models = {model.stage: model for model in predicted[HELD_OUT]}
    ours = models[leader.stage]
    same = [m for m in models.values() if m.treatment == ours.treatment and m != ours]
    others = list(dict.fromkeys([*same, models[rival.stage], ORACLE]))
    return pd.concat(
        [
            differences(name, predicted[name], ours, others, "macro_f1", resampled[name])
            for name in (HELD_OUT, BLOCKS)
        ],
        ignore_index=True,
    )


def _judged_rows(all_judges: Sequence[Judge], data: Maintenance) -> pd.DataFrame:
    """Whom each judge's rows are: ``judge, udi, true``."""
    parts = [
        data.frame.iloc[judge.rows][["udi", "failure_type"]].assign(judge=judge.name)
        for judge in all_judges
    ]
    table = pd.concat(parts, ignore_index=True).rename(columns={"failure_type": "true"})
    return table.astype({"true": "str"})[["judge", "udi", "true"]]


def _undecided(standing: pd.DataFrame) -> pd.DataFrame:
    """Out-of-fold, without models that decide: a decision rule's factors are no probabilities."""
    return standing[(standing["judge"] == OUT_OF_FOLD) & (standing["form"] != DECIDED)]


def _table_of(probabilities: Mapping[Model, np.ndarray], y: pd.Series) -> pd.DataFrame:
    """Probabilities below each other: ``model, row, true`` and a column for each class."""
    parts = [
        pd.DataFrame(own, columns=list(FAILURE_TYPES)).assign(
            **model.row, row=np.arange(len(y)), true=y.to_numpy()
        )
        for model, own in probabilities.items()
    ]
    return pd.concat(parts, ignore_index=True)


def _of_sets(rows: Machines, predicted: Mapping[str, Predicted]) -> dict[str, pd.DataFrame]:
    """Every model's first training on its training rows and on the held-out rows."""
    truth = {"train": rows.development_rows()[1], "test": rows.open_test()[1]}
    scores, per_class, confusion = [], [], []
    for s, judge in SETS.items():
        for model, (own, *_) in predicted[judge].items():
            label, found = {**model.row, "set": s}, most_probable(own)
            scores.append({**label, **classification_scores(truth[s], found)})
            per_class.append(per_class_scores(truth[s], found).assign(**label))
            confusion.append(_confusion(truth[s], found).assign(**label))
    return {
        "scores": pd.DataFrame(scores),
        "per_class": pd.concat(per_class, ignore_index=True),
        "confusion": pd.concat(confusion, ignore_index=True),
    }


def _held_out_curves(
    rows: Machines, profile: Profile, stages: Mapping[str, Stage]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Learning curves of the networks, the test rows watched; and the loss of the class shares."""
    X, y = rows.development_rows()
    test = {"test": rows.open_test()}
    family = networks(profile, 1)
    history = []
    for tier, stage in stages.items():
        sets = row_tensors(X, y, test, stage.features, normal=stage.normal)
        # Without early stopping, which would need rows of its own: the whole course is shown.
        mlp = clone(stage.learner).set_params(random_state=profile.seed, patience=None)
        history.append(curves(train_on(sets, [mlp])).assign(**family.at(tier).row))
    return pd.concat(history, ignore_index=True), pd.DataFrame([class_share_losses(sets)])


def _confusion(y, predicted) -> pd.DataFrame:
    """Rows by true and predicted class, long."""
    counts = confusion_matrix(y, predicted, labels=FAILURE_TYPES)
    table = pd.DataFrame(counts, index=FAILURE_TYPES, columns=FAILURE_TYPES)
    return (
        table.rename_axis("true")
        .melt(ignore_index=False, var_name="predicted", value_name="rows")
        .reset_index()
    )
