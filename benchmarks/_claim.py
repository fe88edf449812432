"""What a benchmark says: a claim, what was measured, the bar it has to clear."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

PROJECT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Claim:
    """One line of the table.

    Attributes:
        text: What is claimed.
        measured: The figure, with its unit, as text.
        bar: What it has to be, as text; empty where it is only reported.
        holds: Whether the bar is met; None where there is no bar.
    """

    text: str
    measured: str
    bar: str = ""
    holds: bool | None = None


class Absent(Exception):  # noqa: N818 - a fact, not an error
    """A benchmark can't run here; the message says what it lacks."""


def shared(*parts: str) -> Path:
    """A path under the shared folder of real recordings and golden values."""
    root = os.environ.get("BIRDSCOPE_SHARED")
    return (Path(root) if root else PROJECT.parent / "shared").joinpath(*parts)


def require(path: Path) -> Path:
    """Give the path back, or say that it isn't there."""
    if not path.exists():
        raise Absent(f"{path.name} is not here")
    return path


def seconds(action: Callable[[], object], repeats: int = 5) -> float:
    """Median wall-clock seconds of `action` over `repeats` calls, after one warm-up."""
    action()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return median(times)


def process_seconds(code: str, repeats: int = 5) -> float:
    """Median of the figure that a fresh Python process running `code` prints last."""
    return median(float(output(["-c", code]).split()[-1]) for _ in range(repeats))


def output(arguments: Sequence[str]) -> str:
    """Run this Python with `arguments` in the project; give its standard output."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)[:200]} failed:\n{done.stderr}")
    return done.stdout


def peak_mb() -> float:
    """The most memory this process has held, in MB.

    Not `ru_maxrss`, which begins with what the process that started this one held.
    """
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
