"""The rows of the settings table: in hand, always there, saved. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from birdscope.core.settings import Settings
from birdscope.postprocess.chosen_notes import is_chosen
from birdscope.tui.scope_stack import Pair
from birdscope.tui.tune_stack import fits, ordered, same
from birdscope.tui.widgets.settings_table import Origin, SettingLine

if TYPE_CHECKING:
    from birdscope.engine.tune_messages import TuningOpened
    from birdscope.session.saved_settings import SavedEntry
    from birdscope.tui.tune_feed import TuneFeed

CURRENT, OWN = "current", "own stack"


def lines_of(
    feed: TuneFeed, entries: Sequence[SavedEntry], in_use: Settings | None
) -> list[SettingLine]:
    """All rows, the settings in hand first.

    Args:
        feed: Its figures are shown.
        entries: The session's saved settings.
        in_use: The session's; None where it takes the ensemble's own.
    """
    if feed.opened is None:
        return []
    own = feed.opened.default_settings
    used = in_use if in_use is not None else own
    found: list[tuple[str, str, Origin, Settings | None, str]] = [
        (f"built-in {one.name}", one.name, "built-in", one, "") for one in feed.opened.baselines
    ]
    found.append((OWN, OWN, "built-in", own, ""))
    found += [
        (f"saved {one.name}", one.name, "saved", one.settings, one.problem) for one in entries
    ]
    if not any(one is not None and same(one, used) for _, _, _, one, _ in found):
        found.append(("session", "the session's", "saved", used, ""))
    lines = [_line(feed, *one) for one in found]
    known = next((one for one in lines if _does(one, feed.settings)), None)
    lines.insert(0, _current(feed, known.name if known is not None else ""))
    return _marked(lines, used, OWN if in_use is None else used.name)


def named(settings: Settings, lines: Sequence[SettingLine]) -> Settings:
    """Settings under the name of a row that does the same, if there is one."""
    row = next((one for one in lines[1:] if _does(one, settings)), None)
    return settings if row is None or row.settings is None else row.settings


def pair_of(line: SettingLine, lines: Sequence[SettingLine], baseline: Settings) -> Pair | None:
    """The baseline and a row, as Scope compares them; None where they are the same."""
    if line.settings is None or line.problem or line.is_baseline:
        return None
    row = next((one for one in lines[1:] if one.is_baseline), None)
    name = row.name if row is not None else baseline.name
    return Pair(
        baseline.model_copy(update={"name": name}),
        line.settings.model_copy(update={"name": line.same_as or line.name}),
    )


def is_saved(line: SettingLine | None) -> bool:
    """Whether a row is of settings that the user saved."""
    return line is not None and line.key.startswith("saved ")


def others_of(lines: Sequence[SettingLine]) -> tuple[Settings, ...]:
    """The settings of all rows but the first that can be measured."""
    return tuple(
        ordered(one.settings) for one in lines[1:] if one.settings is not None and not one.problem
    )


def is_own(settings: Settings, opened: TuningOpened) -> bool:
    """Whether settings do as the ensemble's own."""
    return same(settings, opened.default_settings)


def _line(
    feed: TuneFeed, key: str, name: str, origin: Origin, settings: Settings | None, problem: str
) -> SettingLine:
    if settings is None or feed.opened is None:
        return SettingLine(key, None, origin, name, problem=problem or "can't be read")
    if not fits(settings, feed.opened.members):
        return SettingLine(key, settings, origin, name, problem="made for other members")
    measured = feed.board.measured(settings)
    return SettingLine(
        key,
        settings,
        origin,
        name,
        "",
        measured.measured if measured is not None else None,
        feed.board.interval(settings, feed.baseline),
        feed.board.problem(settings),
        is_baseline=same(settings, feed.baseline),
        chosen_here=is_chosen(settings, feed.opened.source),
    )


def _current(feed: TuneFeed, same_as: str) -> SettingLine:
    """The settings in hand, with the figures of a moment ago where theirs are not there yet."""
    settings, latest = feed.settings, feed.figures.latest
    measured = feed.measured
    interval = feed.board.interval(settings, feed.baseline)
    shown = measured or latest.measured
    return SettingLine(
        CURRENT,
        settings,
        "current",
        CURRENT,
        same_as,
        shown.measured if shown is not None else None,
        interval or latest.interval,
        feed.board.problem(settings),
        is_baseline=same(settings, feed.baseline),
        stale=measured is None,
        interval_stale=interval is None,
        chosen_here=feed.opened is not None and is_chosen(settings, feed.opened.source),
    )


def _does(line: SettingLine, settings: Settings) -> bool:
    return line.settings is not None and same(line.settings, settings)


def _marked(lines: list[SettingLine], used: Settings, name: str) -> list[SettingLine]:
    """The settings in hand are marked, and the row of the session's name, else the first."""
    rows = [number for number, one in enumerate(lines) if _does(one, used)]
    others = sorted((one for one in rows if one), key=lambda one: lines[one].name != name)
    marked = {*(one for one in rows if not one), *others[:1]}
    return [replace(one, in_use=number in marked) for number, one in enumerate(lines)]
