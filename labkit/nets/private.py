"""What `labkit.nets` uses of scikit-learn's insides, which may move with any release.

All of it is imported here and nowhere else; ``tests/nets/test_private.py`` tells by name what has
moved or has another signature.

=====================================  =============================================================
name                                   what for
=====================================  =============================================================
``_fit_context``                       checks a search's own parameters before ``fit``
``_safe_split``                        the rows of a split, as a pipeline's first step gets them
``_check_method_params``               the part of ``fit``'s and a scorer's parameters for a split
``_num_samples``                       counts rows of whatever the user gave
``_check_sample_weight``               one weight a row, ones where none are given
``_fit_and_score``                     one candidate on one split, as ``GridSearchCV`` does it
``_score``                             scores a fitted candidate, with its way with failing scorers
``_insert_error_scores``               the error score in the shape that a scorer function gives
``_warn_or_raise_about_fit_failures``  the report on fits that failed
``_MultimetricScorer``                 tells several scores from one
``_BaseScorer``, ``_PassthroughScorer``  tell scorers that ask for predictions alone
``BaseSearchCV``                       what all searches inherit their ``fit`` from
``HalvingGridSearchCV``                may move for another reason: it is marked as experimental
=====================================  =============================================================

The stacked searches are scikit-learn's, but for ``fit``, and inherit eight methods with an
underscore: ``_run_search``, ``_check_input_parameters``, ``_init_callback_context``,
``_get_scorers``, ``_get_routed_params_for_fit``, ``_check_refit_for_multimetric``,
``_format_results`` and ``_select_best_index``. The test holds those too.
"""

from sklearn.base import _fit_context
from sklearn.metrics._scorer import _BaseScorer, _MultimetricScorer, _PassthroughScorer
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._search_successive_halving import HalvingGridSearchCV
from sklearn.model_selection._validation import (
    _fit_and_score,
    _insert_error_scores,
    _score,
    _warn_or_raise_about_fit_failures,
)
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.validation import _check_method_params, _check_sample_weight, _num_samples

__all__ = [
    "BaseSearchCV",
    "HalvingGridSearchCV",
    "_BaseScorer",
    "_MultimetricScorer",
    "_PassthroughScorer",
    "_check_method_params",
    "_check_sample_weight",
    "_fit_and_score",
    "_fit_context",
    "_insert_error_scores",
    "_num_samples",
    "_safe_split",
    "_score",
    "_warn_or_raise_about_fit_failures",
]
