"""What scikit-learn may change without notice: this says what has changed, and where it is used."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest
import sklearn
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV

import labkit.nets
from labkit.nets.private import HalvingGridSearchCV

ROOM = Path(labkit.nets.__file__).parent
USED_IN = {path: ast.parse(path.read_text()) for path in sorted(ROOM.rglob("*.py"))}

SIGNATURES = {
    "_fit_context": "prefer_skip_nested_validation",
    "_safe_split": "estimator X y indices train_indices",
    "_check_method_params": "X params indices",
    "_num_samples": "x",
    "_check_sample_weight": "sample_weight X dtype force_float_dtype ensure_non_negative "
    "ensure_same_device copy allow_all_zero_weights",
    "_fit_and_score": "estimator X y scorer train test verbose parameters fit_params score_params "
    "return_train_score return_parameters return_n_test_samples return_times return_estimator "
    "split_progress candidate_progress error_score caller callback_ctx",
    "_score": "estimator X_test y_test scorer score_params error_score",
    "_insert_error_scores": "results error_score",
    "_warn_or_raise_about_fit_failures": "results error_score",
    "_MultimetricScorer": "scorers raise_exc",
    "_BaseScorer": "score_func sign kwargs response_method",
    "_PassthroughScorer": "estimator",
    "BaseSearchCV": "estimator scoring n_jobs refit cv verbose pre_dispatch error_score "
    "return_train_score",
    "HalvingGridSearchCV": "estimator param_grid factor resource max_resources min_resources "
    "aggressive_elimination cv scoring refit error_score return_train_score random_state n_jobs "
    "verbose",
}

METHODS = {
    "_run_search": "self evaluate_candidates callback_ctx",
    "_check_input_parameters": "self X y split_params",
    "_init_callback_context": "self task_name task_id max_subtasks sequential_subtasks",
    "_get_scorers": "self",
    "_get_routed_params_for_fit": "self params",
    "_check_refit_for_multimetric": "self scores",
    "_format_results": "self candidate_params n_splits out more_results",
    "_select_best_index": "refit refit_metric results",
}


def imports(tree):
    """(module, name) of what is imported from scikit-learn with an underscore on its way."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sklearn"):
            names = [alias.name for alias in node.names]
            hidden = "._" in node.module
            yield from ((node.module, name) for name in names if hidden or name.startswith("_"))


PLACES = {name: module for module, name in imports(USED_IN[ROOM / "private.py"])}


def advice(name):
    return (
        f"scikit-learn {sklearn.__version__} has another {name}; see what labkit/nets/private.py "
        "says it is used for, mend that, then this test"
    )


def parameters(function):
    return " ".join(inspect.signature(function).parameters)


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_private_name_is_where_it_was_and_takes_what_it_took(name):
    module = importlib.import_module(PLACES[name])
    assert hasattr(module, name), advice(name)
    assert parameters(getattr(module, name)) == SIGNATURES[name], advice(name)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("search", [GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV])
def test_a_private_method_of_the_searches_is_what_it_was(search, name):
    assert hasattr(search, name), advice(name)
    assert parameters(getattr(search, name)) == METHODS[name], advice(name)


def test_private_names_are_imported_in_one_module_and_all_of_them_are_held_here():
    elsewhere = {path.name: list(imports(tree)) for path, tree in USED_IN.items()}
    assert set(PLACES) == set(SIGNATURES)
    del elsewhere["private.py"]
    assert not any(elsewhere.values()), elsewhere


def test_the_attributes_that_are_read_are_there():
    scorer = sklearn.metrics.check_scoring(None, ["r2"])
    assert list(scorer._scorers) == ["r2"], advice("_MultimetricScorer._scorers")
