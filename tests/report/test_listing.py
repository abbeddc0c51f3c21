"""Code shown in a chapter is the code that runs."""

import ast

import pytest

from labkit.nets import training
from labkit.nets.mlp import MLP
from labkit.report.listing import source


def code(markdown):
    lines = markdown.data.splitlines()
    assert lines[0] == "```python" and lines[-1] == "```"
    return "\n".join(lines[1:-1])


def statements(text):
    """The syntax tree without docstrings: what runs."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node):
            node.body = node.body[1:]
    return ast.dump(tree)


@pytest.mark.parametrize(
    "thing", [training.train, training.TrainingConfig, MLP], ids=lambda thing: thing.__name__
)
def test_what_is_shown_is_what_runs_without_its_docstrings(thing):
    short, full = code(source(thing)), code(source(thing, docstring=True))
    assert '"""' in full and '"""' not in short
    assert statements(short) == statements(full)
    assert ast.dump(ast.parse(short)) == statements(full)


def test_comments_and_strings_that_are_no_docstrings_stay():
    assert "# No lambda" in code(source(training.learning_rate_factor))
    assert '"validation_loss"' in code(source(training.EarlyStopping))


def test_the_body_follows_its_head_without_a_gap():
    lines = code(source(training.count_batches)).splitlines()
    assert lines[0].startswith("def count_batches") and lines[1].strip()


def test_a_method_is_shown_flush_left():
    assert code(source(MLP.forward)).startswith("def forward")
    ast.parse(code(source(MLP.forward)))


def test_a_label_makes_a_listing_of_several_things_in_their_order():
    shown = source(
        training.count_batches, MLP.forward, label="lst-two", caption='Of "both" \\* here.'
    )
    head, *body, end = shown.data.splitlines()
    assert (
        head == '```{#lst-two .python lst-cap="Of \\"both\\" \\\\* here." code-line-numbers="true"}'
        and end == "```"
    )
    assert [line for line in body if line.startswith("def ")] == [
        "def count_batches(n_rows: int, batch_size: int) -> int:",
        "def forward(self, x: Tensor) -> Tensor:",
    ]
