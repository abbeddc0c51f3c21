"""What requirements files say."""

import sys

import pytest

from labkit.bootstrap import SetupError, requirements


def write(folder, text, name="requirements.txt"):
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def texts(file):
    return [str(requirement) for requirement in requirements.read(file)]


def test_comments_blank_lines_options_and_hashes_are_no_requirements(tmp_path):
    file = write(
        tmp_path,
        "\ufeff--index-url https://example.org/simple\n-c constraints.txt\n\n"
        "# a comment that ends on \\\n"
        "alpha==1.0  # why\nbeta[x,y]==2.0 --hash=sha256:ab --hash=sha256:cd\n"
        'gamma >= 1, < 2 ; python_version >= "3"\n'
        "delta==3.0 \\\n    --hash=sha256:ab \\\n    --hash=sha256:cd\n    # via alpha\n"
        "epsilon @ https://example.org/epsilon-1.0.tar.gz#sha256=ab\n",
    )
    assert [
        (each.name, sorted(each.extras), str(each.specifier)) for each in requirements.read(file)
    ] == [
        ("alpha", [], "==1.0"),
        ("beta", ["x", "y"], "==2.0"),
        ("gamma", [], "<2,>=1"),
        ("delta", [], "==3.0"),
        ("epsilon", [], ""),
    ]


def test_a_file_brings_those_that_it_includes(tmp_path):
    (tmp_path / "more").mkdir()
    write(tmp_path / "more", "beta==2.0\n-r last.txt\n", "some.txt")
    write(tmp_path / "more", "gamma==3.0\n", "last.txt")
    file = write(tmp_path, "alpha==1.0\n-r more/some.txt\n--requirement=more/last.txt\n")
    assert texts(file) == ["alpha==1.0", "beta==2.0", "gamma==3.0", "gamma==3.0"]


def test_requirements_of_other_systems_are_left_out(tmp_path):
    other = "darwin" if sys.platform != "darwin" else "win32"
    file = write(
        tmp_path,
        f"alpha==1.0 ; sys_platform == '{other}'\nbeta==2.0 ; sys_platform == '{sys.platform}'\n",
    )
    assert [each.name for each in requirements.read(file)] == ["beta"]


@pytest.mark.parametrize(
    "line",
    ["torch=2.13", "torch==", "git+https://example.org/x.git", "-e .", "--editable=./x", "?"],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path, line):
    file = write(tmp_path, f"alpha==1.0\nbeta==2.0 \\\n  --hash=sha256:ab\n{line}\n")
    with pytest.raises(SetupError) as refused:
        requirements.read(file)
    assert f"{file}:4: {line!r}" in str(refused.value)


def test_an_included_file_that_is_not_there_is_named(tmp_path):
    file = write(tmp_path, "-r absent.txt\n")
    with pytest.raises(SetupError, match="absent.txt"):
        requirements.read(file)


def test_without_packaging_the_copy_that_pip_brings_reads_them(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "packaging.requirements", None)
    file = write(tmp_path, 'alpha[x]>=1.0 ; python_version >= "3"\n')
    assert requirements.read(file)[0].extras == {"x"}
    assert type(requirements.read(file)[0]).__module__.startswith("pip.")
    monkeypatch.setitem(sys.modules, "pip._vendor.packaging.requirements", None)
    with pytest.raises(SetupError, match="ensurepip"):
        requirements.read(file)
