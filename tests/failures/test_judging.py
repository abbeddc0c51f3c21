"""Judges: which rows choose and which judge, and how sure a score is."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, log_loss

from labkit.failures.choosing import DEVELOPMENT, block_name, choices, chosen, nested_choices
from labkit.failures.contenders import MAJORITY, ORACLE, Contender, families, staged
from labkit.failures.data import load_maintenance
from labkit.failures.judging import (
    BLOCKS,
    HELD_OUT,
    OUT_OF_FOLD,
    Judge,
    differences,
    judges,
    standings,
    train_judged,
)
from labkit.failures.machines import machines
from labkit.failures.profile import PROFILES
from labkit.failures.resampling import RowBootstrap
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.scores import macro_f1_of
from labkit.failures.stages import DECIDED, SINGLE, Split
from labkit.report.remedies import Cure

QUICK = PROFILES["quick"]
TINY = replace(
    QUICK, epochs=2, recipe_epochs=1, ensemble=2, n_repeats=2, forest_trees=5, boosting_rounds=4,
    resamples=50, nested_candidates=2, folds=3,
    learning_rates={"adam": [1e-2]},
    grid={"hidden_sizes": [(8,), (16,)], "batch_size": [512], "epochs": [1]},
)  # fmt: skip
CURE = Cure(dropout=0.0, weight_decay=0.0, batch_norm=False, epochs=TINY.epochs)
"""One that changes nothing."""


pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture(scope="module")
def data():
    whole = load_maintenance("embedded")
    frame = whole.frame
    failed = frame["failure_type"] != "No Failure"
    few = pd.concat([frame[failed], frame[~failed][::20]]).sort_index().reset_index(drop=True)
    return replace(whole, frame=few)


@pytest.fixture(scope="module")
def guesses():
    """Labels, and probabilities of two models in two repeats: (labels, good, poor)."""
    random = np.random.default_rng(0)
    y = pd.Series(random.choice(FAILURE_TYPES, size=300, p=[0.7, 0.1, 0.1, 0.05, 0.04, 0.01]))
    truth = (y.to_numpy()[:, None] == np.array(FAILURE_TYPES)).astype(float)

    def model(skill):
        noisy = [skill * truth + random.dirichlet(np.ones(6), size=300) for _ in range(2)]
        return [own / own.sum(axis=1, keepdims=True) for own in noisy]

    return y, model(0.6), model(0.3)


def labels(probabilities):
    return np.array(FAILURE_TYPES)[probabilities.argmax(axis=1)]


# The bootstrap.


def test_scores_are_means_over_the_repeats_and_agree_with_scikit_learn(guesses):
    y, good, _ = guesses
    bootstrap = RowBootstrap(y, 2, resamples=50, seed=0)
    f1 = [f1_score(y, labels(own), labels=FAILURE_TYPES, average="macro") for own in good]
    assert bootstrap.macro_f1(good).value == pytest.approx(np.mean(f1), rel=1e-6)
    order = np.argsort(FAILURE_TYPES)
    losses = [log_loss(y, own[:, order], labels=sorted(FAILURE_TYPES)) for own in good]
    assert bootstrap.log_loss(good).value == pytest.approx(np.mean(losses), rel=1e-5)


def test_a_draw_is_the_score_of_the_rows_and_of_the_training_that_it_drew(guesses):
    y, good, _ = guesses
    bootstrap = RowBootstrap(y, 2, resamples=20, seed=0)
    draws = bootstrap.macro_f1(good).draws
    assert set(bootstrap.repeats.argmax(axis=1)) == {0, 1}
    for i in (0, 7, 19):
        rows = np.repeat(np.arange(300), bootstrap.times[i].astype(int))
        assert len(rows) == 300
        predicted = labels(good[bootstrap.repeats[i].argmax()])
        expected = f1_score(
            y.iloc[rows], predicted[rows], labels=FAILURE_TYPES, average="macro", zero_division=0
        )
        assert draws[i] == pytest.approx(expected, rel=1e-5)


def test_intervals_cover_the_score_of_other_rows():
    """Of 100 samples about 95 intervals hold the true accuracy, here as the log loss of a coin."""
    random = np.random.default_rng(1)
    held = 0
    for seed in range(100):
        right = random.random(400) < 0.8
        y = pd.Series(np.where(right, FAILURE_TYPES[0], FAILURE_TYPES[1]))
        own = np.tile([0.8, 0.2, 0, 0, 0, 0], (400, 1))
        loss = RowBootstrap(y, 1, resamples=200, seed=seed).log_loss([own]).interval
        held += loss.low <= -0.8 * np.log(0.8) - 0.2 * np.log(0.2) <= loss.high
    assert 88 <= held <= 100


def test_a_difference_is_paired(guesses):
    y, good, poor = guesses
    split = Split(np.arange(2), np.arange(300), 0)
    judge = Judge("all", np.arange(300), [[split]] * 2, [["x"]] * 2)
    models = [Contender("good", "mlp", "good", "us"), Contender("poor", "baseline", "poor", "them"),
              Contender("same", "baseline", "same", "them")]  # fmt: skip
    predicted = dict(zip(models, (good, poor, good), strict=True))
    bootstrap = judge.bootstrap(y, TINY)
    table = differences("all", predicted, models[0], models[1:], "macro_f1", bootstrap)
    table = table.set_index("against")
    stood = standings("all", predicted, bootstrap).set_index("model")["macro_f1"]
    assert table["difference"]["poor"] == pytest.approx(stood["good"] - stood["poor"])
    right = np.mean([(labels(own) == y).mean() for own in good])
    assert standings("all", predicted, bootstrap)["accuracy"][0] == pytest.approx(right)
    assert table["low"]["poor"] > 0 and table["p_value"]["poor"] < 0.05
    assert table.loc["same", ["difference", "low", "high"]].eq(0).all()
    assert table["p_value"]["same"] == table["adjusted"]["same"] == 1
    assert table["adjusted"]["poor"] == pytest.approx(min(1, 2 * table["p_value"]["poor"]))
    assert stood["good"] < 0.95, "a model without an error scores the same in every resample"


def test_macro_f1_of_many_matrices_is_that_of_each():
    matrices = np.random.default_rng(0).integers(0, 9, size=(5, 6, 6))
    matrices[0, 5] = matrices[0, :, 5] = 0  # a class that neither occurs nor is predicted
    for matrix, own in zip(matrices, macro_f1_of(matrices), strict=True):
        true = np.repeat(np.arange(6), matrix.sum(axis=1))
        predicted = np.concatenate([np.repeat(np.arange(6), row) for row in matrix])
        expected = f1_score(true, predicted, labels=range(6), average="macro", zero_division=0)
        assert own == pytest.approx(expected)


# Who judges what.


def test_nothing_judges_what_it_chose_or_trained(data):
    rows = machines(data, TINY.seed)
    by_name = {judge.name: judge for judge in judges(rows, TINY)}
    for judge in by_name.values():
        for splits in judge.repeats:
            covered = np.concatenate([split.out for split in splits])
            np.testing.assert_array_equal(np.sort(covered), judge.rows)
    assert not np.intersect1d(by_name[HELD_OUT].rows, rows.development).size
    for _, choice, split in by_name[HELD_OUT].splits():
        assert choice == DEVELOPMENT
        assert not np.intersect1d(split.train, split.out).size
    searches = [choice for _, choice, _ in by_name[BLOCKS].splits()]
    assert len(set(searches)) == TINY.folds * TINY.n_repeats, "a repeat took another's choice"
    for _, _, split in by_name[BLOCKS].splits():
        assert (np.diff(split.out) == 1).all() and not np.intersect1d(split.train, split.out).size
    np.testing.assert_array_equal(by_name[OUT_OF_FOLD].rows, rows.development)
    seeds = [split.seed for splits in by_name[BLOCKS].repeats for split in splits]
    assert len(set(seeds)) == TINY.n_repeats


def test_every_family_goes_through_the_same_stages():
    entered = {}
    for family in families(TINY, 2):
        first = {tier: own[0] for tier, own in family.candidates.items()}
        entered[family.key] = staged(family, first, TINY, CURE)
    networks = entered.pop("mlp")
    assert set(networks) - {"regularized"} == set(entered["forest"])
    learners = [networks[tier].learner.get_params() for tier in ("physics", "regularized")]
    assert learners[0] != learners[1], "the first model under another name, whatever the cure"
    for stages in entered.values():
        assert list(stages) == ["raw", "physics", "tuned", "recipe"]
        for tier, stage in stages.items():
            ours = networks[tier]
            assert (stage.features, stage.normal, stage.decides, stage.strategy) == (
                ours.features, ours.normal, ours.decides, ours.strategy)  # fmt: skip
    averaging = {key: stages["recipe"].n_members for key, stages in entered.items()}
    assert averaging == {"logistic": 1, "forest": 2, "boosting": 1, "catboost": 2}


def test_choices_inside_a_block_do_not_move_with_the_block(data, monkeypatch):
    """Rows of the first block, made absurd, move no choice that is judged on them."""
    few = [own for own in families(TINY, 2) if own.key in ("forest", "mlp")]
    monkeypatch.setattr("labkit.failures.choosing.families", lambda *_: few)
    changed = data.frame.copy()
    first = machines(data, TINY.seed)
    block = next(judge for judge in judges(first, TINY) if judge.name == BLOCKS).repeats[0][0].out
    changed["torque"] = changed["torque"].astype(float)
    changed.iloc[block, changed.columns.get_loc("torque")] *= 100
    made, again = (
        nested_choices.make(own, TINY).candidates.set_index("rows")
        for own in (data, replace(data, frame=changed))
    )
    for repeat in range(TINY.n_repeats):
        same, moved = block_name(0, repeat), block_name(1, repeat)
        pd.testing.assert_frame_equal(made.loc[same], again.loc[same], check_exact=True)
        assert (made.loc[moved, "macro_f1"] != again.loc[moved, "macro_f1"]).any()
    first, second = (made.loc[block_name(0, repeat), "macro_f1"] for repeat in (0, 1))
    assert (first.to_numpy() != second.to_numpy()).any(), "repeats share their folds and seeds"
    assert made.groupby(["rows", "family", "tier"])["chosen"].sum().eq(1).all()


def test_the_choice_is_the_candidate_with_the_best_score(data, monkeypatch, tmp_path):
    monkeypatch.setattr("labkit.report.results.FOLDER", tmp_path)
    made = choices(data, TINY)
    forests = made.candidates.query("family == 'forest' and tier == 'tuned'")
    best = int(forests.loc[forests["macro_f1"].idxmax(), "candidate"])
    assert made.number(DEVELOPMENT, "forest", "tuned") == best
    learner = chosen(made, data, TINY, DEVELOPMENT)["forest"]["tuned"]
    family = next(own for own in families(TINY, TINY.candidates) if own.key == "forest")
    assert learner.get_params() == family.candidates["tuned"][best].get_params()


def test_a_family_that_sends_a_single_learner_has_no_search(data, monkeypatch, tmp_path):
    monkeypatch.setattr("labkit.report.results.FOLDER", tmp_path)
    made = nested_choices(data, replace(TINY, nested_candidates=1))
    assert made.candidates.empty
    assert made.number(block_name(0, 0), "forest", "tuned") == 0


def test_every_model_is_trained_for_every_judge(data):
    rows = machines(data, TINY.seed)
    all_judges = [judge for judge in judges(rows, TINY) if judge.name in (HELD_OUT, BLOCKS)]
    own = [family for family in families(TINY, 1) if family.key in ("logistic", "mlp")]
    stages = {
        (family.key, tier): stage
        for family in own
        for tier, stage in staged(
            family, {t: c[0] for t, c in family.candidates.items()}, TINY, CURE
        ).items()
    }
    names = {choice for judge in all_judges for _, choice, _ in judge.splits()}
    predicted = train_judged(rows, all_judges, own, dict.fromkeys(names, stages)).predicted
    for judge in all_judges:
        models = predicted[judge.name]
        assert {MAJORITY, ORACLE, own[0].at("raw"), own[1].at("recipe", DECIDED)} <= set(models)
        assert own[0].at("recipe", "averaged") not in models, "logistic regression has no seeds"
        for repeats in models.values():
            assert len(repeats) == TINY.n_repeats
            for probabilities in repeats:
                np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-4)
    logistic = stages["logistic", "raw"]
    split = all_judges[0].repeats[0][0]
    X, y = rows.X.iloc[split.train], rows.y.iloc[split.train]
    pipeline = logistic.pipeline(y, split.seed).fit(X, y)
    given = pd.DataFrame(pipeline.predict_proba(rows.X.iloc[split.out]), columns=pipeline.classes_)
    np.testing.assert_allclose(
        predicted[HELD_OUT][own[0].at("raw", SINGLE)][0], given[list(FAILURE_TYPES)], atol=1e-5
    )
