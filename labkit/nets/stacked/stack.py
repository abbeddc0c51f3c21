"""The training loop of one stack: networks of one shape and batch size, step by step.

A stack of M networks takes the steps that `labkit.nets.training.train` would take with each of
them: the same initial weights, batches, dropout masks, updates and stops.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from itertools import groupby

import pandas as pd
import torch
from torch import Tensor, nn

from labkit.nets.stacked.dropout import DropoutMasks
from labkit.nets.stacked.losses import LOSSES
from labkit.nets.stacked.members import Member, Snapshot, Trained
from labkit.nets.stacked.network import StackedMLP, Weights
from labkit.nets.stacked.observation import Observer, row_weights
from labkit.nets.stacked.optimizers import STACKED_OPTIMIZERS, StackedOptimizer
from labkit.nets.training import (
    OPTIMIZERS,
    History,
    TrainingConfig,
    count_batches,
    learning_rate_factor,
    optimizer_options,
)


class _Run:
    """Neighbours in a stack that step together: the same number of rows, the same optimizer.

    ``start`` and ``stop`` are their place in the stack.
    """

    def __init__(self, n_rows: int, start: int, configs: Sequence[TrainingConfig], optimizer):
        self.n_rows = n_rows
        self.start, self.stop = start, start + len(configs)
        self.n_batches = count_batches(n_rows, configs[0].batch_size)
        self.configs = configs
        self.optimizer: StackedOptimizer = optimizer
        self.factors = None
        if any(c.schedule for c in configs):
            steps = [c.epochs * self.n_batches for c in configs]
            columns = [_factors(c.schedule, n) for c, n in zip(configs, steps, strict=True)]
            padded = nn.utils.rnn.pad_sequence(columns)
            self.factors = padded.to(optimizer.parameters).unsqueeze(-1)

    def step(self, gradient: Tensor) -> None:
        factors = None if self.factors is None else self.factors[self.optimizer.steps]
        self.optimizer.step(gradient, factors)


@cache
def _factors(schedule: str | None, steps: int) -> Tensor:
    factor = learning_rate_factor(schedule, steps)
    return torch.tensor([factor(step) for step in range(steps)], dtype=torch.float64)


class Stack:
    """Members of one shape and batch size while they train; sorted by `_order`."""

    def __init__(self, members, X, y, loss, watch, on_epoch):
        self.members = list(members)
        self.left = list(range(len(members)))
        self.done: dict[int, Trained] = {}
        self.on_epoch = on_epoch
        self.batch_size = members[0].config.batch_size
        self.X = X
        self.network = StackedMLP.from_modules([m.model for m in members], X.device)
        self.dtype = self.network.parameters.dtype
        self.loss = LOSSES[loss]
        self.n_rows = [count_rows(m, len(X)) for m in members]
        n_outputs = members[0].model[-1].out_features
        self._tabulate(y, n_outputs)
        self._stream()
        seeds = [m.config.seed for m in members]
        self.dropout = DropoutMasks([m.model for m in members], seeds, self.n_rows, X.device)
        self.observer = Observer(members, X, y, self.loss, n_outputs, watch)
        self.records: list[list[dict]] = [[] for _ in members]
        self.best = [_Best() for _ in members]
        self.snapshots: list[dict] = [{} for _ in members]
        self.views: dict[tuple[int, int], StackedMLP] = {}
        self.runs = []
        for (n_rows, name), own in groupby(range(len(members)), self._run_key):
            own = list(own)
            configs = [members[i].config for i in own]
            parameters = self.network.parameters[own[0] : own[-1] + 1]
            options = [optimizer_options(config) for config in configs]
            optimizer = STACKED_OPTIMIZERS[OPTIMIZERS[name]](parameters, options)
            self.runs.append(_Run(n_rows, own[0], configs, optimizer))

    def _run_key(self, i: int):
        return self.n_rows[i], self.members[i].config.optimizer

    def _tabulate(self, y: Tensor, n_outputs: int) -> None:
        """Targets and weights below each other, one table for each kind there is."""
        for member in {(id(m.rows), m.label_smoothing): m for m in self.members}.values():
            own = y if member.rows is None else y[member.rows.to(y.device)]
            self.loss.check(own, n_outputs, member.label_smoothing)
        smoothings = list(dict.fromkeys(m.label_smoothing for m in self.members))
        self.targets = torch.cat(
            [self.loss.targets(y, n_outputs, s, self.dtype) for s in smoothings]
        )
        of_target = [smoothings.index(m.label_smoothing) for m in self.members]
        self.target_offset = torch.tensor(of_target, device=y.device).unsqueeze(1) * len(y)
        self.weights = None
        kinds = {(id(m.weights), id(m.class_weight)): m for m in self.members}
        if any(m.weights is not None or m.class_weight is not None for m in kinds.values()):
            equal = torch.ones(len(y), dtype=self.dtype, device=y.device)
            tables = [row_weights(m, y, self.dtype) for m in kinds.values()]
            self.weights = torch.cat([equal if table is None else table for table in tables])
            of_weight = [
                list(kinds).index((id(m.weights), id(m.class_weight))) for m in self.members
            ]
            self.weight_offset = torch.tensor(of_weight, device=y.device).unsqueeze(1) * len(y)

    def _stream(self) -> None:
        """Members with the same rows and seed go through the same batches: draw them once."""
        keys = [(id(m.rows), m.config.seed) for m in self.members]
        distinct = {key: i for i, key in enumerate(dict.fromkeys(keys))}
        self.stream = torch.tensor([distinct[key] for key in keys], device=self.X.device)
        owners = dict(zip(reversed(keys), reversed(self.members), strict=True))
        self.sources = []
        for key in distinct:
            rows = owners[key].rows
            rows = torch.arange(len(self.X)) if rows is None else rows.cpu()
            self.sources.append((rows, torch.Generator().manual_seed(key[1])))
        self.orders = torch.zeros(
            len(distinct), max(self.n_rows), dtype=torch.long, device=self.X.device
        )

    @torch.no_grad()
    def run(self) -> list[Trained]:
        """Train until the last member has stopped."""
        epoch = 0
        while self.left:
            epoch += 1
            losses = self._train_epoch(judged=self._is_judged(epoch))
            if self.on_epoch is not None:
                self.on_epoch(len(self.left))
            self._end_epoch(epoch, losses)
        return [self.done[i] for i in range(len(self.members))]

    def _is_judged(self, epoch: int) -> bool:
        """Whether the training loss of this epoch may be asked for."""
        return any(
            epoch == m.config.epochs or epoch in m.snapshots or m.config.patience is not None
            for m in (self.members[i] for i in self.left)
        )

    def _train_epoch(self, judged: bool) -> Tensor:
        """Take every batch once; return the mean training loss of each member, if judged."""
        for s in self.stream.unique().tolist():
            rows, generator = self.sources[s]
            order = torch.randperm(len(rows), generator=generator)
            self.orders[s, : len(rows)] = rows[order].to(self.orders.device)
        start = 0.0 if judged else math.nan
        losses = torch.full((len(self.left),), start, dtype=self.dtype, device=self.X.device)
        for step in range(self.runs[0].n_batches):
            # Runs are sorted by their rows: those that still have a batch come first.
            active = (run for run in self.runs if step < run.n_batches)
            for (first, last), runs in groupby(active, partial(self._batch, step)):
                runs = list(runs)
                span = (runs[0].start, runs[-1].stop)
                if span not in self.views:
                    self.views[span] = self.network[slice(*span)]
                self._step(self.views[span], slice(*span), runs, slice(first, last), losses, judged)
        return losses

    def _batch(self, step: int, run: _Run) -> tuple[int, int]:
        """The part of the order that is a run's batch, as `labkit.nets.training.batches` cuts."""
        is_last = step == run.n_batches - 1
        start = step * self.batch_size
        return start, run.n_rows if is_last else start + self.batch_size

    def _step(self, network, models: slice, runs, batch: slice, losses, judged: bool) -> None:
        rows = self.orders[:, batch].index_select(0, self.stream[models])
        n_models, size = rows.shape
        x = self.X.index_select(0, rows.view(-1)).view(n_models, size, -1).mT
        at = (rows + self.target_offset[models]).view(-1)
        targets = self.targets.index_select(0, at).view(n_models, size, -1).mT
        outputs = network.forward(x, self.dropout.of(models, self.dtype), training=True)
        d = self.loss.gradient(outputs, targets)
        if self.weights is None:
            share = 1 / size
        else:
            share = self.weights[rows + self.weight_offset[models]]
            share = (share / share.sum(1, keepdim=True)).unsqueeze(1)
        gradient = network.backward(d.mul_(share))
        if judged:
            values = self.loss.values(outputs, targets).unsqueeze(1).mul_(share).sum((1, 2))
            losses[models] += values * (size / runs[0].n_rows)
        for run in runs:
            run.step(gradient[run.start - models.start : run.stop - models.start])

    def _end_epoch(self, epoch: int, losses: Tensor) -> None:
        """Record, keep what is asked for, let those leave that are done."""
        observed = self.observer.observe(self.network)
        staying = []
        for k, i in enumerate(self.left):
            member = self.members[i]
            record = {"epoch": epoch, **observed[k]}
            self.records[i].append(record)
            stops = epoch == member.config.epochs or not _is_finite(record)
            if _is_finite(record) and member.config.patience is not None:
                best = self.best[i]
                if record["validation_loss"] < best.loss:
                    weights = self.network.weights(k)
                    self.best[i] = _Best(epoch, record["validation_loss"], weights)
                elif epoch - best.epoch >= member.config.patience:
                    stops = True
            if epoch in member.snapshots:
                self.snapshots[i][epoch] = self._snapshot(i, epoch, losses[k], k=k)
            if stops:
                self._finish(k, i, epoch, losses[k])
            else:
                staying.append(k)
        if len(staying) < len(self.left):
            self._keep(staying)

    def _snapshot(self, i: int, epoch: int, loss: Tensor, *, k: int) -> Snapshot:
        """Member ``i``, at place ``k`` of the stack, as it is now."""
        n_batches = epoch * count_batches(self.n_rows[i], self.batch_size)
        return Snapshot(self.members[i].model, self.network.weights(k), n_batches, loss.item())

    def _finish(self, k: int, i: int, epoch: int, loss: Tensor) -> None:
        best, epochs = self.best[i], self.members[i].config.epochs
        final = self._snapshot(i, best.epoch or epoch, loss, k=k)
        if best.weights is not None:
            final = replace(final, weights=best.weights)
        table = pd.DataFrame(self.records[i])
        history = History(table, best.epoch or epoch, stopped_early=epoch < epochs)
        self.done[i] = Trained(final, history, loss.item(), self.snapshots[i])

    def _keep(self, staying: list[int]) -> None:
        """Go on with some of the members."""
        self.left = [self.left[k] for k in staying]
        which = torch.tensor(staying, dtype=torch.long, device=self.X.device)
        self.network = self.network.select(which)
        self.stream = self.stream[which]
        self.target_offset = self.target_offset[which]
        if self.weights is not None:
            self.weight_offset = self.weight_offset[which]
        self.dropout.keep(staying)
        self.observer.keep(staying)
        runs, start = [], 0
        for run in self.runs:
            own = [k - run.start for k in staying if run.start <= k < run.stop]
            if own:
                parameters = self.network.parameters[start : start + len(own)]
                optimizer = run.optimizer.select(parameters, own)
                configs = [run.configs[i] for i in own]
                runs.append(_Run(run.n_rows, start, configs, optimizer))
                start += len(own)
        self.runs, self.views = runs, {}


@dataclass(frozen=True)
class _Best:
    """The best epoch so far; 0 when there is none."""

    epoch: int = 0
    loss: float = float("inf")
    weights: Weights | None = None


def count_rows(member: Member, n_all: int) -> int:
    """Rows that a member trains on."""
    return n_all if member.rows is None else len(member.rows)


def _is_finite(record: dict[str, float]) -> bool:
    return all(map(math.isfinite, record.values()))
