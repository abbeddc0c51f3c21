"""Trained models as files that anyone can load: plain values and tensors, no code."""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """What a trained model is made of, by name.

    Parameters
    ----------
    parts : dict
        Of tensors, numbers, texts, None, and lists and dictionaries of these: what
        ``torch.load(path, weights_only=True)`` reads, which runs no code from the file.
    """

    parts: dict[str, Any]

    def save(self, path: Path) -> None:
        """Write the parts to a file."""
        # Not by PyTorch itself, which does not say that a disk is full.
        buffer = io.BytesIO()
        torch.save(self.parts, buffer)
        path.write_bytes(buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> "Checkpoint":
        """Read what `save` wrote."""
        return cls(torch.load(path, map_location="cpu", weights_only=True))
