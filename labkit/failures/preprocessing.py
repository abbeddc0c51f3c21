"""Impute, encode, scale: scikit-learn transformers, fitted on training rows only.

Machine rows are prepared in two steps, so that a sampler can stand between them: `scaling` makes
numbers comparable, which a sampler that looks for neighbours needs, and keeps the quality ``type``
as one column of codes; `encoding` turns the codes into indicators, which a network needs.
"""

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    StandardScaler,
)

QUALITIES = ["L", "M", "H"]
"""The product qualities, from low to high."""


N_QUANTILES = 1000
"""Quantiles of the training rows that a number is compared with."""


def scaling(numeric: list[str], *, normal: bool = False) -> ColumnTransformer:
    """Make the ``numeric`` columns comparable; turn ``type`` into the codes 0, 1, 2.

    Blanks in a number become the training median.

    Parameters
    ----------
    numeric : list of str
    normal : bool
        Map each number to the quantile of the normal distribution that it is among the training
        rows, which spreads out values that lie close together and draws in those that lie far off.
        Otherwise, centre it on its mean and divide by its standard deviation.

    Returns
    -------
    ColumnTransformer
        Gives a DataFrame with the columns ``type`` and ``numeric``.
    """
    scaler = StandardScaler()
    if normal:
        scaler = QuantileTransformer(
            n_quantiles=N_QUANTILES, output_distribution="normal", subsample=None
        )
    numbers = make_pipeline(SimpleImputer(strategy="median"), scaler)
    transformer = ColumnTransformer(
        [("type", OrdinalEncoder(categories=[QUALITIES]), ["type"]), ("numbers", numbers, numeric)],
        verbose_feature_names_out=False,
    )
    return transformer.set_output(transform="pandas")


def encoding() -> ColumnTransformer:
    """Turn the codes of ``type`` into three indicator columns; leave the numbers as they are."""
    indicators = OneHotEncoder(categories=[range(len(QUALITIES))], sparse_output=False)
    return ColumnTransformer(
        [("type", indicators, ["type"])], remainder="passthrough", verbose_feature_names_out=False
    )


def machine_preprocessing(numeric: list[str], *, normal: bool = False) -> Pipeline:
    """`scaling` and `encoding` with nothing between them: ``(rows, 3 + len(numeric))`` floats."""
    return Pipeline([("scaling", scaling(numeric, normal=normal)), ("encoding", encoding())])
