"""The spectrogram in hand: playhead, zoom and pan, a cursor with a readout, a box selection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual import events
from textual.actions import SkipAction
from textual.binding import BindingType
from textual.geometry import Offset, Region
from textual.message import Message

from birdscope.audio.boxes import Box, Measure, measure_box
from birdscope.core.errors import BirdscopeError
from birdscope.tui.band import Band
from birdscope.tui.moving_column import MovingColumn
from birdscope.tui.viewport import Viewport
from birdscope.tui.widgets.axes import GUTTER
from birdscope.tui.widgets.picture_look import PictureLook
from birdscope.tui.widgets.spectrogram_bindings import HAND_BINDINGS, LOOK_BINDINGS

if TYPE_CHECKING:
    from birdscope.tui.pictures import Provider

_WHEEL_ZOOM = 1.5
_WHEEL_PAN = 0.1
_SETTLE_S = 0.12


class Grip(NamedTuple):
    """A drag: what it does, where it began, and what was seen then."""

    selects: bool
    at: Offset
    viewport: Viewport
    band: Band


class SpectrogramView(PictureLook, can_focus=True):
    """A spectrogram of one file that can be zoomed, panned, measured, clicked and played over.

    Until the picture of a new view comes, the old one stays, stretched to it. A click seeks, a
    drag pans; with shift, ctrl, the right button, or in selection mode it draws a box. With the
    focus, the arrow keys move a cursor, and with shift they draw a box.

    Args:
        provider: `(path, start_s, end_s, columns, rows, scale)` → dB, float32 [rows, columns].
        gutter: Cells left of the picture for the frequency axis.
        measure: Measures a box of a file; slow.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [*HAND_BINDINGS, *LOOK_BINDINGS]
    DEFAULT_CSS = """
    SpectrogramView {
        width: 1fr;
        height: 1fr;
        & > .spectrogram--axis { color: $text-muted; }
        & > .spectrogram--playhead { color: $accent; text-style: bold; }
        & > .spectrogram--empty { color: $text-muted; }
        & > .spectrogram--box { color: $accent; text-style: bold; }
        & > .spectrogram--cursor { color: $accent; text-style: bold; }
        & > .spectrogram--wave { color: $text-muted; }
        & > .spectrogram--curve { color: $primary; }
        & > .spectrogram--label { color: $secondary; }
        & > .spectrogram--detection { color: $primary; }
        & > .spectrogram--yes { color: $success; }
        & > .spectrogram--no { color: $error; }
        & > .spectrogram--maybe { color: $warning; }
    }
    """

    class OfView(Message):
        """What a view tells."""

        def __init__(self, view: SpectrogramView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> SpectrogramView:
            """The view that tells."""
            return self.view

    class Seek(OfView):
        """The user chose a time."""

        def __init__(self, view: SpectrogramView, seconds: float) -> None:
            super().__init__(view)
            self.seconds = seconds

    class ViewChanged(OfView):
        """Another span of time is shown."""

        def __init__(self, view: SpectrogramView) -> None:
            super().__init__(view)
            self.start_s = view.view_start_s
            self.end_s = view.view_end_s

    class BoxChanged(OfView):
        """Another box is selected; None is none. `path` is the file it is in."""

        def __init__(self, view: SpectrogramView, box: Box | None) -> None:
            super().__init__(view)
            self.box = box
            self.path = view.path

    class PlayBox(BoxChanged):
        """The user wants to hear the box."""

    def __init__(
        self,
        provider: Provider,
        *,
        gutter: int = GUTTER,
        measure: Callable[[Path, Box], Measure] = measure_box,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(provider, gutter=gutter, id=id, classes=classes)
        self._measure_of = measure
        self._anchor: tuple[float, float] | None = None
        self._grip: Grip | None = None
        self._playhead = MovingColumn(self)
        self.selecting = False

    @property
    def box(self) -> Box | None:
        """The selection."""
        return self._box

    @property
    def measured(self) -> Measure | None:
        """What was found in the selection; None until then."""
        return self._measure

    def show(
        self,
        path: Path | None,
        duration_s: float = 0.0,
        span: tuple[float, float] | None = None,
    ) -> None:
        """Show a file; None empties the view.

        Args:
            path: The file.
            duration_s: Its length in seconds.
            span: Start and end of what is seen, in seconds; None shows all.
        """
        if path != self.path:
            self._playhead_s = self._cursor = self._anchor = None
            self.selected_span = None
            self._curve, self._marks = None, ()
            self.select(None)
        super().show(path, duration_s, span)

    def view(self, viewport: Viewport) -> None:
        """Show another span of the file, and tell."""
        super().view(viewport)
        self.post_message(self.ViewChanged(self))

    def set_playhead(self, seconds: float | None) -> None:
        """Draw the playhead at a time; only the cells that change are painted again."""
        before_s, self._playhead_s = self._playhead_s, seconds
        if seconds is not None:
            following = self._viewport.following(before_s, seconds)
            if following != self._viewport:
                self.view(following)
                return
        old, new = self._playhead_column(before_s), self._playhead_column(seconds)
        self._playhead.move(old, new, self._gutter)

    def zoom(self, factor: float, around_s: float | None = None) -> None:
        """Show `factor` times less of the file (more when below 1).

        Around a time; without one, around the cursor, else the playhead, or the middle when
        neither is seen.
        """
        if around_s is None:
            cursor_s = self._cursor[0] if self._cursor is not None else None
            around_s = next(
                (one for one in (cursor_s, self._playhead_s) if one and self._viewport.holds(one)),
                (self.view_start_s + self.view_end_s) / 2,
            )
        self.view(self._viewport.zoomed(factor, around_s))

    def select(self, box: Box | None, *, tell: bool = True) -> None:
        """Select a box; None selects nothing."""
        if box == self._box:
            return
        self._refresh_box(self._box)
        self._box, self._measure = box, None
        self._refresh_box(box)
        self._draw_readout()
        if tell:
            self._box_is_final()

    def take_in_hand(self) -> None:
        """Take the focus, and put the cursor where the playhead is, or in the middle."""
        self.focus()
        if self._cursor is None and self.duration_s and self.cell_rows:
            self._put_cursor(self._first_place())

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of the picture, or begin a box."""
        offset = event.get_content_offset(self)
        if offset is None or not self._in_picture(offset):
            return
        selects = self.selecting or event.shift or event.ctrl or event.button == 3
        self._grip = Grip(selects, offset, self._viewport, self.band)
        self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Drag, and say what is under the pointer."""
        offset = event.get_content_offset_capture(self)
        if self._grip is not None and offset != self._grip.at:
            # the mouse button's end is a drag's now, not a click's
            self.suppress_click()
            self._drag(self._grip, offset)
        self._pointer = self._readout(offset.x, offset.y)
        self._draw_readout()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go."""
        grip, self._grip = self._grip, None
        self.release_mouse()
        if grip is not None and grip.selects and self._box is not None:
            self._box_is_final()

    def on_leave(self) -> None:
        """Clear the readout."""
        self._pointer = ""
        self._draw_readout()

    def on_click(self, event: events.Click) -> None:
        """Seek; a click while selecting takes the box away."""
        offset = event.get_content_offset(self)
        if offset is None or offset.x < self._gutter or not self.duration_s:
            return
        if event.shift or event.ctrl or event.button == 3:
            self.select(None)
        else:
            self.post_message(self.Seek(self, self.axis.time_of(offset.x - self._gutter)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Zoom in around the pointer: time, or frequencies over their axis or with ctrl."""
        self._wheel(event, _WHEEL_ZOOM)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Zoom out around the pointer."""
        self._wheel(event, 1 / _WHEEL_ZOOM)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Pan."""
        event.stop()
        self.pan(-_WHEEL_PAN)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Pan."""
        event.stop()
        self.pan(_WHEEL_PAN)

    def on_blur(self) -> None:
        """The keyboard's cursor goes with the focus; the box stays."""
        self._put_cursor(None)

    def action_zoom(self, factor: float) -> None:
        """Zoom in time."""
        self.zoom(factor)

    def action_cursor(self, columns: int, rows: int, select: bool = False) -> None:
        """Move the cursor by cells; with a box from where it stood when `select`."""
        before = self._cursor_cell()
        if not self.duration_s or not self.cell_rows:
            return
        if before is None:
            self._put_cursor(self._first_place())
            return
        x = before[0] + columns
        if not 0 <= x < self.axis.columns:
            self.pan(0.25 if x > 0 else -0.25)
            x = self.axis.column_of(self._cursor[0] if self._cursor else 0.0) + columns
        x = min(max(x, 0), self.axis.columns - 1)
        y = min(max(before[1] + rows, 0), self.cell_rows - 1)
        old = self._cursor
        self._put_cursor(self._place_of(x, y))
        if select:
            self._anchor = self._anchor or old
            self._select_between(self._anchor, self._cursor)
            self._box_is_final()
        else:
            self._anchor = None

    def action_drop_box(self) -> None:
        """Drop the box, then the cursor; then the key is another's."""
        if self._box is not None:
            self.select(None)
        elif self._cursor is not None:
            self._put_cursor(None)
        else:
            raise SkipAction
        self._anchor = None

    def action_zoom_box(self) -> None:
        """Show the box as large as it gets."""
        if (box := self._box) is None:
            self._tell("no selection: shift+drag, or shift+arrows")
            return
        margin_s = box.duration_s * 0.05
        self.band = self.band.at(box.low_hz, box.high_hz)
        self.show_span(box.start_s - margin_s, box.end_s + margin_s)

    def action_play_box(self) -> None:
        """Play the box; without one, from the cursor."""
        if self._box is not None:
            self.post_message(self.PlayBox(self, self._box))
        elif self._cursor is not None:
            self.post_message(self.Seek(self, self._cursor[0]))
        else:
            raise SkipAction

    def action_selecting(self) -> None:
        """Show the cursor; then let a drag draw a box, or pan again."""
        if self._cursor is None:
            self.take_in_hand()
            return
        self.selecting = not self.selecting
        self._tell("drag selects" if self.selecting else "drag pans")

    def _drag(self, grip: Grip, offset: Offset) -> None:
        """Draw the box, or move what is seen with the pointer."""
        if grip.selects:
            self._select_between(self._place_of(*self._tied(grip.at)),
                                 self._place_of(*self._tied(offset)))  # fmt: skip
            return
        moved = grip.at - offset
        if moved.y and not grip.band.is_whole:
            self.band = grip.band.panned(-moved.y / self.cell_rows, self.scale)
        self.view(grip.viewport.panned(moved.x / self.axis.columns))

    def _wheel(self, event: events.MouseEvent, factor: float) -> None:
        event.stop()
        offset = event.get_content_offset_capture(self)
        if event.shift:
            self.pan(_WHEEL_PAN if factor < 1 else -_WHEEL_PAN)
        elif event.ctrl or offset.x < self._gutter:
            self.zoom_band(factor, self.frequencies.row_to_hz(offset.y + 0.5))
        else:
            self.zoom(factor, self.axis.time_of(offset.x - self._gutter))

    def _in_picture(self, offset: Offset) -> bool:
        inside = offset.x >= self._gutter and 0 <= offset.y < self.cell_rows
        return inside and self.duration_s > 0

    def _tied(self, offset: Offset) -> tuple[int, int]:
        """A place of the pointer as column and line inside the picture."""
        x = min(max(offset.x - self._gutter, 0), self.axis.columns - 1)
        return x, min(max(offset.y, 0), self.cell_rows - 1)

    def _first_place(self) -> tuple[float, float]:
        """Where the cursor begins: at the playhead, or in the middle."""
        column = self._playhead_column(self._playhead_s)
        x = self.axis.columns // 2 if column is None else column
        return self._place_of(x, self.cell_rows // 2)

    def _place_of(self, x: int, y: int) -> tuple[float, float]:
        """Seconds and hertz in the middle of a cell."""
        return self.axis.time_of(x + 0.5), self.frequencies.row_to_hz(y + 0.5)

    def _put_cursor(self, place: tuple[float, float] | None) -> None:
        """Move the keyboard's cursor; None takes it away."""
        before, self._cursor = self._cursor_cell(), place
        for cell in {before, self._cursor_cell()} - {None}:
            assert cell is not None
            self.refresh(Region(self._gutter + cell[0], cell[1], 1, 1))
        self._draw_readout()

    def _select_between(
        self, one: tuple[float, float] | None, other: tuple[float, float] | None
    ) -> None:
        """Select the cells of two places and all between."""
        if one is None or other is None:
            return
        axis, frequencies = self.axis, self.frequencies
        columns = sorted(axis.column_of(place[0]) for place in (one, other))
        rows = sorted(int(frequencies.hz_to_row(place[1])) for place in (one, other))
        box = Box(
            max(axis.time_of(columns[0]), 0.0),
            min(axis.time_of(columns[1] + 1), self.duration_s),
            max(frequencies.row_to_hz(rows[1] + 1), 0.0),
            frequencies.row_to_hz(rows[0]),
        )
        self.select(box, tell=False)

    def _box_is_final(self) -> None:
        """Tell of the box, and measure it."""
        self.post_message(self.BoxChanged(self, self._box))
        if self._box is not None and self.path is not None and self.is_attached:
            self.run_worker(self._measure_box(self.path, self._box), group="box", exclusive=True)

    async def _measure_box(self, path: Path, box: Box) -> None:
        await asyncio.sleep(_SETTLE_S)
        try:
            measure = await asyncio.to_thread(self._measure_of, path, box)
        except (BirdscopeError, OSError, ValueError) as error:
            self.log.error(error)
            return
        if (self.path, self._box) == (path, box):
            self._measure = measure
            self._draw_readout()
