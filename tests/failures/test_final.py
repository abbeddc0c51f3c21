"""The final study of failures: its tables are what its predictions say, and its alarms go off."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.metrics import accuracy_score, recall_score

from labkit.failures import final as study
from labkit.failures.contenders import families
from labkit.failures.data import load_maintenance
from labkit.failures.judging import TRAINING
from labkit.failures.machines import machines
from labkit.failures.profile import QUICK
from labkit.failures.rules import FAILURE_TYPES
from labkit.report import results
from labkit.report.alarms import Alarm

TINY = replace(
    QUICK, learning_rates={"adam": [1e-2]}, epochs=2, remedy_epochs=2, recipe_epochs=1, ensemble=2,
    forest_trees=3, boosting_rounds=4, candidates=1, nested_candidates=1, folds=2, resamples=20,
    grid={"hidden_sizes": [(8,)], "batch_size": [512], "epochs": [2]}, n_seeds=1,
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    whole = load_maintenance("embedded")
    frame = whole.frame
    failed = frame["failure_type"] != "No Failure"
    few = pd.concat([frame[failed], frame[~failed][::8]]).sort_index().reset_index(drop=True)
    return replace(whole, frame=few)


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch, parallel_config(backend="sequential"):
        patch.setattr(results, "FOLDER", tmp_path_factory.mktemp("results"))
        # Rows chosen for their failures are no draw of the process: every alarm would go off.
        patch.setattr(study, "raise_alarms", lambda *_: None)
        return study.final.make(data, TINY)


@pytest.mark.parametrize(("s", "judge"), study.SETS.items())
def test_tables_of_a_set_are_what_the_predictions_say(data, finished, s, judge):
    true = finished.judged_rows.loc[finished.judged_rows["judge"] == judge, "true"].to_numpy()
    names = finished.standings.loc[finished.standings["judge"] == judge, "model"]
    places = data.frame.set_index("udi")["failure_type"]
    udi = finished.judged_rows.loc[finished.judged_rows["judge"] == judge, "udi"]
    np.testing.assert_array_equal(places[udi].astype(str).to_numpy(), true)
    tables = [finished.scores, finished.confusion, finished.per_class]
    for model, repeats in zip(names, finished.predictions[judge], strict=True):
        said = np.array(FAILURE_TYPES)[repeats[0].argmax(axis=1)]
        scores, counted, by_class = (t[t["model"].eq(model) & t["set"].eq(s)] for t in tables)
        assert scores["accuracy"].item() == pytest.approx(accuracy_score(true, said))
        counted = counted.set_index(["true", "predicted"])["rows"]
        by_class = by_class.set_index("class")
        recalls = recall_score(true, said, labels=FAILURE_TYPES, average=None, zero_division=0)
        for label, recall in zip(FAILURE_TYPES, recalls, strict=True):
            for other in FAILURE_TYPES:
                assert counted[label, other] == ((true == label) & (said == other)).sum()
            assert by_class["rows"][label] == (true == label).sum()
            assert by_class["recall"][label] == pytest.approx(recall)


def test_the_models_are_the_families_at_their_stages(finished):
    of_training = finished.standings[finished.standings["judge"] == TRAINING]
    named = set(of_training["model"])
    for family in families(TINY, 1):
        assert {family.at(tier).name for tier in ("raw", "physics", "tuned", "recipe")} <= named


def test_the_best_mlp_is_held_against_who_was_given_the_same_the_rival_and_the_rules(finished):
    standings = finished.standings.drop_duplicates("model").set_index("stage")
    best, rival = (standings.loc[stage] for stage in (finished.best, finished.rival))
    same = standings[standings["treatment"] == best["treatment"]]["model"]
    expected = {*same, rival["model"], "rule oracle"} - {best["model"]}
    for _, against in finished.differences.groupby("judge")["against"]:
        assert set(against) == expected and against.is_unique
    assert {duel.against for duel in finished.against_peers} == {*same} - {best["model"]}


# The alarms, on tables in which one number is wrong.


@pytest.fixture
def alarms(monkeypatch):
    """`raise_alarms` of made-up scores, on rows of the process."""
    whole = load_maintenance("embedded")
    rows = machines(whole, TINY.seed)
    monkeypatch.setattr(study, "check_single_features", lambda *_: None)

    def raised(macro_f1=0.5, train=0.97, test=0.97):
        scores = [
            {**model.row, "set": s, "accuracy": accuracy, "macro_f1": macro_f1}
            for family in families(TINY, 1)
            for model in (family.at("raw"), family.at("physics"))
            for s, accuracy in (("train", train), ("test", test))
        ]
        table = pd.DataFrame(scores)
        standing = table[table["set"] == "test"].assign(judge="blocks of time")
        study.raise_alarms(whole, rows, TINY, [], standing, table)

    return raised


def test_honest_scores_raise_no_alarm(alarms):
    alarms()


def test_a_score_that_the_process_does_not_allow_stops_the_render(alarms):
    with pytest.raises(Alarm, match=r"has a macro-F1 of 0\.950, above the 0\.\d+ that the"):
        alarms(macro_f1=0.95)


def test_a_model_that_is_better_on_new_rows_stops_the_render(alarms):
    with pytest.raises(Alarm, match=r"scores 0\.9900 on 2,000 test rows and 0\.9500 on its"):
        alarms(train=0.95, test=0.99)
