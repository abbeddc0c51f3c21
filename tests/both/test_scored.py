"""Scores made again from what was kept: what is said where there is nothing."""

import pytest

from labkit.both.scored import scored
from labkit.errors import LabkitError


def test_without_results_it_is_said_what_to_do(tmp_path):
    with pytest.raises(LabkitError, match="classification-final has not been made.*labkit render"):
        scored(tmp_path)
