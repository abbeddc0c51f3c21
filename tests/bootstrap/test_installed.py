"""Whether this Python meets what is asked for."""

import pytest

from labkit.bootstrap.installed import missing
from labkit.place import ROOT


def write(folder, text, name="requirements.txt"):
    file = folder / name
    file.write_text(text, "utf-8")
    return file


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Lays down what an installed distribution leaves: ``installed(name, version, requires…)``."""
    site = tmp_path / "site"
    monkeypatch.syspath_prepend(site)

    def install(name, version, *requires):
        info = site / f"{name}-{version}.dist-info"
        info.mkdir(parents=True)
        lines = [f"Name: {name}"] + ([f"Version: {version}"] if version else [])
        lines += [f"Requires-Dist: {each}" for each in requires]
        (info / "METADATA").write_text("Metadata-Version: 2.1\n" + "\n".join(lines) + "\n")
        return info

    return install


@pytest.mark.parametrize(
    ("version", "asked", "meets"),
    [
        ("2.13.0", "lab-tiny==2.13.0", True),
        ("2.13.0+cpu", "lab_tiny==2.13.0", True),
        ("2.13", "Lab.Tiny==2.13.0", True),
        ("2.13.1", "lab-tiny==2.13.0", False),
        ("2.13.1", "lab-tiny>=2.13,<3", True),
        ("3.0", "lab-tiny>=2.13,<3", False),
        ("3.0rc1", "lab-tiny>=2.13", True),
        ("2.14.0.dev3+g1234", "lab-tiny>=2.13", True),
        ("2.13.4", "lab-tiny==2.13.*", True),
        ("2.13.0", "lab-tiny @ https://example.org/lab_tiny-9.0.zip", True),
        ("2.13.0", "lab-tiny @ git+https://example.org/tiny.git@v9", True),
        ("1.0-odd-thing", "lab-tiny>=0.1", False),
        ("", "lab-tiny>=0.1", False),
        ("", "lab-tiny", False),
    ],
)
def test_versions(tmp_path, installed, version, asked, meets):
    installed("lab_tiny", version)
    lacking = missing(write(tmp_path, asked + "\n"), exact=True)
    assert (lacking == []) is meets, lacking


def test_any_version_will_do_where_none_is_asked_for_exactly(tmp_path, installed):
    installed("lab_tiny", "1.0")
    file = write(tmp_path, "lab_tiny==2.0\nlab_absent>=3\n")
    assert missing(file, exact=True) == ["lab_tiny==2.0", "lab_absent>=3"]
    assert missing(file, exact=False) == ["lab_absent>=3"]


def test_an_extra_is_met_when_all_it_asks_for_is_there(tmp_path, installed):
    installed(
        "lab_app",
        "2.0",
        "lab-base>=1",
        'lab-deep[more]<2,>=1.5; extra == "fast"',
        'lab-app[fast]; extra == "all"',
        'lab-elsewhere; sys_platform == "none" and extra == "fast"',
        'not a requirement; extra == "fast"',
    )
    file = write(tmp_path, "lab-app[all]==2.0\n")
    lacking = ["lab-app[all]==2.0"]
    assert missing(file, exact=True) == lacking
    deep = installed("lab_deep", "1.4", 'lab-bottom; extra == "more"')
    installed("lab_bottom", "7")
    assert missing(file, exact=True) == lacking, "too old"
    deep.joinpath("METADATA").write_text(
        deep.joinpath("METADATA").read_text().replace("Version: 1.4", "Version: 1.6")
    )
    assert missing(file, exact=True) == []
    deep.joinpath("METADATA").write_text(
        deep.joinpath("METADATA").read_text().replace("lab-bottom", "lab-absent")
    )
    assert missing(file, exact=True) == lacking, "an extra's own extra"


def test_extras_that_ask_for_each_other_end(tmp_path, installed):
    installed("lab_one", "1", 'lab-two[x]; extra == "x"')
    installed("lab_two", "1", 'lab-one[x]; extra == "x"')
    assert missing(write(tmp_path, "lab-one[x]\n"), exact=True) == []


def test_an_extra_is_brought_without_another_version_of_its_package(tmp_path, installed):
    installed("lab_app", "1.0", 'lab-absent; extra == "fast"')
    file = write(tmp_path, "lab-app[fast]==2.0\n")
    assert missing(file, exact=False) == ["lab-app[fast]==1.0"]
    assert missing(file, exact=True) == ["lab-app[fast]==2.0"]


def test_a_damaged_distribution_is_missing_and_no_crash(tmp_path, installed):
    installed("lab_tiny", "1.0").joinpath("METADATA").unlink()
    assert missing(write(tmp_path, "lab_tiny==1.0\n"), exact=True) == ["lab_tiny==1.0"]


def test_this_python_has_all_that_the_book_asks_for():
    for exact in (True, False):
        assert missing(ROOT / "requirements.txt", exact=exact) == []
