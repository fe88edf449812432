"""Kaggle's 90 minutes: how many an ensemble takes, by member, and what to drop to fit."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.style import Style
from rich.text import Text
from textual.widget import Widget

from birdscope.tui.jobs_text import ago
from birdscope.tui.short_names import cut

if TYPE_CHECKING:
    from birdscope.submission.budget import Budget, Speed

MEMBER_COLOURS = 4
_NUMBER = 8


class BudgetMeter(Widget):
    """A bar of minutes with a colour for each member, its legend, and advice."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "budget--strong",
        "budget--text",
        "budget--dim",
        "budget--track",
        "budget--good",
        "budget--bad",
        "budget--warn",
        "budget--key",
        "budget--other",
        *(f"budget--member-{number}" for number in range(MEMBER_COLOURS)),
    }
    DEFAULT_CSS = """
    BudgetMeter {
        & > .budget--strong { color: $text; text-style: bold; }
        & > .budget--text { color: $text; }
        & > .budget--dim { color: $text-muted; }
        & > .budget--track { color: $border; }
        & > .budget--good { color: $text-success; text-style: bold; }
        & > .budget--bad { color: $text-error; text-style: bold; }
        & > .budget--warn { color: $text-warning; }
        & > .budget--key { color: $footer-key-foreground; text-style: bold; }
        & > .budget--other { color: $text-muted; }
        & > .budget--member-0 { color: #5fb3b3; }
        & > .budget--member-1 { color: #d19a66; }
        & > .budget--member-2 { color: #a390f0; }
        & > .budget--member-3 { color: #8fbf6a; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._measured: tuple[tuple[Speed, Budget], ...] = ()
        self._hint = ""
        self._estimate_s = 0.0

    def show(
        self,
        measured: Sequence[tuple[Speed, Budget]],
        hint: str = "",
        estimate_s: float = 0.0,
    ) -> None:
        """Show what was measured.

        Args:
            measured: Speeds and what they come to, one for each backend and precision, the
                chosen one first.
            hint: Said where nothing was measured.
            estimate_s: A rough guess for all soundscapes from live predictions; 0 is none.
        """
        shown = (tuple(measured), hint, estimate_s)
        if shown != (self._measured, self._hint, self._estimate_s):
            self._measured, self._hint, self._estimate_s = shown
            self.refresh()

    def render(self) -> Text:
        """As many lines as fit."""
        lines = self._lines(self.size.width)[: self.size.height]
        for line in lines:
            line.truncate(self.size.width, overflow="ellipsis")
        return Text("\n", no_wrap=True).join(lines)

    def _lines(self, width: int) -> list[Text]:
        if not self._measured:
            return self._unmeasured(width)
        (speed, budget), *others = self._measured
        lines = [self._headline(budget, width), self._bar(budget, width)]
        lines += [*self._advice(budget, width), *self._legend(budget, width)]
        for other, projected in others:
            text = f"{other.way} on {other.device}: {_minutes(projected.total_s)} min"
            lines.append(Text(text, self._style("text")))
        where = f"{speed.way} · {speed.device} · {speed.threads} threads"
        age = ago(time.time() - speed.made)
        when = "just now" if age == "now" else f"{age} ago"
        lines.append(Text(f"measured {when}: {where}", self._style("dim")))
        if speed.busy:
            lines.append(Text("other work ran meanwhile: b again", self._style("warn")))
        return lines

    def _unmeasured(self, width: int) -> list[Text]:
        lines = [Text(line, self._style("dim")) for line in textwrap.wrap(self._hint, width)]
        if self._estimate_s:
            text = f"live in Scope: about {_minutes(self._estimate_s)} min"
            lines.append(Text(text, self._style("dim")))
        if self._hint.startswith("Not measured"):
            key = Text().append("b", self._style("key"))
            lines += [Text(), key.append(" measures it on 3 soundscapes", self._style("text"))]
        return lines

    def _headline(self, budget: Budget, width: int) -> Text:
        tone = "good" if budget.fits else "bad"
        line = Text(f"{_minutes(budget.total_s)} of {_minutes(budget.limit_s)} min")
        line.stylize(self._style(tone))
        said = "for 700 soundscapes" if budget.fits else "too slow for Kaggle"
        for words in (said, said.removesuffix(" soundscapes").removesuffix(" for Kaggle")):
            if line.cell_len + len(words) + 2 <= width:
                return line.append(f"  {words}", self._style("dim"))
        return line

    def _bar(self, budget: Budget, width: int) -> Text:
        """A stretch for each member and for all else; the limit is marked where it is passed."""
        whole_s = max(budget.limit_s, budget.total_s)
        ends, so_far = [], 0.0
        for seconds in (*(one.seconds for one in budget.members), budget.other_s):
            so_far += seconds
            ends.append(round(so_far / whole_s * width))
        if budget.total_s > 0 and ends[-1] == 0:
            parts = [*(one.seconds for one in budget.members), budget.other_s]
            most = parts.index(max(parts))
            ends = [int(number >= most) for number in range(len(parts))]
        line, begin = Text(), 0
        for number, end in enumerate(ends):
            name = f"member-{number % MEMBER_COLOURS}" if number < len(ends) - 1 else "other"
            line.append("━" * (end - begin), self._style(name))
            begin = max(begin, end)
        line.append("━" * (width - begin), self._style("track"))
        if budget.fits:
            return line
        mark = min(int(budget.limit_s / whole_s * width), width - 1)
        return line[:mark].append("┃", self._style("bad")) + line[mark + 1 :]

    def _legend(self, budget: Budget, width: int) -> list[Text]:
        rows = [
            (f"member-{number % MEMBER_COLOURS}", one.name, one.seconds, _nets(one.checkpoints))
            for number, one in enumerate(budget.members)
        ]
        kept = f"decoding, mel, writing, {budget.reserve_s:.0f} s reserve"
        rows.append(("other", "all else", budget.other_s, kept))
        told = _parts(budget.total_s, [seconds for _, _, seconds, _ in rows])
        lines = []
        names = min(max(len(name) for _, name, _, _ in rows), max(width - _NUMBER - 4, 8))
        for (style, name, _, note), minutes in zip(rows, told, strict=True):
            line = Text("■ ", self._style(style)).append(cut(name, names), self._style("text"))
            line.append(f"{minutes:>5} min", self._style("strong"))
            room = width - line.cell_len - 2
            said = next((one for one in (note, *_shorter(note)) if len(one) <= room), "")
            lines.append(line.append(f"  {said}" if said else "", self._style("dim")))
        return lines

    def _advice(self, budget: Budget, width: int) -> list[Text]:
        if budget.fits:
            return []
        line = Text("to fit, leave out ", self._style("warn"))
        line.append(", ".join(budget.drops), self._style("text"))
        kept = Text(f"  then {_minutes(budget.kept_s)} min", self._style("dim"))
        if budget.hopeless:
            kept = Text("  and even that is too slow", self._style("bad"))
        whole = line.append_text(kept)
        return [whole] if whole.cell_len <= width else [*whole.wrap(self.app.console, width)]

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"budget--{name}", partial=True)


def _minutes(seconds: float) -> str:
    """Whole minutes; a tenth below ten."""
    minutes = seconds / 60
    return f"{minutes:.0f}" if minutes >= 9.95 else f"{minutes:.1f}"


def _parts(total_s: float, parts_s: Sequence[float]) -> list[str]:
    """Parts of a total in its unit (minutes or tenths), rounded so that they add up to it."""
    told = _minutes(total_s)
    unit_s = 6.0 if "." in told else 60.0
    exact = [seconds / unit_s for seconds in parts_s]
    units = [int(one) for one in exact]
    missing = int(told.replace(".", "")) - sum(units)
    by_rest = sorted(range(len(exact)), key=lambda one: units[one] - exact[one])
    for one in by_rest[: max(missing, 0)]:
        units[one] += 1
    texts = [f"{one / 10:.1f}" if unit_s == 6.0 else f"{one}" for one in units]
    least = "<0.1" if unit_s == 6.0 else "<1"
    return [
        least if not whole and seconds > 0 else text
        for text, whole, seconds in zip(texts, units, parts_s, strict=True)
    ]


def _shorter(note: str) -> tuple[str, ...]:
    """The last part of a note alone, for narrow places."""
    return (note.rsplit(", ", 1)[-1],)


def _nets(count: int) -> str:
    return f"{count} checkpoint{'' if count == 1 else 's'}"
