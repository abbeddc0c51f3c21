"""The networks of the final table as files: weights, scalers and the scale of the target.

A file holds tensors and plain values only, so that ``torch.load(path, weights_only=True)`` reads
it. `forecast` and `wide_forecast` go from there to what the table was scored on.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.linear_model import Ridge
from torch import nn

from labkit.nets.ensembles import outputs
from labkit.nets.estimators import MLPRegressor
from labkit.nets.mlp import MLP
from labkit.report.checkpoints import Checkpoint
from labkit.volatility.evenings import EXTREME, Bounded
from labkit.volatility.network import WideAndDeep, WideMLP
from labkit.volatility.panel import FEATURES, WEEKDAYS, panel_preprocessing
from labkit.volatility.stocks import Stocks
from labkit.volatility.two_parts import TwoParts, joined


def checkpoint(own: Stocks, learner: MLPRegressor, networks: Sequence[nn.Module]) -> Checkpoint:
    """Networks that were trained on the panel's own features.

    The parts: ``network``, the arguments of `MLP`; ``weights``, the state of each network that is
    averaged; ``features`` and ``weekdays``, of which the last feature becomes indicators; ``means``
    and ``scales`` of the others; ``centre`` and ``scale`` of the log volatility.
    """
    scaler = panel_preprocessing(FEATURES).fit(own.train.X).named_transformers_["numbers"]
    return Checkpoint(
        {
            "network": {
                "n_inputs": len(scaler.mean_) + len(WEEKDAYS),
                "n_outputs": 1,
                **learner.network_options(),
            },
            "weights": [network.state_dict() for network in networks],
            "features": list(scaler.feature_names_in_),
            "weekdays": list(WEEKDAYS),
            "means": torch.as_tensor(scaler.mean_),
            "scales": torch.as_tensor(scaler.scale_),
            "centre": float(own.centre),
            "scale": float(own.scale),
        }
    )


def forecast(kept: Checkpoint, X: pd.DataFrame) -> np.ndarray:
    """Tomorrow's log volatility ``(rows,)`` from the columns of `Panel.X`, by a `checkpoint`."""
    parts = kept.parts
    numbers = (X[parts["features"]].to_numpy() - parts["means"].numpy()) / parts["scales"].numpy()
    days = X["weekday"].to_numpy()[:, None] == np.array(parts["weekdays"])
    rows = torch.from_numpy(np.column_stack([numbers, days]))
    made = [
        outputs(_loaded(MLP(**parts["network"]), state), rows)[:, 0] for state in parts["weights"]
    ]
    return np.mean(made, axis=0) * parts["scale"] + parts["centre"]


def wide_checkpoint(
    scaling: Bounded, inputs: Sequence[str], model: TwoParts, beside: Sequence[Ridge]
) -> Checkpoint:
    """A network in two parts, each a `WideMLP`, that was fitted to the wide inputs.

    The parts: ``inputs``, their names; ``means`` and ``scales`` of them, and ``extreme``, where
    they are cut off, in standard deviations; ``cross`` and ``level``, each with ``network``, the
    arguments of `WideAndDeep`, ``weights``, ``centre`` and ``scale`` of its target; ``beside``, the
    linear models that share the level, each with ``coefficients`` and ``intercept``.
    """
    return Checkpoint(
        {
            "inputs": list(inputs),
            "means": torch.as_tensor(scaling.centre_),
            "scales": torch.as_tensor(scaling.scale_),
            "extreme": EXTREME,
            "cross": _part(model.cross_),
            "level": _part(model.level_),
            "beside": [
                {"coefficients": torch.as_tensor(own.coef_), "intercept": float(own.intercept_)}
                for own in beside
            ],
        }
    )


def wide_forecast(
    kept: Checkpoint, X: np.ndarray, dates: np.ndarray, *, shared: bool = False
) -> np.ndarray:
    """Tomorrow's log volatility ``(rows,)`` from the wide inputs of every stock of each day.

    Parameters
    ----------
    kept : Checkpoint
    X : array, shape (rows, inputs)
        As `labkit.volatility.evenings.evenings` gives them.
    dates : array, shape (rows,)
    shared : bool
        Whether the level is the mean of the network's and of those ``beside`` it.
    """
    parts = kept.parts
    scaling = Bounded()
    scaling.centre_, scaling.scale_ = parts["means"].numpy(), parts["scales"].numpy()
    rows = scaling.transform(X)
    levels = [_fitted(parts["level"]).predict(rows)]
    if shared:
        levels += [rows @ own["coefficients"].numpy() + own["intercept"] for own in parts["beside"]]
    return joined(_fitted(parts["cross"]).predict(rows), np.mean(levels, axis=0), dates)


def _part(fitted: WideMLP) -> dict[str, Any]:
    first = fitted.networks_[0]
    return {
        "network": {
            "n_inputs": first.wide.in_features,
            "n_outputs": first.wide.out_features,
            "hidden_sizes": tuple(fitted.hidden_sizes),
            "dropout": fitted.dropout,
        },
        "weights": [network.state_dict() for network in fitted.networks_],
        "centre": fitted.centre_,
        "scale": fitted.scale_,
    }


def _fitted(part: dict[str, Any]) -> WideMLP:
    made = WideMLP()
    made.networks_ = [_loaded(WideAndDeep(**part["network"]), state) for state in part["weights"]]
    made.centre_, made.scale_ = part["centre"], part["scale"]
    return made


def _loaded(network: nn.Module, state: dict[str, torch.Tensor]) -> nn.Module:
    network.load_state_dict(state)
    return network.eval()
