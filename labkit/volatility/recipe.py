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
