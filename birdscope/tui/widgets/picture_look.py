"""How a spectrogram looks, by key: zoom, colours, brightness, windows; and its readout."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.segment import Segment
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer

from birdscope.audio.boxes import Measure
from birdscope.core.errors import BirdscopeError
from birdscope.core.units import clock, hertz
from birdscope.tui import palettes
from birdscope.tui.frequency import SCALES
from birdscope.tui.overlays import box_text
from birdscope.tui.widgets.picture_drawing import PictureDrawing
from birdscope.tui.widgets.rows import fit

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    WaveKey = tuple[Path, float, float, int]

_TOLD_S = 2.5
N_FFTS = (None, 256, 512, 1024, 2048, 4096)
OVERLAPS = (0.5, 0.75, 0.875)


class PictureLook(PictureDrawing):
    """A drawn picture whose look is changed by actions, which say what they did."""

    waveform: reactive[bool] = reactive(False, repaint=False)

    _measure: Measure | None = None
    _pointer = ""
    _told = ""
    _foot = ""
    _telling: Timer | None = None
    _wave: tuple[WaveKey, npt.NDArray[np.float32]] | None = None
    _wave_wanted: WaveKey | None = None
    _loudest = 0.0

    def action_zoom_reset(self) -> None:
        """Show everything."""
        self.reset_view()

    def action_pan(self, share: float) -> None:
        """Move by a share of what is seen."""
        self.pan(share)

    def action_zoom_band(self, factor: float) -> None:
        """Zoom in frequency."""
        self.zoom_band(factor)

    def action_pan_band(self, share: float) -> None:
        """Show higher or lower frequencies."""
        self.pan_band(share)

    def action_palette(self) -> None:
        """Take the next palette."""
        self.palette = palettes.following(self.palette)
        self._tell(f"palette {self.palette}")

    def action_scale(self) -> None:
        """Take the next frequency scale."""
        self.scale = SCALES[(SCALES.index(self.scale) + 1) % len(SCALES)]
        self._tell(f"{self.scale} frequencies")

    def action_grid(self) -> None:
        """Show or hide the borders of windows."""
        self.window_grid = not self.window_grid

    def action_gain(self, steps: int) -> None:
        """Brighter, or darker."""
        self.tone = self.tone.brighter(steps)
        self._tell(str(self.tone))

    def action_range(self, steps: int) -> None:
        """Another dynamic range."""
        self.tone = self.tone.wider(steps)
        self._tell(str(self.tone))

    def action_contrast(self) -> None:
        """Another contrast."""
        self.tone = self.tone.next_contrast()
        self._tell(str(self.tone))

    def action_n_fft(self) -> None:
        """The next window size."""
        self.n_fft = N_FFTS[(N_FFTS.index(self.n_fft) + 1) % len(N_FFTS)]
        self._tell(f"FFT {self.n_fft or 'fits the zoom'}")

    def action_overlap(self) -> None:
        """The next overlap of windows."""
        self.overlap = OVERLAPS[(OVERLAPS.index(self.overlap) + 1) % len(OVERLAPS)]
        self._tell(f"windows overlap by {self.overlap:.1%}")

    def zoom_band(self, factor: float, around_hz: float | None = None) -> None:
        """Show `factor` times less of the frequencies, around one, the cursor's, or the middle."""
        if around_hz is None and self._cursor is not None:
            around_hz = self._cursor[1]
        self.band = self.band.zoomed(factor, around_hz, self.scale)
        self._tell(str(self.band))

    def pan_band(self, share: float) -> None:
        """Show higher frequencies, or lower ones when negative."""
        self.band = self.band.panned(share, self.scale)
        self._tell(str(self.band))

    def action_wave(self) -> None:
        """Show or hide the waveform."""
        self.waveform = not self.waveform

    def watch_waveform(self) -> None:
        """Make room for it, or fill its room."""
        self.redraw()
        self._ask()

    def _has_wave(self) -> bool:
        return self.waveform

    def _wave_shares(self) -> Sequence[float] | None:
        """The loudest sample of each column, relative to the loudest seen of this file."""
        if self.path is None or not self.duration_s:
            return None
        key = (self.path, self.view_start_s, self.view_end_s, self.axis.columns)
        if self._wave is not None and self._wave[0] == key:
            peaks = self._wave[1]
            return [float(one) for one in peaks / max(self._loudest, 1e-6)]
        if self._wave_wanted is None:
            self._wave_wanted = key
            work = partial(self._make_wave, key)
            self.run_worker(work, thread=True, group="wave", exit_on_error=False)
        return None

    def _make_wave(self, key: WaveKey) -> None:
        """In a worker thread."""
        from birdscope.audio.boxes import file_peaks

        try:
            peaks = file_peaks(*key)
        except (BirdscopeError, OSError) as error:
            self.log.error(error)
            return
        self.app.call_from_thread(self._take_wave, key, peaks)

    def _take_wave(self, key: WaveKey, peaks: npt.NDArray[np.float32]) -> None:
        if self._wave is None or self._wave[0][0] != key[0]:
            self._loudest = 0.0
        self._loudest = max(self._loudest, float(peaks.max(initial=0.0)))
        self._wave, self._wave_wanted = (key, peaks), None
        self.redraw()

    def _readout(self, x: int, y: int) -> str:
        """Time, frequency and level of a cell of the content."""
        column, painting = x - self._gutter, self._painting
        outside = not (0 <= column < self.axis.columns and 0 <= y < self.cell_rows)
        if outside or painting is None or len(painting.levels_db) < 2 * (y + 1):
            return ""
        seconds = self.axis.time_of(column + 0.5)
        frequency_hz = self.frequencies.row_to_hz(y + 0.5)
        level_db = float(painting.levels_db[2 * y : 2 * y + 2, column].max())
        return f"{clock(seconds, tenths=True)}  {hertz(frequency_hz)}  {level_db:.0f} dB"

    def _tell(self, text: str) -> None:
        """Say for a moment what an action did."""
        self._told = text
        if self._telling is not None:
            self._telling.stop()
        self._telling = self.set_timer(_TOLD_S, self._told_enough)
        self._draw_readout()

    def _told_enough(self) -> None:
        self._told = ""
        self._draw_readout()

    def _draw_readout(self) -> None:
        """What is under the pointer or the cursor, and the box, as far as there is room."""
        cell = self._cursor_cell()
        here = self._pointer or (self._readout(cell[0] + self._gutter, cell[1]) if cell else "")
        box = box_text(self._box, self._measure) if self._box is not None else ""
        text = "   ".join(one for one in (here, box) if one)
        room = self.size.width - 4
        if len(text) > room:
            text = fit(box or here, room)
        text = self._told or text
        if self.styles.border_bottom[0]:
            self.border_subtitle = text
        elif text != self._foot:
            self._foot = text
            self.refresh(Region(0, self.size.height - 1, self.size.width, 1))

    def _time_line(self) -> Strip:
        """The row of times; at its right end the readout of a view without a border."""
        strip = super()._time_line()
        if not self._foot:
            return strip
        style = self.get_component_rich_style("spectrogram--playhead")
        text = f" {fit(self._foot, max(self.size.width - 1, 0)).rstrip()}"
        left = strip.crop(0, max(self.size.width - len(text), 0))
        return Strip.join([left, Strip([Segment(text, style)], len(text))])
