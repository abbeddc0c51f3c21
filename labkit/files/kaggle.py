"""Kaggle's data sets by kagglehub: what it has kept, and what it can get, in silence."""

import contextlib
import io
import logging
import os
from functools import cache
from pathlib import Path


def kagglehub_folder(handle: str, *, fetch: bool = True) -> Path | None:
    """The folder of a Kaggle data set that kagglehub has, or can get; None where it cannot."""
    return _kagglehub_cached(handle) or (_kagglehub_fetched(handle) if fetch else None)


def _kagglehub_cached(handle: str) -> Path | None:
    """The newest complete version in kagglehub's cache: asking Kaggle for it needs a network."""
    cache_folder = os.environ.get("KAGGLEHUB_CACHE") or Path.home() / ".cache" / "kagglehub"
    folder = Path(cache_folder, "datasets", handle)
    complete = [
        int(marker.stem)
        for marker in folder.glob("*.complete")
        if marker.stem.isdigit() and (folder / "versions" / marker.stem).is_dir()
    ]
    return folder / "versions" / str(max(complete)) if complete else None


@cache
def _kagglehub_fetched(handle: str) -> Path | None:
    """Download in silence; None when that fails, for whatever reason. Asked once a process."""
    import kagglehub

    logger = logging.getLogger("kagglehub")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    quiet = io.StringIO()
    try:
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            return Path(kagglehub.dataset_download(handle))
    except Exception:  # no network, no such data set, refused, no space: all mean "search on"
        return None
    finally:
        logger.setLevel(level)
