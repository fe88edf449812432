"""What a list of sessions says of each: dataset, when used, how large, who has it open."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from birdscope.core.errors import ConfigError
from birdscope.session.lock import holder
from birdscope.session.names import STATE_FILE, folder_of, list_sessions
from birdscope.session.state import load_state

_PARTS = ("verdicts", "scores", "jobs")


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session as a list shows it.

    Attributes:
        name: Its name.
        folder: Where it is.
        dataset: Folder of its dataset; empty where none was opened yet.
        used: When it was last changed, Unix time in seconds.
        verdicts_bytes: Size of its verdicts.
        scores_bytes: Size of its scores.
        jobs_bytes: Size of its jobs' records.
        total_bytes: Size of everything in it.
        holder: The process that has it open, 0 for an unknown one; None for nobody.
        problem: What is wrong with its session.toml; empty where nothing is.
    """

    name: str
    folder: Path
    dataset: str
    used: float
    verdicts_bytes: int
    scores_bytes: int
    jobs_bytes: int
    total_bytes: int
    holder: int | None
    problem: str = ""


def summaries(root: Path) -> list[SessionSummary]:
    """Every session in `root`, the last used first; one that vanishes meanwhile is left out."""
    found = []
    for name in list_sessions(root):
        with suppress(OSError):
            found.append(summary_of(root, name))
    return found


def summary_of(root: Path, name: str) -> SessionSummary:
    """What is known of one session.

    Raises:
        UsageError: there is none of that name.
    """
    folder = folder_of(root, name)
    dataset, problem = "", ""
    try:
        dataset = load_state(folder / STATE_FILE).dataset
    except ConfigError as error:
        problem = error.what
    sizes, total = _sizes(folder)
    return SessionSummary(
        name=folder.name,
        folder=folder,
        dataset=dataset,
        used=(folder / STATE_FILE).stat().st_mtime,
        verdicts_bytes=sizes["verdicts"],
        scores_bytes=sizes["scores"],
        jobs_bytes=sizes["jobs"],
        total_bytes=total,
        holder=holder(folder),
        problem=problem,
    )


def _sizes(folder: Path) -> tuple[dict[str, int], int]:
    """Bytes of each part (`verdicts.sqlite`, `scores`, `scores-jobs`, `jobs`) and of all."""
    sizes = dict.fromkeys(_PARTS, 0)
    total = 0
    for entry in os.scandir(folder):
        part = re.split(r"[.-]", entry.name, maxsplit=1)[0]
        count = sum(_bytes_under(entry))
        total += count
        if part in sizes:
            sizes[part] += count
    return sizes, total


def _bytes_under(entry: os.DirEntry[str]) -> Iterator[int]:
    with suppress(OSError):
        if entry.is_dir(follow_symlinks=False):
            for inner in os.scandir(entry):
                yield from _bytes_under(inner)
        elif entry.is_file(follow_symlinks=False):
            yield entry.stat(follow_symlinks=False).st_size
