"""The stages of the volatility study."""

from labkit.report.remedies import Cure
from labkit.volatility.contenders import mlps
from labkit.volatility.recipe import FIRST


def test_the_regularized_network_is_no_copy_of_the_first_even_where_the_cure_changes_nothing():
    cure = Cure(dropout=0.0, weight_decay=0.0, batch_norm=False, epochs=20)
    stages = {model.stage: mlp.get_params() for model, mlp in mlps(FIRST, cure, 20).items()}
    assert stages["regularized"] != stages["first"]
    assert stages["regularized"]["epochs"] == 20 and stages["regularized"]["patience"] is None
