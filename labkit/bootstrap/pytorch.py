"""Which build of PyTorch is installed: without an NVIDIA card, the one without CUDA."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from labkit.bootstrap import pip
from labkit.bootstrap.errors import SetupError
from labkit.bootstrap.processes import runs_within

CPU_INDEX = "https://download.pytorch.org/whl/cpu"
"""Where PyTorch's builds without CUDA are. The package index's builds for Linux bring several GB of
NVIDIA's libraries."""
PROBE_SECONDS = 5.0
"""How long `CPU_INDEX` may take to answer before the package index is used instead."""


def install(requirement: str) -> None:
    """Install PyTorch: on Linux without an NVIDIA card the CPU build, if its index can be used."""
    if not sys.platform.startswith("linux") or has_nvidia_card():
        print("PyTorch: from the package index.", flush=True)
    elif cpu_index_answers():
        print(f"PyTorch: no NVIDIA card here, so the CPU build of {CPU_INDEX}.", flush=True)
        options = ["--index-url", CPU_INDEX, "--retries", "1", "--timeout", "15"]
        try:
            return pip.install([*options, requirement])
        except SetupError:
            print("PyTorch: not to be had there, so from the package index.", flush=True)
    else:
        print(f"PyTorch: {CPU_INDEX} is out of reach: from the package index.", flush=True)
    pip.install([requirement])


def has_nvidia_card() -> bool:
    """Whether NVIDIA's driver is loaded, or its tool finds a card."""
    tool = shutil.which("nvidia-smi")
    return Path("/proc/driver/nvidia").exists() or bool(
        tool and runs_within([tool], PROBE_SECONDS, quiet=True)
    )


def cpu_index_answers() -> bool:
    """Whether `CPU_INDEX` has PyTorch; known after `PROBE_SECONDS` whatever happens.

    Asked in a process of its own: a time limit of Python's own sockets holds for each of a host's
    addresses anew, and not at all for looking up its name.
    """
    ask = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1])"
    command = [sys.executable, "-c", ask, CPU_INDEX + "/torch/"]
    return runs_within(command, PROBE_SECONDS, quiet=True)
