"""What drawing costs: bytes to the terminal and CPU, through a pseudo-terminal of 205×51 cells.

The picture is noise, 200×50 cells of which hardly two are alike. CPU is of the whole process,
less what the same process uses when nothing moves; so a busy machine changes little. Panning is
through three hours of FLAC: its pictures are made in a thread, so this is how long the new
columns stay empty, not how long the keys wait.
"""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks._claim import PROJECT, Claim
from birdscope.tui.pictures import Request

ROWS, COLUMNS = 51, 205
PLAYHEAD_BYTES = 20_000
REDRAW_MS = 16.0
PLAYHEAD_CORE = 0.10
HOURS = 3
PAN_MS = 250.0


class Drawn(NamedTuple):
    """Per frame: bytes written and CPU milliseconds."""

    bytes: float
    cpu_ms: float


def claims() -> Iterator[Claim]:
    """Playhead and full redraw."""
    from benchmarks.redraw_app import FRAMES_PER_SECOND

    resting = drawn("still")
    playhead, textual, full = drawn("playhead"), drawn("textual"), drawn("full")
    yield Claim(
        "bytes to the terminal for a step of the playhead, 200×50 cells",
        f"{playhead.bytes / 1000:.1f} kB (Textual's own updates: {textual.bytes / 1000:.0f} kB; "
        f"the whole picture: {full.bytes / 1000:.0f} kB)",
        f"≤ {PLAYHEAD_BYTES / 1000:.0f} kB",
        playhead.bytes <= PLAYHEAD_BYTES,
    )
    share = (playhead.cpu_ms - resting.cpu_ms) * FRAMES_PER_SECOND / 1000
    yield Claim(
        f"CPU of a playhead that moves {FRAMES_PER_SECOND} times a second, 200×50 cells",
        f"{share:.1%} of a core",
        f"≤ {PLAYHEAD_CORE:.0%}",
        share <= PLAYHEAD_CORE,
    )
    redraw_ms = full.cpu_ms - resting.cpu_ms
    yield Claim(
        "CPU of a full redraw, 200×50 cells, from dB to the terminal",
        f"{redraw_ms:.1f} ms",
        f"≤ {REDRAW_MS:.0f} ms",
        redraw_ms <= REDRAW_MS,
    )

    yield from _panning()


def _panning() -> Iterator[Claim]:
    """Views of an hour, of ten minutes and of a minute, panned by a quarter and by a column."""
    from birdscope.tui.pictures import Pictures
    from birdscope.tui.services import file_spectrogram

    with tempfile.TemporaryDirectory() as folder:
        path = _long_recording(Path(folder) / "three-hours.flac")
        for name, span_s in (("3 h", 10_800.0), ("10 min", 600.0), ("1 min", 60.0)):
            pictures = Pictures(file_spectrogram)
            start_s = 3600.0 if span_s < 10_800 else 0.0
            request = Request(path, start_s, start_s + span_s, 200, 100, "mel")
            whole_ms = _cpu_ms(lambda r=request, p=pictures: p.make(r))
            steps = []
            for number in range(1, 9):
                shift_s = number * span_s / 4
                moved = request._replace(
                    start_s=start_s + shift_s, end_s=start_s + shift_s + span_s
                )
                steps.append(_cpu_ms(lambda r=moved, p=pictures: p.make(r)))
            pan_ms = median(steps)
            yield Claim(
                f"CPU until a quarter of {name} panned into sight is drawn, 3 h recording",
                f"{pan_ms:.0f} ms (the first view {whole_ms:.0f} ms; "
                f"{pictures.bytes_kept / 1e6:.1f} MB kept)",
                f"≤ {PAN_MS:.0f} ms",
                pan_ms <= PAN_MS,
            )


def _cpu_ms(action: Callable[[], object]) -> float:
    begun = time.process_time()
    action()
    return (time.process_time() - begun) * 1000


def _long_recording(path: Path) -> Path:
    """Three hours of one noisy minute."""
    import numpy as np
    import soundfile

    minute = np.random.default_rng(0).normal(0, 0.05, 60 * 32_000).astype(np.float32)
    with soundfile.SoundFile(path, "w", 32_000, 1, format="FLAC", subtype="PCM_16") as file:
        for _ in range(60 * HOURS):
            file.write(minute)
    return path


def drawn(mode: str) -> Drawn:
    """Run the app in a pseudo-terminal; what a frame costs."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report"
        command = ["-m", "benchmarks.redraw_app", mode, str(report)]
        written = _bytes_written(command, b"BEGIN")
        seconds, frames = report.read_text().split()
    return Drawn(written / int(frames), float(seconds) / int(frames) * 1000)


def _bytes_written(arguments: list[str], begin: bytes) -> int:
    """Bytes that a command writes to its terminal after a marker."""
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        environment.pop("NO_COLOR", None)
        os.chdir(PROJECT)
        os.execve(sys.executable, [sys.executable, *arguments], environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    everything = bytearray()
    try:
        while piece := os.read(terminal, 1 << 16):
            everything += piece
    except OSError:
        pass  # Linux ends a pseudo-terminal with an input/output error
    os.close(terminal)
    os.waitpid(pid, 0)
    return len(everything) - everything.index(begin) - len(begin)
