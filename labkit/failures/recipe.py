"""The best recipe for the failures, and what each of its parts is."""

CLASSIFICATION_RECIPE = {
    "hidden_sizes": (64, 64),
    "embedding_scale": 0.5,
    "batch_size": 256,
    "learning_rate": 1e-2,
    "schedule": "one_cycle",
    "label_smoothing": 0.02,
}
"""Periodic embeddings of the numbers, label smoothing, a rate that rises high and falls.

The profile sets the epochs. The features are the `labkit.failures.features.RULE_QUANTITIES`,
mapped to normal quantiles.
"""


CLASSIFICATION_PARTS = {
    "periodic embeddings": {"embedding_scale": None},
    "one-cycle schedule (constant rate)": {"schedule": None},
    "label smoothing": {"label_smoothing": 0.0},
    "long training (10 epochs instead)": {"epochs": 10},
    "width (32-32 instead)": {"hidden_sizes": (32, 32)},
}
"""What to change in the classification recipe to leave one part out."""
