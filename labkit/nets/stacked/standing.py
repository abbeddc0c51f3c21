"""The members of a stack that still train: what has a place in the stack, and moves up.

Everything else about a member is looked up by its number, which never changes.
"""

from collections.abc import Sequence
from functools import cache
from itertools import groupby

import torch
from torch import Tensor, nn

from labkit.nets.schedules import learning_rate_factor
from labkit.nets.stacked.members import Checkpoint, Member
from labkit.nets.stacked.network import StackedMLP
from labkit.nets.stacked.optimizers import STACKED_OPTIMIZERS, StackedOptimizer
from labkit.nets.training import (
    OPTIMIZERS,
    TrainingConfig,
    cut_into_batches,
    optimizer_options,
)


class Run:
    """Neighbours that step together: the same number of rows, the same optimizer.

    Parameters
    ----------
    start : int
        The place of the first.
    configs : sequence of TrainingConfig
    n_rows : int
    optimizer : StackedOptimizer
        Of their part of the stack's parameters.
    """

    def __init__(
        self,
        start: int,
        configs: Sequence[TrainingConfig],
        n_rows: int,
        optimizer: StackedOptimizer,
    ):
        self.start, self.stop = start, start + len(configs)
        self.configs, self.n_rows, self.optimizer = configs, n_rows, optimizer
        self.batches = cut_into_batches(n_rows, configs[0].batch_size)
        self.factors: Tensor | None = None
        if any(config.schedule for config in configs):
            columns = [_factors(c.schedule, c.epochs * len(self.batches)) for c in configs]
            padded = nn.utils.rnn.pad_sequence(columns)
            self.factors = padded.to(optimizer.parameters).unsqueeze(-1)

    def step(self, gradient: Tensor) -> None:
        """Change the networks' parameters."""
        factors = None if self.factors is None else self.factors[self.optimizer.steps]
        self.optimizer.step(gradient, factors)

    def select(self, own: Sequence[int], start: int, parameters: Tensor) -> "Run":
        """Some of the neighbours, by their numbers in the run, with their new parameters."""
        configs = [self.configs[k] for k in own]
        return Run(start, configs, self.n_rows, self.optimizer.select(parameters, own))


@cache
def _factors(schedule: str | None, steps: int) -> Tensor:
    factor = learning_rate_factor(schedule, steps)
    return torch.tensor([factor(step) for step in range(steps)], dtype=torch.float64)


def _reached(starts: Sequence[Checkpoint | None]) -> tuple[list[Tensor] | None, int]:
    """The optimizer's averages, a row for each of the neighbours, and the steps taken so far."""
    reached = [start for start in starts if start is not None]
    if not reached:
        return None, 0
    averages = [torch.stack(own) for own in zip(*(s.averages for s in reached), strict=True)]
    return averages, reached[0].network.n_batches


class Standing:
    """The members that still train, place by place.

    Parameters
    ----------
    numbers : list of int
        The number of the member at each place.
    network : StackedMLP
    runs : list of Run
        From the first place to the last, those with most rows first.
    """

    def __init__(self, numbers: Sequence[int], network: StackedMLP, runs: Sequence[Run]):
        self.numbers, self.network, self.runs = numbers, network, runs

    @classmethod
    def at_the_start(
        cls, members: Sequence[Member], n_rows: Sequence[int], network: StackedMLP
    ) -> "Standing":
        """All members. Those of as many rows and one optimizer must be neighbours.

        They have the same number of epochs behind them.
        """

        def kind(i: int) -> tuple[int, str]:
            return n_rows[i], members[i].config.optimizer

        runs = []
        for (count, name), group in groupby(range(len(members)), kind):
            own = list(group)
            configs = [members[i].config for i in own]
            make = STACKED_OPTIMIZERS[OPTIMIZERS[name]]
            parameters = network.parameters[own[0] : own[-1] + 1]
            options = [optimizer_options(config) for config in configs]
            optimizer = make(parameters, options, *_reached([members[i].start for i in own]))
            runs.append(Run(own[0], configs, count, optimizer))
        return cls(range(len(members)), network, runs)

    def averages(self, place: int) -> list[Tensor]:
        """Copies of what the optimizer keeps of the network at a place, on the CPU."""
        (run,) = (run for run in self.runs if run.start <= place < run.stop)
        return [own[place - run.start].to("cpu", copy=True) for own in run.optimizer.state]

    def select(self, places: Sequence[int]) -> "Standing":
        """Those at some of the places, which go on from here."""
        which = torch.tensor(places, dtype=torch.long, device=self.network.parameters.device)
        network = self.network.select(which)
        runs, start = [], 0
        for run in self.runs:
            own = [place - run.start for place in places if run.start <= place < run.stop]
            if own:
                parameters = network.parameters[start : start + len(own)]
                runs.append(run.select(own, start, parameters))
                start += len(own)
        return Standing([self.numbers[place] for place in places], network, runs)
