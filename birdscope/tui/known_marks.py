"""What people said of a recording, as marks below its spectrogram: labels and verdicts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from birdscope.core.windows import WINDOW_S
from birdscope.tui.overlays import SpanMark
from birdscope.tui.verdict_desk import VerdictDesk

if TYPE_CHECKING:
    from birdscope.core.types import Recording
    from birdscope.core.verdicts import Verdict
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.labels import Labels
    from birdscope.tui.services import Services


class KnownMarks:
    """Reads the dataset's labels once, and the session's verdicts each time.

    Args:
        services: The app's, for catalog and session.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._desk = VerdictDesk(services)
        self._labels: tuple[object, Labels] | None = None

    async def of(self, recording: Recording, catalog: Catalog | None = None) -> list[SpanMark]:
        """Labels of a soundscape, then verdicts on any recording, drawn over them.

        Args:
            recording: Of what.
            catalog: Its dataset; the app's by default.

        Raises:
            BirdscopeError: a file can't be read.
        """
        windows = await asyncio.to_thread(
            self._labelled, recording, catalog or self._services.catalog
        )
        verdicts = await self._desk.do(lambda one: one.for_recording(recording.key))
        return [*joined(windows), *map(_mark_of, verdicts)]

    def close(self) -> None:
        """Give the verdicts' file back."""
        self._desk.close()

    def _labelled(
        self, recording: Recording, catalog: Catalog | None
    ) -> Mapping[int, Sequence[str]]:
        """Window → labels; in a thread."""
        from birdscope.dataset.labels import labelled_windows, read_labels

        path = catalog.labels_path if catalog is not None else None
        if catalog is None or path is None or recording.split != "train_soundscapes":
            return {}
        if self._labels is None or self._labels[0] is not catalog:
            self._labels = (catalog, read_labels(path, catalog.taxonomy.labels))
        return labelled_windows(self._labels[1], recording.path.stem)


def joined(windows: Mapping[int, Sequence[str]]) -> list[SpanMark]:
    """Neighbouring windows with the same labels as one mark.

    >>> [(one.start_s, one.end_s) for one in joined({0: ["a"], 1: ["a"], 3: ["a"]})]
    [(0, 10), (15, 20)]
    """
    marks: list[SpanMark] = []
    for index, labels in sorted(windows.items()):
        mark = SpanMark(index * WINDOW_S, (index + 1) * WINDOW_S, "label", " ".join(labels))
        last = marks[-1] if marks else None
        if last is not None and (last.end_s, last.text) == (mark.start_s, mark.text):
            marks[-1] = SpanMark(last.start_s, mark.end_s, "label", mark.text)
        else:
            marks.append(mark)
    return marks


def _mark_of(verdict: Verdict) -> SpanMark:
    if verdict.answer == "correct":
        return SpanMark(verdict.start_s, verdict.end_s, "yes", verdict.corrected_label or "")
    return SpanMark(verdict.start_s, verdict.end_s, verdict.answer, verdict.label)
