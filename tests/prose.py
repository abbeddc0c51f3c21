"""What no sentence should have, whoever wrote it: marks and words that are out of place."""

import re

ABBREVIATIONS = ("vs.", "e.g.", "i.e.", "et al.", "min.", "No.")
SAID_WITH_A_VOWEL = r"(?:[AEFHILMNORSX][A-Z²\d]|R²|L2|8|11|18|hour|honest)"

MANY = ("rows", "stocks", "seeds", "epochs", "folds", "days", "years", "candidates", "models")

FAULTS = {
    "two blanks": r"[^\S\n]{2,}",
    "a blank before a mark": r"\s[,;:.!?)](?!\w|\.)",
    "a blank after a bracket": r"\(\s",
    "nothing in brackets": r"\(\s*\)|\[\s*\]",
    "two marks": r"[,;:][,;:.]|(?<!\.)\.\.(?!\.)|[.!?][,;]",
    "a small letter after a full stop": r"(?<!\.)[a-z)\]%\d]\. (?!scikit-|imbalanced-)[a-z]",
    "a word twice": r"\b([A-Za-z]{2,}) \1\b(?<!that that)(?<!had had)",
    "a before a vowel": r"\b[Aa] (?=[aeio])(?!one\b|one-|once|eu)\w+",
    "an before a consonant": rf"\b[Aa]n (?![aeiouAEIO(*$`]|{SAID_WITH_A_VOWEL})\w+",
    "one of many": rf"(?<![\d.,])\b1 (?:{'|'.join(MANY)})\b",
    "what no reader should see": r"\b(?:nan|inf|NaN|None(?! raises| of))\b",
    "a hyphen for a minus": r"(?<![\d\w-])-\d",
}
"""Name of a fault → the pattern that finds it."""


def faults(text: str) -> list[str]:
    """Everything that is out of place in a text, with the words around it."""
    text = text.replace("\xa0", " ")
    for own in ABBREVIATIONS:
        text = text.replace(own, own.replace(".", ""))
    found = [
        f"{name}: …{text[max(0, match.start() - 30) : match.end() + 30]}…"
        for name, pattern in FAULTS.items()
        for match in re.finditer(pattern, text)
    ]
    for left, right in ("()", "[]", "“”"):
        if text.count(left) != text.count(right):
            found.append(f"{left} and {right} do not match: {text}")
    return found


def sentences(text: str) -> list[str]:
    """A paragraph cut where a sentence ends and another begins."""
    return re.split(r"(?<=[.!?]) (?=[A-Z“*])", " ".join(text.split()))
