"""Which data a page was made from, said by the data themselves."""

from labkit.files.provenance import Provenance
from labkit.report.sentence import Sentence, as_text, counted

PLACES = {
    "environment": "read from the folder that `LABKIT_DATA` names",
    "local": "read from the project's `data` folder",
    "kaggle": "read from Kaggle's input folder",
    "download": "downloaded from Kaggle with `kagglehub`",
    "embedded": "the embedded default, which needs no download",
}

KAGGLE = {
    "NYSE": "https://www.kaggle.com/datasets/dgawlik/nyse",
    "Predictive maintenance": (
        "https://www.kaggle.com/datasets/shivamb/machine-predictive-maintenance-classification"
    ),
}
"""Where the data sets that the lab names can be downloaded, by `Provenance.dataset`."""


_UNKNOWN = (
    " They are laid out as the data that the lab names, but are not those: nothing proves where "
    "they come from, and what this book says of how those came about need not hold of them."
)


def opening(provenance: Provenance) -> Sentence:
    """The sentence a chapter opens with: which data, how many rows, whence, under which licence."""
    cited = f" [@{provenance.citation}]" if provenance.citation else ""
    return Sentence(
        f"The data are **{as_text(provenance.title)}**{cited}, "
        f"{counted(provenance.rows, 'row')}, {PLACES[provenance.source]}. "
        f"Licence: {as_text(provenance.licence)}."
    )


def next_step(provenance: Provenance) -> Sentence:
    """Whether these are the data the lab names, and how to get those if they are not."""
    if provenance.source != "embedded":
        return Sentence(
            "Every figure, table and number of this chapter was computed from these files, which "
            f"passed {counted(len(provenance.checks), 'check')}; `python -m labkit data` lists "
            f"them.{'' if provenance.is_known else _UNKNOWN}"
        )
    kind = (
        "They are real, but not the data set the lab names"
        if provenance.is_real
        else "They are a simulation of the published process, not the measured file"
    )
    return Sentence(
        f"{kind}: **nothing on this page is a finding about Kaggle's data**. To see the chapter on "
        f"those, download them from <{KAGGLE[provenance.dataset]}>, name their folder in the "
        "environment variable `LABKIT_DATA`, and render again; "
        "`python -m labkit data` shows what was found."
    )
