"""What is handed in is whole, says who hands it in, and can be checked file by file."""

import hashlib
import re
import zipfile

import pytest
from books import tiny_book

from labkit.book import BookError, pack, render


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    root = tiny_book(tmp_path_factory.mktemp("handed-in") / "book")
    config = root / "_quarto.yml"
    given = '"submission": {"student number": "00123", "course": null}, "format":'
    config.write_text(config.read_text().replace('"format":', given))
    render(root, renderer="labkit", report=str)
    for name, content in {"results/a/record.json": "{}", "notebooks/01-one.ipynb": "{}"}.items():
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(content)
    (root / "results/.lock").write_text("")
    return root


def test_every_file_has_its_hash_and_the_readme_says_who_hands_it_in(rendered, tmp_path):
    made = pack(rendered, rendered / "notebooks", tmp_path / "submission.zip")
    with zipfile.ZipFile(made) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    text = held.pop("README.txt").decode()
    assert "Student number: 00123\n" in text and "Course" not in text
    hashes = {name: own for own, name in re.findall(r"^([0-9a-f]{64})  (.+)$", text, re.M)}
    assert hashes == {name: hashlib.sha256(own).hexdigest() for name, own in held.items()}
    assert {"Tiny.pdf", "site/index.html", "site/chapters/01-one.html"} < set(held)
    assert held["results/a/record.json"] == held["notebooks/01-one.ipynb"] == b"{}"
    assert not [name for name in held if "/." in name or name == "site/Tiny.pdf"]


def test_the_same_files_make_the_same_zip(rendered, tmp_path):
    names = ("a.zip", "b.zip")
    one, other = (pack(rendered, rendered / "notebooks", tmp_path / name) for name in names)
    assert one.read_bytes() == other.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "b.zip"]


def test_nothing_half_made_is_handed_in(rendered, tmp_path):
    with pytest.raises(BookError, match="no notebooks in .*: make them first"):
        pack(rendered, tmp_path, tmp_path / "submission.zip")
    root = tiny_book(tmp_path / "book")
    with pytest.raises(BookError, match=r"no PDF yet \(Tiny.pdf\): render all of it first"):
        pack(root, rendered / "notebooks", tmp_path / "submission.zip")
    assert not list(tmp_path.glob("*.zip*"))
