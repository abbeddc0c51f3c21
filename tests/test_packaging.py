"""What is asked for, locked and shipped, is one and the same everywhere it is written down."""

import re
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from labkit import bootstrap
from labkit.bootstrap import ROOT

PINNED = {canonicalize_name(r.name): r for r in bootstrap.requirements(ROOT / "requirements.txt")}
LOCK = (ROOT / bootstrap.LOCK).read_text("utf-8")
LOCKED = {canonicalize_name(r.name): r for r in bootstrap.requirements(ROOT / bootstrap.LOCK)}


def version(requirement):
    """The version in ``name==version``."""
    (pin,) = requirement.specifier
    assert pin.operator == "=="
    return pin.version


# --- the lock -------------------------------------------------------------------------------------


def test_the_lock_holds_every_requirement_but_torch_at_its_version():
    locked = {name: version(each) for name, each in LOCKED.items()}
    wanted = {name: version(each) for name, each in PINNED.items() if name != "torch"}
    assert {name: locked.get(name) for name in wanted} == wanted, "run `make lock`"


def test_the_lock_is_complete():
    """No package on this system asks for one, or a version, that the lock does not bring."""
    torch = {"torch": PINNED["torch"]}
    lacking = []
    for name in {**LOCKED, **torch}:
        for text in metadata.requires(name) or ():
            part = Requirement(text)
            if part.marker is not None and not part.marker.evaluate({"extra": ""}):
                continue
            if re.fullmatch(bootstrap.NOT_LOCKED, part.name):
                continue
            brought = {**LOCKED, **torch}.get(canonicalize_name(part.name))
            if brought is None or not part.specifier.contains(version(brought), prereleases=True):
                lacking.append(f"{name} asks for {text}")
    assert lacking == []


def test_every_line_of_the_lock_has_hashes_and_none_has_an_address():
    blocks = re.findall(r"^\S.*(?:\n .*)*", re.sub(r"(?m)^#.*\n", "", LOCK), re.MULTILINE)
    assert len(blocks) > 100
    assert [block for block in blocks if not re.search(r"--hash=sha256:[0-9a-f]{64}", block)] == []
    assert re.findall(r"https?:|file:|index-url|find-links|[\w.]/\w+/", LOCK) == []


def test_the_lock_leaves_torch_and_its_builds_with_cuda_out():
    assert bootstrap._without_torch(LOCK) == LOCK
    block = "triton==3.7.1 ; sys_platform == 'linux' \\\n    --hash=sha256:ab\n    # via torch\n"
    kept = "sympy==1.14.0 \\\n    --hash=sha256:cd\n    # via torch\n"
    assert bootstrap._without_torch(block + kept) == kept
