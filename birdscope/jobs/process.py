"""Processes of jobs: who is alive, and how to stop a whole group without survivors."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence

import psutil

from birdscope.jobs.folder import ProcessMark

SAME_START_S = 2.0


def start_time(pid: int) -> float | None:
    """When a process began (Unix time); None where there is no such living process."""
    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return None
        return float(process.create_time())
    except (psutil.Error, OSError):
        return None


def alive(mark: ProcessMark) -> bool:
    """Whether the marked process still runs; a later one with its number does not count."""
    started = start_time(mark.pid)
    return started is not None and abs(started - mark.started) < SAME_START_S


def group_members(group: int) -> list[int]:
    """Living processes of a process group."""
    members = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process.pid)
        except (OSError, psutil.Error):
            continue
    return members


def stop_group(
    group: int,
    graces_s: Sequence[float] = (20.0, 5.0, 2.0),
    told: Callable[[str], None] = lambda text: None,
) -> bool:
    """SIGINT, then SIGTERM, then SIGKILL to a group, each after a grace period.

    Args:
        group: Process group id.
        graces_s: Seconds to wait after each of the three signals.
        told: Called with a line for each step.

    Returns:
        Whether the group is gone.
    """
    steps = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
    for number, grace_s in zip(steps, graces_s, strict=True):
        told(f"{number.name} sent")
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return True
        if _gone_within(group, grace_s):
            return True
    return not group_members(group)


def _gone_within(group: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not group_members(group):
            return True
        time.sleep(0.05)
    return not group_members(group)
