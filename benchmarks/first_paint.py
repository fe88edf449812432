"""From pressing Enter to the first painted tabs, against a bare Textual app with the same tabs.

Both are started in a pseudo-terminal of 160×48 cells, in turn, and timed until the name of the
last tab is on the screen.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

from benchmarks._claim import PROJECT, Claim

PAIRS = 7
RATIO_BAR = 1.4
PAINTED = b"Submit"


def claims() -> Iterator[Claim]:
    """Median of the ratios, pair by pair."""
    from birdscope.dataset.demo import DemoCounts, make_demo_dataset

    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        make_demo_dataset(data, counts=DemoCounts(clips=24, labelled=2, unlabelled=2, test=2))
        environment = {
            **os.environ,
            "BIRDSCOPE_HOME": folder,
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        bare = [str(PROJECT / "benchmarks" / "bare_app.py")]
        ours = ["-m", "birdscope", "--data", str(data)]
        for command in (bare, ours):
            paint_seconds(command, environment)
        pairs = [
            (paint_seconds(ours, environment), paint_seconds(bare, environment))
            for _ in range(PAIRS)
        ]
    ratio = median(mine / theirs for mine, theirs in pairs)
    mine, theirs = (median(times) for times in zip(*pairs, strict=True))
    yield Claim(
        "first paint ÷ a bare Textual app with the same tabs",
        f"{ratio:.2f} ({mine * 1000:.0f} ms ÷ {theirs * 1000:.0f} ms)",
        f"≤ {RATIO_BAR}",
        ratio <= RATIO_BAR,
    )


def paint_seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    """Seconds until the last tab's name is painted; the app is ended after that."""
    start = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(PROJECT)
        os.execve(sys.executable, [sys.executable, *command], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 48, 160, 0, 0))
    seen = b""
    try:
        while PAINTED not in seen:
            ready, _, _ = select.select([terminal], [], [], 30)
            if not ready:
                raise RuntimeError(f"nothing painted within 30 s by {command}: {seen[-300:]!r}")
            seen += os.read(terminal, 65536)
        return time.perf_counter() - start
    finally:
        os.kill(pid, signal.SIGKILL)
        os.close(terminal)
        os.waitpid(pid, 0)
