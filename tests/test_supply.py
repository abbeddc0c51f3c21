"""What the project is built from is named to the byte: packages by hash, actions by commit."""

import re

import yaml

from labkit.bootstrap import requirements
from labkit.bootstrap.lock import NOT_LOCKED
from labkit.place import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
STEPS = [
    step
    for path in WORKFLOWS
    for job in yaml.safe_load(path.read_text())["jobs"].values()
    for step in job["steps"]
]


def test_every_action_is_pinned_by_commit_and_named_by_its_version():
    uses = [line for path in WORKFLOWS for line in path.read_text().splitlines() if "uses:" in line]
    assert len(uses) == sum("uses" in step for step in STEPS) > 0
    for line in uses:
        assert re.fullmatch(r"\s*(- )?uses: [\w/-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", line), line


def test_no_step_after_the_checkout_holds_its_credentials():
    checkouts = [step for step in STEPS if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_the_workflow_looks_for_known_faults_of_all_that_is_installed():
    (run,) = [step["run"] for step in STEPS if "pip-audit" in step.get("run", "")]
    assert "-r requirements.lock" in run and "-r requirements.txt" in run
    assert set(re.findall(r"pip-audit==(\S+)", run)) and "--spec pip-audit " not in run


def test_what_is_published_is_made_by_quarto_of_kaggles_files():
    jobs = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text())["jobs"]
    on_main = "github.ref == 'refs/heads/main'"
    (book,) = [step for step in jobs["render"]["steps"] if "labkit book" in step.get("run", "")]
    assert "python -m labkit book --renderer quarto\n" in book["run"]
    expected = {"LABKIT_SOURCE": ("download", "auto"), "LABKIT_PROFILE": ("full", "quick")}
    for name, (published, preview) in expected.items():  # else five stocks would be published
        assert book["env"][name] == f"${{{{ {on_main} && '{published}' || '{preview}' }}}}"
    assert jobs["deploy"]["if"] == on_main and "render" in jobs["deploy"]["needs"]


def test_the_workflow_tests_every_python_that_the_lock_is_for():
    jobs = yaml.safe_load((ROOT / ".github/workflows/book.yml").read_text())["jobs"]
    matrix = jobs["library"]["strategy"]["matrix"]
    tested = {*matrix["python"], *(own["python"] for own in matrix["include"])}
    assert tested == {"3.11", "3.12", "3.13", "3.14"}
    systems = {*matrix["os"], *(own["os"] for own in matrix["include"])}
    assert systems == {"ubuntu-latest", "windows-latest", "macos-latest"}


def test_updates_of_packages_and_actions_are_proposed():
    config = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())
    assert {own["package-ecosystem"] for own in config["updates"]} == {"pip", "github-actions"}


def test_the_lock_has_every_requirement_with_its_hashes():
    lock = (ROOT / "requirements.lock").read_text()
    entry = re.compile(r"^([\w.-]+)==(\S+).*\\\n(?:    --hash=sha256:[0-9a-f]{64}.*\n)+", re.M)
    locked = [(name.replace("_", "-").lower(), version) for name, version in entry.findall(lock)]
    assert len(locked) == len(re.findall(r"^[\w.-]+==", lock, re.M))
    for wanted in requirements.read(ROOT / "requirements.txt"):
        name = wanted.name.replace("_", "-").lower()
        if not re.fullmatch(NOT_LOCKED, name):
            versions = [version for own, version in locked if own == name]
            assert versions and all(map(wanted.specifier.contains, versions)), wanted
