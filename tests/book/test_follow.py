"""What studies log is handed on while a book is rendered."""

import logging
import os
import subprocess
import sys
import time

from labkit.book.follow import LOG, following

WRITES = """
import os, sys, time
with open(os.environ["LABKIT_LOG"], "a") as log:
    for line in sys.argv[1:]:
        print(line, file=log, flush=True)
"""


def test_lines_of_another_process_come_in_order_also_the_last_one(tmp_path):
    lines = []
    with following(lines.append, tmp_path) as told:
        told("chapter")
        subprocess.run([sys.executable, "-c", WRITES, "study a begins", "study a made"], check=True)
    assert lines == ["chapter", "study a begins", "study a made"]
    assert LOG not in os.environ


def test_a_long_silence_is_broken_by_what_goes_on(tmp_path):
    lines = []
    with following(lines.append, tmp_path, silence=0.3) as told:
        told("study a begins")
        told("study b begins")
        told("study b made: 0.1 s")
        time.sleep(1.2)
        told("study a made: 1.3 s")
        time.sleep(0.5)
    assert lines[:3] == ["study a begins", "study b begins", "study b made: 0.1 s"]
    *reminders, made, at_last = lines[3:]
    assert len(reminders) >= 2 and made == "study a made: 1.3 s"
    assert all(line.startswith("study a goes on: ") for line in reminders)
    assert at_last.startswith("rendering goes on: ")


def test_a_variable_that_was_there_is_put_back(monkeypatch, tmp_path):
    monkeypatch.setenv(LOG, "elsewhere")
    with following(print, tmp_path):
        assert os.environ[LOG] != "elsewhere"
    assert os.environ[LOG] == "elsewhere"


def test_a_study_that_a_chapter_asks_for_is_named(tmp_path, monkeypatch):
    """With the real thing: a chapter's opening and a study, in a process of their own."""
    code = (
        "from labkit import lab; from labkit.report import results; from pathlib import Path; "
        "results.FOLDER = Path(__import__('sys').argv[1]); from labkit.failures import ceiling; "
        "data, profile = lab.machines(); from labkit.failures.exploration import timeline; "
        "ceiling.ceiling(profile)"
    )
    environment = {"LABKIT_SOURCE": "embedded", "LABKIT_PROFILE": "quick"}
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    lines = []
    with following(lines.append, tmp_path):
        subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    assert lines[0] == "study classification-ceiling begins"
    assert lines[-1].startswith("study classification-ceiling made: ")


def test_nothing_is_logged_where_nobody_asks():
    assert not logging.getLogger("labkit").handlers
