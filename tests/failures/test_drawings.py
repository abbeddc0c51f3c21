"""Other drawings of the held-out rows: whom they judge, and how they are summed up."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from made_up import text

from labkit.failures import drawings
from labkit.failures.choosing import Seen, searched
from labkit.failures.contenders import families
from labkit.failures.data import load_maintenance
from labkit.failures.machines import machines
from labkit.failures.profile import PROFILES

TINY = replace(
    PROFILES["quick"], drawings=3, forest_trees=3, boosting_rounds=2, inner_folds=2,
    recipe_epochs=1, nested_candidates=2,
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("one_process")


@pytest.fixture(scope="module")
def data():
    return load_maintenance("embedded")


def test_each_drawing_holds_out_other_rows_and_trains_on_all_others(data):
    first = machines(data, TINY.seed).test
    splits = drawings._splits(data, TINY)
    assert list(splits) == ["drawing 2", "drawing 3", "drawing 4"]
    seen = {tuple(first)}
    for split in splits.values():
        both = np.sort(np.concatenate([split.train, split.out]))
        np.testing.assert_array_equal(both, np.arange(len(data.frame)))
        seen.add(tuple(split.out))
    assert len(seen) == 4


def test_a_drawing_chooses_nothing_by_the_rows_that_it_holds_out(data, monkeypatch):
    forests = [family for family in families(TINY, 2) if family.key == "forest"]
    monkeypatch.setattr("labkit.failures.choosing.families", lambda *_: forests)
    split = drawings._splits(data, TINY)["drawing 2"]
    absurd = data.frame.copy()
    absurd["torque"] = absurd["torque"].astype(float)
    absurd.iloc[split.out, absurd.columns.get_loc("torque")] *= 100
    made, again = (
        searched(own, TINY, {"drawing 2": Seen(split.train, TINY.seed)}, 2, ["recipe"])
        for own in (data, replace(data, frame=absurd))
    )
    pd.testing.assert_frame_equal(made, again, check_exact=True)
    assert set(made["tier"]) == {"recipe"}


def scores(**f1):
    """Macro-F1 of each family, drawing by drawing."""
    rows = [
        {"drawing": f"drawing {k + 2}", "family": family.replace("_", " "), "macro_f1": value}
        for family, values in f1.items()
        for k, value in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_the_summary_counts_who_lies_above_the_networks():
    table = scores(rule_oracle=[0.66] * 3, random_forest=[0.6, 0.7, 0.5], MLP=[0.65, 0.65, 0.4])
    own = drawings.summed_up(table, "MLP").set_index("family")
    assert own.loc["random forest"].tolist() == pytest.approx([0.6, 0.5, 0.7, 2])
    assert own.loc["MLP", ["low", "high", "above"]].tolist() == pytest.approx([0.4, 0.65, 0])
    facts = drawings.Drawings(
        profile="full", scores=table, summary=own.reset_index(), moves=0.25, n=3
    )
    said = text(drawings.said(facts))
    assert "by up to 0.250" in said and "random forest in 2 of them" in said
    assert "oracle" not in said
    ahead = scores(rule_oracle=[0.66], random_forest=[0.5], MLP=[0.6])
    own = drawings.summed_up(ahead, "MLP")
    alone = replace(facts, scores=ahead, summary=own, n=1)
    assert "In another drawing" in drawings.said(alone)
    assert "no other family" in drawings.said(alone)
