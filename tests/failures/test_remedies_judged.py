"""Remedies of the failure study: which rows do what, and what the held-out ones say."""

import numpy as np

from labkit.failures.data import load_maintenance
from labkit.failures.machines import machines as machine_rows
from labkit.failures.profile import Profile
from labkit.failures.regularization import SHARES, divided, regularization
from labkit.failures.remedies_judged import remedies_judged
from labkit.report.remedies import NONE, REMEDIES

TINY = Profile(name="tiny", remedy_epochs=4, n_seeds=2, resamples=50)


def test_every_development_row_does_one_thing_and_each_seed_divides_anew():
    rows = machine_rows(load_maintenance("embedded"), 0)
    X, y = rows.development_rows()
    sets, other = divided(X, y, seed=0), divided(X, y, seed=1)
    assert sum(len(sets[name].y) for name in SHARES) == len(X)
    for name, share in SHARES.items():
        assert abs(len(sets[name].y) - share * len(X)) <= 1
    inputs = np.concatenate([sets[name].X.numpy() for name in SHARES])
    n_different = len(np.unique(inputs.round(5), axis=0))
    unique = len(X.drop_duplicates())
    assert n_different == unique, "a row is in two sets"
    assert not np.array_equal(sets["choosing"].X[:50].numpy(), other["choosing"].X[:50].numpy())


def test_remedies_are_chosen_on_validation_and_judged_on_the_held_out_rows(tmp_path, monkeypatch):
    monkeypatch.setattr("labkit.report.results.FOLDER", tmp_path)
    data = load_maintenance("embedded")
    chosen, judged = regularization(data, TINY), remedies_judged(data, TINY)
    assert list(chosen.doses) == list(REMEDIES) and chosen.n_seeds == 2
    others = [name for name in REMEDIES if name != NONE]
    assert judged.measures == ("cross-entropy", "macro-F1")
    for measure, sign in (("cross-entropy", -1), ("macro-F1", 1)):
        own = judged.of(measure)
        assert list(own["regularization"]) == others and own["before"].nunique() == 1
        np.testing.assert_allclose(own["gain"], sign * (own["after"] - own["before"]))
        assert (own["low"] <= own["gain"]).all() and (own["gain"] <= own["high"]).all()
