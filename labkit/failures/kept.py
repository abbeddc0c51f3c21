"""The networks of the final table as files: weights, scaler, decision rule, for anyone to load.

A file holds tensors and plain values only, so that ``torch.load(path, weights_only=True)`` reads
it. `predict_proba` goes from there to what the table was scored on.
"""

from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.base import TransformerMixin
from sklearn.preprocessing import QuantileTransformer, StandardScaler

from labkit.failures.decision import MacroF1Rule
from labkit.failures.preprocessing import QUALITIES, scaling
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.stages import AVERAGED, DECIDED, SINGLE, Fitted, Stage
from labkit.nets.ensembles import outputs
from labkit.nets.mlp import MLP
from labkit.report.checkpoints import Checkpoint


def checkpoint(stage: Stage, fitted: Fitted, X: pd.DataFrame) -> Checkpoint:
    """The networks of a stage that balances nothing, as they were trained on the rows ``X``.

    The parts: ``network``, the arguments of `MLP`; ``weights``, the state of each network that is
    averaged; ``features``, the numbers that it sees; ``qualities`` and ``classes``, in their order;
    ``medians`` of the numbers, for what is missing; ``scaler``, the fitted attributes of
    scikit-learn's; ``label_smoothing`` and ``factors`` of the decision rule, None without one.
    """
    numbers = scaling(stage.features, normal=stage.normal).fit(X).named_transformers_["numbers"]
    imputer, scaler = (step for _, step in numbers.steps)
    rule = fitted.rule
    return Checkpoint(
        {
            "network": {
                "n_inputs": len(QUALITIES) + len(stage.features),
                "n_outputs": len(FAILURE_TYPES),
                **stage.learner.network_options(),
            },
            "weights": fitted.weights,
            "features": list(stage.features),
            "qualities": list(QUALITIES),
            "classes": list(FAILURE_TYPES),
            "medians": torch.as_tensor(imputer.statistics_),
            "scaler": {
                name: torch.as_tensor(getattr(scaler, name)) for name in _fitted_names(scaler)
            },
            "label_smoothing": None if rule is None else rule.label_smoothing,
            "factors": None if rule is None else torch.as_tensor(rule.factors_),
        }
    )


def predict_proba(kept: Checkpoint, X: pd.DataFrame, form: str = AVERAGED) -> np.ndarray:
    """Class probabilities of machine rows.

    Parameters
    ----------
    kept : Checkpoint
    X : DataFrame
        With the columns of `labkit.failures.features.machine_features`.
    form : str
        `SINGLE`, the first network; `AVERAGED`, the mean of all; `DECIDED`, with the rule.

    Returns
    -------
    ndarray, shape (rows, 6)
        In the order of ``kept.parts["classes"]``.
    """
    parts = kept.parts
    rows = torch.from_numpy(_inputs(parts, X))
    states = parts["weights"][:1] if form == SINGLE else parts["weights"]
    mean = np.mean([_softmax(parts["network"], state, rows) for state in states], axis=0)
    if form != DECIDED:
        return mean
    rule = MacroF1Rule(parts["label_smoothing"])
    rule.factors_ = parts["factors"].numpy()
    return rule.apply(mean)


def _softmax(network: dict[str, Any], state: dict, rows: torch.Tensor) -> np.ndarray:
    model = MLP(**network)
    model.load_state_dict(state)
    return torch.softmax(torch.from_numpy(outputs(model, rows)), dim=1).numpy()


def _inputs(parts: dict[str, Any], X: pd.DataFrame) -> np.ndarray:
    """Indicators of the quality and the scaled numbers, ``(rows, inputs)``."""
    numbers = X[parts["features"]].to_numpy(dtype=float)
    numbers = np.where(np.isnan(numbers), parts["medians"].numpy(), numbers)
    indicators = X["type"].astype(str).to_numpy()[:, None] == np.array(parts["qualities"])
    return np.column_stack([indicators, _scaler(parts["scaler"]).transform(numbers)])


def _fitted_names(scaler: TransformerMixin) -> list[str]:
    """The attributes that scikit-learn's scaler has learned."""
    names = [name for name in vars(scaler) if name.endswith("_") and not name.startswith("_")]
    return [name for name in names if name != "feature_names_in_"]


def _scaler(learned: dict[str, torch.Tensor]) -> TransformerMixin:
    """The scaler that has learned this."""
    normal = "quantiles_" in learned
    scaler = QuantileTransformer(output_distribution="normal") if normal else StandardScaler()
    for name, value in learned.items():
        setattr(scaler, name, value.numpy() if value.ndim else value.item())
    return scaler
