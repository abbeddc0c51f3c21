"""Many MLPs of one shape trained as one: what the plain loop does, for M networks at a time."""

from labkit.nets.stacked.members import Member, Snapshot, Trained
from labkit.nets.stacked.network import StackedMLP
from labkit.nets.stacked.training import cut_into_stacks, train_stacked

__all__ = [
    "Member",
    "Snapshot",
    "StackedMLP",
    "Trained",
    "cut_into_stacks",
    "train_stacked",
]
