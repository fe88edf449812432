"""A spectrogram in a real terminal driver, drawn again and again: `redraw_app.py MODE REPORT`.

The process's CPU seconds and the frames it drew go to the file REPORT as "seconds frames".
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
from textual.app import App, ComposeResult
from textual.screen import Screen

from birdscope.core.collecting import collect_seldom, keep_what_is_there
from birdscope.tui.exact_updates import ExactCompositor
from birdscope.tui.widgets.spectrogram import SpectrogramView

FRAMES = 100
FRAMES_PER_SECOND = 25
SPAN_S = 60.0


def noise(
    path: Path, start_s: float, end_s: float, columns: int, rows: int, scale: str
) -> npt.NDArray[np.float32]:
    """The worst case: hardly two cells alike."""
    return np.random.default_rng(0).normal(-60, 12, (rows, columns)).astype(np.float32)


class OneView(Screen[None]):
    """A screen like birdscope's."""

    def __init__(self, exact: bool) -> None:
        super().__init__()
        if exact:
            self._compositor = ExactCompositor()

    def compose(self) -> ComposeResult:
        """Nothing but the picture."""
        yield SpectrogramView(noise)


class Redraws(App[None]):
    """Draws FRAMES times and leaves."""

    def __init__(self, mode: str, report: Path) -> None:
        super().__init__()
        self._mode = mode
        self._report = report
        self._frame = 0
        self._begun = 0.0

    def get_default_screen(self) -> Screen[None]:
        """The one screen."""
        return OneView(exact=self._mode != "textual")

    @property
    def view(self) -> SpectrogramView:
        """The picture."""
        return self.screen.query_one(SpectrogramView)

    def on_mount(self) -> None:
        """Show the picture; begin once it is there."""
        self.call_after_refresh(lambda: self.view.show(Path("noise"), SPAN_S))
        self.set_timer(1.5, self._begin)

    def _begin(self) -> None:
        keep_what_is_there()  # as birdscope does
        os.write(sys.__stdout__.fileno() if sys.__stdout__ else 1, b"\x1b[2;2HBEGIN")
        self._begun = time.process_time()
        self.set_interval(1 / FRAMES_PER_SECOND, self._draw)

    def _draw(self) -> None:
        if self._frame == FRAMES:
            used_s = time.process_time() - self._begun
            self._report.write_text(f"{used_s} {self._frame}")
            self.exit()
            return
        self._frame += 1
        if self._mode == "full":
            self.view.redraw()
        elif self._mode in ("playhead", "textual"):
            axis = self.view.axis
            self.view.set_playhead(axis.time_of(axis.columns // 3 + self._frame + 0.5))


if __name__ == "__main__":
    collect_seldom()
    Redraws(sys.argv[1], Path(sys.argv[2])).run()
