"""The line at the bottom: what plays, where, how loud, and the jobs."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from birdscope.core.units import clock
from birdscope.tui.band import band_text
from birdscope.tui.overlays import seconds_text
from birdscope.tui.playback import PlaybackStatus
from birdscope.tui.widgets.rows import fit

_ICONS = {"playing": "▶", "paused": "⏸", "stopped": "■"}
_NAME_SHARE = 0.3
_WIDE = 110


class PlayerBar(Widget):
    """Shows a PlaybackStatus and a position; a click seeks, toggles, or goes to the jobs."""

    DEFAULT_CSS = """
    PlayerBar { height: 1; background: $panel; color: $text; padding: 0 1; }
    """

    status: reactive[PlaybackStatus] = reactive(PlaybackStatus)
    tenths: reactive[int] = reactive(0)
    jobs: reactive[str] = reactive("")

    class Seek(Message):
        """The user clicked on the line of time."""

        def __init__(self, seconds: float) -> None:
            super().__init__()
            self.seconds = seconds

    class Toggle(Message):
        """The user clicked on the icon."""

    class JobsWanted(Message):
        """The user clicked on the jobs."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._line: range = range(0)

    def move(self, seconds: float) -> None:
        """Show a position; painted only when its tenth of a second changes."""
        self.tenths = round(seconds * 10)

    def render(self) -> Content:
        """Icon, name, line of time, how it is played, volume, jobs."""
        status, width = self.status, self.size.width
        right = self._right()
        if status.path is None:
            left = Content.from_markup("[$text-muted]■ nothing playing[/]")
            return _spread(left, right, width)
        name = fit(status.name, min(cell_len(status.name), int(width * _NAME_SHARE)))
        icon = f"[$accent]{_ICONS[status.state]}[/] "
        left = Content.from_markup(icon) + Content(name)
        return _spread(
            left + self._time(width - left.cell_length - right.cell_length), right, width
        )

    def on_click(self, event: events.Click) -> None:
        """Seek or toggle."""
        offset = event.get_content_offset(self)
        if offset is None:
            return
        if offset.x in self._line and self.status.duration_s:
            share = (offset.x - self._line.start + 0.5) / len(self._line)
            self.post_message(self.Seek(share * self.status.duration_s))
        elif offset.x < 2:
            self.post_message(self.Toggle())
        elif self.jobs and offset.x >= self.size.width - cell_len(f"jobs {self.jobs}"):
            self.post_message(self.JobsWanted())

    def _time(self, room: int) -> Content:
        position_s, duration_s = self.tenths / 10, self.status.duration_s
        at, end = clock(position_s, tenths=True), clock(duration_s, tenths=True)
        cells = min(room - len(at) - len(end) - 8, 60)
        left = Content(f"  {at} ")
        if cells < 6:
            self._line = range(0)
            return left + Content.from_markup(f"[$text-muted]/ {end}[/]")
        done = round(min(position_s / duration_s, 1.0) * cells) if duration_s else 0
        start = self.size.width - room - 2 + len(left) + 0
        self._line = range(start, start + cells)
        line = f"[$accent]{'━' * done}[/][$text-disabled]{'─' * (cells - done)}[/]"
        return left + Content.from_markup(line) + Content.from_markup(f"[$text-muted] {end}[/]")

    def _right(self) -> Content:
        status, muted = self.status, "[$text-muted]"
        parts = [Content.from_markup(f"[$accent]{one}[/]") for one in self._ways()]
        if status.underruns:
            gaps = f"{status.underruns} gap{'s' * (status.underruns > 1)}"
            parts.append(Content.from_markup("[$text-warning]$gaps[/]", gaps=gaps))
        if status.device_note:
            note = "no sound – birdscope doctor"
            if self.size.width >= _WIDE:
                note = "no sound device – see birdscope doctor; W saves the clip"
            parts.append(Content.from_markup("[$text-warning]$note[/]", note=note))
        else:
            parts.append(Content.from_markup(f"{muted}vol[/] {round(status.volume * 100)}%"))
        if self.jobs:
            parts.append(Content.from_markup(f"{muted}jobs[/] $jobs", jobs=self.jobs))
        return Content("  ").join(parts)

    def _ways(self) -> list[str]:
        """What is on, shorter where there is little room."""
        treatment, wide = self.status.treatment, self.size.width >= _WIDE
        ways = []
        if treatment.speed != 1.0:
            ways.append(f"×{treatment.speed:g}")
        if treatment.loop_s is not None:
            length = f" {seconds_text(treatment.loop_s[1] - treatment.loop_s[0])}"
            ways.append("loop" + length * wide)
        if treatment.band_hz is not None:
            ways.append(f"band {band_text(*treatment.band_hz)}" if wide else "band")
        if treatment.normalise:
            ways.append("norm")
        if self.status.auto_advance:
            ways.append("auto")
        return ways


def _spread(left: Content, right: Content, width: int) -> Content:
    gap = max(width - left.cell_length - right.cell_length, 1)
    return left + Content(" " * gap) + right
