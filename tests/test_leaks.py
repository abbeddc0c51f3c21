"""Leaks planted on purpose: each is caught, and the code without it passes the same guard.

Where an alarm is the guard, it goes off in the study itself, as it would in a render. Where a test
is, the same check is made with the leak and without.
"""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import f1_score
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from test_leakage import VOLATILITY_PROFILE, early_stopping, with_another_last_year

from labkit.failures import contenders as failure_contenders
from labkit.failures import final as failure_final
from labkit.failures import stages
from labkit.failures.alarms import SINGLE_FEATURE_LIMITS, check_single_features
from labkit.failures.data import load_maintenance
from labkit.failures.decision import MacroF1Rule
from labkit.failures.features import PHYSICS, machine_features
from labkit.failures.profile import Profile as FailureProfile
from labkit.failures.stages import DECIDED, Split, Stage
from labkit.nets.estimators import MLPClassifier
from labkit.nets.splits import DateSeriesSplit, stratified
from labkit.report import results
from labkit.report.alarms import Alarm, check_copies, check_relatives
from labkit.report.models import Model, simpler_relatives
from labkit.volatility import final as volatility_final
from labkit.volatility import grid as volatility_grid
from labkit.volatility import stocks as volatility_stocks
from labkit.volatility.alarms import check_order_of_time
from labkit.volatility.contenders import baselines
from labkit.volatility.data import load_nyse
from labkit.volatility.panel import FEATURES, panel_preprocessing, volatility_panel

pytestmark = pytest.mark.long


def untuned(*data):
    """In the place of a grid search: the first model won."""
    return SimpleNamespace(parameters={})


@pytest.fixture
def year(monkeypatch, tmp_path):
    """The final study of volatility on given prices, without the studies that choose."""
    monkeypatch.setattr(volatility_final, "grid", untuned)
    monkeypatch.setattr(volatility_final, "regularization", early_stopping)
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    data = load_nyse("embedded")

    def final(prices):
        stocks = dataclasses.replace(data, prices=prices, securities=None)
        return volatility_final.final.make(stocks, VOLATILITY_PROFILE)

    with parallel_config(backend="sequential"):
        yield final


# Shuffled folds in the grid of the regression.


def shuffled(n_splits, *, embargo):
    return KFold(n_splits, shuffle=True, random_state=0)


def without_embargo(n_splits, *, embargo):
    return DateSeriesSplit(n_splits, embargo=0)


def by_row(n_splits, *, embargo):
    """Neighbouring rows, which are neighbouring stocks of the same days."""
    return KFold(n_splits)


@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
@pytest.mark.parametrize("leak", [shuffled, without_embargo, by_row])
def test_folds_that_know_tomorrow_stop_the_search(prices, monkeypatch, leak):
    data = dataclasses.replace(load_nyse("embedded"), prices=prices, securities=None)
    assert len(volatility_grid.search_rows(data, VOLATILITY_PROFILE)[2]) == 2
    monkeypatch.setattr(volatility_grid, "DateSeriesSplit", leak)
    with pytest.raises(Alarm, match="a fold is trained on .* and judged from"):
        volatility_grid.search_rows(data, VOLATILITY_PROFILE)


def test_the_embargo_is_counted_in_days_of_the_market():
    dates = pd.Series(pd.bdate_range("2020-01-01", periods=10).repeat(2))
    train = np.arange(8)
    check_order_of_time(dates, [(train, np.arange(12, 20))], embargo=2)
    with pytest.raises(Alarm, match="2020-01-06 and judged from 2020-01-09"):
        check_order_of_time(dates, [(train, np.arange(12, 20))], embargo=3)


# Early stopping on the test year.


def test_early_stopping_on_the_test_year_moves_scores_that_it_should_not(year, prices, monkeypatch):
    def development_scores(prices):
        scores = year(prices).scores
        return scores[scores["set"] != "test"]["r2"].to_numpy()

    other = with_another_last_year(prices)
    clean = development_scores(prices)
    np.testing.assert_array_equal(clean, development_scores(other))

    honest = volatility_final.train_on

    def watching_the_test_year(sets, members, *, watched):
        return honest({**sets, "validation": sets["test"]}, members, watched=watched)

    monkeypatch.setattr(volatility_final, "train_on", watching_the_test_year)
    assert (development_scores(prices) != development_scores(other)).any()


# A decision rule fitted on the rows that it decides.


class Peeking(MacroF1Rule):
    """Chooses its factors from the probabilities that it is applied to."""

    def apply(self, probabilities):
        return super(Peeking, self.fit(probabilities)).apply(probabilities)


@pytest.fixture(scope="module")
def few(machines):
    """Every failure and 1,000 other rows: features and labels."""
    failed = machines["failure_type"] != "No Failure"
    rows = pd.concat([machines[failed], machines[~failed][:1000]]).sort_index()
    return machine_features(rows).reset_index(drop=True), rows["failure_type"].astype(str)


@pytest.mark.parametrize(("rule", "leaks"), [(MacroF1Rule, False), (Peeking, True)])
def test_what_a_rule_decides_on_a_row_depends_on_no_other_row_to_predict(
    few, monkeypatch, rule, leaks
):
    X, y = few[0], few[1].reset_index(drop=True)
    monkeypatch.setattr(stages, "MacroF1Rule", rule)
    mlp = MLPClassifier(hidden_sizes=(16,), epochs=8, batch_size=64, learning_rate=1e-2)
    stage = Stage(mlp, PHYSICS, decides=True)
    train, out = next(stratified(3, 1, seed=0).split(X, y))
    # The same rows, alone and beside others, which are mostly failures.
    failures = out[y.iloc[out] != "No Failure"]
    alone = stages.predict_stages({"": stage}, X, y, [Split(train, out, 0)])["", DECIDED, 0]
    fewer = stages.predict_stages({"": stage}, X, y, [Split(train, failures, 0)])["", DECIDED, 0]
    same = np.allclose(alone[np.isin(out, failures)], fewer, atol=1e-5)
    assert same is not leaks


# Opponents crippled.


def crippled_ridge():
    return make_pipeline(panel_preprocessing(FEATURES), Ridge(1e6))


def test_a_crippled_ridge_regression_stops_the_render(year, prices, monkeypatch):
    year(prices)
    monkeypatch.setattr("labkit.volatility.contenders.ridge", crippled_ridge)
    with pytest.raises(Alarm, match="ridge regression scores .* of HAR, which can do less"):
        year(prices)


def test_relatives_follow_from_the_models():
    boosting = Model("gradient boosting", "baseline", "boosting")
    boosted = {boosting: (HistGradientBoostingRegressor(), FEATURES)}
    named = {
        model.stage: [other.stage for other in own]
        for model, own in simpler_relatives(baselines() | boosted).items()
    }
    assert named == {
        "persistence": [],
        "har": ["persistence"],
        "ridge": ["persistence", "har"],
        "boosting": ["persistence", "har", "ridge"],
    }


def test_a_relative_is_found_inside_pipelines_and_searches():
    logistic = make_pipeline(GridSearchCV(LogisticRegression(), {"C": [1.0]}))
    learners = {
        Model("majority", "floor", "majority"): (DummyClassifier(), ()),
        Model("oracle", "ceiling", "oracle"): (DummyClassifier(), ()),
        Model("logistic", "baseline", "logistic"): (logistic, ()),
        Model("forest", "baseline", "forest"): (RandomForestClassifier(), ()),
    }
    found = {
        model.name: [o.name for o in own] for model, own in simpler_relatives(learners).items()
    }
    assert found == {"majority": [], "logistic": ["majority"], "forest": ["majority", "logistic"]}


@pytest.mark.parametrize(("forest", "stops"), [(0.99, False), (0.5, False), (0.3, True)])
def test_a_forest_below_the_line_that_it_could_draw_is_crippled(forest, stops):
    line, tree = Model("logistic", "baseline", "l"), Model("forest", "baseline", "f")
    scores, relatives = {line: 0.5, tree: forest}, {line: [], tree: [line]}
    if not stops:
        return check_relatives(scores, relatives)
    with pytest.raises(Alarm, match="forest scores 0.3000 .* below the 0.5000 of logistic"):
        check_relatives(scores, relatives)


def test_a_crippled_forest_stops_the_render(machines, monkeypatch):
    """In the failure study's own alarms, which read the scores on its training rows."""
    profile = FailureProfile(name="canary", folds=3, n_repeats=1)
    data = dataclasses.replace(load_maintenance("embedded"), frame=machines)
    split = failure_final.machines(data, profile.seed)
    monkeypatch.setattr(failure_final, "check_macro_f1", lambda *_: None)

    def alarms(forest):
        f1 = {"logistic-raw": 0.4, "logistic-physics": 0.5, "forest-physics": forest}
        scores = [
            {**model.row, "set": s, "accuracy": 0.97, "macro_f1": f1.get(model.stage, 0.9)}
            for family in failure_contenders.families(profile, 1)
            for model in (family.at("raw"), family.at("physics"))
            for s in ("train", "test")
        ]
        table = pd.DataFrame(scores)
        standing = table.assign(judge="blocks of time")
        failure_final.raise_alarms(data, split, profile, [], standing, table)

    alarms(forest=0.99)
    with pytest.raises(
        Alarm, match="random forest, physics scores 0.3000 .* logistic regression, physics"
    ):
        alarms(forest=0.3)


# Tomorrow's value among the inputs.


def test_tomorrows_value_among_the_inputs_is_above_the_ceiling(year, prices, monkeypatch):
    year(prices)

    def knowing(prices):
        panel = volatility_panel(prices)
        return dataclasses.replace(panel, X=panel.X.assign(log_vol_1=panel.y))

    monkeypatch.setattr(volatility_stocks, "volatility_panel", knowing)
    with pytest.raises(Alarm, match="what tomorrow's true volatility would score"):
        year(prices.copy())


# A near-copy of the label.


@pytest.mark.parametrize("flipped", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("source", ["all labels", "failures missed"])
def test_a_near_copy_of_the_label_is_found(machines, flipped, source):
    X, y = machine_features(machines), machines["failure_type"]
    failed, random = (y != "No Failure").to_numpy(), np.random.default_rng(1)
    share = flipped if source == "all labels" else flipped * failed
    copy = failed ^ (random.random(len(y)) < share)
    with pytest.raises(Alarm, match="'copy' alone tells failure from none"):
        check_single_features(X[["torque"]].assign(copy=copy.astype(int)), y, seed=0)
    if flipped == 0.02 and source == "all labels":
        assert f1_score(failed, copy) < 0.8, "which F1 alone would have let pass"


def test_honest_features_stay_well_below_the_limits(machines):
    check_single_features(machine_features(machines), machines["failure_type"], seed=0)
    assert SINGLE_FEATURE_LIMITS["F1"] > 0.44 and SINGLE_FEATURE_LIMITS["balanced accuracy"] > 0.83


# Rows on both sides of a split.


def doubled(machines, share):
    """Some of the rows a second time, at the end, with serial numbers of their own."""
    again = machines.sample(frac=share, random_state=0)
    again = again.assign(udi=np.arange(len(again)) + machines["udi"].max() + 1)
    return pd.concat([machines, again], ignore_index=True)


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5])
def test_rows_doubled_before_the_split_stop_the_render(machines, share, monkeypatch):
    """The alarm goes off before any other, on the study's own splits."""
    rows = doubled(machines, share)
    profile = FailureProfile(name="canary", folds=3, n_repeats=1)
    data = dataclasses.replace(load_maintenance("embedded"), frame=rows)
    split = failure_final.machines(data, profile.seed)
    judges = failure_final.judges(split, profile)

    class Reached(Exception):
        pass

    def next_alarm(*_):
        raise Reached

    monkeypatch.setattr(failure_final, "check_single_features", next_alarm)
    with pytest.raises(Alarm if share else Reached, match="copies of rows" if share else None):
        failure_final.raise_alarms(data, split, profile, judges, None, None)


def test_a_few_rows_that_agree_by_chance_are_no_leak():
    X = pd.DataFrame({"a": np.arange(4000.0), "b": "x"})
    X.iloc[3999] = X.iloc[0]
    train, out = np.arange(2000), np.arange(2000, 4000)
    check_copies(X, [(train, out)])
    X.iloc[3000:3010] = X.iloc[:10].to_numpy()
    with pytest.raises(Alarm, match="11 of 2,000 rows to predict are copies .* row 3000 for one"):
        check_copies(X, [(train, out)])
