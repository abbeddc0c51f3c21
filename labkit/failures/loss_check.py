"""A check that a reader can follow: the cross-entropy is the same however it is computed."""

import numpy as np
import pandas as pd
import torch
from torch import nn

from labkit import config
from labkit.failures.preprocessing import machine_preprocessing
from labkit.failures.rules import FAILURE_TYPES
from labkit.failures.setting import FIRST, PHYSICS, classification_data


def cross_entropy_three_ways(n_rows: int = 512) -> pd.DataFrame:
    """The loss of an untrained MLP on some development rows, computed in three ways.

    Returns
    -------
    DataFrame
        ``way`` and ``loss``: from logits and class numbers, from logits and one-hot vectors, and
        from softmax probabilities and one-hot vectors by the formula.
    """
    X, y = classification_data().development_rows()
    X, y = X.iloc[:n_rows], y.iloc[:n_rows]
    inputs = torch.as_tensor(
        np.asarray(machine_preprocessing(PHYSICS).fit_transform(X)), dtype=torch.float64
    )
    numbers = torch.as_tensor(pd.Categorical(y, categories=FAILURE_TYPES).codes.astype(np.int64))
    one_hot = nn.functional.one_hot(numbers, len(FAILURE_TYPES)).to(inputs)
    model = FIRST.initial_module(inputs.shape[1], len(FAILURE_TYPES), config.profile().seed)
    with torch.no_grad():
        logits = model.to(torch.float64)(inputs)
    loss = nn.CrossEntropyLoss()
    by_formula = -(one_hot * torch.softmax(logits, dim=1).log()).sum(dim=1).mean()
    return pd.DataFrame(
        {
            "way": [
                "logits and class numbers",
                "logits and one-hot vectors",
                "softmax and one-hot vectors, by the formula",
            ],
            "loss": [
                loss(logits, numbers).item(),
                loss(logits, one_hot).item(),
                by_formula.item(),
            ],
        }
    )
