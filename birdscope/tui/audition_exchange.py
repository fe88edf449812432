"""Verdicts out as files for other tools, and in from theirs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.tui.screens.choose_one import AskPath, Choice, ChooseOne
from birdscope.tui.submit_plan import stamp

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.submission.verdict_imports import ImportReport
    from birdscope.tui.audition_feed import AuditionFeed
    from birdscope.tui.services import Services

_WAYS = (
    ("csv", "Export as CSV", "one table with everything that is known of each verdict"),
    ("raven", "Export as Raven selection tables", "one a recording; nothing is lost"),
    ("audacity", "Export as Audacity labels", "one track a recording: species and answer"),
    ("import", "Import a file", "CSV, Raven, Audacity, BirdNET-Analyzer's results, BirdCLEF 2026"),
)


class AuditionExchange:
    """Asks what, asks where, does it in a thread, and says what became of it.

    Args:
        owner: The widget whose app and workers are used.
        feed: Has the verdicts.
        services: The app's, for the session and the dataset.
    """

    def __init__(self, owner: Widget, feed: AuditionFeed, services: Services) -> None:
        self._owner = owner
        self._feed = feed
        self._services = services

    def open(self, catalog: Catalog) -> None:
        """Choose what to do."""

        def take(number: int | None) -> None:
            if number is not None:
                self._ask_where(catalog, _WAYS[number][0])

        choices = [Choice(title, note) for _, title, note in _WAYS]
        self._owner.app.push_screen(ChooseOne("Verdicts of all species", choices), take)

    def _ask_where(self, catalog: Catalog, form: str) -> None:
        if form == "import":
            self._ask(
                "Import verdicts from",
                Path.home() / "verdicts.csv",
                lambda path: "" if path.is_file() else "there is no such file",
                lambda path: self._import(catalog, path),
            )
            return
        folder = self._services.session.folder / "verdicts" / f"{form}-{stamp(time.time())}"
        data = catalog.root.resolve()
        self._ask(
            "Write verdicts into the folder",
            folder,
            lambda path: _wrong_folder(path, data),
            lambda path: self._export(catalog, form, path),
        )

    def _ask(
        self,
        title: str,
        path: Path,
        check: Callable[[Path], str],
        then: Callable[[Path], object],
    ) -> None:
        def take(path: Path | None) -> None:
            if path is not None:
                then(path)

        self._owner.app.push_screen(AskPath(title, path, check), take)

    def _export(self, catalog: Catalog, form: str, folder: Path) -> None:
        async def work() -> None:
            from birdscope.submission.verdict_exports import WRITERS

            verdicts = await self._feed.desk.do(lambda kept: kept.all())
            write = WRITERS[form]
            files = await asyncio.to_thread(write, folder, verdicts, catalog.taxonomy)
            text = f"{len(verdicts)} verdicts in {_files(len(files))}\n→ {folder}"
            self._owner.notify(text, title="Exported", timeout=10, markup=False)

        self._owner.run_worker(work(), group="audition-exchange", exit_on_error=False)

    def _import(self, catalog: Catalog, path: Path) -> None:
        async def work() -> None:
            from birdscope.session.verdicts import default_annotator, now
            from birdscope.submission.annotation_files import read_annotations
            from birdscope.submission.verdict_imports import ImportOptions, Matcher, to_verdicts

            known = await self._feed.desk.do(lambda kept: kept.all())
            file = await asyncio.to_thread(read_annotations, path)
            person = self._feed.annotator or default_annotator()
            who = "a program" if file.source == "program" else person
            options = ImportOptions(who, now())
            found, report = await asyncio.to_thread(
                to_verdicts, file, Matcher(catalog), options, known
            )
            await self._feed.desk.do(lambda kept: kept.put_all(found))
            self._owner.notify(
                imported(report), title=f"Imported {path.name}", timeout=15, markup=False
            )
            await self._feed.read_anew()

        self._owner.run_worker(work(), group="audition-exchange", exit_on_error=False)


def imported(report: ImportReport) -> str:
    """What became of the rows of a file, in a few lines."""
    new = report.verdicts - report.already - report.older
    lines = [f"{report.form}: {report.rows} rows, {new} new verdicts"]
    if report.answer:
        lines[0] += f", taken as “{report.answer}” where a row has no answer"
    counts = (
        (report.already, "verdicts were there already"),
        (report.older, "were changed here since, and stay"),
        (sum(report.unknown_species.values()), "rows of unknown species left out"),
        (sum(report.unknown_recordings.values()), "rows of unknown recordings left out"),
        (report.beyond_end, "rows after the end of a recording left out"),
        (report.without_species, "rows without a species left out"),
        (report.no_calls, "rows of nothing detected left out"),
        (len(report.wrong), "rows not understood"),
    )
    return "\n".join([*lines, *(f"{count} {text}" for count, text in counts if count)])


def _wrong_folder(path: Path, data: Path) -> str:
    if path.resolve().is_relative_to(data):
        return "this lies in the dataset folder, where nothing is written"
    return "this is a file: give it a folder" if path.is_file() else ""


def _files(count: int) -> str:
    return f"{count} file{'' if count == 1 else 's'}"
