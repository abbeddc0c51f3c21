"""The PDF, made smaller: Typst writes what it says of a page's structure without packing it."""

from __future__ import annotations

import os
from pathlib import Path

from labkit.book.errors import BookError


def pack_objects(path: Path) -> None:
    """Write a PDF anew with its objects packed; the pages and their tags stay as they are.

    Raises
    ------
    BookError
        If what lies there is no PDF.
    """
    import pikepdf

    packed = path.with_name(path.name + ".tmp")
    try:
        with pikepdf.open(path) as pdf:
            pdf.save(
                packed,
                object_stream_mode=pikepdf.ObjectStreamMode.generate,
                compress_streams=True,
                deterministic_id=True,
            )
    except pikepdf.PdfError as error:
        raise BookError(f"{path.name} is no PDF that can be read: {error}") from error
    os.replace(packed, path)
