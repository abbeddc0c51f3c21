"""The chapters as notebooks: read as in the book, run from top to bottom, the same each time."""

import json
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from books import tiny_book
from nbclient import NotebookClient

from labkit.book import notebooks
from labkit.book.notebook_setup import public_address
from labkit.place import ROOT

CHAPTER = """```{python}
#| label: setup
#| include: false
import matplotlib.pyplot as plt
from IPython.display import Markdown
x = 7
```

We found `{python} x`, see @fig-a, @eq-a and @sec-next, after @kingma2015.

$$
y = x
$$ {#eq-a}

## Next {#sec-next}

```{python}
#| label: fig-a
#| fig-cap: "A line, as in @tbl-b."
#| fig-alt: "A."
plt.plot([0, x]);
```

```{python}
#| label: tbl-b
#| tbl-cap: "A table."
#| echo: false
import sys
print("not shown", file=sys.stderr)
Markdown("| a |\\n|---|\\n| 1 |")
```

```{python}
x += 1
print("now", x)
```

Now `{python} x`.

::: {.callout-note}
## Mind
That $x$ rises.
:::

```{python}
#| eval: false
#| code-summary: "A solution"
print("solved", x)
```
"""
BIBLIOGRAPHY = "@article{kingma2015, title={Adam}, author={Kingma, D. and Ba, J.}, year={2015}}\n"


def book(folder):
    root = tiny_book(folder, CHAPTER)
    config = json.loads((root / "_quarto.yml").read_text())
    config |= {"bibliography": "references.bib"}
    (root / "_quarto.yml").write_text(json.dumps(config, indent=1))
    (root / "references.bib").write_text(BIBLIOGRAPHY)
    return root


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = book(tmp_path_factory.mktemp("notebooks") / "book")
    return root, notebooks(root, root / "notebooks", report=str)


@pytest.fixture(scope="module")
def chapter(made):
    return nbformat.read(made[1][1], as_version=4)


def code(chapter, begins):
    (own,) = [cell for cell in chapter.cells if cell.source.startswith(begins)]
    return own


def text(chapter):
    return "\n\n".join(own.source for own in chapter.cells if own.cell_type == "markdown")


def test_text_reads_as_in_the_book(chapter):
    told = text(chapter)
    assert re.search(r"# 1 One\s+We found 7, see Figure.1\.1, Equation.1\.1 and Section.1\.1", told)
    assert "after Kingma and Ba (2015)." in told.replace("\n", " ")
    assert told.index("Now 8.") > told.index("## 1.1 Next") > told.index("We found 7")
    assert "y = x \\tag{1.1}" in told and "> **Mind**" in told
    assert "## References" in told and "*Adam*" in told
    assert not re.search(r"@(fig|tbl|eq|sec)-|\{python\}|#\||:::|\{#|<", told)


def test_code_holds_what_it_showed_under_its_caption(chapter):
    drawn, made = code(chapter, "plt.plot"), code(chapter, "import sys\nprint")
    (output,) = drawn.outputs
    assert "image/png" in output.data
    place = chapter.cells.index(drawn)
    below = chapter.cells[place + 1].source
    assert below.startswith(
        "**Figure\N{NO-BREAK SPACE}1.1:** A line, as in Table\N{NO-BREAK SPACE}1"
    )
    assert below.endswith("**Table\N{NO-BREAK SPACE}1.1:** A table.")
    assert [own.data["text/markdown"] for own in made.outputs] == ["| a |\n|---|\n| 1 |"]
    assert [own.text for own in code(chapter, "x += 1").outputs] == ["now 8\n"]


def test_what_the_book_does_not_show_is_there_folded_and_silent(chapter):
    hidden = [own.source for own in chapter.cells if own.metadata.get("jupyter")]
    begins = ("import matplotlib", "import sys", 'print("solved"')
    assert [own.startswith(begin) for own, begin in zip(hidden, begins, strict=True)] == [True] * 3
    assert (
        code(chapter, "import matplotlib").outputs == code(chapter, 'print("solved"').outputs == []
    )


def test_it_runs_from_top_to_bottom_in_a_kernel_of_its_own(made, chapter, tmp_path):
    """The project is found above the notebook, and lacks nothing."""
    root = made[0]
    shutil.copytree(ROOT / "labkit", root / "labkit", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "requirements-studies.txt").write_text("")
    ran = nbformat.from_dict(chapter)
    resources = {"metadata": {"path": str(root / "notebooks")}}
    NotebookClient(ran, timeout=120, resources=resources).execute()
    assert code(ran, 'print("solved"').outputs[0].text == "solved 8\n"


def test_the_same_book_makes_the_same_files(made):
    root, paths = made
    before = [path.read_bytes() for path in paths]
    assert [path.name for path in paths] == ["index.ipynb", "01-one.ipynb"]
    again = notebooks(root, root / "notebooks", report=str)
    assert [path.read_bytes() for path in again] == before
    assert {path.name for path in (root / "notebooks").iterdir()} == {path.name for path in paths}


def set_up(path):
    return json.loads(path.read_text())["cells"][1]["source"]


def test_without_an_address_a_reader_is_asked_to_bring_the_folder(made, tmp_path):
    cell = "".join(set_up(made[1][0]))
    assert "git" not in cell and 'PROFILE = "quick"' in cell
    done = subprocess.run(
        [sys.executable, "-c", cell], cwd=tmp_path, capture_output=True, text=True
    )
    assert "no labkit in" in done.stderr and "upload the project's folder" in done.stderr


def test_what_is_cloned_is_the_commit_that_made_it(tmp_path):
    root = book(tmp_path / "fork")
    shutil.copytree(ROOT / "labkit", root / "labkit", ignore=shutil.ignore_patterns("__pycache__"))
    (root / "requirements-studies.txt").write_text("")
    (root / "index.qmd").write_text("# Preface {.unnumbered}\n\nText.\n")
    git = ["git", "-C", str(root), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "-A"], ["commit", "-q", "-m", "one"]):
        subprocess.run([*git, *command], check=True)
    config = json.loads((root / "_quarto.yml").read_text())
    config["book"]["repo-url"] = root.as_uri()
    (root / "_quarto.yml").write_text(json.dumps(config))
    cell = "".join(set_up(notebooks(root, tmp_path / "nb", report=str)[0]))
    (root / "later").touch()
    for command in (["add", "later"], ["commit", "-q", "-m", "two"]):
        subprocess.run([*git, *command], check=True)
    away = tmp_path / "away"
    away.mkdir()
    subprocess.run([sys.executable, "-c", cell], cwd=away, check=True)
    assert (away / "fork/labkit/lab.py").is_file() and not (away / "fork/later").exists()


def test_on_kaggle_a_data_set_that_holds_the_project_is_copied(made, tmp_path):
    root = made[0]
    (tmp_path / "input/owner/project/labkit/bootstrap").mkdir(parents=True)
    for name in ("labkit/lab.py", "labkit/bootstrap/__init__.py"):
        (tmp_path / "input/owner/project" / name).write_text(
            "def install_for_notebook(home): pass\n"
        )
    (tmp_path / "input/owner/project/labkit/__init__.py").touch()
    cell = "".join(set_up(made[1][0])).replace("/kaggle/input", str(tmp_path / "input"))
    away = tmp_path / "away"
    away.mkdir()
    command = [sys.executable, "-c", f"{cell}\nprint(pathlib.Path.cwd())"]
    done = subprocess.run(command, cwd=away, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str((away / root.name).resolve())


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("git@example.org:a/lab.git", "https://example.org/a/lab.git"),
        ("https://user:secret@example.org/a/lab", "https://example.org/a/lab"),
        ("/srv/git/lab", ""),
        ("", ""),
    ],
)
def test_notebooks_never_tell_accounts_or_local_paths(remote, address):
    assert public_address(remote) == address
