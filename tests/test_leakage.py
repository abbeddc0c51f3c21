"""Canaries: nothing that a model learns from may know what it is judged by.

Each canary is also heard to sing: the same check fails, or the number moves, where a leak is made.
"""

import ast
import dataclasses
import importlib
import pkgutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import synthetic_prices
from joblib import parallel_config
from sklearn.metrics import recall_score
from sklearn.model_selection import cross_val_predict, cross_validate
from sklearn.neighbors import KNeighborsClassifier

import labkit.failures
import labkit.volatility
from labkit.failures import final as failure_final
from labkit.failures.data import load_maintenance
from labkit.failures.features import PHYSICS, RAW, RULES, machine_features
from labkit.failures.machines import Machines
from labkit.failures.machines import machines as machine_rows
from labkit.failures.preprocessing import scaling
from labkit.failures.profile import Profile as FailureProfile
from labkit.failures.samplers import STRATEGIES, sampler
from labkit.failures.stages import Split, Stage
from labkit.nets.estimators import MLPClassifier
from labkit.nets.splits import DateSeriesSplit, chronological, stratified
from labkit.place import ROOT
from labkit.report import results
from labkit.report.results import Study
from labkit.volatility import final as volatility_final
from labkit.volatility.data import load_nyse
from labkit.volatility.panel import FEATURE_LABELS, FEATURES, volatility_panel
from labkit.volatility.profile import Profile as VolatilityProfile
from labkit.volatility.stocks import EMBARGO, Stocks

pytestmark = pytest.mark.long

NUMERIC = PHYSICS
ANSWERS = {"udi", "product_id", "target", "failure_type", "next_return", "date", "symbol"}
TINY = MLPClassifier(hidden_sizes=(8,), epochs=1, batch_size=128)


# What the models see.


def test_no_identity_and_no_answer_is_a_feature(machines):
    assert not ANSWERS & set(machine_features(machines))
    assert not ANSWERS & set(FEATURE_LABELS)
    assert not ANSWERS & {*RAW, *PHYSICS, *RULES, *FEATURES}


def test_what_is_in_the_frame_but_not_named_changes_no_network(machines):
    rows = machines.iloc[:400]
    X, y = machine_features(rows), rows["failure_type"].astype(str)
    split = Split(np.arange(300), np.arange(300, 400), 0)
    stage = Stage(TINY, NUMERIC)
    plain = stage.case(X, y, split)
    leaky = stage.case(X.assign(target=rows["target"], udi=rows["udi"], answer=y), y, split)
    np.testing.assert_array_equal(leaky.X, plain.X)
    np.testing.assert_array_equal(leaky.X_out, plain.X_out)


# Time.


def rewritten(prices, after):
    """The same prices up to and on the day ``after``, another market from there on."""
    other = synthetic_prices(seed=99)
    future = other[other["date"] > after]
    drop = (future["symbol"] == "CCC") & (future["date"] > after + pd.Timedelta(days=40))
    new = future[future["symbol"] == "AAA"].assign(symbol="NEW")
    return pd.concat([prices[prices["date"] <= after], future[~drop], new], ignore_index=True)


@pytest.mark.parametrize("at", [200, 500, 900])
def test_another_future_changes_no_feature_of_today(prices, at):
    """Even the listings of the future differ; features up to the day are the same to the bit."""
    before = volatility_panel(prices)
    day = before.index["date"].unique()[at]
    after = volatility_panel(rewritten(prices, day))
    known = before.index["date"] <= day
    both = before.index[known].merge(after.index.reset_index(), on=["date", "symbol"])
    # Rows of the day itself may lose their target, and so themselves; none else may go.
    assert (before.index["date"] < day).sum() <= len(both) <= known.sum()
    old = before.X[known].set_index(pd.MultiIndex.from_frame(before.index[known]))
    new = after.X.loc[both["index"]].set_index(pd.MultiIndex.from_frame(both[["date", "symbol"]]))
    pd.testing.assert_frame_equal(old.loc[new.index], new, check_exact=True)


def test_another_tomorrow_does_change_the_target_and_todays_features_todays(prices):
    before = volatility_panel(prices)
    day = before.index["date"].unique()[500]
    after = volatility_panel(rewritten(prices, day))

    def on(panel, name, date):
        own = getattr(panel, name)
        rows = own[panel.index["date"] == date]
        return rows.set_axis(panel.index["symbol"][panel.index["date"] == date])

    assert (on(before, "y", day) != on(after, "y", day)[on(before, "y", day).index]).all()
    yesterday = before.index["date"].unique()[499]
    pd.testing.assert_series_equal(on(before, "y", yesterday), on(after, "y", yesterday))
    shifted = volatility_panel(rewritten(prices, yesterday))
    assert (on(before, "X", day)["log_vol_1"] != on(shifted, "X", day)["log_vol_1"]).any()


def target_days(panel):
    """The day on which each row's target is measured: the next one of the market."""
    days = np.append(np.sort(panel.index["date"].unique()), np.datetime64("2100-01-01"))
    return pd.Series(days[np.searchsorted(days, panel.index["date"]) + 1])


def test_no_target_of_an_earlier_set_lies_in_a_later_one(prices):
    panel = volatility_panel(prices)
    targets, dates = target_days(panel), panel.index["date"]
    split = chronological(dates, embargo=EMBARGO)
    assert targets[split.train].max() < dates[split.validation].min()
    assert targets[split.validation].max() < dates[split.test].min()
    # Without an embargo the last target of train is the first day of validation.
    bare = chronological(dates, embargo=0)
    assert targets[bare.train].max() == dates[bare.validation].min()


def test_no_target_of_a_training_fold_lies_in_its_test_fold(prices):
    panel = volatility_panel(prices)
    targets, dates = target_days(panel), panel.index["date"]
    folds = DateSeriesSplit(4, embargo=EMBARGO).split(panel.X, groups=dates)
    for train, test in folds:
        assert targets[train].max() < dates[test].min()
        assert not set(dates[train]) & set(dates[test])


# Fitting inside the training fold.


@pytest.fixture(scope="module")
def few(machines):
    """Machine rows with every failure and 1,500 others, features and labels."""
    failed = machines["failure_type"] != "No Failure"
    rows = pd.concat([machines[failed], machines[~failed][:1500]]).sort_index()
    rows = rows.reset_index(drop=True)
    return machine_features(rows), rows["failure_type"].astype(str)


@pytest.fixture(scope="module")
def fold(few):
    return next(stratified(3, 1, seed=0).split(*few))


def poisoned(X, rows):
    X = X.copy()
    X.iloc[rows, [X.columns.get_loc(name) for name in NUMERIC]] = 1e6
    return X


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_absurd_test_rows_change_nothing_that_was_fitted(few, fold, strategy):
    """Scaler, sampler and network are the same to the bit; in a training row they are not."""
    X, y = few
    train, test = fold
    pipeline = Stage(TINY, NUMERIC, strategy).pipeline(y.iloc[train], seed=0)

    def fitted(X):
        scores = cross_validate(pipeline, X, y, cv=[(train, test)], return_estimator=True,
                                scoring="f1_macro", error_score="raise")  # fmt: skip
        return scores["estimator"][0]

    clean, same = fitted(X), fitted(poisoned(X, test))
    scaler, other = (
        model["scaling"].named_transformers_["numbers"]["standardscaler"] for model in (clean, same)
    )
    np.testing.assert_array_equal(scaler.mean_, other.mean_)
    np.testing.assert_array_equal(scaler.var_, other.var_)
    assert scaler.n_samples_seen_ == len(train)
    weights, others = (model["learner"].net_.module_.state_dict() for model in (clean, same))
    for name, value in weights.items():
        assert torch.equal(value, others[name])
    changed = fitted(poisoned(X, train[:1]))
    assert not torch.equal(
        weights["0.weight"], changed["learner"].net_.module_.state_dict()["0.weight"]
    )


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_stacked_studies_prepare_a_fold_as_the_pipeline_does(few, fold, strategy):
    """Poisoned test rows reach only the rows to predict, which are neither more nor fewer."""
    X, y = few
    split = Split(*fold, seed=0)
    stage = Stage(TINY, NUMERIC, strategy)
    clean, other = stage.case(X, y, split), stage.case(poisoned(X, split.out), y, split)
    np.testing.assert_array_equal(clean.X, other.X)
    np.testing.assert_array_equal(clean.y, other.y)
    assert len(clean.X_out) == len(split.out)
    assert not np.allclose(clean.X_out, other.X_out)
    prepared = scaling(NUMERIC).fit(X.iloc[split.train])
    expected = prepared.transform(X.iloc[split.out])[NUMERIC]
    np.testing.assert_allclose(clean.X_out[:, 3:], expected)


@pytest.mark.parametrize("strategy", ["random oversampling", "random undersampling"])
def test_balanced_rows_are_training_rows(few, fold, strategy):
    X, y = few
    case = Stage(TINY, NUMERIC, strategy).case(X, y, Split(*fold, seed=0))
    scaled = scaling(NUMERIC).fit(X.iloc[fold[0]]).transform(X)[NUMERIC].to_numpy()
    given = set(map(tuple, case.X[:, 3:]))
    own, held = (set(map(tuple, scaled[rows])) for rows in fold)
    assert given <= own and not given & (held - own)


@pytest.mark.parametrize("strategy", ["random oversampling", "SMOTE"])
def test_labels_shuffled_score_at_chance_inside_the_fold_and_shine_outside_it(few, strategy):
    """A learner by heart, the nearest neighbour: copies of a row on both sides give it away."""
    X, y = few
    shuffled = pd.Series(np.random.default_rng(0).permutation(y), index=y.index)
    failures = [label for label in np.unique(y) if label != "No Failure"]

    def failures_found(strategy, X, y):
        learner = (
            Stage(TINY, NUMERIC, strategy)
            .pipeline(y, 0)
            .set_params(learner=KNeighborsClassifier(1))
        )
        folds = stratified(3, 1, seed=0).split(X, y)
        predicted = cross_val_predict(learner, X, y, cv=folds)
        return recall_score(y, predicted, labels=failures, average="macro", zero_division=0)

    chance = (shuffled != "No Failure").mean()
    assert failures_found(strategy, X, shuffled) < chance
    scaled = scaling(NUMERIC).fit(X)
    balanced, labels = sampler(strategy, 0).fit_resample(scaled.transform(X), shuffled)
    # Back to the units of the measurements: the same pipeline, given rows balanced too early.
    numbers = scaled.named_transformers_["numbers"]["standardscaler"]
    before = balanced.assign(
        type=np.array(["L", "M", "H"])[balanced["type"].astype(int)],
        **dict(zip(NUMERIC, numbers.inverse_transform(balanced[NUMERIC]).T, strict=True)),
    )
    assert failures_found("none", before, pd.Series(labels)) > 0.8


# The studies never look at the rows that judge.

VOLATILITY_PROFILE = VolatilityProfile(
    name="canary",
    search_symbols=4,
    learning_rates={"adam": [1e-3, 1e-2]},
    grid={"hidden_sizes": [(8,)], "batch_size": [256], "epochs": [1]},
    confirmations=1, folds=2, epochs=15, remedy_symbols=4, remedy_epochs=15, n_seeds=1,
    bootstrap=20,
)  # fmt: skip

FAILURE_PROFILE = FailureProfile(
    name="canary",
    learning_rates={"adam": [1e-3, 1e-2]},
    grid={"hidden_sizes": [(8,)], "batch_size": [512], "epochs": [1]},
    confirmations=1, folds=2, epochs=15, remedy_epochs=15, recipe_epochs=2, ensemble=2,
    n_seeds=1, n_repeats=1,
    strengths=(1.0,), forest_trees=5, boosting_rounds=4, candidates=2, nested_candidates=1,
    inner_folds=2, resamples=20, simulated_rows=500, simulated_epochs=1,
)  # fmt: skip


def studies_of(wing):
    """Every study that a module of the wing defines, by its name."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.iter_modules(wing.__path__, f"{wing.__name__}.")
    ]
    return {
        own.name: own
        for module in modules
        for own in vars(module).values()
        if isinstance(own, Study) and own.make.__module__ == module.__name__
    }


class Closed(Exception):
    """The test rows were opened."""


@pytest.fixture
def canary(monkeypatch, tmp_path):
    """Data for studies, the test rows locked; each call forgets the results of the one before."""

    def closed(self):
        raise Closed

    def use(prices, machines, *, locked=True):
        monkeypatch.setattr(results, "FOLDER", tmp_path / f"results-{use.times}")
        use.times += 1
        if locked:
            for data in (Stocks, Machines):
                monkeypatch.setattr(data, "open_test", closed)
        stocks = dataclasses.replace(load_nyse("embedded"), prices=prices, securities=None)
        rows = dataclasses.replace(load_maintenance("embedded"), frame=machines)
        return {
            "volatility": (stocks, VOLATILITY_PROFILE),
            "failures": (rows, FAILURE_PROFILE),
        }

    use.times = 0
    with parallel_config(backend="sequential"):
        yield use


def with_another_last_year(prices):
    other = synthetic_prices(seed=7)
    judged = prices["date"] >= pd.Timestamp("2013-01-01")
    return pd.concat([prices[~judged], other[other["date"] >= pd.Timestamp("2013-01-01")]])


def mostly_failed(machines):
    """Few rows and every failure, so that a study is quick and each fold has all classes."""
    failed = machines["failure_type"] != "No Failure"
    return pd.concat([machines[failed], machines[~failed][:500]]).sort_index()


def with_absurd_test_rows(machines):
    data = dataclasses.replace(load_maintenance("embedded"), frame=machines)
    test = machine_rows(data, FAILURE_PROFILE.seed).test
    changed = machines.copy()
    for column in ("torque", "rotational_speed", "tool_wear"):
        changed[column] = changed[column].astype(float)
        changed.iloc[test, changed.columns.get_loc(column)] *= 1000
    return changed


FINAL = {"regression-final", "classification-final"}
JUDGED = {
    "classification-knowledge", "classification-nested-choices", "classification-drawings",
    "classification-remedies-judged", "regression-remedies-judged", "regression-field-judged",
    "regression-refitted",
}  # fmt: skip
"""Studies that hold the test rows among those that judge, or among a block's training rows."""

WITHOUT_DATA = {"classification-ceiling"}

CHOICES = {
    wing.__name__.rpartition(".")[2]: {
        name: own
        for name, own in studies_of(wing).items()
        if name not in FINAL | JUDGED | WITHOUT_DATA
    }
    for wing in (labkit.volatility, labkit.failures)
}


def comparable(facts):
    """All facts without the seconds that something took."""
    found = {}
    for name, value in vars(facts).items():
        if isinstance(value, pd.DataFrame):
            found[name] = value[[c for c in value if "time" not in c and c != "seconds"]]
        elif "seconds" not in name and "times" not in name:
            found[name] = str(value)
    return found


def test_the_canary_hears_every_study():
    assert len(CHOICES["volatility"]) >= 6 and len(CHOICES["failures"]) >= 7
    final = [own.name for wing in (labkit.volatility, labkit.failures)
             for own in studies_of(wing).values() if own.name.endswith("final")]  # fmt: skip
    assert set(final) == FINAL


@pytest.mark.parametrize("wing", CHOICES)
def test_choices_are_the_same_whatever_the_test_rows_are(canary, prices, machines, wing):
    def outcomes(prices, machines):
        given = canary(prices, machines)[wing]
        return {name: comparable(study(*given)) for name, study in CHOICES[wing].items()}

    machines = mostly_failed(machines)
    clean = outcomes(prices, machines)
    other = outcomes(with_another_last_year(prices), with_absurd_test_rows(machines))
    for study, facts in clean.items():
        for name, value in facts.items():
            if isinstance(value, pd.DataFrame):
                pd.testing.assert_frame_equal(value, other[study][name], check_exact=True)
            else:
                assert value == other[study][name], f"{study}: {name}"


def early_stopping(*data):
    """In the place of the study of remedies, whose cure has no patience."""
    return SimpleNamespace(cure=SimpleNamespace(parameters={"patience": 3, "epochs": 15}))


def test_the_last_year_moves_the_test_scores_and_no_other(canary, prices, machines, monkeypatch):
    monkeypatch.setattr(volatility_final, "regularization", early_stopping)

    def scores(prices):
        return volatility_final.final(*canary(prices, machines, locked=False)["volatility"]).scores

    clean, other = scores(prices), scores(with_another_last_year(prices))
    same, moved = (
        [made.query(f"set {sign} 'test'")["r2"].to_numpy() for made in (clean, other)]
        for sign in ("!=", "==")
    )
    np.testing.assert_array_equal(*same)
    assert (moved[0] != moved[1]).all()


def test_test_rows_move_the_test_scores_and_no_other(canary, machines, prices, monkeypatch):
    """Also with early stopping, which must watch rows of its own and never these."""
    machines = mostly_failed(machines)
    monkeypatch.setattr(failure_final, "regularization", early_stopping)
    # Where most rows have failed, a single feature does tell: the alarm would be right.
    monkeypatch.setattr(failure_final, "raise_alarms", lambda *_: None)

    def final(machines):
        return failure_final.final(*canary(prices, machines, locked=False)["failures"])

    clean, other = final(machines), final(with_absurd_test_rows(machines))
    for name in ("scores", "per_class"):
        train, again = (getattr(made, name).query("set == 'train'") for made in (clean, other))
        pd.testing.assert_frame_equal(train, again, check_exact=True)
    pd.testing.assert_series_equal(clean.curves["train_loss"], other.curves["train_loss"])
    assert (clean.curves["test_loss"] != other.curves["test_loss"]).all()


WINGS = {wing: list((ROOT / "labkit" / wing).glob("*.py")) for wing in CHOICES}


@pytest.mark.parametrize("wing", WINGS)
def test_only_what_judges_leads_to_the_test_rows(wing):
    """Whoever refers, over whatever steps, to `open_test` or to the test positions judges."""
    used, leads = {}, set()
    for path in WINGS[wing]:
        tree = ast.parse(path.read_text())
        imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
        means = {a.name: f"{node.module}.{a.name}" for node in imports for a in node.names}
        module = f"labkit.{wing}.{path.stem}"
        functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
        means |= {function.name: f"{module}.{function.name}" for function in functions}
        for function in functions:
            nodes, own = list(ast.walk(function)), means[function.name]
            used[own] = {means.get(n.id) for n in nodes if isinstance(n, ast.Name)}
            if {"open_test", "test"} & {n.attr for n in nodes if isinstance(n, ast.Attribute)}:
                leads.add(own)
    while more := {name for name, names in used.items() if names & leads} - leads:
        leads |= more
    judges = {
        f"labkit.{wing}.{module}"
        for module in ("drawings", "final", "judging", "knowledge", "remedies_judged")
    }
    assert f"labkit.{wing}.final.final" in leads
    assert {name.rpartition(".")[0] for name in leads} <= judges


def test_no_chapter_and_no_other_room_opens_the_test_rows():
    shown = [*(ROOT / "chapters").glob("*.qmd"), ROOT / "index.qmd"]
    rooms = [p for p in (ROOT / "labkit").rglob("*.py") if p.parent.name not in WINGS]
    assert len(shown) > 5 and len(rooms) > 20
    for path in [*shown, *rooms]:
        assert "open_test" not in path.read_text(), path
