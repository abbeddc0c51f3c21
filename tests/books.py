"""Small books for the tests of rendering."""

import json
from pathlib import Path

CONFIG = {
    "project": {"type": "book", "output-dir": "_book", "execute-dir": "project"},
    "book": {"title": "Tiny", "chapters": ["index.qmd", "chapters/01-one.qmd"]},
    "format": {"html": {}, "typst": {}},
}

TEXTS_CELL = """```{{python}}
#| echo: false
import pandas as pd
from labkit.report.table import table
from labkit.report.sentence import Sentence, as_text
texts = {texts!r}
table(pd.DataFrame({{"text": texts}}))
```

`{{python}} Sentence("All: " + ", ".join(map(as_text, texts)) + ", end.")`
"""
"""A cell with texts as data have them, which a table and a sentence show."""


def tiny_book(root: Path, chapter: str = "Text.", output: object = "_book") -> Path:
    """A book of two chapters, the second of which holds what is given; YAML reads JSON too."""
    (root / "chapters").mkdir(parents=True)
    config = CONFIG | {"project": CONFIG["project"] | {"output-dir": output}}
    (root / "_quarto.yml").write_text(json.dumps(config, indent=1))
    (root / "index.qmd").write_text("# Preface {.unnumbered}\n\nText.\n")
    (root / "chapters/01-one.qmd").write_text(f"# One {{#sec-one}}\n\n{chapter}\n")
    return root


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, with what it holds."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
