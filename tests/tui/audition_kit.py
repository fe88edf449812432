"""The tab Audition with a study lane that answers at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot
from textual.widgets import Input

from birdscope.core import paths
from birdscope.core.verdicts import Verdict
from birdscope.dataset.catalog import Catalog
from birdscope.session.session import Session
from birdscope.session.verdicts import Verdicts
from birdscope.tui.app import BirdscopeApp
from birdscope.tui.screens.ask_text import AskText
from birdscope.tui.screens.audition import AuditionPane
from birdscope.tui.tour import seen_file
from birdscope.tui.widgets.species_list import SpeciesList
from tests.tui.fake_audition import FakeStudy
from tests.tui.jobs_kit import wait_for

SMALL, LARGE = (80, 24), (160, 48)
ME = "tester"


def study_of(data: Path, **more: Any) -> FakeStudy:
    """A study lane that knows the labelled soundscapes of a dataset."""
    catalog = Catalog.open(data)
    found = [(one.key, one.path) for one in catalog.soundscapes("train_soundscapes")]
    return FakeStudy(found, **more)


def introduce(name: str = ME) -> None:
    """Tell the session of these tests who judges, and that the tour has been seen."""
    seen_file().parent.mkdir(parents=True, exist_ok=True)
    seen_file().touch()
    session = Session.open(paths.sessions(), "test")
    session.update(annotator=name)
    session.close()


def kept() -> list[Verdict]:
    """The verdicts of the session of these tests, as another process reads them."""
    verdicts = Verdicts.open(paths.sessions() / "test", read_only=True)
    try:
        return verdicts.all()
    finally:
        verdicts.close()


@asynccontextmanager
async def audition_tab(
    app: BirdscopeApp, study: object, size: tuple[int, int] = SMALL
) -> AsyncIterator[tuple[Pilot[None], AuditionPane]]:
    """The tab on show, with the first species of Browse."""
    app.services.__dict__["study"] = study
    async with app.run_test(size=size) as pilot:
        await wait_for(pilot, lambda: len(app.query(AuditionPane)) == 1)
        species = app.query_one(SpeciesList)
        await wait_for(pilot, lambda: species.row is not None and species.row.kind == "species")
        await pilot.press("3")
        pane = app.query_one(AuditionPane)
        await wait_for(pilot, lambda: settled(pane))
        yield pilot, pane


def settled(pane: AuditionPane) -> bool:
    """The queue and the figures are there."""
    feed = pane.feed
    return bool(feed.choice.label) and not feed.loading and not feed.busy_windows and (
        feed.summary is not None or bool(feed.problem)
    )  # fmt: skip


async def give_name(pilot: Pilot[None], name: str) -> None:
    """Answer who judges."""
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, AskText))
    pilot.app.screen.query_one(Input).value = name
    await pilot.press("enter")
    await wait_for(pilot, lambda: not isinstance(pilot.app.screen, AskText))
