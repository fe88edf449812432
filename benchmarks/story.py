"""The one-minute story, key by key, in tmux: how long each key goes without feedback.

`python -m benchmarks story` opens the explorer on a small demo dataset with the demo ensemble;
`BIRDSCOPE_STORY_DATA=DIR BIRDSCOPE_STORY_ENSEMBLE=FILE` take others. For each key it is measured
until the screen changes, and until what the key is for is there (a job's end, say). The screen is
asked for every few milliseconds, so times under 15 ms are not told apart.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks._claim import PROJECT, Absent, Claim

BAR_S = 0.2
_LONGEST_S = 240.0
_SESSION = f"birdscope-story-{os.getpid()}"


class Step(NamedTuple):
    """A key and what it is for.

    Attributes:
        does: In words.
        keys: As tmux names them; the last one is measured.
        shows: What the screen says at the end; empty: nothing in particular.
    """

    does: str
    keys: tuple[str, ...]
    shows: str = ""


STEPS = (
    Step("another species", ("Down", "Down", "Down"), r"Recordings of"),
    Step("its recordings", ("Enter",)),
    Step("play one", ("Enter",), r"▶"),
    Step("Scope", ("2",), r"0/\d+ windows"),
    Step("play it, predictions ahead", ("Space",), r"[1-9]\d*/\d+ windows"),
    Step("the next window", ("Right",)),
    Step("predict the file", ("r",), r"(\d+)/\1 windows"),
    Step("which part triggered", ("w",)),
    Step("stop the sound", ("Space",)),
    Step("Audition", ("3",), r"Audition"),
    Step("predict the labelled soundscapes", ("R",), r"1 of \d+|judged"),
    Step("the best windows first", ("Down",)),
    Step("yes: it asks for a name", ("y",), r"(?i)name"),
    Step("the name", ("Enter",)),
    Step("yes", ("y",)),
    Step("no", ("n",)),
    Step("Tune", ("4",), r"notebook 0.88 +\d\.\d{3}"),
    Step("a slider", ("Right",)),
    Step("Train", ("5",), r"(?i)recipe"),
    Step("Submit", ("6",), r"(?i)submission|export"),
    Step("export", ("e",), r"would be accepted"),
    Step("help", ("?",)),
    Step("back", ("Escape",)),
)


def claims() -> Iterator[Claim]:
    """One line for the slowest answer, one for each milestone."""
    if shutil.which("tmux") is None:
        raise Absent("there is no tmux")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        data, ensemble = _dataset(home)
        terminal = Terminal(home, data, ensemble)
        try:
            begun = time.perf_counter()
            terminal.wait_for(r"Species \(\d+")
            yield Claim("from Enter to the species", f"{time.perf_counter() - begun:.2f} s")
            time.sleep(2.0)
            answers = [(step, *terminal.take(step)) for step in STEPS]
        finally:
            terminal.close()
    for step, feedback_s, whole_s in answers:
        text = f"{' '.join(step.keys[-1:])}: {step.does}"
        then = f", what it is for after {whole_s:.2f} s" if step.shows else ""
        yield Claim(text, f"{feedback_s * 1000:.0f} ms to feedback{then}")
    slowest = max(answers, key=lambda one: one[1])
    yield Claim(
        f"slowest feedback of {len(answers)} keys of the story ({slowest[0].does})",
        f"{slowest[1] * 1000:.0f} ms",
        f"≤ {BAR_S * 1000:.0f} ms",
        slowest[1] <= BAR_S,
    )


class Terminal:
    """birdscope in tmux, 160×48.

    Args:
        home: Its BIRDSCOPE_HOME.
        data: Dataset folder.
        ensemble: Ensemble file.
    """

    def __init__(self, home: Path, data: Path, ensemble: Path) -> None:
        cache = home / "cache"
        cache.mkdir()
        (cache / "tour-seen").write_text("seen\n")
        settings = f"BIRDSCOPE_HOME={home} BIRDSCOPE_CACHE={cache} COLORTERM=truecolor"
        command = f"{sys.executable} -m birdscope --data {data} --ensemble {ensemble}"
        self._tmux("new-session", "-d", "-s", _SESSION, "-x", "160", "-y", "48",
                   f"cd {PROJECT} && env {settings} {command}")  # fmt: skip
        self._tmux("set", "-t", _SESSION, "status", "off")
        self._tmux("resize-window", "-t", _SESSION, "-x", "160", "-y", "48")

    def take(self, step: Step) -> tuple[float, float]:
        """Press the keys; seconds to feedback on the last, and to what it is for."""
        for key in step.keys[:-1]:
            self._tmux("send-keys", "-t", _SESSION, key)
            time.sleep(0.3)
        before = self._still()
        begun = time.perf_counter()
        self._tmux("send-keys", "-t", _SESSION, step.keys[-1])
        while self.screen() == before:
            if time.perf_counter() - begun > _LONGEST_S:
                raise RuntimeError(f"{step.does}: nothing happened")
        feedback_s = time.perf_counter() - begun
        if step.shows:
            self.wait_for(step.shows, step.does)
        whole_s = time.perf_counter() - begun
        time.sleep(0.5)
        return feedback_s, whole_s

    def wait_for(self, text: str, what: str = "the start") -> None:
        """Wait until the screen says something.

        Raises:
            RuntimeError: it doesn't.
        """
        end = time.perf_counter() + _LONGEST_S
        while not re.search(text, self.screen(colours=False)):
            if time.perf_counter() > end:
                raise RuntimeError(f"{what}: {text!r} is not there:\n{self.screen(colours=False)}")
            time.sleep(0.01)

    def screen(self, *, colours: bool = True) -> str:
        """What is on it."""
        return self._tmux("capture-pane", *(["-e"] if colours else []), "-p", "-t", _SESSION)

    def close(self) -> None:
        """End it."""
        subprocess.run(["tmux", "kill-session", "-t", _SESSION], check=False)

    def _still(self) -> str:
        """The screen, after a moment without changes where there is one."""
        end = time.perf_counter() + 2.0
        before = self.screen()
        while time.perf_counter() < end:
            time.sleep(0.15)
            now = self.screen()
            if now == before:
                break
            before = now
        return before

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(["tmux", *words], capture_output=True, text=True, check=True)
        return done.stdout


def _dataset(home: Path) -> tuple[Path, Path]:
    from birdscope.dataset.demo import make_demo_dataset

    shutil.copytree(PROJECT / "models", home / "models")
    ensemble = os.environ.get("BIRDSCOPE_STORY_ENSEMBLE", str(home / "models" / "demo.toml"))
    if given := os.environ.get("BIRDSCOPE_STORY_DATA"):
        return Path(given).resolve(), Path(ensemble).resolve()
    make_demo_dataset(home / "data")
    return home / "data", Path(ensemble)
