"""The axes that spectrogram and heat map share: the left gutter and the row of times."""

from __future__ import annotations

from functools import lru_cache

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from birdscope.tui.timeline import TimeAxis, tick_label

GUTTER = 5
_NUMBERS = frozenset("0123456789:.")


def gutter_segment(label: str, width: int, style: Style, mark: str = " ") -> Segment:
    """A label set to the right of the gutter, with a tick mark as its last cell."""
    text = label if len(label) < width else set_cell_size(label, max(width - 2, 0)) + "…"
    return Segment(f"{text:>{width - 1}}{mark}" if width > 0 else "", style)


def playhead_segment(under: Segment, mark: str, style: Style) -> Segment:
    """The playhead over one cell: a mark, but part of a number stays readable in reverse.

    Args:
        under: The cell that it passes over.
        mark: The playhead's character.
        style: Of the playhead; what it leaves open is the cell's.
    """
    below = under.style or Style()
    if under.text not in _NUMBERS:
        return Segment(mark, below + style)
    return Segment(under.text, below + Style(bold=True, reverse=not below.reverse))


def time_strip(
    axis: TimeAxis,
    gutter: int,
    style: Style,
    *,
    marker: int | None = None,
    marker_style: Style | None = None,
    span: tuple[int, int] | None = None,
    span_style: Style | None = None,
) -> Strip:
    """A row of times below a picture, with the playhead's marker and a highlighted span.

    Args:
        axis: Its time axis.
        gutter: Cells left of the picture.
        style: Of the labels.
        marker: Column of the playhead, None when out of sight.
        marker_style: Of the playhead's marker.
        span: First and past-the-last column of the highlighted span.
        span_style: Of that span.
    """
    line = list(_labels(axis))
    if span is not None and span_style is not None:
        first, past = (min(max(column, 0), len(line)) for column in span)
        marked = [text if text != " " else "━" for text in line[first:past]]
        parts = [(line[:first], style), (marked, span_style), (line[past:], style)]
    else:
        parts = [(line, style)]
    cells = [Segment(" " * gutter, style)]
    column = 0
    for texts, one in parts:
        at = -1 if marker is None else marker - column
        if 0 <= at < len(texts):
            mark = playhead_segment(Segment(texts[at], one), "▲", marker_style or style)
            cells += [Segment("".join(texts[:at]), one), mark]
            cells.append(Segment("".join(texts[at + 1 :]), one))
        else:
            cells.append(Segment("".join(texts), one))
        column += len(texts)
    return Strip([one for one in cells if one.text], gutter + axis.columns)


@lru_cache(maxsize=16)
def _labels(axis: TimeAxis) -> str:
    line = [" "] * axis.columns
    ticks = axis.ticks(room=12)
    step_s = ticks[1][1] - ticks[0][1] if len(ticks) > 1 else 1.0
    for column, seconds in ticks:
        text = "╵" + tick_label(seconds, step_s)
        if column + len(text) <= axis.columns:
            line[column : column + len(text)] = text
    return "".join(line)


def centred(text: str, width: int, style: Style) -> Strip:
    """A line with a text in its middle, cut to its width."""
    shown = set_cell_size(text, min(cell_len(text), width))
    left = (width - cell_len(shown)) // 2
    return Strip([Segment(f"{' ' * left}{shown}".ljust(width), style)]).adjust_cell_length(
        width, style
    )
