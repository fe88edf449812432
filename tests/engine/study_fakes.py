"""Handlers for a study lane that works as long as it is told to."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from birdscope.core.errors import ScoresError
from birdscope.engine.tune_messages import OpenTuning


@dataclass(frozen=True)
class Work:
    """Answer with `value` after `seconds`."""

    value: object
    seconds: float = 0.0


@dataclass(frozen=True)
class Steps:
    """Answer with 0, 1, … in steps of `seconds`, a breath after each."""

    count: int
    seconds: float = 0.0


@dataclass(frozen=True)
class Opened:
    """Answer with what was opened, and how often."""


@dataclass(frozen=True)
class Wrong:
    """Fail: with a reason, unexpectedly, or by ending the process."""

    how: str


def _open(study, wanted):
    study.kept["opened"] = (*study.kept.get("opened", ()), wanted.dataset.name)
    return study.kept["opened"]


def _work(study, wanted):
    time.sleep(wanted.seconds)
    return wanted.value


def _steps(study, wanted):
    for number in range(wanted.count):
        time.sleep(wanted.seconds)
        yield None
        yield number


def _opened(study, wanted):
    return study.kept.get("opened", ())


def _wrong(study, wanted):
    if wanted.how == "end":
        os._exit(3)
    if wanted.how == "reason":
        raise ScoresError("no good", remedy="try another")
    raise RuntimeError("oh")


def handlers():
    return {OpenTuning: _open, Work: _work, Steps: _steps, Opened: _opened, Wrong: _wrong}
