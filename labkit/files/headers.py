"""Which column of a file is which: by its name, whatever its case, spaces, underscores or unit."""

import difflib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from labkit.files.datasets import Layout

_UNIT = re.compile(r"[\[(]([^\])]*)[\])]\s*$")
LONGEST = 60
"""Characters of a name or a cell that a message shows."""

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad"))


def visible(text: str) -> str:
    """A text without what cannot be seen, and without spaces around it."""
    return text.translate(_INVISIBLE).strip()


@dataclass(frozen=True)
class Match:
    """A file's columns held against a layout.

    Attributes
    ----------
    positions : dict of str to int
        The layout's name of a column to its position in the file.
    missing : tuple of str
        Required columns that are not there.
    double : dict of str to list of str
        Columns that two or more of the file's could be, to these.
    """

    positions: dict[str, int]
    missing: tuple[str, ...]
    double: dict[str, list[str]]

    @property
    def whole(self) -> bool:
        """Whether the file has the layout."""
        return not (self.missing or self.double)


def match(header: Sequence[str], layout: Layout) -> Match:
    """Find a layout's columns among a file's.

    >>> from labkit.files.datasets import KAGGLE_MACHINES
    >>> match(["type", "Air_temperature_K", "Torque"], KAGGLE_MACHINES).positions
    {'Type': 0, 'Air temperature [K]': 1, 'Torque [Nm]': 2}
    """
    positions, double = {}, {}
    for name in layout.columns:
        same = [i for i, other in enumerate(header) if _is(other, name)]
        if len(same) > 1:
            double[name] = [header[i] for i in same]
        elif same:
            positions[name] = same[0]
    there = {*positions, *double}
    missing = tuple(name for name in layout.required if name not in there)
    return Match(positions, missing, double)


def _is(found: str, name: str) -> bool:
    """Whether a column's name is that of a layout: the unit may be lacking, not be another."""
    base, unit = _parts(found)
    wanted, wanted_unit = _parts(name)
    if unit:
        return (base, unit) == (wanted, wanted_unit)
    return base in (wanted, wanted + wanted_unit)


def _parts(name: str) -> tuple[str, str]:
    """A name's letters and digits, and those of the unit in brackets behind it."""
    name = unicodedata.normalize("NFKC", visible(name)).casefold()
    unit = _UNIT.search(name.replace("_", " "))
    base = name[: unit.start()] if unit else name
    return re.sub(r"[\W_]", "", base), re.sub(r"\s", "", unit[1]) if unit else ""


def described(header: Sequence[str], found: Match, layout: Layout) -> str:
    """What is wrong with a file's header, and what comes nearest to each missing column."""
    parts = [
        f"columns {listed(map(repr, names), 3, ' and ')} could both be {name}"
        for name, names in found.double.items()
    ]
    if found.missing:
        told = ", ".join(name + _nearest(name, header, found) for name in found.missing)
        parts.append(f"column{'s' * (len(found.missing) > 1)} {told} missing")
    return (
        f"{'; '.join(parts)}; found {listed(header, 12)}. Expected {layout.what}, with the columns "
        f"{', '.join(layout.required)}."
    )


def listed(names: Iterable[str], most: int, between: str = ", ") -> str:
    """The first of these names, the long ones shortened."""
    names = list(names)
    return between.join(map(brief, names[:most])) + (" …" if len(names) > most else "")


def brief(text: str) -> str:
    """A text that is short enough for a message."""
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _nearest(name: str, header: Sequence[str], found: Match) -> str:
    free = {
        _parts(other)[0]: other
        for i, other in enumerate(header)
        if i not in found.positions.values()
    }
    near = difflib.get_close_matches(_parts(name)[0], free, n=1, cutoff=0.5)
    return f" (nearest: {brief(repr(free[near[0]]))})" if near else ""
