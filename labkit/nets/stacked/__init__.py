"""Many MLPs of one shape trained fast: what the plain loop does, for M networks at a time.

Compiled code takes one network's steps after the other's (`compiled`, `kernel`); where there is no
numba, and away from the CPU, PyTorch takes a step of all of them at once (`network`, `layers`).
"""

from labkit.nets.stacked.admission import (
    is_switched_on,
    why_not_minimised,
    why_not_stacked,
    why_not_stacked_each,
    why_not_trained_so,
)
from labkit.nets.stacked.compiled import compile_ahead, trains_compiled
from labkit.nets.stacked.losses import name_of_loss
from labkit.nets.stacked.members import Checkpoint, Member, Snapshot, Trained
from labkit.nets.stacked.network import StackedMLP, shape_of
from labkit.nets.stacked.training import cut_into_stacks, train_stacked

__all__ = [
    "Checkpoint",
    "Member",
    "Snapshot",
    "StackedMLP",
    "Trained",
    "compile_ahead",
    "cut_into_stacks",
    "is_switched_on",
    "name_of_loss",
    "shape_of",
    "train_stacked",
    "trains_compiled",
    "why_not_minimised",
    "why_not_stacked",
    "why_not_stacked_each",
    "why_not_trained_so",
]
