"""The library's face: what ``from labkit import …`` gives, and what ``import labkit`` costs."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import labkit
from labkit.errors import LabkitError
from labkit.nets import estimators, mlp, search, training


def test_every_name_is_what_its_room_defines():
    rooms = {
        "MLP": mlp.MLP,
        "MLPClassifier": estimators.MLPClassifier,
        "MLPRegressor": estimators.MLPRegressor,
        "StackedGridSearchCV": search.StackedGridSearchCV,
        "StackedHalvingSearchCV": search.StackedHalvingSearchCV,
        "StackedRandomizedSearchCV": search.StackedRandomizedSearchCV,
        "TrainingConfig": training.TrainingConfig,
        "train": training.train,
        "LabkitError": LabkitError,
    }
    assert sorted(labkit.__all__) == sorted(rooms)
    for name, defined in rooms.items():
        assert getattr(labkit, name) is defined
        assert name in dir(labkit)


def test_type_checkers_see_the_same_names_in_the_same_rooms():
    source = ast.parse(Path(labkit.__file__).read_text("utf-8"))
    (block,) = [node for node in source.body if isinstance(node, ast.If)]
    assert {alias.asname: node.module for node in block.body for alias in node.names} == (
        labkit._ROOM_OF
    )


def test_an_unknown_name_is_an_attribute_error_that_tells_it():
    with pytest.raises(AttributeError, match="module 'labkit' has no attribute 'MPL'"):
        labkit.MPL  # noqa: B018
    with pytest.raises(ImportError, match="cannot import name 'MPL' from 'labkit'"):
        from labkit import MPL  # noqa: F401


def test_importing_the_package_brings_nothing_along():
    code = "import sys, labkit; dir(labkit); print(sorted({'torch', 'numpy'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[1]
    )
    assert done.stdout.strip() == "[]", done.stderr
