"""Runs a chapter: one Jupyter kernel, its cells and inline expressions in their order."""

from __future__ import annotations

import os
import re
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Thread

from labkit.book.errors import BookError
from labkit.book.project import Project
from labkit.book.source import Cell, Text, inline_expressions
from labkit.errors import told

# Small networks train faster on one thread a process than on two.
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")

TIMEOUT = "LABKIT_CELL_TIMEOUT"
"""The environment variable that says how many seconds a cell may take."""

LONGEST = 6 * 3600
"""Seconds that a cell may take by default: more than any needs, an evening's profile included."""

_PATIENCE = {"startup_timeout": 120, "iopub_timeout": 120, "raise_on_iopub_timeout": True}
"""Seconds that a busy machine may take to start a process, and to hand on what a cell has shown;
what comes later would be missing from the page without a word."""

MOST_OUTPUT = 10**7
"""Characters that a cell may show, images included."""

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_FRAME = re.compile(r"Cell In\[\d+\], line (\d+)")
_INLINE = "_labkit_inline"

# Objects with a Markdown form are inserted as Markdown, all others as their str(): Quarto's rule.
_PRELUDE = f"""
def {_INLINE}(value):
    from IPython.display import display
    make = getattr(value, "_repr_markdown_", None)
    text = make() if make is not None else None
    kind, text = ("text/plain", str(value)) if text is None else ("text/markdown", text)
    display({{kind: text}}, raw=True, metadata={{"{_INLINE}": True}})
"""


def execute(project: Project, name: str, parts: list[Text | Cell], work: Path) -> list[list]:
    """Outputs of each part of a chapter.

    Parameters
    ----------
    project : Project
        Its root is the working directory and is importable.
    name : str
        The chapter's source, for messages.
    parts : list
        As `labkit.book.source.parse` returns them.
    work : Path
        A folder for what the chapter's process and this one need meanwhile.

    Returns
    -------
    list of list
        For a cell its Jupyter outputs; for a text one (is_markdown, text) per inline expression.

    Raises
    ------
    BookError
        If a cell or an inline expression raises, takes longer than ``LABKIT_CELL_TIMEOUT`` says or
        shows more than `MOST_OUTPUT`, an inline expression says nothing, or the chapter's process
        dies or cannot be started.
    """
    if not any(isinstance(part, Cell) or inline_expressions(part) for part in parts):
        return [[] for _ in parts]
    with _session(project, name, work) as run:
        run(_PRELUDE, "the renderer's first cell", 1)
        results = []
        for part in parts:
            if isinstance(part, Cell) and not part.evaluated:
                results.append([])
            elif isinstance(part, Cell):
                title = f"the cell {part.label!r}" if part.label else "the cell"
                results.append(run(part.code, title, part.code_line))
            else:
                results.append([_inline(run, name, item) for item in inline_expressions(part)])
        return results


def _inline(run, name: str, item) -> tuple[bool, str]:
    title = f"the inline expression `{item.code}`"
    outputs = run(f"{_INLINE}({item.code})", title, item.line)
    data = next((o["data"] for o in outputs if o.get("metadata", {}).get(_INLINE)), {})
    markdown = "text/markdown" in data
    text = data.get("text/markdown" if markdown else "text/plain", "")
    if not text.strip():
        raise BookError(f"{name}:{item.line}: {title} says nothing; Quarto would print its code")
    return markdown, text


@contextmanager
def _session(project: Project, name: str, work: Path) -> Iterator:
    """A kernel for one chapter, as a function (code, title, first line) -> outputs."""
    import nbformat
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    client = _client(nbformat.v4.new_notebook(), work, project.figure_format)
    # The kernel's own notices are no part of the book. Should the kernel die, they tell why.
    log = _Tail()
    with closing(log), ExitStack() as stack:

        def run(code: str, title: str, line: int) -> list:
            cell = nbformat.v4.new_code_cell(code)
            client.nb.cells.append(cell)
            client.shown = 0
            try:
                client.execute_cell(cell, len(client.nb.cells) - 1)
            except CellExecutionError as error:
                raise _cell_error(name, title, line, error) from None
            except CellTimeoutError:
                raise BookError(
                    f"{name}:{line}: {title} was stopped after {client.timeout:g} s; if it may "
                    f"take longer, say how many seconds in the environment variable {TIMEOUT}"
                ) from None
            except DeadKernelError:
                if client.shown > MOST_OUTPUT:
                    raise BookError(
                        f"{name}:{line}: {title} was stopped: it shows more than "
                        f"{MOST_OUTPUT // 10**6} MB; print less"
                    ) from None
                raise BookError(
                    f"{name}:{line}: {title} killed its Python process (out of memory?). "
                    f"{log.close()}"
                ) from None
            return cell["outputs"]

        options = {"cwd": str(project.root), "env": environment(project)}
        streams = {"stdout": log.inlet, "stderr": log.inlet}
        kernel = client.setup_kernel(**options, **streams, cleanup_kc=True)
        try:
            _check_loopback()
            stack.enter_context(kernel)
        except Exception as error:  # of many types: no port, no memory, no file, no answer
            what = told(error) if isinstance(error, OSError) else one_line(error)
            raise BookError(
                f"{name}: no Python process could be started for its cells: {what} {log.close()}"
            ) from error
        yield run


def _client(notebook, work: Path, figure_format: str):
    """What runs the cells of a notebook, for so long and so much output as are allowed."""
    from nbclient import NotebookClient

    class Bounded(NotebookClient):
        shown = 0

        def process_message(self, message, cell, index):
            before, self.shown = self.shown, self.shown + len(str(message["content"]))
            if self.shown <= MOST_OUTPUT:
                return super().process_message(message, cell, index)
            if before <= MOST_OUTPUT:
                self.km.provisioner.process.kill()
            return None

    return Bounded(
        notebook, km=_kernel_manager(work, figure_format), timeout=_timeout(), **_PATIENCE
    )


def _timeout() -> float:
    given = os.environ.get(TIMEOUT, str(LONGEST))
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise BookError(f"{TIMEOUT} is {given!r}; expected seconds, such as {LONGEST}")
    return seconds


def _check_loopback() -> None:
    """Fail at once where this process could not talk to another one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), 10).close()


class _Tail:
    """The end of what is written to a pipe: however much that is, it fills no disk."""

    def __init__(self):
        self.outlet, self.inlet = os.pipe()
        self.text = b""
        self.reading = Thread(target=self._read, daemon=True)
        self.reading.start()

    def _read(self) -> None:
        while chunk := os.read(self.outlet, 2**16):
            self.text = (self.text + chunk)[-4000:]
        os.close(self.outlet)

    def close(self) -> str:
        """End it; its last words."""
        if self.inlet is not None:
            os.close(self.inlet)
            self.inlet = None
        self.reading.join(1)  # what inherited the pipe may write on
        return " ".join(self.text.decode(errors="replace").split()[-40:])


def _kernel_manager(work: Path, figure_format: str):
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    # This very interpreter, whatever kernels the machine's user has installed.
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    command.append(f"--InlineBackend.figure_formats={{{figure_format!r}}}")
    if figure_format == "svg":  # without the time, so that the same figure is the same file
        kept = {"bbox_inches": "tight", "metadata": {"Date": None}}
        command.append(f"--InlineBackend.print_figure_kwargs={kept!r}")
    spec = KernelSpec(argv=command, display_name="book", language="python")

    class ThisPython(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return spec

    connection = work / f"kernel-{time.monotonic_ns()}.json"
    return AsyncKernelManager(kernel_spec_manager=ThisPython(), connection_file=str(connection))


def environment(project: Project) -> dict[str, str]:
    """Environment of everything that the book runs: project on the path, one thread, profile."""
    path = os.pathsep.join(filter(None, [str(project.root), os.environ.get("PYTHONPATH")]))
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    return {
        **dict.fromkeys(THREADS, "1"),
        **os.environ,
        "PYTHONPATH": path,
        "PATH": programs,
        "QUARTO_PYTHON": sys.executable,
        **project.environment,
    }


def _cell_error(name: str, title: str, line: int, error) -> BookError:
    frame = _FRAME.search(_ANSI.sub("", str(error.traceback)))
    at = line + int(frame[1]) - 1 if frame else line
    return BookError(f"{name}:{at}: {title} failed: {error.ename}: {one_line(error.evalue)}")


def strip_ansi(text: str) -> str:
    """`text` without terminal colours."""
    return _ANSI.sub("", text)


def one_line(message: object, most: int = 600) -> str:
    """A message without line ends, and not longer than anyone reads."""
    text = " ".join(str(message).split())
    return text if len(text) <= most else f"{text[:most]}…"
