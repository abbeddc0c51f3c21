"""What a notebook begins with: a note, and the cell that brings the project to the machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from labkit.book.project import DEFAULT_PROFILE, Project

_NOTE = """
*{title}.* This is a chapter of the book as a notebook. Sentences and outputs hold what was found
when the book was rendered, with the profile *{profile}*. The next cell brings what is needed, in a
minute or two; then all cells can be run in their order, and compute everything anew. With the
profile *quick* that takes minutes, with *full* half an hour and more; each has numbers of its own.
""".strip()

_SET_UP = """
PROFILE = "quick"  # or "full"

# The project: a folder above this one, a data set added on Kaggle, or a copy of its own.
import os, pathlib, shutil, subprocess, sys
here = pathlib.Path.cwd()
own = here / "{name}"
home = next((p for p in [own, here, *here.parents] if (p / "labkit/lab.py").is_file()), None)
added = sorted(pathlib.Path("/kaggle/input").glob("**/labkit/lab.py")) if home is None else []
if added:  # there nothing can be written
    home = pathlib.Path(shutil.copytree(added[0].parents[1], own))
{fetch}
os.chdir(home)
sys.path.insert(0, str(home))
os.environ["LABKIT_PROFILE"] = PROFILE

# What the chapters need and this machine lacks; what it has, stays.
from labkit import bootstrap
bootstrap.install_for_notebook(home)
""".strip()

_CLONE = """
if home is None:
    home = own
    subprocess.run(["git", "clone", "--quiet", "{url}", str(home)], check=True)
    subprocess.run(["git", "-C", str(home), "checkout", "--quiet", "{commit}"], check=True)
""".strip()

_UPLOAD = """
if home is None:
    raise FileNotFoundError(f"no labkit in {here}: upload the project's folder there first")
""".strip()


def opening(project: Project) -> tuple[str, str]:
    """The Markdown of the note and the code of the set-up cell, the commit of this folder in it."""
    url = project.repo_url or public_address(_git(project.root, "remote", "get-url", "origin"))
    name = re.sub(r"\.git$", "", url.rstrip("/")).rpartition("/")[2] or project.root.name
    commit = _git(project.root, "rev-parse", "HEAD") or "HEAD"
    fetch = _CLONE.replace("{url}", url).replace("{commit}", commit) if url else _UPLOAD
    profile = project.environment.get("LABKIT_PROFILE") or project.profile or DEFAULT_PROFILE
    note = _NOTE.format(title=project.title, profile=profile)
    return note, _SET_UP.replace("{name}", name).replace("{fetch}", fetch)


def _git(root: Path, *arguments: str) -> str:
    """What git says; "" where there is no git, or it fails."""
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=root, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return "" if done.returncode else done.stdout.strip()


def public_address(remote: str) -> str:
    """The https address of a git remote without any account in it; "" for a path on this disk."""
    secure_shell = re.match(r"(?:ssh://)?git@([^:/]+)[:/](.+)$", remote)
    if secure_shell:
        return f"https://{secure_shell[1]}/{secure_shell[2]}"
    web = re.match(r"https?://(?:[^@/]*@)?(.+)$", remote)
    return f"https://{web[1]}" if web else ""
