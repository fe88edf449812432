"""A slow link: what a minute of playback sends, and how long keys wait behind it.

birdscope runs in a pseudo-terminal whose other end takes everything at once, as SSH does, and shows
it at so many bytes a second, in order. Keys are pressed while a recording plays; the time is
taken until their answer is shown. Once the terminal answers questions when it comes to them, as
terminals do, which lets birdscope paint no faster than the link takes it; once it is silent, and
every frame is sent.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from textual._ansi_sequences import SYNC_START

from benchmarks._claim import PROJECT, Absent, Claim
from benchmarks.key_latency import Terminal, long_dataset, own_s
from birdscope.tui.paced_driver import QUESTION

LINK_BYTES_S = 32_000
PLAYED_S = 10.0
KEYS = 20
BAR_MS = 500.0
_QUESTION = QUESTION.encode()
_ANSWER = b"\x1b[?2026;2$y"
_DOWN = b"\x1b[B"
_QUANTUM = 512


def claims() -> Iterator[Claim]:
    """Bytes of a minute at both sizes; keys over a slow link."""
    if not (PROJECT / "models" / "demo.toml").is_file():
        raise Absent("there is no demo ensemble")
    _require_sound()
    with tempfile.TemporaryDirectory() as folder:
        data = long_dataset(Path(folder) / "data")
        for rows, columns in ((24, 80), (48, 160)):
            for where, play in (
                ("a soundscape in Scope, predictions ahead", _play_soundscape),
                ("a short clip in Browse, again and again", _play_clip),
            ):
                sent, paints, cpu_s = _played(data, Path(folder), (rows, columns), play)
                yield Claim(
                    f"sent in a minute of playback, {columns}×{rows}: {where}",
                    f"{sent * 60 / PLAYED_S / 1e6:.2f} MB, {paints / PLAYED_S:.0f} paints a "
                    f"second of {sent / max(paints, 1) / 1e3:.1f} kB; the explorer with its sound "
                    f"takes {cpu_s / PLAYED_S:.0%} of a core",
                )
        paced = _keys(data, Path(folder), KEYS)
        try:
            (first_s,) = _keys(data, Path(folder), 1, answers=False)
            silent = f"{first_s:.1f} s after ten seconds of playback"
        except RuntimeError:
            silent = "more than a minute"
    middle = median(paced) * 1000
    yield Claim(
        f"a key to its shown answer, {LINK_BYTES_S / 1000:.0f} kB/s, while a clip plays: median",
        f"{middle:.0f} ms, {max(paced) * 1000:.0f} ms at most (every frame sent: {silent})",
        f"≤ {BAR_MS:.0f} ms",
        middle <= BAR_MS,
    )


class SlowTerminal(Terminal):
    """birdscope behind a slow link.

    Args:
        data: Dataset folder.
        home: Its BIRDSCOPE_HOME.
        size: Lines and columns.
        bytes_s: What the link carries.
        answers: Whether it answers questions.
    """

    def __init__(
        self,
        data: Path,
        home: Path,
        size: tuple[int, int] = (48, 160),
        *,
        bytes_s: float = LINK_BYTES_S,
        answers: bool = True,
    ) -> None:
        super().__init__(data, home, size)
        self._answers = answers
        self._bytes_s = bytes_s
        self._sent: deque[bytes] = deque()
        self._there = threading.Condition()
        self._at = time.perf_counter()
        self._end = b""
        threading.Thread(target=self._take, daemon=True).start()

    def _take(self) -> None:
        try:
            while piece := os.read(self._handle, 65536):
                with self._there:
                    self._sent += [
                        piece[at : at + _QUANTUM] for at in range(0, len(piece), _QUANTUM)
                    ]
                    self._there.notify()
        except OSError:
            pass

    def come(self, wait_s: float) -> bytes:
        """What the link has carried next."""
        with self._there:
            if not self._there.wait_for(lambda: bool(self._sent), wait_s):
                return b""
            piece = self._sent.popleft()
        # the link carries on while nobody looks, but no further than what is there
        self._at = max(self._at, time.perf_counter() - 0.05) + len(piece) / self._bytes_s
        time.sleep(max(self._at - time.perf_counter(), 0.0))
        shown = self._end + piece
        self._end = piece[1 - len(_QUESTION) :]
        for _ in range(shown.count(_QUESTION) if self._answers else 0):
            self.write(_ANSWER)
        return piece


def _played(
    data: Path, home: Path, size: tuple[int, int], play: Callable[[Terminal], None]
) -> tuple[int, int, float]:
    """Bytes, paints and CPU seconds of PLAYED_S seconds of playback, without the engine's."""
    app = SlowTerminal(data, _home(home), size, bytes_s=1e9)
    try:
        play(app)
        before = own_s(app.pid)
        seen = app.read(PLAYED_S)
        used_s = own_s(app.pid) - before
    finally:
        app.close()
    return len(seen), seen.count(SYNC_START.encode()), used_s


def _play_soundscape(app: Terminal) -> None:
    app.wait_for(rb"A00_long")
    app.read(8.0)
    app.write(b" ")
    app.read(3.0)


def _play_clip(app: Terminal) -> None:
    app.wait_for(rb"A00_long")
    app.read(8.0)
    for key in (b"1", _DOWN, _DOWN, b"\r", b"\r", b"L"):
        app.write(key)
        app.read(1.0)


def _keys(data: Path, home: Path, count: int, *, answers: bool = True) -> list[float]:
    """Seconds from each key to its answer."""
    app = SlowTerminal(data, _home(home), answers=answers)
    try:
        _play_clip(app)
        app.read(8.0)
        times = []
        for number in range(count):
            key, volume = (b"[", 70) if number % 2 == 0 else (b"]", 80)
            begun = time.perf_counter()
            app.wait_for(rb" %d%%" % volume, key)
            times.append(time.perf_counter() - begun)
            app.read(1.0)
    finally:
        app.close()
    return times


def _home(folder: Path) -> Path:
    home = Path(tempfile.mkdtemp(dir=folder))
    shutil.copytree(PROJECT / "models", home / "models")
    return home


def _require_sound() -> None:
    import sounddevice

    try:
        sounddevice.query_devices(kind="output")
    except (sounddevice.PortAudioError, ValueError) as error:
        raise Absent(f"there is no sound output: {error}") from error


if __name__ == "__main__":
    for claim in claims():
        print(claim.text, claim.measured, claim.bar, claim.holds)
