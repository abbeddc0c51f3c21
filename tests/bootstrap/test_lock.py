"""How the lock is made, with a stand-in for uv."""

from pathlib import Path

import pytest

from labkit.bootstrap import SetupError, lock

UV = r"""
import pathlib, sys
made = pathlib.Path(sys.argv[sys.argv.index("--output-file") + 1])
before = made.read_text() if made.exists() and "--upgrade" not in sys.argv else ""
asked = pathlib.Path("requirements.txt").read_text()
if "impossible" in asked:
    sys.exit("no versions go together")
made.write_text(before or "torch==1 \\\n    --hash=x\nsympy==2 \\\n    --hash=y\n")
"""


@pytest.fixture
def root(tmp_path, monkeypatch):
    """A project; installing uv into a folder puts the stand-in there."""

    def install(arguments):
        assert arguments[0] == "--target" and arguments[2] == lock.UV
        Path(arguments[1], "uv.py").write_text(UV)

    monkeypatch.setattr(lock.pip, "install", install)
    (tmp_path / "requirements.txt").write_text("torch==1\n")
    return tmp_path


def test_versions_stay_until_they_are_to_move(root):
    lock.make_lock(root)
    made = (root / "requirements.lock").read_text()
    assert made == "sympy==2 \\\n    --hash=y\n", "without torch"
    (root / "requirements.lock").write_text("sympy==1 \\\n    --hash=z\n")
    lock.make_lock(root)
    assert (root / "requirements.lock").read_text().startswith("sympy==1")
    lock.make_lock(root, upgrade=True)
    assert (root / "requirements.lock").read_text() == made


def test_a_lock_that_cannot_be_made_leaves_the_old_one(root):
    (root / "requirements.lock").write_text("sympy==1\n")
    (root / "requirements.txt").write_text("impossible==1\n")
    with pytest.raises(SetupError, match="requirements.lock could not be made"):
        lock.make_lock(root)
    assert (root / "requirements.lock").read_text() == "sympy==1\n"
