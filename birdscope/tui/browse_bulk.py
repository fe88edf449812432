"""What is done with the marked recordings: export, copy, predict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.core.types import Recording, Split
from birdscope.tui.probing import Probes
from birdscope.tui.services import Services
from birdscope.tui.widgets.recordings import RecordingsTable

if TYPE_CHECKING:
    from birdscope.tui.submit_plan import SubmitPlan

# a clipboard reaches the terminal as one escape sequence; many cut it off at 100 kB
_COPIED_BYTES = 70_000


class Bulk:
    """Bulk actions of Browse.

    Args:
        pane: Has the table, and pushes the dialogs.
        services: Of the app.
        probes: Lengths of files.
    """

    def __init__(self, pane: Widget, services: Services, probes: Probes) -> None:
        self._pane = pane
        self._services = services
        self._probes = probes

    def export(self) -> None:
        """Ask for a file and write the marked recordings, or else all listed ones."""
        from birdscope.tui.screens.choose_one import AskPath
        from birdscope.tui.submit_plan import stamp

        wanted, what = self._wanted()
        if not wanted:
            self._say_none()
            return
        folder = self._services.session.folder / "exports"
        path = folder / f"recordings-{stamp(time.time())}.csv"
        screen = AskPath(f"Export {what} as CSV", path, self._wrong_path)
        self._pane.app.push_screen(screen, lambda path: self._export(path, wanted))

    def copy(self) -> None:
        """Copy paths of the marked recordings, or of the one under the cursor."""
        table = self._table
        one = [table.recording] if table.recording is not None else []
        wanted: Sequence[Recording] = table.marks.recordings if len(table.marks) else one
        text = "\n".join(str(recording.path) for recording in wanted)
        if len(text.encode()) > _COPIED_BYTES:
            self._warn(f"{len(wanted):,} paths are too many for a terminal's clipboard\n"
                       "→ e exports them as CSV")  # fmt: skip
        elif text:
            self._pane.app.copy_to_clipboard(text)
            shown = text if len(wanted) == 1 else f"{len(wanted):,} paths"
            self._pane.notify(shown, title="Copied", markup=False)

    async def predict(self) -> None:
        """Start a job for the marked recordings of each split, with the ensemble in use."""
        from birdscope.tui.screens.submit import SubmitPane

        marked = self._table.marks.recordings
        if not marked:
            self._warn("Nothing is marked: m marks a recording, M all that are listed.")
            return
        plan = self._pane.app.query_one(SubmitPane).plan
        if plan.ensemble is None or plan.why_not_predict():
            self._warn(plan.why_not_predict())
            return
        by_split: dict[Split, list[Recording]] = {}
        for one in marked:
            by_split.setdefault(one.split, []).append(one)
        for split, recordings in by_split.items():
            await self._predict(plan, split, recordings)

    async def _predict(self, plan: SubmitPlan, split: Split, recordings: list[Recording]) -> None:
        from birdscope.core.atomic import write_text
        from birdscope.tui.submit_plan import stamp

        now = stamp(time.time())
        listed = self._services.session.folder / "lists" / f"{split}-{now}.txt"
        text = "".join(f"{one.key}\n" for one in recordings)
        await asyncio.to_thread(write_text, listed, text)
        name = plan.ensemble.name if plan.ensemble is not None else ""
        title = f"Predict {len(recordings):,} of {split} · {name}"
        await self._services.jobs.start(plan.predict_listed_argv(split, listed, now), title)
        self._pane.notify("6 shows how far it is", title=title, markup=False)

    @property
    def _table(self) -> RecordingsTable:
        return self._pane.query_one(RecordingsTable)

    def _wanted(self) -> tuple[Sequence[Recording], str]:
        """The recordings that are meant, and what to call them."""
        table = self._table
        if len(table.marks):
            return table.marks.recordings, f"{len(table.marks):,} marked"
        return table.recordings, f"all {len(table.recordings):,} listed"

    def _export(self, path: Path | None, recordings: Sequence[Recording]) -> None:
        if path is not None:
            work = self._write(path, recordings)
            self._pane.run_worker(work, group="export", exit_on_error=False)

    async def _write(self, path: Path, recordings: Sequence[Recording]) -> None:
        from birdscope.dataset.listed import write_listed

        lengths = self._probes.lengths
        await asyncio.to_thread(write_listed, path, recordings, lengths)
        title = f"{len(recordings):,} recordings exported"
        self._pane.notify(f"→ {path}", title=title, markup=False)

    def _wrong_path(self, path: Path) -> str:
        catalog = self._services.catalog
        if catalog is not None and path.is_relative_to(catalog.root.resolve()):
            return "lies in the dataset, where nothing is written"
        if path.is_dir():
            return "is a folder: add a file name"
        return "is there already: choose another name" if path.exists() else ""

    def _say_none(self) -> None:
        self._warn("No recordings are listed.")

    def _warn(self, text: str) -> None:
        self._pane.notify(text, severity="warning", markup=False)
