"""Many MLPs of one shape trained as one: what the plain loop does, for M networks at a time."""

from labkit.nets.stacked.admission import (
    is_switched_on,
    why_not_minimised,
    why_not_stacked,
    why_not_stacked_each,
    why_not_trained_so,
)
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
    "cut_into_stacks",
    "is_switched_on",
    "name_of_loss",
    "shape_of",
    "train_stacked",
    "why_not_minimised",
    "why_not_stacked",
    "why_not_stacked_each",
    "why_not_trained_so",
]
