"""Tables of the chapter that models volatility."""

import pandas as pd

from labkit.report.table import P_VALUE, Table, table, with_intervals
from labkit.report.tables import capital, study_table
from labkit.volatility.final import Final
from labkit.volatility.panel import FEATURE_LABELS
from labkit.volatility.stocks import Stocks


def features() -> Table:
    """The features of the panel and what they are."""
    rows = [{"name": f"`{name}`", "what": what} for name, what in FEATURE_LABELS.items()]
    return table(pd.DataFrame(rows), {"name": "Feature", "what": "What it is"}, markdown=["name"])


def split(own: Stocks) -> Table:
    """Rows, stocks and days of each set; the test set only by its dates."""
    frame = own.spans()
    frame["from"], frame["to"] = (frame[c].dt.strftime("%Y-%m-%d") for c in ("from", "to"))
    return table(frame, {name: capital(name) for name in frame})


def scores(final: Final) -> Table:
    """All models on the test year, with R² on train and validation beside it."""
    test = final.scores[final.scores["set"] == "test"].set_index("model")
    r2 = final.scores.pivot(index="model", columns="set", values="r2")
    frame = test.assign(train=r2["train"], validation=r2["validation"]).reset_index()
    columns = {
        "model": "Model",
        "r2": "R²",
        "rmse": "RMSE",
        "mae": "MAE",
        "qlike": "QLIKE",
        "directional_accuracy": "Direction",
        "train": "R², train",
        "validation": "R², valid.",
    }
    best = {
        "r2": "max", "rmse": "min", "mae": "min", "qlike": "min", "directional_accuracy": "max",
        "train": "max", "validation": "max",
    }  # fmt: skip
    formats = dict.fromkeys(["r2", "rmse", "mae", "train", "validation"], ".4f")
    return study_table(final, frame, columns, formats=formats, best=best)


def differences(final: Final) -> Table:
    """Test R² of the best network less that of every other learner, and the tests' p-values."""
    frame, name = final.differences, final.names[final.best]
    own = frame[frame["model"] == name]
    adjusted = final.tested.set_index("against")["holm"]
    own = own.assign(
        gain=with_intervals(own, "difference", ".3f"), holm=own["baseline"].map(adjusted)
    )
    columns = {"baseline": f"{name}, less", "gain": "Difference in R²", "holm": "p"}
    return study_table(final, own, columns, align={"gain": "right"}, formats={"holm": P_VALUE})


def duels(final: Final) -> Table:
    """Network less rival on the same inputs and in the same form."""
    columns = {
        "form": "Inputs and form",
        "model": "Network",
        "rival": "Less",
        "gain": "Difference in R²",
        "holm": "p",
    }
    frame = final.duels.assign(gain=with_intervals(final.duels, "difference", ".4f"))
    return study_table(final, frame, columns, align={"gain": "right"}, formats={"holm": P_VALUE})
