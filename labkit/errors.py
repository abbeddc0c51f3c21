"""The base of all errors whose message is for the user: what was found, where, what to do next.

Imports the standard library only, so that set-up can use it too.
"""

import errno


class LabkitError(Exception):
    """What the command line prints as one line, without a traceback; catch it to catch them all."""


_NEXT_STEPS = {
    "look who may read and write there, or copy the project to a place that is yours": (
        "EACCES", "EPERM", "EROFS",
    ),
    "free some space and run the same command again; nothing that was finished is lost": (
        "ENOSPC", "EDQUOT",
    ),
    "fewer programs, or a higher `ulimit -n`, leave room for more open files": ("EMFILE", "ENFILE"),
    "give the file or folder a shorter name": ("ENAMETOOLONG",),
    "free some memory and run the same command again": ("ENOMEM",),
    "this machine must let programs talk to each other on 127.0.0.1": (
        "EADDRNOTAVAIL", "ENETUNREACH", "ENETDOWN", "EAFNOSUPPORT", "ECONNREFUSED",
    ),
}  # fmt: skip
_BY_NUMBER = {
    getattr(errno, name): step
    for step, names in _NEXT_STEPS.items()
    for name in names
    if hasattr(errno, name)
}


def told(error: OSError) -> str:
    """What the operating system refused, where, and what to do about it, in one line.

    >>> told(OSError(28, "No space left on device", "results/a.csv")).partition(";")[0]
    'results/a.csv: No space left on device'
    """
    where = "" if error.filename is None else f"{error.filename}: "
    what = error.strerror or " ".join(str(error).split()) or type(error).__name__
    step = _BY_NUMBER.get(error.errno or 0, "mend that and run the same command again")
    return f"{where}{what}; {step}"
