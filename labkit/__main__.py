"""The command line, ``python -m labkit``: set-up, data, rendering, tests.

Imports the standard library only; what must be installed is imported inside the commands.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from labkit import bootstrap
from labkit.bootstrap import ROOT, SetupError
from labkit.errors import LabkitError, told

CACHES = (".quarto", "_freeze", ".pytest_cache", ".ruff_cache")


def main(arguments: list | None = None) -> int:
    """Run one command and return its exit status: 0, 1 for an error, 2 for bad usage.

    As shells have it, 130 for an interrupt, and 141 where the reader of a pipe, such as ``head``,
    went away.
    """
    try:
        try:
            return _carry_out(sys.argv[1:] if arguments is None else arguments)
        finally:
            print(end="", flush=True)  # here, where a failure is caught, and not as Python ends
    except BrokenPipeError:
        # What nobody reads goes nowhere; Python would try to write it once more.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
        return 141
    except OSError as error:  # what is printed cannot be written, as to a disk that is full
        print(f"error: {told(error)}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def _carry_out(arguments: list) -> int:
    args = _parse(arguments)
    try:
        bootstrap.check_python(sys.version_info[:2])
        _check_place(args)
        return args.command(args) or 0
    except KeyboardInterrupt:
        print("\nInterrupted.", file=sys.stderr)
        return 130
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] == "labkit":
            raise
        print(f"error: {_not_installed(error.name)}", file=sys.stderr)
    except LabkitError as error:
        print(f"error: {error}", file=sys.stderr)
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"error: {told(error)}", file=sys.stderr)
    return 1


def setup(args: argparse.Namespace) -> None:
    """install the requirements into .venv (or, on Colab and Kaggle, where they are missing)"""
    bootstrap.ensure_environment(retry_quarto=args.quarto)
    print(f"Ready. The Python to use: {sys.executable}")


def data(args: argparse.Namespace) -> None:
    """show which data were found, where, and which checks passed; fetch them if need be"""
    if bootstrap.IN_CHECKOUT:
        bootstrap.ensure_environment()
    _print_data(fetch=not args.no_fetch)


def book(args: argparse.Namespace) -> None:
    """set up, get the data, render the whole book"""
    profile = _use_profile(args.profile)
    bootstrap.ensure_environment()
    _print_data(fetch=True)
    formats = ("pdf",) if args.pdf_only else ("html", "pdf")
    _render(formats, profile, args.renderer, None, args.no_code)


def render(args: argparse.Namespace) -> None:
    """render with the running Python, without set-up; all chapters or those named"""
    profile = _use_profile(args.profile)
    bootstrap.expose_scripts()
    formats = (args.to,) if args.to else ("html", "pdf")
    _render(formats, profile, args.renderer, args.chapters, args.no_code)


def run_tests(args: argparse.Namespace) -> int:
    """set up and run the tests; further arguments go to pytest"""
    bootstrap.ensure_environment()
    # A module's tests share what they make: they stay in one process.
    several = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]
    return _run("pytest", *several, *args.further)


def soak(args: argparse.Namespace) -> int:
    """set up and run the tests that take hours: see tests/soak; further arguments go to pytest"""
    bootstrap.ensure_environment()
    bootstrap.install_for_soak()
    os.environ["LABKIT_SOAK"] = "1"
    return _run("pytest", "-s", "-m", "soak", *args.further)


def lint(args: argparse.Namespace) -> int:
    """check the chapters' sources, the style of the code and the types of the networks"""
    bootstrap.ensure_environment()
    from labkit.book import lint as lint_chapters

    problems = lint_chapters(ROOT)
    for problem in problems:
        print(f"{problem.file}:{problem.line}: {problem.message}")
    checks = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))
    return max([int(bool(problems)), *(int(bool(_run(*check))) for check in checks)])


def score(args: argparse.Namespace) -> int:
    """score the predictions in results/ once more, with scikit-learn alone, against the book"""
    bootstrap.ensure_environment()
    from labkit.both.scored import differing, scored

    table = scored()
    wrong = differing(table)
    if args.all:
        print(table.to_string(index=False))
    for row in wrong.itertuples():
        print(f"{row.model}, {row.where}: {row.score} {row.kept} in the book, {row.again} again")
    print(
        f"{len(table)} scores made again from {table['study'].nunique()} studies; "
        f"{len(wrong)} differ."
    )
    return int(len(wrong) > 0)


def notebooks(args: argparse.Namespace) -> None:
    """run the chapters and write each as a notebook, for Colab and Kaggle"""
    profile = _use_profile(args.profile)
    bootstrap.ensure_environment()
    from labkit.book import notebooks as write_notebooks

    for path in write_notebooks(ROOT, args.folder, profile=profile):
        print(_shown(path))


def submission(args: argparse.Namespace) -> None:
    """render the book and pack it with its notebooks and results into one zip, to hand in"""
    book(args)
    from labkit.book import notebooks as write_notebooks
    from labkit.book import pack

    write_notebooks(ROOT, ROOT / "notebooks", profile=_use_profile(args.profile))
    made = pack(ROOT, ROOT / "notebooks", ROOT / "submission.zip")
    print(f"{'Hand in':9}{_shown(made)}")


def bench(args: argparse.Namespace) -> int:
    """time the grid search against what else one could use"""
    bootstrap.ensure_environment()
    return _run("benchmarks", "--size", args.size, *(["--no-growth"] if args.no_growth else []))


def lock(args: argparse.Namespace) -> None:
    """make requirements.lock anew from requirements.txt, with the hash of every package"""
    bootstrap.make_lock(ROOT, upgrade=args.upgrade)


def clean_results(args: argparse.Namespace) -> None:
    """empty results/, so that the next rendering trains every model"""
    shutil.rmtree(ROOT / "results", ignore_errors=True)


def clean(args: argparse.Namespace) -> None:
    """remove what rendering and testing made: results/, _book/, caches"""
    left = [path.name for path in ROOT.glob(".book-*")]  # by renders that were killed
    for name in ("results", "_book", *left, *CACHES):
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for part in ("labkit", "tests", "benchmarks"):
        for cache in list((ROOT / part).rglob("__pycache__")):
            shutil.rmtree(cache, ignore_errors=True)


def _parse(arguments: list) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m labkit",
        description="A deep-learning lab report that trains its own models.",
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(
        title="commands", metavar="command", dest="name", required=True
    )

    def add(command, name=None):
        made = commands.add_parser(
            name or command.__name__,
            help=command.__doc__,
            description=command.__doc__,
            allow_abbrev=False,
        )
        made.set_defaults(command=command)
        return made

    profile = {"help": "full, quick or thorough; else as LABKIT_PROFILE says, else full"}
    renderer = {"choices": ("auto", "quarto", "labkit"), "default": "auto"}
    no_code = {"action": "store_true", "help": "leave folded code out of the PDF; listings stay"}

    made = add(setup)
    made.add_argument("--quarto", action="store_true", help="try again to install Quarto")
    made = add(data)
    made.add_argument("--no-fetch", action="store_true", help="look, but download nothing")
    made = add(book)
    made.add_argument("--profile", **profile)
    made.add_argument("--pdf-only", action="store_true", help="make no HTML")
    made.add_argument("--renderer", **renderer)
    made.add_argument("--no-code", **no_code)
    made = add(submission)
    made.set_defaults(pdf_only=False)
    made.add_argument("--profile", **profile)
    made.add_argument("--renderer", **renderer)
    made.add_argument("--no-code", **no_code)
    made = add(render)
    made.add_argument("chapters", nargs="*", help="such as chapters/01-regression-eda.qmd")
    made.add_argument("--to", choices=("html", "pdf"), help="one format; without it, both")
    made.add_argument("--profile", **profile)
    made.add_argument("--renderer", **renderer)
    made.add_argument("--no-code", **no_code)
    add(run_tests, "test")
    add(soak)
    add(lint)
    made = add(score)
    made.add_argument("--all", action="store_true", help="print every score")
    made = add(notebooks)
    made.add_argument("folder", nargs="?", type=Path, default=Path("notebooks"))
    made.add_argument("--profile", **profile)
    made = add(bench)
    made.add_argument("--size", default="small", help="of what is searched; a wrong one names all")
    made.add_argument("--no-growth", action="store_true", help="only the contenders")
    made = add(lock)
    made.add_argument("--upgrade", action="store_true", help="to newest indirect requirements")
    add(clean_results, "clean-results")
    add(clean)

    args, further = parser.parse_known_args(arguments)
    if further and args.command not in (run_tests, soak):
        parser.error("unrecognized arguments: " + " ".join(further))
    args.further = further
    return args


def _check_place(args: argparse.Namespace) -> None:
    """Only the data can be looked at where labkit is installed without the book."""
    if not bootstrap.IN_CHECKOUT and args.command is not data:
        raise SetupError(
            f"`labkit {args.name}` needs the book's repository: clone it, and run "
            f"`python -m labkit {args.name}` in its folder."
        )


def _use_profile(name: str | None) -> str:
    """Make ``name``, if given, the profile of this process and all it starts; return what holds."""
    from labkit import config

    if name is not None:
        os.environ["LABKIT_PROFILE"] = name
    return config.profile_name()


def _print_data(fetch: bool) -> None:
    from labkit import config
    from labkit.both.inventory import report

    print(report(config.profile_name(), fetch=fetch), flush=True)


def _render(
    formats: tuple, profile: str, renderer: str, chapters: list | None, no_code: bool
) -> None:
    """Render, then say where the pages are and what made them."""
    from labkit import lab
    from labkit.book import render as render_book

    start = time.perf_counter()
    if no_code:  # the filters of both renderers ask for it
        os.environ["LABKIT_NO_CODE"] = "1"
    if not chapters:  # which are of all data: those that will not do are told before an hour's work
        lab.stocks(), lab.machines()
    made = render_book(
        ROOT, formats=formats, profile=profile, renderer=renderer, only=chapters or None
    )
    minutes, seconds = divmod(round(time.perf_counter() - start), 60)
    by = "Quarto" if made.renderer == "quarto" else "labkit's built-in renderer"
    print()
    for kind, path in (("HTML", made.html), ("PDF", made.pdf)):
        if path is not None:
            print(f"{kind:9}{_shown(path)}")
    print(f"{'Made by':9}{by}, profile {profile}, in {minutes} min {seconds} s")
    print(f"{'Data':9}{'; '.join(_titles())}")


def _titles() -> list:
    """What the data of the book are, in words."""
    from labkit import lab

    return [own.title for own in lab.provenances()]


def _run(module: str, *arguments: str) -> int:
    """Run an installed module's command line in the project's root; return its exit status."""
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT).returncode


def _shown(path: Path) -> str:
    """A path as one would type it here: relative to the working directory if it lies below."""
    path = Path(path).absolute()
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _not_installed(module: str | None) -> str:
    if not bootstrap.IN_CHECKOUT:
        return f'the module {module} is not installed; run `pip install "labkit[book]"`.'
    return (
        f"the module {module} is not installed in this Python, {sys.executable}. Run "
        "`python -m labkit setup`, then the same command with the Python that it names."
    )


if __name__ == "__main__":
    sys.exit(main())
