"""The post-processing stack as a list: steps to switch and move, a slider for each number."""

from __future__ import annotations

import itertools
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from birdscope.core.errors import ConfigError
from birdscope.core.settings import Settings
from birdscope.tui import tune_stack
from birdscope.tui.tune_knobs import STAGES, default_of
from birdscope.tui.tune_stack import Row
from birdscope.tui.widgets import slider, stack_lines
from birdscope.tui.widgets.rows import Span
from birdscope.tui.widgets.stack_rows import StackRows

_TYPED = "0123456789.,-"


class StackEditor(StackRows):
    """Shows settings and changes them; every change is told at once with `Changed`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "turn(-1)", "Less", show=False, id="stack.less",
                tooltip="Turn the slider down"),
        Binding("right", "turn(1)", "More", show=False, id="stack.more",
                tooltip="Turn the slider up"),
        Binding("shift+left,H", "turn(-1, True)", "Much less", show=False, id="stack.much_less",
                tooltip="Turn the slider down by much"),
        Binding("shift+right,L", "turn(1, True)", "Much more", show=False, id="stack.much_more",
                tooltip="Turn the slider up by much"),
        Binding("enter", "type", "Type", id="stack.type", tooltip="Type a value"),
        Binding("e", "switch", "On/off", id="stack.toggle", tooltip="Switch the step on or off"),
        Binding("t", "stage", "Stage", id="stack.stage",
                tooltip="Act at the next stage: checkpoint, member, ensemble"),
        Binding("shift+up,K", "move(-1)", "Move up", show=False, id="stack.move_up",
                tooltip="Have the step act earlier"),
        Binding("shift+down,J", "move(1)", "Move down", show=False, id="stack.move_down",
                tooltip="Have the step act later"),
        Binding("x,delete", "remove", "Remove", id="stack.remove", tooltip="Remove the step"),
        Binding("0", "default", "Default", show=False, id="stack.default",
                tooltip="Put the slider back to its usual value"),
    ]  # fmt: skip

    class Changed(Message):
        """The user changed the settings; changes of one `gesture` are undone together."""

        def __init__(self, settings: Settings, gesture: str, held: bool = False) -> None:
            super().__init__()
            self.settings = settings
            self.gesture = gesture
            self.held = held

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._typed: str | None = None
        self._problem = ""
        self._drags = itertools.count(1)
        self._drag, self._was_dragged = "", False

    @property
    def is_typing(self) -> bool:
        """Whether keys go into a value."""
        return self._typed is not None

    def spans_of(self, row: int, width: int) -> list[Span]:
        """A heading, a step, a slider or a remark."""
        typed = self._typed if row == self.cursor else None
        lines = stack_lines.Lines(self._settings, self._bench, width)
        return lines.spans(self._rows[row], typed, wrong=bool(self._problem))

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Digits belong to the value being typed."""
        return self.is_typing and character is not None and character.isprintable()

    def watch_cursor(self, before: int, now: int) -> None:
        """What was being typed is forgotten."""
        if before != now:
            self._end_typing()
        super().watch_cursor(before, now)
        self._say_keys()

    def on_key(self, event: events.Key) -> None:
        """While a value is typed every key is its own, but for those that leave."""
        if self._typed is None and event.key == "enter":
            # at once: as a binding it would be done after the digits that follow
            event.stop()
            self.action_type()
            return
        if self._typed is None or event.key in ("ctrl+c", "ctrl+q", "tab", "shift+tab"):
            return
        event.stop()
        event.prevent_default()
        self._problem = ""
        if event.key == "escape":
            self._end_typing()
        elif event.key == "enter":
            self._take_typed()
        elif event.key in ("backspace", "ctrl+h"):
            self._typed = self._typed[:-1]
        elif event.character is not None and event.character in _TYPED:
            self._typed += event.character.replace(",", ".")
        elif event.key in ("up", "down"):
            self._end_typing()
            self.action_step(1 if event.key == "down" else -1)
        self.refresh_row(self.cursor)

    def on_blur(self) -> None:
        """What was being typed is forgotten."""
        self._end_typing()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Take hold of a slider."""
        self._was_dragged = False
        row = self._row_at(event)
        if row is None or self._cell_on_track(event, row) is None:
            return
        self.cursor = row
        self._drag = f"drag {next(self._drags)}"
        self.capture_mouse()
        self._drag_to(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """A slider that is held follows the hand."""
        if self._drag:
            self._drag_to(event)
        else:
            super().on_mouse_move(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """Let go."""
        if self._drag:
            self.release_mouse()
            self._drag, self._was_dragged = "", True

    def on_click(self, event: events.Click) -> None:
        """A step's mark switches it; a number is typed anew; a track was turned already."""
        if self._was_dragged:
            self._was_dragged = False
            return
        row, offset = self._row_at(event), event.get_content_offset(self)
        if row is None or offset is None:
            return
        was_here = self.cursor == row
        self.cursor = row
        if self._rows[row].kind == "step" and offset.x < 3:
            self.action_switch()
        elif was_here and self._rows[row].kind != "step":
            self.action_type()

    def action_turn(self, steps: int, coarse: bool = False) -> None:
        """Turn the slider under the cursor."""
        row = self.row
        if row is None or row.knob is None:
            if row is not None and row.kind == "pooling":
                self._change(tune_stack.with_other_pooling(self._settings), "")
            return
        value = stack_lines.value_of_row(row, self._settings, self._bench)
        value = row.knob.moved(value, steps, coarse=coarse)
        self._turn(row, value, f"key {row.step} {row.member} {row.knob.title}")

    def action_default(self) -> None:
        """Turn the slider under the cursor to its usual value."""
        row = self.row
        if row is None or row.knob is None:
            return
        if row.step is None:
            usual = tune_stack.weights_of(Settings(), self._bench)[row.member]
        else:
            usual = default_of(self._settings.steps[row.step], row.knob)
        self._turn(row, usual, "")

    def action_type(self) -> None:
        """Begin to type a value; on a step's line, switch it."""
        row = self.row
        if row is not None and row.kind == "step":
            self.action_switch()
        elif row is not None and row.kind == "pooling":
            self.action_turn(1)
        elif row is not None and row.knob is not None:
            self._typed, self._problem = "", ""
            self.refresh_row(self.cursor)
            self.refresh_bindings()
            self._say_keys()

    def action_switch(self) -> None:
        """Switch the step on or off."""
        if (number := self.step_here) is not None:
            self._change(tune_stack.toggled(self._settings, number), "")

    def action_stage(self) -> None:
        """Have the step act at the next stage, round and round."""
        if (number := self.step_here) is None:
            return
        here = STAGES.index(self._settings.steps[number].at)
        stage = STAGES[(here + 1) % len(STAGES)]
        settings, place = tune_stack.staged(self._settings, number, stage)
        self._change(settings, "")
        self.go_to_step(place)

    def action_move(self, by: int) -> None:
        """Have the step act earlier or later."""
        if (number := self.step_here) is not None:
            settings, place = tune_stack.moved(self._settings, number, by)
            self._change(settings, "")
            self.go_to_step(place)

    def action_remove(self) -> None:
        """Remove the step."""
        if (number := self.step_here) is not None:
            self._change(tune_stack.removed(self._settings, number), "")

    def _turn(self, row: Row, value: float, gesture: str, *, held: bool = False) -> bool:
        """Set the number of a row; False where it is not allowed, which is then said."""
        assert row.knob is not None
        try:
            if row.step is None:
                made = tune_stack.with_weight(self._settings, self._bench, row.member, value)
            else:
                made = tune_stack.with_knob(self._settings, row.step, row.knob, value)
        except ConfigError as error:
            self._problem = error.what
            return False
        self._change(made, gesture, held=held)
        return True

    def _change(self, settings: Settings, gesture: str, *, held: bool = False) -> None:
        if settings != self._settings:
            self._take(settings)
            self.post_message(self.Changed(settings, gesture, held))

    def _take_typed(self) -> None:
        row = self.row
        if not self._typed or row is None or row.knob is None:
            self._end_typing()
            return
        try:
            value = float(self._typed)
        except ValueError:
            self._problem = "this is no number"
            return
        if self._turn(row, value, ""):
            self._end_typing()
        else:
            self.notify(_plain(self._problem), severity="warning", markup=False)

    def _end_typing(self) -> None:
        if self._typed is not None:
            self._typed, self._problem = None, ""
            self.refresh_row(self.cursor)
            self.refresh_bindings()
            self._say_keys()

    def _take(self, settings: Settings) -> None:
        super()._take(settings)
        self._say_keys()

    def _say_keys(self) -> None:
        """On the border: what the keys do to the row under the cursor."""
        self.border_subtitle = stack_lines.keys_of(self.row, is_typing=self.is_typing)

    def _drag_to(self, event: events.MouseEvent) -> None:
        row = self.row
        if row is None or row.knob is None:
            return
        columns = self._columns(row)
        cell = event.get_content_offset_capture(self).x - columns.label
        share = slider.share_at(cell, columns.track)
        self._turn(row, row.knob.at_share(share), self._drag, held=True)

    def _cell_on_track(self, event: events.MouseEvent, row: int) -> int | None:
        """The cell of the track under the pointer; None beside it."""
        one, offset = self._rows[row], event.get_content_offset(self)
        if one.knob is None or offset is None:
            return None
        columns = self._columns(one)
        cell = offset.x - columns.label
        return cell if 0 <= cell < columns.track else None

    def _columns(self, row: Row) -> stack_lines.Columns:
        return stack_lines.columns_of(row, self._bench, self.scrollable_content_region.width)


def _plain(problem: str) -> str:
    """A problem without the key of the file, which nobody sees here."""
    return problem.partition(": ")[2] or problem
