"""A study's key follows the code that it can reach, and no more than that."""

import importlib
import sys
import textwrap

import pytest

from labkit.report import code

FILES = {
    "__init__.py": "",
    "study.py": '''
        """A study."""
        from house.keeping import study
        from house.loop import train
        from house.told import Sentence, shout

        LIMIT = 3
        """What it is."""

        @study("a")
        def made(data):
            """Make it."""
            from house.rooms.lazy import late
            return train(data) + late()

        def said(facts) -> Sentence:
            return Sentence(shout(facts))
    ''',
    "keeping.py": "def study(name): return lambda make: make",
    "loop.py": """
        import numpy as np
        from house import bar

        def train(data):
            # a step
            bar.advance()
            return np.asarray(data)
    """,
    "bar.py": "def advance(): pass",
    "told.py": "class Sentence(str): pass\n\ndef shout(text): return text.upper()",
    "rooms/__init__.py": "from house.rooms.shown import hello\n",
    "rooms/lazy.py": "def late(): return 1",
    "rooms/shown.py": "def hello(): return 0",
    "other.py": "def unrelated(): return 0",
}


@pytest.fixture
def house(tmp_path, monkeypatch):
    """A package with a study; gives a function that rewrites a file and returns the key."""
    home = tmp_path / "house"
    for name, text in FILES.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(textwrap.dedent(text))
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()

    def key(name=None, old="", new=""):
        if name is not None:
            text = (home / name).read_text()
            assert old in text
            (home / name).write_text(text.replace(old, new))
        for kept in (code.code_fingerprint, code.versions, code._reached, code._read):
            kept.cache_clear()
        return code.code_fingerprint("house.study")

    yield key
    for name in [name for name in sys.modules if name.split(".")[0] == "house"]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("study.py", "LIMIT = 3", "LIMIT = 4"),
        ("loop.py", "asarray(data)", "asarray(data) * 2"),
        ("bar.py", "pass", "return 1"),
        ("rooms/lazy.py", "return 1", "return 2"),
        ("rooms/shown.py", "return 0", "return 1"),
    ],
    ids=["its own", "imported", "imported from there", "imported within", "a package on the way"],
)
def test_a_change_in_reach_is_another_key(house, name, old, new):
    assert house() != house(name, old, new)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("loop.py", "# a step", "# one step of many"),
        ("study.py", '"""A study."""', '"""The study."""'),
        ("study.py", '"""Make it."""', ""),
        ("study.py", '"""What it is."""', '"""A limit."""'),
        ("loop.py", "    return np", "\n\n    return np"),
        ("other.py", "return 0", "return 1"),
        ("study.py", "shout(facts)", "shout(facts) + '!'"),
        ("told.py", "text.upper()", "text.lower()"),
        ("keeping.py", "lambda make: make", "lambda make: print(make) or make"),
        ("study.py", '@study("a")', '@study("b")'),
    ],
    ids=["comment", "docstring of the module", "docstring of a function", "docstring of a constant",
         "blank lines", "unrelated module", "how it is told", "what tells it", "what keeps it",
         "how it is kept"],
)  # fmt: skip
def test_what_cannot_change_a_result_leaves_the_key(house, name, old, new):
    assert house() == house(name, old, new)


def test_packages_are_those_that_the_code_imports_with_what_they_need(house):
    found = code.versions("labkit.failures.ablation")
    assert {"python", "torch", "scikit-learn", "skorch", "rtdl-num-embeddings", "scipy"} <= {
        name.replace("_", "-") for name in found
    }
    assert "matplotlib" not in found, "figures do not train"
    house()
    assert set(code.versions("house.study")) == {"python", "numpy"}


def test_every_study_reaches_its_loop_and_none_its_words():
    for module in ("labkit.volatility.final", "labkit.failures.final", "labkit.failures.balancing"):
        reached = set(code._reached(module))
        assert {"labkit.nets.training", "labkit.nets.stacked.stack", "labkit.nets.mlp"} <= reached
        assert "labkit.nets.stacked.kernel" in reached and "numba" in code.versions(module)
        shown = {"labkit.report.table", "labkit.report.tables", "labkit.report.sentence"}
        assert not reached & {*shown, "labkit.report.results", "labkit.report.theme"}
