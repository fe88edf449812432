"""The reference recordings of a species: its clips of train_audio, the best rated first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from birdscope.tui.probing import Probes

if TYPE_CHECKING:
    from birdscope.core.types import Recording
    from birdscope.dataset.catalog import Catalog


class References:
    """Which reference is on show; files that are missing or can't be read are passed over.

    Args:
        probes: Lengths of files.
    """

    def __init__(self, probes: Probes) -> None:
        self._probes = probes
        self._recordings: list[Recording] = []
        self._position = 0
        self.label = ""

    @property
    def recording(self) -> Recording | None:
        """The one on show; None where the species has none."""
        return self._recordings[self._position] if self._recordings else None

    @property
    def place(self) -> tuple[int, int]:
        """Its number from 1, and how many there are."""
        return (self._position + 1 if self._recordings else 0), len(self._recordings)

    def load(self, catalog: Catalog, label: str) -> float:
        """Take the references of a species and give the length in seconds of the first.

        Blocks: call it in a thread. 0 s where there is none.
        """
        found = [one for one in catalog.recordings_of(label) if not catalog.is_missing(one)]
        found.sort(key=lambda one: (-one.rating, one.key))
        self._recordings, self._position, self.label = found, 0, label
        return self._readable()

    def step(self, steps: int) -> float:
        """Go to another one, round and round, and give its length in seconds. Blocks."""
        if self._recordings:
            self._position = (self._position + steps) % len(self._recordings)
        return self._readable()

    def _readable(self) -> float:
        """Drop those that can't be read from here on; the length of the first that can."""
        while self._recordings:
            self._position %= len(self._recordings)
            duration_s = self._probes.ask(self._recordings[self._position]).duration_s
            if duration_s:
                return duration_s
            del self._recordings[self._position]
        return 0.0
