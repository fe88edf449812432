"""The tab Tune on show, with a study lane that is not there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from birdscope.tui.app import BirdscopeApp
from birdscope.tui.screens.tune import TunePane
from birdscope.tui.widgets.settings_table import SettingLine, SettingsTable
from birdscope.tui.widgets.stack_editor import StackEditor
from tests.tui.jobs_kit import wait_for


@asynccontextmanager
async def tune_tab(
    app: BirdscopeApp, study: Any, size: tuple[int, int] = (80, 24), *, opens: bool = True
) -> AsyncIterator[tuple[Pilot[None], TunePane]]:
    """Tune on show; if it `opens`, with the figures of the settings in hand."""
    app.services.__dict__["study"] = study
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, lambda: len(app.query(TunePane)) == 1)
        await wait_for(pilot, lambda: app.services.catalog is not None)
        app.action_show_tab("tune")
        pane = app.query_one(TunePane)
        if opens:
            await wait_for(pilot, lambda: pane.feed.measured is not None)
        yield pilot, pane


def editor(pane: TunePane) -> StackEditor:
    return pane.query_one(StackEditor)


def line(pane: TunePane, key: str) -> SettingLine:
    """A row of the table."""
    return next(one for one in pane.query_one(SettingsTable).lines if one.key == key)


def current(pane: TunePane) -> SettingLine:
    return line(pane, "current")


def text_of(widget: Any) -> str:
    """What a widget has painted."""
    return "\n".join(widget.render_line(y).text.rstrip() for y in range(widget.size.height))


def saved(home: Path) -> list[str]:
    """Names of the files of saved settings."""
    return sorted(one.stem for one in (home / "sessions" / "test" / "settings").glob("*.toml"))


async def go_to(pilot: Pilot[None], pane: TunePane, wanted: Callable[[Any], bool]) -> None:
    """Put the editor's cursor on a row."""
    stack = editor(pane)
    stack.focus()
    rows = [number for number, one in enumerate(stack._rows) if wanted(one)]
    stack.cursor = rows[0]
    await pilot.pause()
