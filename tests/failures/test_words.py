"""Sentences on the failure study: two results, two sentences, both true."""

from made_up import balanced, failure_scores, failures_final, text

from labkit.failures import balancing, words

BELOW = failures_final()
ABOVE = failures_final(failure_scores(tuned=0.5, regularized=0.65))


def test_the_outcome_takes_sides_by_the_scores():
    below = text(words.outcome(BELOW))
    assert "**MLP, tuned**, has a macro-F1 of 0.600 (95 % interval 0.587 to 0.613), bel" in below
    assert "below random forest, physics" in below
    # The repetitions of both go up and down together, so that the difference is sure.
    assert "the two differ by −0.0400 (95 % interval −0.0400 to −0.0400)." in below
    assert "majority class has 0.164 and the rule oracle 0.660" in below
    assert "accuracy of 0.9800 stands beside the majority class's 0.9650" in below
    assert below.endswith("macro-F1 is 0.450.")
    above = text(words.outcome(ABOVE))
    assert "**MLP, regularized**, has a macro-F1 of 0.650" in above
    assert "above random forest" in above
    assert above.endswith("macro-F1 is 0.500.")


def test_a_rival_learns_so_neither_floor_nor_ceiling_is_one():
    final = failures_final(failure_scores(oracle=0.9, majority=0.8))
    assert final.of(final.rival).name == "random forest, physics"


def test_the_headline_never_leaves_an_accuracy_alone():
    sentence = text(words.headline(BELOW))
    assert "best network (MLP, tuned) has a macro-F1 of 0.600; random forest, physics" in sentence
    assert "0.9800" in sentence and "failure already has 0.9650" in sentence
    assert "(MLP, regularized)" in words.headline(ABOVE)


def test_classes_are_found_or_missed_by_their_f1():
    mixed = failures_final(f1_by_class=[0.99, 0.9, 0.8, 0.5, 0.1, 0.0])
    found, missed = text(words.classes(mixed)).split("; ")
    assert all(f"({score})" in found for score in ("0.99", "0.90", "0.80", "0.50"))
    assert "(0.10)" in missed and "(0.00)" in missed and "(0.50)" not in missed
    assert "none is mostly missed" in text(words.classes(failures_final(f1_by_class=[0.9] * 6)))
    nothing = text(words.classes(failures_final(f1_by_class=[0.1] * 6)))
    assert nothing.startswith("mostly missed") and "found" not in nothing


def test_balancing_that_helps_and_balancing_that_does_not():
    better = text(balancing.said(balanced(none=0.55, SMOTE=0.6)))
    assert "comes from **SMOTE**; SMOTE raises the macro-F1 above the 0.55" in better
    assert "recall goes from 0.40 to 0.80 with **SMOTE**" in better
    worse = text(balancing.said(balanced(none=0.7)))
    assert "comes from **none**; no strategy raises the macro-F1 above the 0.70" in worse


def test_physics_may_help_the_one_and_harm_the_other():
    sentence = text(words.physics(BELOW))
    assert "raised the macro-F1 from 0.530 to 0.640 (by 0.110) of a random forest" in sentence
    assert "raised the macro-F1 from 0.560 to 0.580" in sentence
    harmed = text(words.physics(failures_final(failure_scores(physics=0.5))))
    assert "lowered the macro-F1 from 0.560 to 0.500" in harmed


def test_folds_and_blocks_are_those_of_the_same_model():
    assert "of 0.600 over stratified folds and of 0.450 over" in words.blocks(BELOW)
    assert "of 0.650 over stratified folds and of 0.500 over" in words.blocks(ABOVE)


def test_accuracy_and_macro_f1_disagree_about_the_majority_class():
    sentence = text(words.metrics_disagree(BELOW))
    assert "accuracy of 0.9650" in sentence and "macro-F1 of 0.164" in sentence


def test_tuning_is_measured_from_the_same_features():
    assert "raised the out-of-fold macro-F1 from 0.5800 to 0.6000" in text(words.tuning(BELOW))
    assert "lowered" in words.tuning(ABOVE)
