"""Work spread over threads and processes: what nobody waits for ends."""

import ast
import subprocess
import sys
import time

import psutil
import torch
from joblib import delayed

from labkit.nets.mlp import MLP
from labkit.nets.parallel import as_they_come
from labkit.nets.stacked import Member, train_stacked
from labkit.nets.training import TrainingConfig
from labkit.place import ROOT

N_EPOCHS = 1_000_000


def test_training_in_a_thread_ends_when_nobody_waits_for_it():
    seen = []
    X, y = torch.randn(40, 3), torch.randn(40, 1)

    def train_for_ever():
        member = Member(model=MLP(3, 1), config=TrainingConfig(epochs=N_EPOCHS))
        train_stacked([member], X, y, loss="squared_error", on_epoch=seen.append)

    coming = as_they_come([delayed(int)(), delayed(train_for_ever)()], 2, prefer="threads")
    assert next(coming) == 0
    while not seen:
        time.sleep(0.01)
    coming.close()
    time.sleep(0.5)  # an epoch takes a thousandth of that
    reached = len(seen)
    time.sleep(0.5)
    assert len(seen) == reached < N_EPOCHS


def test_the_same_thread_works_for_others_after_that():
    coming = as_they_come([delayed(int)(k) for k in range(4)], 1, prefer="threads")
    next(coming)
    coming.close()
    X, y = torch.randn(40, 3), torch.randn(40, 1)
    member = Member(model=MLP(3, 1), config=TrainingConfig(epochs=2))
    [trained] = train_stacked([member], X, y, loss="squared_error")
    assert len(trained.history.table) == 2


CALLER = """
import os, sys, time
from joblib import delayed
from labkit.nets.parallel import as_they_come

def work(seconds):
    print(os.getpid(), flush=True)
    time.sleep(seconds)

# One worker is idle when the caller is killed, one at work.
list(as_they_come([delayed(work)(SECONDS) for SECONDS in (0, 600)], 2))
"""


def test_worker_processes_end_with_the_process_that_asked_for_them():
    caller = subprocess.Popen([sys.executable, "-c", CALLER], stdout=subprocess.PIPE, text=True)
    for _ in range(2):
        caller.stdout.readline()
    workers = psutil.Process(caller.pid).children(recursive=True)
    assert len(workers) >= 2
    caller.kill()
    caller.wait()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]


def test_every_room_ties_the_processes_that_it_starts():
    """A call of a `Parallel`, but in the module that ties: in threads, or tied."""
    untied = []
    for path in sorted((ROOT / "labkit").rglob("*.py")):
        calls = [n for n in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(n, ast.Call)]
        for call in calls:
            made = call.func
            if not (isinstance(made, ast.Call) and ast.unparse(made.func) == "Parallel"):
                continue
            in_threads = any(ast.unparse(k) == "prefer='threads'" for k in made.keywords)
            if not in_threads and not ast.unparse(call.args[0]).startswith("tied("):
                untied.append(f"{path.relative_to(ROOT)}:{call.lineno}")
    assert untied == []
