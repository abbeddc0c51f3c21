"""The best recipe for each task, and what each of its parts is worth.

The recipes come from the literature on tabular networks and from trials on development rows. Their
ablations leave out one part at a time, so that a part is judged in the company of the others.
"""

REGRESSION_RECIPE = {
    "hidden_sizes": (128, 64),
    "activation": "silu",
    "dropout": 0.2,
    "batch_size": 4096,
    "learning_rate": 3e-3,
    "schedule": "one_cycle",
    "epochs": 5,
}
"""A smooth activation, dropout, large batches, and a learning rate that rises and falls."""

REGRESSION_PARTS = {
    "SiLU (ReLU instead)": {"activation": "relu"},
    "dropout": {"dropout": 0.0},
    "one-cycle schedule (constant rate)": {"schedule": None},
    "width (64-32 instead)": {"hidden_sizes": (64, 32)},
    "large batches (512 instead)": {"batch_size": 512},
}
"""What to change in the regression recipe to leave one part out."""

CLASSIFICATION_RECIPE = {
    "hidden_sizes": (64, 64),
    "embedding_scale": 0.5,
    "batch_size": 256,
    "learning_rate": 1e-2,
    "schedule": "one_cycle",
    "label_smoothing": 0.02,
}
"""Periodic embeddings of the numbers, label smoothing, a rate that rises high and falls.

The profile sets the epochs. The features are the `labkit.features.RULE_QUANTITIES`, mapped to
normal quantiles.
"""

CLASSIFICATION_PARTS = {
    "periodic embeddings": {"embedding_scale": None},
    "one-cycle schedule (constant rate)": {"schedule": None},
    "label smoothing": {"label_smoothing": 0.0},
    "long training (10 epochs instead)": {"epochs": 10},
    "width (32-32 instead)": {"hidden_sizes": (32, 32)},
}
"""What to change in the classification recipe to leave one part out."""
