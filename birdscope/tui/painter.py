"""From a picture to lines of cells, line by line and only when asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from birdscope.audio.axes import FrequencyAxis
from birdscope.core.windows import WINDOW_S
from birdscope.tui.cell_styles import CellStyles
from birdscope.tui.overlays import Outline
from birdscope.tui.timeline import TimeAxis
from birdscope.tui.tone import Tone

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from birdscope.tui.raster import Picture, Runs

_NARROWEST_WINDOW = 4
_FEW = 4

Over = dict[int, tuple[str, Style]]
"""What is drawn over a line: column → character and its style."""


@dataclass(frozen=True)
class Marks:
    """What is drawn over a spectrogram.

    Attributes:
        window_grid: Whether the borders of 5 s windows are drawn.
        span: A highlighted span in seconds.
    """

    window_grid: bool = False
    span: tuple[float, float] | None = None

    def grid_columns(self, axis: TimeAxis) -> list[int]:
        """Columns at the borders of windows; none where they would stand too close."""
        if not self.window_grid or axis.columns * WINDOW_S / axis.span_s < _NARROWEST_WINDOW:
            return []
        first = math.floor(axis.start_s / WINDOW_S) + 1
        last = math.ceil(axis.end_s / WINDOW_S)
        edges = {axis.edge_of(number * WINDOW_S) for number in range(first, last)}
        drawn_otherwise = set(self.span_range(axis)) if self.span is not None else set()
        return [one for one in edges - drawn_otherwise if 0 < one < axis.columns]

    def span_columns(self, axis: TimeAxis) -> list[int]:
        """The columns whose left edges bound the highlighted span, where in sight."""
        if self.span is None:
            return []
        first, last = self.span_range(axis)
        inside_first = self.span[0] >= axis.start_s - 1e-6
        inside_last = self.span[1] <= axis.end_s + 1e-6
        edges = [first] * inside_first + [min(last, axis.columns - 1)] * inside_last
        return [column for column in edges if 0 <= column < axis.columns and first < last]

    def span_range(self, axis: TimeAxis) -> tuple[int, int]:
        """First and past-the-last column of the highlighted span."""
        assert self.span is not None
        return axis.edge_of(self.span[0]), axis.edge_of(self.span[1])


@dataclass(frozen=True)
class Layer:
    """What lies over a picture; each thing with its style.

    Attributes:
        shape: Lines and columns of the picture.
        outline: A box.
        playhead: The column of the playhead.
        cursor: Column and line of the cursor.
        axis: Style of the frequency axis.
        labels: What is written on that axis, by line.
    """

    shape: tuple[int, int]
    outline: tuple[Outline | None, Style]
    playhead: tuple[int | None, Style]
    cursor: tuple[tuple[int, int] | None, Style]
    axis: Style
    labels: dict[int, str]

    def on_line(self, y: int) -> Over:
        """What lies over one line; the cursor on top."""
        over: Over = {}
        outline, style = self.outline
        if outline is not None:
            drawn = outline.on_line(y, self.shape[1])
            over = {column: (character, style) for column, character in drawn.items()}
        column, style = self.playhead
        if column is not None:
            over[column] = ("│", style)
        cell, style = self.cursor
        if cell is not None and cell[1] == y:
            over[cell[0]] = ("┼", style)
        return over


@dataclass
class Painting:
    """One drawn state of a spectrogram; lines are made when asked for and kept.

    Attributes:
        codes: int32 [cell rows, columns], see `birdscope.tui.raster.cell_codes`.
        levels_db: float32 [picture rows, columns], for the readout.
        cells: The styles.
        levels: int32 [picture rows, columns], of the palette.
        covered: First and past-the-last column with data.
    """

    codes: npt.NDArray[np.int32]
    levels_db: npt.NDArray[np.float32]
    cells: CellStyles
    levels: npt.NDArray[np.int32]
    covered: tuple[int, int]
    _strips: dict[int, Strip] = field(default_factory=dict)
    _runs: list[Runs] | None = None

    def mark(self, marks: Marks, axis: TimeAxis) -> list[int]:
        """Draw other marks over the same picture; returns the columns that change, ascending."""
        before, self.codes = self.codes, _codes(self.levels, self.covered, marks, axis)
        columns: list[int] = (before != self.codes).any(axis=0).nonzero()[0].tolist()
        if columns:
            self._strips.clear()
            self._runs = None
        return columns

    def line(self, y: int) -> Strip:
        """The cells of a line, without axis."""
        strip = self._strips.get(y)
        if strip is None:
            from birdscope.tui import raster

            if self._runs is None:
                self._runs = raster.runs_of_lines(self.codes)
            segments = self.cells.segments(self._runs[y])
            strip = self._strips[y] = Strip(segments, self.codes.shape[1])
        return strip

    def part(self, y: int, first: int, past: int, over: Over) -> list[Segment]:
        """Columns `first` to before `past` of a line, with what is drawn over them."""
        from birdscope.tui import raster

        above = sorted(column for column in over if first <= column < past)
        segments: list[Segment] = []
        begin = first
        for column in [*above, past]:
            if column - begin > _FEW:
                segments += self.cells.segments(raster.runs_of(self.codes[y, begin:column]))
            elif column > begin:
                codes = self.codes[y, begin:column].tolist()
                segments += self.cells.segments(raster.run_of(code, 1) for code in codes)
            if column < past:
                segments.append(self.cells.over(int(self.codes[y, column]), *over[column]))
            begin = column + 1
        return segments

    def line_under(self, y: int, over: Over) -> Strip:
        """A line with what is drawn over it."""
        columns = self.codes.shape[1]
        return Strip(self.part(y, 0, columns, over), columns) if over else self.line(y)


def paint(
    picture: Picture,
    axis: TimeAxis,
    cell_rows: int,
    contrast: tuple[float, float],
    marks: Marks,
    cells: CellStyles,
    tone: Tone,
    frequencies: FrequencyAxis,
) -> Painting:
    """Fit a picture to the axes and the rows at hand, and encode its cells."""
    from birdscope.tui import raster

    drawn, first, past = raster.fitted(picture, axis, 2 * cell_rows, frequencies)
    levels = raster.to_levels(drawn, *tone.over(*contrast), gamma=tone.gamma)
    covered = (first, past)
    return Painting(_codes(levels, covered, marks, axis), drawn, cells, levels, covered)


def _codes(
    levels: npt.NDArray[np.int32], covered: tuple[int, int], marks: Marks, axis: TimeAxis
) -> npt.NDArray[np.int32]:
    from birdscope.tui import raster

    return raster.cell_codes(levels, covered, marks.grid_columns(axis), marks.span_columns(axis))
