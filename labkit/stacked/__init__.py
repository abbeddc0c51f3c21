"""Many MLPs of one shape trained as one: what the plain loop does, for M networks at a time."""

from labkit.stacked.members import Member, Snapshot, Trained
from labkit.stacked.network import StackedMLP
from labkit.stacked.training import cut_into_stacks, train_stacked

__all__ = [
    "Member",
    "Snapshot",
    "StackedMLP",
    "Trained",
    "cut_into_stacks",
    "train_stacked",
]
