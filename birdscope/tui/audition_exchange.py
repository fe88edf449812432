"""Verdicts out as files for other tools, and in from theirs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.core.errors import BirdscopeError
from birdscope.tui.screens.choose_one import AskPath, Choice, ChooseOne
from birdscope.tui.submit_plan import stamp

if TYPE_CHECKING:
    from birdscope.core.verdicts import Answer, Verdict
    from birdscope.dataset.catalog import Catalog
    from birdscope.submission.annotation_files import AnnotationFile
    from birdscope.submission.verdict_imports import ImportOptions, ImportReport
    from birdscope.tui.audition_feed import AuditionFeed
    from birdscope.tui.services import Services

_IMPORT = "CSV, Raven, Audacity, BirdNET-Analyzer's results, BirdCLEF 2026"
_WAYS = (
    ("csv", "Export as CSV", "one table with everything that is known of each verdict"),
    ("raven", "Export as Raven selection tables", "one a recording; nothing is lost"),
    ("audacity", "Export as Audacity labels", "one track a recording: species and answer"),
    ("import", "Import a file", _IMPORT),
)
_ANSWERS: tuple[tuple[Answer, str], ...] = (
    ("yes", "a person heard the species there"),
    ("maybe", "to be judged: counts for nothing before"),
    ("no", "a list of false detections"),
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

    async def open(self, catalog: Catalog) -> None:
        """Choose what to do; says why where something can't be done."""
        counts = await self._feed.read_counts()
        session = self._services.session
        nothing = "" if counts else "there are no verdicts in this session yet"
        refused = f"{session.notice}: verdicts can't be kept" if session.read_only else ""
        choices = [
            Choice(title, note, refused if form == "import" else nothing)
            for form, title, note in _WAYS
        ]

        def take(number: int | None) -> None:
            if number is not None:
                self._ask_where(catalog, _WAYS[number][0])

        self._owner.app.push_screen(ChooseOne("Verdicts of all species", choices), take)

    def _ask_where(self, catalog: Catalog, form: str) -> None:
        if form == "import":
            self._ask(
                "Import verdicts, predictions or labels",
                Path.home() / "verdicts.csv",
                lambda path: "" if path.is_file() else "there is no such file",
                lambda path: self._run(self._import(catalog, path)),
            )
            return
        folder = self._services.session.folder / "verdicts" / f"{form}-{stamp(time.time())}"
        data = catalog.root.resolve()
        self._ask(
            "Write verdicts into the folder",
            folder,
            lambda path: _wrong_folder(path, data),
            lambda path: self._run(self._export(catalog, form, path)),
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

    def _run(self, work: Coroutine[object, object, None]) -> None:
        async def told() -> None:
            try:
                await work
            except BirdscopeError as error:
                self._owner.notify(
                    str(error), title="Verdicts", severity="error", timeout=15, markup=False
                )

        self._owner.run_worker(told(), group="audition-exchange", exit_on_error=False)

    async def _export(self, catalog: Catalog, form: str, folder: Path) -> None:
        from birdscope.submission.verdict_exports import WRITERS

        verdicts = await self._feed.desk.do(lambda kept: kept.all())
        files = await asyncio.to_thread(WRITERS[form], folder, verdicts, catalog.taxonomy)
        text = f"{_counted(len(verdicts), 'verdict')} in {_counted(len(files), 'file')}\n→ {folder}"
        self._owner.notify(text, title="Exported", timeout=10, markup=False)

    async def _import(self, catalog: Catalog, path: Path) -> None:
        """Read a file; where its rows have no answer, ask for one before anything is kept."""
        from birdscope.session.verdicts import default_annotator, now
        from birdscope.submission.annotation_files import read_annotations
        from birdscope.submission.verdict_imports import ImportOptions

        file = await asyncio.to_thread(read_annotations, path)
        person = self._feed.annotator or default_annotator()
        who = "a program" if file.source == "program" else person
        options = ImportOptions(who, now())
        found, report = await self._read(catalog, file, options)
        if not report.answer or not found:
            await self._keep(path, found, report)
            return

        def take(number: int | None) -> None:
            if number is not None:
                meant = replace(options, answer=_ANSWERS[number][0])
                self._run(self._import_as(catalog, file, meant))

        answers: list[str] = [answer for answer, _ in _ANSWERS]
        choices = [Choice(answer, note) for answer, note in _ANSWERS]
        title = f"{_counted(len(found), 'new verdict')} without an answer: take them as"
        self._owner.app.push_screen(ChooseOne(title, choices, answers.index(report.answer)), take)

    async def _import_as(
        self, catalog: Catalog, file: AnnotationFile, options: ImportOptions
    ) -> None:
        found, report = await self._read(catalog, file, options)
        await self._keep(file.path, found, report)

    async def _read(
        self, catalog: Catalog, file: AnnotationFile, options: ImportOptions
    ) -> tuple[list[Verdict], ImportReport]:
        from birdscope.submission.verdict_imports import Matcher, to_verdicts

        known = await self._feed.desk.do(lambda kept: kept.all())
        return await asyncio.to_thread(to_verdicts, file, Matcher(catalog), options, known)

    async def _keep(self, path: Path, found: list[Verdict], report: ImportReport) -> None:
        if found:
            await self._feed.desk.do(lambda kept: kept.put_all(found))
        self._owner.notify(
            imported(report),
            title=f"Imported {path.name}" if found else f"Nothing new in {path.name}",
            severity="information" if found else "warning",
            timeout=15,
            markup=False,
        )
        await self._feed.read_anew()


def imported(report: ImportReport) -> str:
    """What became of the rows of a file, in a few lines."""
    new = report.verdicts - report.already - report.older
    lines = [f"{report.form}: {_counted(report.rows, 'row')}, {_counted(new, 'new verdict')}"]
    if report.answer:
        lines[0] += f", taken as “{report.answer}” where a row has no answer"
    counts = (
        (report.already, "verdicts were there already"),
        (report.older, "were changed here since, and stay"),
        (report.beyond_end, "rows after the end of a recording left out"),
        (report.without_species, "rows without a species left out"),
        (report.no_calls, "rows of nothing detected left out"),
    )
    lines += [f"{count:,} {text}" for count, text in counts if count]
    named = (
        (report.unknown_species, "rows of unknown species left out"),
        (report.unknown_recordings, "rows of unknown recordings left out"),
    )
    for unknown, text in named:
        if unknown:
            first = next(iter(unknown))
            lines.append(f"{sum(unknown.values()):,} {text}, such as “{first}”")
    if report.wrong:
        line, why = report.wrong[0]
        count = _counted(len(report.wrong), "row")
        lines.append(f"{count} not understood, such as line {line}: {why}")
    return "\n".join(lines)


def _wrong_folder(path: Path, data: Path) -> str:
    if path.resolve().is_relative_to(data):
        return "this lies in the dataset folder, where nothing is written"
    return "this is a file: give it a folder" if path.is_file() else ""


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
