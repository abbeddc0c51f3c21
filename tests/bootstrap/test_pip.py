"""What is said where pip fails."""

import pytest

from labkit.bootstrap import SetupError
from labkit.bootstrap.pip import explain, install


@pytest.mark.parametrize(
    ("stderr", "told"),
    [
        ("error: externally-managed-environment\n", ["belongs to the system", "LABKIT_NO_VENV"]),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n"
            "    alpha==1.0 from file:///alpha.whl:\n",
            ["The requirement alpha==1.0 could", "requirements.lock", "do not install the file"],
        ),
        (
            "  ERROR: Failed building wheel for beta\nERROR: some more\nnotice: a new pip\n",
            ["The requirement beta could", "  pip: ERROR: some more\nCheck that this machine"],
        ),
        ("No space left\n", ["A requirement could not be installed.\n  pip: No space left\n"]),
    ],
)
def test_the_next_step_is_told(stderr, told):
    assert [part for part in told if part not in explain(stderr)] == []


def test_pip_that_fails_is_an_error_for_the_user(offline):
    with pytest.raises(SetupError, match=r"The requirement labkit_absent==1.0 could not"):
        install(["labkit_absent==1.0"])
