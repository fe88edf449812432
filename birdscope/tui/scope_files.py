"""What Scope can open: files named on the command line or by path, the dataset's soundscapes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.errors import DatasetError
from birdscope.core.types import Recording
from birdscope.dataset.loose import recording_of

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.tui.services import Services


class ScopeFiles:
    """The recordings that can be stepped through.

    Args:
        services: The app's, for the catalog and the session.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._files: list[Recording] = []
        self._given: Recording | None = None

    def take(self, paths: Sequence[Path]) -> Recording:
        """Take sound files; the first is to be opened.

        Raises:
            DatasetError: there is no such file.
        """
        self._files = [recording_of(path, self._services.catalog) for path in paths]
        self._given = self._files[0]
        return self._given

    def listed(self) -> list[Recording]:
        """The files taken, then the dataset's soundscapes."""
        catalog = self._services.catalog
        if catalog is None:
            return self._files
        return [
            *self._files,
            *catalog.soundscapes("train_soundscapes"),
            *catalog.soundscapes("test_soundscapes"),
        ]

    def beside(self, recording: Recording | None, steps: int) -> Recording | None:
        """The one so many steps on; the first beside one that isn't listed; None past an end."""
        listed = self.listed()
        keys = [one.key for one in listed]
        current = recording.key if recording is not None else ""
        place = keys.index(current) + steps if current in keys else 0
        return listed[place] if 0 <= place < len(listed) else None

    def to_begin_with(self, catalog: Catalog) -> tuple[Recording | None, bool]:
        """What a dataset opens with, and whether the session or the user asked for just that."""
        given, self._given = self._given, None
        recording = given or self._remembered(catalog)
        if recording is not None:
            return recording, True
        return next(iter(self.listed()), None), False

    def _remembered(self, catalog: Catalog) -> Recording | None:
        """What the session had open here, if this dataset has it."""
        try:
            return catalog.find(self._services.session.state.recording)
        except DatasetError:
            return None
