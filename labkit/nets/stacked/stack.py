"""The training loop of one stack: networks of one shape and batch size, step by step.

A stack of M networks takes the steps that `labkit.nets.training.train` would take with each of
them: the same initial weights, batches, dropout masks, updates and stops.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

import pandas as pd
import torch
from torch import Tensor

from labkit.nets.parallel import end_if_unwanted
from labkit.nets.stacked.compiled import CompiledSteps, program_of
from labkit.nets.stacked.dropout import DropoutMasks, MaskDrawer
from labkit.nets.stacked.losses import LOSSES
from labkit.nets.stacked.members import Checkpoint, Member, Snapshot, Trained
from labkit.nets.stacked.network import StackedMLP, Weights, weights_of
from labkit.nets.stacked.observation import Observer
from labkit.nets.stacked.rows import Places, Rows
from labkit.nets.stacked.standing import Run, Standing
from labkit.nets.training import History, Watched, count_batches


@dataclass(frozen=True)
class _Best:
    """The best epoch so far; 0 when there is none."""

    epoch: int = 0
    loss: float = float("inf")
    weights: Weights | None = None


@dataclass
class _Log:
    """What is kept of a member while it trains."""

    records: list[dict[str, float]] = field(default_factory=list)
    best: _Best = field(default_factory=_Best)
    snapshots: dict[int, Snapshot] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class _Span:
    """Runs beside each other that take a batch together, and where they find what it needs."""

    runs: Sequence[Run]
    network: StackedMLP
    places: Places
    masks: MaskDrawer | None

    @property
    def start(self) -> int:
        return self.runs[0].start


class Stack:
    """Members of one shape, batch size and number of epochs done, while they train.

    They are admitted to stacks. Members with more rows come first, those of one optimizer beside
    each other: `labkit.nets.stacked.training.cut_into_stacks` sorts them so.
    """

    def __init__(
        self,
        members: Sequence[Member],
        X: Tensor,
        y: Tensor,
        loss: str,
        watch: Mapping[str, Watched],
        on_epoch: Callable[[int], None] | None,
    ):
        self.members, self.on_epoch = members, on_epoch
        modules = [member.model for member in members]
        network = StackedMLP.from_weights(modules[0], list(map(_weights, members)), X.device)
        self.dtype, self.device = network.parameters.dtype, X.device
        self.loss = LOSSES[loss]
        self.rows = Rows(members, X, y, self.loss, network.n_outputs, self.dtype)
        seeds = [member.config.seed for member in members]
        self.dropout = DropoutMasks(modules, seeds, self.rows.counts, self.dtype, X.device)
        for i, member in enumerate(members):
            if member.start is not None:
                self.dropout.resume(i, member.start.masks)
        self.observer = Observer(members, X, y, self.loss, network.n_outputs, self.dtype, watch)
        self.logs = [_Log() for _ in members]
        self.done: dict[int, Trained] = {}
        self.standing = Standing.at_the_start(members, self.rows.counts, network)
        self.spans: dict[tuple[int, int], _Span] = {}
        self.compiled: CompiledSteps | None = None
        batches = [batch for run in self.standing.runs for batch in run.batches]
        program = program_of(network, max(stop - start for start, stop in batches), X)
        if program is not None:
            self.compiled = CompiledSteps(program, self.rows, self.dropout, self.loss, network)

    @torch.no_grad()
    def run(self) -> list[Trained]:
        """Train until the last member has stopped."""
        epoch = self.members[0].epochs_done
        while self.standing.numbers:
            end_if_unwanted()
            epoch += 1
            losses = self._train_epoch(judged=self._is_judged(epoch))
            if self.on_epoch is not None:
                self.on_epoch(len(self.standing.numbers))
            self._end_epoch(epoch, losses)
        return [self.done[i] for i in range(len(self.members))]

    def _is_judged(self, epoch: int) -> bool:
        """Whether the training loss of this epoch may be asked for."""
        return any(
            epoch == m.config.epochs or epoch in m.snapshots or m.config.patience is not None
            for m in (self.members[i] for i in self.standing.numbers)
        )

    def _train_epoch(self, judged: bool) -> Tensor:
        """Take every batch once; the mean training loss at each place, if judged."""
        numbers, runs = self.standing.numbers, self.standing.runs
        self.rows.shuffle(numbers)
        if self.compiled is not None:
            return self.compiled.train_epoch(self.standing, judged)
        start = 0.0 if judged else math.nan
        losses = torch.full((len(numbers),), start, dtype=self.dtype, device=self.device)
        for step in range(len(runs[0].batches)):
            # Runs are sorted by their rows: those that still have a batch come first.
            active = [(run.batches[step], run) for run in runs if step < len(run.batches)]
            for batch, together in groupby(active, lambda taken: taken[0]):
                span = self._span([run for _, run in together])
                self._step(span, batch, losses, judged)
        return losses

    def _span(self, runs: Sequence[Run]) -> _Span:
        key = (runs[0].start, runs[-1].stop)
        if key not in self.spans:
            numbers = self.standing.numbers[slice(*key)]
            self.spans[key] = _Span(
                runs,
                self.standing.network[slice(*key)],
                self.rows.places(numbers),
                self.dropout.of(numbers),
            )
        return self.spans[key]

    def _step(self, span: _Span, batch: tuple[int, int], losses: Tensor, judged: bool) -> None:
        start, stop = batch
        x, targets, share = self.rows.batch(span.places, start, stop)
        masks = None if span.masks is None else span.masks.next_batch()
        outputs = span.network.forward(x, masks, training=True)
        d = self.loss.gradient(outputs, targets)
        gradient = span.network.backward(d.mul_(share))
        if judged:
            values = self.loss.values(outputs, targets).unsqueeze(1).mul_(share).sum((1, 2))
        for run in span.runs:
            own = slice(run.start - span.start, run.stop - span.start)
            if judged:
                losses[run.start : run.stop] += values[own] * ((stop - start) / run.n_rows)
            run.step(gradient[own])

    def _end_epoch(self, epoch: int, losses: Tensor) -> None:
        """Record, keep what is asked for, let those leave that are done."""
        network, numbers = self.standing.network, self.standing.numbers
        staying = []
        for place, observed in enumerate(self.observer.observe(network, numbers)):
            number = numbers[place]
            config, log = self.members[number].config, self.logs[number]
            record = {"epoch": epoch, **observed}
            log.records.append(record)
            finite = all(map(math.isfinite, record.values()))
            stops = epoch == config.epochs or not finite
            if finite and config.patience is not None:
                if record["validation_loss"] < log.best.loss:
                    log.best = _Best(epoch, record["validation_loss"], network.weights(place))
                elif epoch - log.best.epoch >= config.patience:
                    stops = True
            if epoch in self.members[number].snapshots:
                log.snapshots[epoch] = self._snapshot(place, epoch, losses)
            if stops:
                self.done[number] = self._finished(place, epoch, losses)
            else:
                staying.append(place)
        if len(staying) < len(numbers):
            self.standing, self.spans = self.standing.select(staying), {}

    def _snapshot(self, place: int, epoch: int, losses: Tensor) -> Snapshot:
        """The network at a place as it is now."""
        number = self.standing.numbers[place]
        member = self.members[number]
        n_batches = epoch * count_batches(self.rows.counts[number], member.config.batch_size)
        weights = self.standing.network.weights(place)
        return Snapshot(member.model, weights, n_batches, losses[place].item())

    def _finished(self, place: int, epoch: int, losses: Tensor) -> Trained:
        """The member at a place, whose last epoch this was."""
        number = self.standing.numbers[place]
        log = self.logs[number]
        best_epoch = log.best.epoch or epoch
        final = self._snapshot(place, best_epoch, losses)
        if log.best.weights is not None:
            final = replace(final, weights=log.best.weights)
        stopped_early = epoch < self.members[number].config.epochs
        history = History(pd.DataFrame(log.records), best_epoch, stopped_early)
        checkpoint = None
        if self.members[number].goes_on:
            checkpoint = Checkpoint(
                epoch,
                final,
                self.standing.averages(place),
                self.rows.state(number),
                self.dropout.state(number),
            )
        return Trained(final, history, losses[place].item(), log.snapshots, checkpoint)


def _weights(member: Member) -> Weights:
    """What a member begins with."""
    return weights_of(member.model) if member.start is None else member.start.network.weights
