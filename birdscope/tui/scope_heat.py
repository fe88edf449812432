"""How Scope's heat map is looked at: order, pins, animal class, threshold, differences, marks."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from birdscope.core.errors import BirdscopeError
from birdscope.core.types import Recording, Species, Taxonomy
from birdscope.engine.arranging import ANSWERS, LABEL, Arrangement, arrange, cell_marks
from birdscope.tui.scope_text import row_values
from birdscope.tui.species_lines import row_labels
from birdscope.tui.verdict_desk import VerdictDesk

if TYPE_CHECKING:
    from birdscope.core.verdicts import Verdict
    from birdscope.dataset.labels import Labels
    from birdscope.session.state import ScopePlace
    from birdscope.tui.scope_feed import Feed
    from birdscope.tui.services import Services
    from birdscope.tui.widgets.heatmap import HeatMap

_TENTHS = 10
_TOLD = ("yes", "no", "maybe")
_SORTED = {"best": "best of the file", "window": "this window", "name": "name", "class": "class"}


class HeatDesk:
    """Decides what the rows of the heat map are, and what people said of its cells.

    Args:
        feed: What is known of the recording.
        services: The app's, for the dataset, its labels and the verdicts.

    Attributes:
        wanted: How the rows are wanted.
        threshold: Cells below it are dimmed; 0 dims none.
        rows: Columns of the rows on show, from the top.
    """

    def __init__(self, feed: Feed, services: Services) -> None:
        self.wanted = Arrangement()
        self.threshold = 0.0
        self.rows: tuple[int, ...] = ()
        self._feed = feed
        self._services = services
        self._desk = VerdictDesk(services)
        self._marked: Recording | None = None
        self._verdicts: Sequence[Verdict] = ()
        self._labelled: Mapping[int, Sequence[str]] = {}
        self._labels: tuple[object, Labels] | None = None

    @property
    def taxonomy(self) -> Taxonomy:
        """The dataset's species; without a dataset the ensemble's labels."""
        catalog = self._services.catalog
        if catalog is not None:
            return catalog.taxonomy
        return Taxonomy(tuple(Species(label) for label in self._feed.classes))

    @property
    def class_names(self) -> tuple[str, ...]:
        """Animal classes of the species, in the order of the taxonomy."""
        return tuple(dict.fromkeys(one.class_name for one in self.taxonomy if one.class_name))

    def come_back(self, place: ScopePlace) -> None:
        """Look as the session remembers."""
        self.wanted = Arrangement(place.sort, place.pins, place.animal_class)
        self.threshold = place.threshold

    def column_of(self, row: int) -> int | None:
        """Column of a row; None where there is none."""
        return self.rows[row] if 0 <= row < len(self.rows) else None

    def move_threshold(self, tenths: int) -> None:
        """Raise or lower the threshold; past 0.9 and below 0 it goes round."""
        level = round(self.threshold * _TENTHS)
        self.threshold = (level + tenths) % _TENTHS / _TENTHS

    def draw(self, heatmap: HeatMap, window: int) -> None:
        """Show the rows; the cursor stays on its species."""
        feed, taxonomy = self._feed, self.taxonomy
        assert feed.blended is not None
        before = self.column_of(heatmap.cursor[0])
        species = [taxonomy.get(label) for label in feed.classes]
        self.rows = arrange(feed.blended, species, self.wanted, window)
        pinned = sum(species[column].label in self.wanted.pins for column in self.rows)
        labels = row_labels(feed.classes, taxonomy, heatmap.gutter_width, self.rows)
        changes = feed.changes and feed.other is not None
        heatmap.threshold = self.threshold
        values = row_values(feed, self.rows)
        with heatmap.prevent(type(heatmap).CellSelected):
            heatmap.show(labels, values, pinned=pinned, changes=changes)
            if before in self.rows and heatmap.cursor[0]:
                heatmap.cursor = (self.rows.index(before), heatmap.cursor[1])
        self.mark(heatmap)

    def mark(self, heatmap: HeatMap) -> None:
        """Draw verdicts and labels into the cells."""
        labels = [self._feed.classes[column] for column in self.rows]
        heatmap.set_marks(cell_marks(self._verdicts, self._labelled, labels))

    async def read_marks(self, recording: Recording) -> str:
        """Read what people said of a recording: the session's verdicts, the dataset's labels.

        Returns:
            Why they can't be read; empty where they can.
        """
        if recording != self._marked:
            self._marked, self._verdicts, self._labelled = recording, (), {}
        try:
            self._verdicts = await self._desk.do(lambda one: one.for_recording(recording.key))
            self._labelled = await asyncio.to_thread(self._read_labels, recording)
        except BirdscopeError as error:
            return str(error)
        return ""

    def close(self) -> None:
        """Give the verdicts' file back."""
        self._desk.close()

    def facts(self) -> tuple[int, int, str]:
        """Species labelled in the recording, verdicts on it, and what the marks in cells mean."""
        species = {label for given in self._labelled.values() for label in given}
        verdicts = {one.answer for one in self._verdicts}
        meanings = [f"{LABEL} labelled"] if species else []
        meanings += [f"{ANSWERS[one]} {one}" for one in _TOLD if one in verdicts]
        return len(species), len(self._verdicts), "  ".join(meanings)

    def description(self) -> str:
        """In a few words what is looked at; empty where it is the usual."""
        parts = []
        if self.wanted.sort != "best":
            parts.append(f"by {_SORTED[self.wanted.sort]}")
        if self.wanted.class_name:
            parts.append(self.wanted.class_name)
        if self.threshold:
            parts.append(f"≥ {self.threshold:.1f}")
        if self._feed.changes and self._feed.pair is None:
            parts.append("Δ after − before")
        return " · ".join(parts)

    def _read_labels(self, recording: Recording) -> Mapping[int, Sequence[str]]:
        """In a thread."""
        from birdscope.dataset.labels import labelled_windows, read_labels

        catalog = self._services.catalog
        path = catalog.labels_path if catalog is not None else None
        if catalog is None or path is None or recording.split != "train_soundscapes":
            return {}
        if self._labels is None or self._labels[0] != (catalog, path):
            self._labels = ((catalog, path), read_labels(path, catalog.taxonomy.labels))
        return labelled_windows(self._labels[1], recording.path.stem)
