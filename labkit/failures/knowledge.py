"""Rare classes from knowledge: every family given rows of the documented process to train on.

A tier of its own beside `labkit.failures.final`: here the models know how the machine is said to
work. All choices, of learners and of decision rules, are made on simulated rows; the real rows
train the models of a fold, and judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone

from labkit.failures.contenders import NETWORKS, ORACLE, SEARCHED, Contender, Family, families
from labkit.failures.data import Maintenance
from labkit.failures.decision import MacroF1Rule
from labkit.failures.features import KNOWN
from labkit.failures.judging import (
    BLOCKS,
    HELD_OUT,
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
from labkit.failures.machines import machines
from labkit.failures.process import choosing_rows, fresh_rows, training_rows
from labkit.failures.profile import Profile
from labkit.failures.recipe import RECIPE
from labkit.failures.resampling import RowBootstrap
from labkit.failures.scores import classification_scores, most_probable
from labkit.failures.simulation import failure_probabilities
from labkit.failures.stages import DECIDED, Split, Stage, Task, predict_tasks
from labkit.report.facts import Facts
from labkit.report.models import CEILING
from labkit.report.results import study

KNOWN_TIER = "known process"
"""What the tier is called."""

SOURCES = {"real rows": "none", "SMOTE": "SMOTE", "Gaussian synthesis": "Gaussian synthesis"}
"""Where rare rows come from without knowledge, beside which simulation stands; the strategies."""

PROCESS = Contender("documented process", CEILING, "process", "documented process")
PROCESS_DECIDED = Contender(
    "documented process, decision rule",
    CEILING,
    "process-decided",
    "documented process",
    form=DECIDED,
)


@dataclass(frozen=True, kw_only=True)
class Knowledge(Facts):
    """Every family with simulated rows among those it trains on.

    Attributes
    ----------
    standings : DataFrame
        Before both judges; the process itself and the rules are among the models.
    differences : DataFrame
        The network with its decision rule less the rules and every other family given the same, in
        macro-F1; the network without a rule less every other family, in log loss.
    invented : DataFrame
        The network before blocks of time, by where its rare rows come from: ``source``, and the
        columns of ``standings``.
    simulated : int
        Simulated rows beside the real ones of a training fold.
    known : DataFrame
        The rows of ``standings`` that know the process: every family, the process, the rules.
    process : float
        Macro-F1 of the process itself with the decision rule, on blocks of time.
    best : str
        Stage of the network with its decision rule.
    sharp : str
        Stage of the network without it.
    over_rules : tuple of Duel
        In macro-F1, against the rule oracle.
    over_families, log_losses : tuple of Duel
        Against every other family, in macro-F1 and in log loss, where lower is better.
    """

    standings: pd.DataFrame
    differences: pd.DataFrame
    invented: pd.DataFrame
    known: pd.DataFrame
    process: float
    simulated: int
    best: str
    sharp: str
    over_rules: tuple[Duel, ...]
    over_families: tuple[Duel, ...]
    log_losses: tuple[Duel, ...]

    def of(self, stage: str, judge: str = BLOCKS) -> Standing:
        """How the model of a stage stands before a judge."""
        return standing_of(self.standings, stage, judge)


@study("classification-knowledge")
def knowledge(data: Maintenance, profile: Profile) -> Knowledge:
    """Train every family on real and simulated rows, and judge it on real ones."""
    rows = machines(data, profile.seed)
    own_judges = [judge for judge in judges(rows, profile) if judge.name in (HELD_OUT, BLOCKS)]
    all_families = families(profile, profile.nested_candidates)
    stages = _stages(all_families, profile)
    entered = dict.fromkeys(choices_of(own_judges), stages)
    predicted = train_judged(rows, own_judges, all_families, entered).predicted
    for judge in own_judges:
        predicted[judge.name] |= _process(data, judge)
    resampled = {judge.name: judge.bootstrap(rows.y, profile) for judge in own_judges}
    standing = pd.concat(
        [standings(name, predicted[name], own) for name, own in resampled.items()],
        ignore_index=True,
    )
    network = all_families[-1]
    found = _differences(predicted, all_families, resampled)
    f1, losses = (found[found["score"] == score] for score in ("macro_f1", "log_loss"))
    return Knowledge(
        profile=profile.name,
        standings=standing,
        differences=found,
        invented=_invented(standing, network),
        simulated=profile.simulated_rows,
        known=standing[~standing["stage"].isin(_stages_without(network))],
        process=standing_of(standing, PROCESS_DECIDED.stage, BLOCKS).macro_f1.value,
        best=network.at(KNOWN_TIER, DECIDED).stage,
        sharp=network.at(KNOWN_TIER).stage,
        over_rules=duels(f1, [ORACLE.name]),
        over_families=duels(f1, set(f1["against"]) - {ORACLE.name}),
        log_losses=duels(losses, set(losses["against"])),
    )


def _stages(all_families: Sequence[Family], profile: Profile) -> dict[tuple[str, str], Stage]:
    """Every family with the process as knowledge; the network with invented rows beside it."""
    stages = {
        (family.key, KNOWN_TIER): Stage(
            learner,
            KNOWN,
            normal=True,
            decides=True,
            simulated=profile.simulated_rows,
        )
        for family, learner in zip(all_families, _chosen(all_families, profile), strict=True)
    }
    recipe = clone(RECIPE).set_params(epochs=profile.recipe_epochs)
    without = {
        (NETWORKS, source): Stage(recipe, strategy=strategy, **SEARCHED["recipe"])
        for source, strategy in SOURCES.items()
    }
    return stages | without


def _candidates(family: Family, profile: Profile) -> Sequence[BaseEstimator]:
    """What a family may send: networks are made for many rows, without label smoothing."""
    if family.key != NETWORKS:
        return family.candidates["recipe"]
    network = clone(RECIPE).set_params(
        hidden_sizes=(128, 64),
        label_smoothing=0.0,
        batch_size=1024,
        epochs=profile.simulated_epochs,
    )
    variants: list[dict] = [
        {},
        {"hidden_sizes": (64, 64)},
        {"hidden_sizes": (128, 128)},
        {"learning_rate": 5e-3},
    ]
    return [clone(network).set_params(**own) for own in variants[: profile.nested_candidates]]


def _chosen(all_families: Sequence[Family], profile: Profile) -> list[BaseEstimator]:
    """The learner of each family with the lowest log loss on simulated rows, trained on others."""
    X, labels = training_rows(profile.simulated_rows)
    X_out, labels_out = choosing_rows()
    both = pd.concat([X, X_out], ignore_index=True)
    y = pd.Series(np.concatenate([labels, labels_out]))
    split = Split(np.arange(len(X)), np.arange(len(X), len(both)), profile.seed)
    candidates = {family.key: _candidates(family, profile) for family in all_families}
    tasks = [
        Task((key, i), Stage(learner, KNOWN, normal=True), split)
        for key, own in candidates.items()
        for i, learner in enumerate(own)
    ]
    losses = {
        key: classification_scores(labels_out, most_probable(own), own)["log_loss"]
        for (key, _), own in predict_tasks(tasks, both, y).items()
    }
    return [
        own[min(range(len(own)), key=lambda i, key=key: losses[key, i])]
        for key, own in candidates.items()
    ]


def _process(data: Maintenance, judge: Judge) -> dict[Contender, list[np.ndarray]]:
    """The process's own probabilities of the rows of a judge, and with the decision rule."""
    own = failure_probabilities(data.frame.iloc[judge.rows], decimals=None)
    decided = MacroF1Rule().fit(failure_probabilities(fresh_rows(), decimals=None)).apply(own)
    n_repeats = len(judge.repeats)
    return {PROCESS: [own] * n_repeats, PROCESS_DECIDED: [decided] * n_repeats}


def _differences(
    predicted: Mapping[str, Predicted],
    all_families: Sequence[Family],
    resampled: Mapping[str, RowBootstrap],
) -> pd.DataFrame:
    *others, network = all_families
    by_f1 = [ORACLE, *(other.at(KNOWN_TIER, DECIDED) for other in others)]
    by_loss = [other.at(KNOWN_TIER) for other in others]
    compared = (
        ("macro_f1", network.at(KNOWN_TIER, DECIDED), by_f1),
        ("log_loss", network.at(KNOWN_TIER), by_loss),
    )
    return pd.concat(
        [
            differences(name, predicted[name], ours, against, score, own)
            for name, own in resampled.items()
            for score, ours, against in compared
        ],
        ignore_index=True,
    )


def _stages_without(network: Family) -> list[str]:
    """The stages that are not given the process."""
    return [network.at(tier).stage for tier in SOURCES]


def _invented(standing: pd.DataFrame, network: Family) -> pd.DataFrame:
    """The network in blocks of time, by where its rare rows come from."""
    sources = {tier: network.at(tier).stage for tier in SOURCES}
    sources["simulation"] = network.at(KNOWN_TIER).stage
    in_blocks = standing[standing["judge"] == BLOCKS].set_index("stage")
    return in_blocks.loc[list(sources.values())].reset_index().assign(source=list(sources))
