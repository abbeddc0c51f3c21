"""Set-up's parts: what requirements files say, and whether this Python meets them."""

import os
import socket
import subprocess
import sys
import time

import pytest
from wheels import served, write_wheel

from labkit import bootstrap
from labkit.bootstrap import ROOT, SetupError, missing, requirements


def write(folder, text, name="requirements.txt"):
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def texts(file):
    return [str(requirement) for requirement in requirements(file)]


# --- what a requirements file says ----------------------------------------------------------------


def test_comments_blank_lines_options_and_hashes_are_no_requirements(tmp_path):
    file = write(
        tmp_path,
        "\ufeff--index-url https://example.org/simple\n-c constraints.txt\n\n"
        "# a comment that ends on \\\n"
        "alpha==1.0  # why\nbeta[x,y]==2.0 --hash=sha256:ab --hash=sha256:cd\n"
        'gamma >= 1, < 2 ; python_version >= "3"\n'
        "delta==3.0 \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n    # via alpha\n"
        "epsilon @ https://example.org/epsilon-1.0.tar.gz#sha256=ab\n",
    )
    assert [
        (each.name, sorted(each.extras), str(each.specifier)) for each in requirements(file)
    ] == [
        ("alpha", [], "==1.0"),
        ("beta", ["x", "y"], "==2.0"),
        ("gamma", [], "<2,>=1"),
        ("delta", [], "==3.0"),
        ("epsilon", [], ""),
    ]


def test_a_file_brings_those_that_it_includes(tmp_path):
    (tmp_path / "more").mkdir()
    write(tmp_path / "more", "beta==2.0\n-r last.txt\n", "some.txt")
    write(tmp_path / "more", "gamma==3.0\n", "last.txt")
    file = write(tmp_path, "alpha==1.0\n-r more/some.txt\n--requirement=more/last.txt\n")
    assert texts(file) == ["alpha==1.0", "beta==2.0", "gamma==3.0", "gamma==3.0"]


def test_requirements_of_other_systems_are_left_out(tmp_path):
    other = "darwin" if sys.platform != "darwin" else "win32"
    file = write(
        tmp_path,
        f"alpha==1.0 ; sys_platform == '{other}'\nbeta==2.0 ; sys_platform == '{sys.platform}'\n",
    )
    assert [each.name for each in requirements(file)] == ["beta"]


@pytest.mark.parametrize(
    "line",
    ["torch=2.13", "torch==", "git+https://example.org/x.git", "-e .", "--editable=./x", "?"],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path, line):
    file = write(tmp_path, f"alpha==1.0\nbeta==2.0 \\\n  --hash=sha256:ab\n{line}\n")
    with pytest.raises(SetupError) as refused:
        missing(file, exact=True)
    assert f"{file}:4: {line!r}" in str(refused.value)


def test_an_included_file_that_is_not_there_is_named(tmp_path):
    file = write(tmp_path, "-r absent.txt\n")
    with pytest.raises(SetupError, match="absent.txt"):
        requirements(file)


def test_without_packaging_the_copy_that_pip_brings_reads_them(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    file = write(tmp_path, 'alpha[x]>=1.0 ; python_version >= "3"\n')
    assert requirements(file)[0].extras == {"x"}
    assert type(requirements(file)[0]).__module__.startswith("pip.")
    monkeypatch.setitem(sys.modules, "pip._vendor.packaging.requirements", None)
    with pytest.raises(SetupError, match="ensurepip"):
        requirements(file)


# --- whether this Python meets them ---------------------------------------------------------------


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


# --- which build of PyTorch -----------------------------------------------------------------------


@pytest.fixture
def pip(monkeypatch):
    """What pip was asked to install, instead of installing it."""
    asked = []
    monkeypatch.setattr(bootstrap, "install", asked.append)
    monkeypatch.setattr(bootstrap, "missing", lambda file, exact: ["skorch==1", "torch==1.0"])
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(bootstrap, "_has_nvidia_card", lambda: False)
    return asked


@pytest.mark.parametrize("way", ["card", "macOS"])
def test_with_a_card_or_on_another_system_torch_comes_as_everything_else(
    way, pip, tmp_path, monkeypatch, capsys
):
    if way == "card":
        monkeypatch.setattr(bootstrap, "_has_nvidia_card", lambda: True)
    else:
        monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(bootstrap, "_answers", lambda *_: pytest.fail("PyTorch's index was asked"))
    bootstrap.install_missing(tmp_path)
    assert pip == [["torch==1.0"], ["skorch==1"]]
    assert capsys.readouterr().out.count("PyTorch: from the package index") == 1


def test_without_a_card_pytorchs_own_index_is_asked_first(pip, tmp_path, monkeypatch, capsys):
    with served(tmp_path) as (address, _):
        (tmp_path / "torch").mkdir()
        monkeypatch.setattr(bootstrap, "TORCH_CPU_INDEX", address)
        bootstrap.install_missing(tmp_path)
    (first, second) = pip
    assert first[:2] == ["--index-url", address] and first[-1] == "torch==1.0"
    assert second == ["skorch==1"]
    assert capsys.readouterr().out.count(f"the CPU build of {address}") == 1


@pytest.mark.parametrize("state", ["refuses", "has nothing", "says nothing"])
def test_an_index_of_no_use_is_left_within_seconds(state, pip, tmp_path, monkeypatch, capsys):
    with served(tmp_path) as (address, _), socket.create_server(("127.0.0.1", 0)) as silent:
        if state == "says nothing":
            address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        if state == "refuses":
            address = "http://127.0.0.1:9"
        monkeypatch.setattr(bootstrap, "TORCH_CPU_INDEX", address)
        monkeypatch.setattr(bootstrap, "PROBE_SECONDS", 2.0)
        start = time.monotonic()
        bootstrap.install_missing(tmp_path)
        assert time.monotonic() - start < 4
    assert pip == [["torch==1.0"], ["skorch==1"]]
    assert capsys.readouterr().out.count(f"{address} is out of reach") == 1


def test_a_card_is_one_whose_tool_works(tmp_path, monkeypatch):
    if os.name != "posix" or os.path.exists("/proc/driver/nvidia"):
        pytest.skip("needs Linux or macOS without a card")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not bootstrap._has_nvidia_card()
    tool = tmp_path / "nvidia-smi"
    for status, found in (("9", False), ("0", True)):
        tool.write_text(f"#!/bin/sh\nexit {status}\n")
        tool.chmod(0o755)
        assert bootstrap._has_nvidia_card() is found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere torch has no CUDA")
def test_the_build_that_pip_installs(tmp_path):
    """With pip itself: the CPU build, once; where it has no such version, the ordinary one."""
    write_wheel(tmp_path / "cpu" / "torch", "torch", "1.0+cpu")
    write_wheel(tmp_path / "all" / "torch", "torch", "1.0")
    write_wheel(tmp_path / "all" / "torch", "torch", "1.1")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / ".venv"], check=True)
    python = bootstrap.venv_python(tmp_path)

    def install(version):
        write(tmp_path, f"torch=={version}\n")
        code = (
            "import pathlib\n"
            "from labkit import bootstrap\n"
            "bootstrap._has_nvidia_card = lambda: False\n"
            f"bootstrap.TORCH_CPU_INDEX = {cpu!r}\n"
            "bootstrap.install_missing(pathlib.Path.cwd(), exact=True)\n"
            "import torch; print('now', torch.version)\n"
        )
        plain = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
        done = subprocess.run(
            [python, "-c", code],
            cwd=tmp_path,
            env={
                **plain,
                "PYTHONPATH": str(ROOT),
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_INDEX_URL": all_packages,
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    with served(tmp_path / "cpu") as (cpu, asked), served(tmp_path / "all") as (all_packages, also):
        assert install("1.0").splitlines()[-1] == "now 1.0+cpu"
        assert also == []
        asked.clear()
        assert install("1.0").splitlines() == ["now 1.0+cpu"]
        assert asked == also == []
        told = install("1.1")
        assert told.splitlines()[-1] == "now 1.1"
        assert asked and "not to be had there, so from the package index" in told
