"""The recordings that fit a query, by what the species list has rows for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from birdscope.core.types import Recording, Split
from birdscope.core.windows import stem_of
from birdscope.dataset.times import recorded_at

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.search import Hits, Search

By = Literal["site", "date", "hour"]
BYS: tuple[By, ...] = ("site", "date", "hour")
SOUNDSCAPE_SPLITS: tuple[Split, ...] = ("train_soundscapes", "test_soundscapes")
NOT_TOLD = "not in the name"
Positions = Sequence[int]


@dataclass(frozen=True)
class Listing:
    """Positions of recordings in their split, in groups.

    Attributes:
        of_label: Primary label → recordings of train_audio.
        groups: Split of soundscapes → site, date or hour → its soundscapes, in order.
        by: What the groups are.
    """

    of_label: Mapping[str, Positions] = field(default_factory=dict)
    groups: Mapping[Split, Mapping[str, Positions]] = field(default_factory=dict)
    by: By = "site"

    @classmethod
    def of(cls, search: Search, hits: Hits, by: By = "site") -> Listing:
        """Group what a search found."""
        labels = search.splits["train_audio"].labels
        of_label = _grouped(hits["train_audio"], labels.__getitem__)
        return cls(of_label, {}, by).regrouped(search, hits, by)

    def regrouped(self, search: Search, hits: Hits, by: By) -> Listing:
        """The same, with soundscapes by something else."""
        groups: dict[Split, Mapping[str, Positions]] = {}
        for split in SOUNDSCAPE_SPLITS:
            names = [_NAMES[by](key) for key in search.splits[split].keys]
            found = _grouped(hits[split], names.__getitem__)
            groups[split] = dict(sorted(found.items(), key=lambda one: (one[0] == NOT_TOLD, one)))
        return Listing(self.of_label, groups, by)

    @property
    def clips(self) -> int:
        """Recordings of train_audio."""
        return sum(len(one) for one in self.of_label.values())

    def soundscapes(self, split: Split, group: str = "") -> Positions:
        """The soundscapes of a group, or of all."""
        groups = self.groups.get(split, {})
        if group:
            return groups.get(group, ())
        return sorted(position for one in groups.values() for position in one)


def pick(catalog: Catalog, split: Split, positions: Positions) -> Sequence[Recording]:
    """Recordings of a split by position."""
    return in_positions(catalog.recordings(split), positions)


def in_positions(recordings: Sequence[Recording], positions: Positions) -> Sequence[Recording]:
    """Some recordings of a list, unmade where the list makes them when asked."""
    from birdscope.dataset.rows import LazyRecordings

    if isinstance(recordings, LazyRecordings):
        return recordings.pick(positions)
    return [recordings[position] for position in positions]


def site_of(key: str) -> str:
    """The recorder of a soundscape: what stands before the date in its file name."""
    return stem_of(key).split("_", 1)[0]


def date_of(key: str) -> str:
    """The day a soundscape began, as its name tells: `2023-04-20`."""
    when = recorded_at(key)
    return f"{when:%Y-%m-%d}" if when is not None else NOT_TOLD


def hour_of(key: str) -> str:
    """The hour of the day a soundscape began in: `07:00`."""
    when = recorded_at(key)
    return f"{when.hour:02d}:00" if when is not None else NOT_TOLD


_NAMES: dict[By, Callable[[str], str]] = {"site": site_of, "date": date_of, "hour": hour_of}


def _grouped(positions: Positions, name: Callable[[int], str]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    for position in positions:
        groups.setdefault(name(position), []).append(position)
    return groups
