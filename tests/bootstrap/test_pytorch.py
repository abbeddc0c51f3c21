"""Which build of PyTorch is installed."""

import os
import socket
import subprocess
import sys
import time

import pytest
from wheels import served, write_wheel

from labkit.bootstrap import ROOT, environment, installed, pytorch


@pytest.fixture
def pip(monkeypatch):
    """What pip was asked to install, instead of installing it."""
    asked = []
    monkeypatch.setattr("labkit.bootstrap.pip.install", asked.append)
    lacking = ["skorch==1", "torch==1.0"]
    monkeypatch.setattr(installed, "missing", lambda file, exact: lacking)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(pytorch, "has_nvidia_card", lambda: False)
    return asked


@pytest.mark.parametrize("way", ["card", "macOS"])
def test_with_a_card_or_on_another_system_torch_comes_as_everything_else(
    way, pip, tmp_path, monkeypatch, capsys
):
    if way == "card":
        monkeypatch.setattr(pytorch, "has_nvidia_card", lambda: True)
    else:
        monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(pytorch, "cpu_index_answers", lambda: pytest.fail("its index was asked"))
    installed.install_missing(tmp_path)
    assert pip == [["torch==1.0"], ["skorch==1"]]
    assert capsys.readouterr().out.count("PyTorch: from the package index") == 1


def test_without_a_card_pytorchs_own_index_is_asked_first(pip, tmp_path, monkeypatch, capsys):
    with served(tmp_path) as (address, _):
        (tmp_path / "torch").mkdir()
        monkeypatch.setattr(pytorch, "CPU_INDEX", address)
        installed.install_missing(tmp_path)
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
        monkeypatch.setattr(pytorch, "CPU_INDEX", address)
        monkeypatch.setattr(pytorch, "PROBE_SECONDS", 2.0)
        start = time.monotonic()
        installed.install_missing(tmp_path)
        assert time.monotonic() - start < 4
    assert pip == [["torch==1.0"], ["skorch==1"]]
    assert capsys.readouterr().out.count(f"{address} is out of reach") == 1


def test_a_card_is_one_whose_tool_works(tmp_path, monkeypatch):
    if os.name != "posix" or os.path.exists("/proc/driver/nvidia"):
        pytest.skip("needs Linux or macOS without a card")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not pytorch.has_nvidia_card()
    tool = tmp_path / "nvidia-smi"
    for status, found in (("9", False), ("0", True)):
        tool.write_text(f"#!/bin/sh\nexit {status}\n")
        tool.chmod(0o755)
        assert pytorch.has_nvidia_card() is found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere torch has no CUDA")
def test_the_build_that_pip_installs(tmp_path):
    """With pip itself: the CPU build, once; where it has no such version, the ordinary one."""
    write_wheel(tmp_path / "cpu" / "torch", "torch", "1.0+cpu")
    write_wheel(tmp_path / "all" / "torch", "torch", "1.0")
    write_wheel(tmp_path / "all" / "torch", "torch", "1.1")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / ".venv"], check=True)
    python = environment.python_of(tmp_path)

    def install(version):
        (tmp_path / "requirements.txt").write_text(f"torch=={version}\n")
        code = (
            "import pathlib\n"
            "from labkit.bootstrap import installed, pytorch\n"
            "pytorch.has_nvidia_card = lambda: False\n"
            f"pytorch.CPU_INDEX = {cpu!r}\n"
            "installed.install_missing(pathlib.Path.cwd(), exact=True)\n"
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
