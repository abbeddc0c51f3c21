"""What every study returns: facts by name, which tables, figures and sentences only format."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a study found: tables, and facts by name.

    Fields are tables (``DataFrame``), arrays (``ndarray``), trained models (`Checkpoint`), numbers,
    texts, frozen dataclasses of these, tuples of one type (``tuple[str, ...]``) and dictionaries by
    text (``dict[str, float]``).

    Parameters
    ----------
    profile : str
        Name of the profile that it was made under.
    """

    profile: str
