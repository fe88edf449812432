"""The recordings that the user has marked; they stay marked while other lists are shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from birdscope.core.types import Recording
from birdscope.tui.places import keys_of


class Marks:
    """Marked recordings, in the order in which they were marked; made only when asked for."""

    def __init__(self) -> None:
        self._marked: dict[str, tuple[Sequence[Recording], int]] = {}

    def __len__(self) -> int:
        return len(self._marked)

    def __contains__(self, key: str) -> bool:
        return key in self._marked

    @property
    def recordings(self) -> list[Recording]:
        """Those that are marked."""
        return [listed[row] for listed, row in self._marked.values()]

    def set(self, recordings: Sequence[Recording], rows: Iterable[int], on: bool) -> None:
        """Mark rows of a list, or take their marks away."""
        keys = keys_of(recordings)
        for row in rows:
            if on:
                self._marked.setdefault(keys[row], (recordings, row))
            else:
                self._marked.pop(keys[row], None)

    def clear(self) -> None:
        """Mark none."""
        self._marked.clear()
