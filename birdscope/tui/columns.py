"""The columns of the recordings table: what they are called and what they show. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from birdscope.core.types import Recording
from birdscope.core.units import clock
from birdscope.dataset import times
from birdscope.tui.listing import site_of
from birdscope.tui.probing import Probed


@dataclass(frozen=True, slots=True)
class Column:
    """A column.

    Attributes:
        key: Unique; the name in train.csv where it comes from there.
        title: Of the header.
        width: Cells.
        text: What it shows of a recording.
        right: Whether it is set to the right.
        order: What it is sorted by; None where that is unknown. The text by default.
    """

    key: str
    title: str
    width: int
    text: Callable[[Recording, Probed | None], str]
    right: bool = False
    order: Callable[[Recording, Probed | None], Any] | None = None

    def rank(self, recording: Recording, probed: Probed | None) -> Any:
        """What a recording is sorted by; None where that is unknown."""
        if self.order is not None:
            return self.order(recording, probed)
        text = self.text(recording, probed)
        return None if text == EMPTY else text.casefold()


@dataclass(frozen=True, slots=True)
class SortBy:
    """An order of the table.

    Attributes:
        key: Of the column; empty is the order of the dataset.
        down: Whether the greatest comes first.
    """

    key: str = ""
    down: bool = False

    @classmethod
    def parse(cls, text: str) -> SortBy:
        """Read back what `str` gives: `rating`, or `-rating` for the greatest first."""
        return cls(text.removeprefix("-"), text.startswith("-"))

    def __str__(self) -> str:
        return f"-{self.key}" if self.down else self.key

    def turned(self, key: str) -> SortBy:
        """What choosing a column comes to: upwards, then downwards, then no order."""
        if key != self.key:
            return SortBy(key, key in _BEST_FIRST)
        if self.down == (key in _BEST_FIRST):
            return SortBy(key, not self.down)
        return SortBy()


def _duration(recording: Recording, probed: Probed | None) -> str:
    if probed is None:
        return "…"
    if probed.duration_s is None:
        return "✗"
    text = clock(probed.duration_s)
    # an hour and more: minutes do, in the room of five cells
    return text if len(text) <= DURATION.width else f"{text.rsplit(':', 1)[0]}h"


def _seconds(recording: Recording, probed: Probed | None) -> float | None:
    return probed.duration_s if probed is not None else None


def _stars(recording: Recording, probed: Probed | None) -> float | None:
    return recording.rating or None


def _north_east(recording: Recording, probed: Probed | None) -> tuple[float, float] | None:
    if recording.latitude is None or recording.longitude is None:
        return None
    return recording.latitude, recording.longitude


def _rating(recording: Recording, probed: Probed | None) -> str:
    return f"{recording.rating:.1f}" if recording.rating > 0 else EMPTY


def _secondary(recording: Recording, probed: Probed | None) -> str:
    return " ".join(recording.secondary_labels) or EMPTY


def _place(recording: Recording, probed: Probed | None) -> str:
    if recording.latitude is None or recording.longitude is None:
        return EMPTY
    return f"{recording.latitude:.2f},{recording.longitude:.2f}"


def _when(form: str) -> Callable[[Recording, Probed | None], str]:
    def text(recording: Recording, probed: Probed | None) -> str:
        when = recorded_at(recording)
        return when.strftime(form) if when else EMPTY

    return text


def _metadata(key: str) -> Callable[[Recording, Probed | None], str]:
    def text(recording: Recording, probed: Probed | None) -> str:
        return plain(recording.metadata.get(key, "")) or EMPTY

    return text


EMPTY = "–"
_SAMPLE = 50
FILE = Column("filename", "file", 18, lambda recording, probed: recording.name)
DURATION = Column("duration", "dur", 5, _duration, right=True, order=_seconds)
_BEST_FIRST = {"rating"}
_SPECIES = (
    Column("primary_label", "code", 8, lambda recording, probed: recording.primary_label or EMPTY),
    Column("common_name", "species", 20, _metadata("common_name")),
)
_TRAIN = (
    DURATION,
    Column("rating", "★", 3, _rating, right=True, order=_stars),
    Column("type", "type", 12, _metadata("type")),
    Column("secondary_labels", "secondary", 14, _secondary),
    Column("author", "author", 16, lambda recording, probed: recording.author or EMPTY),
    Column("place", "place", 14, _place, order=_north_east),
)
_SOUNDSCAPE = (
    DURATION,
    Column("site", "site", 8, lambda recording, probed: site_of(recording.key)),
    Column("date", "date", 10, _when("%Y-%m-%d")),
    Column("time", "time", 5, _when("%H:%M")),
)
_SELDOM_WANTED = {
    "primary_label",
    "scientific_name",
    "common_name",
    "latitude",
    "longitude",
    "url",
    "group",
}
_SHOWN_OTHERWISE = {"filename", "rating", "type", "secondary_labels", "author"}


def columns_for(recordings: Sequence[Recording], *, mixed: bool = False) -> tuple[Column, ...]:
    """Every column that these recordings have, the usual ones first.

    Args:
        recordings: Of one split.
        mixed: Whether they are of several species: which one comes first then.
    """
    if recordings and recordings[0].split != "train_audio":
        return _SOUNDSCAPE
    first = (DURATION, *_SPECIES, *_TRAIN[1:]) if mixed else _TRAIN
    shown = {one.key for one in first} | _SHOWN_OTHERWISE
    keys = dict.fromkeys(recordings[0].metadata) if recordings else {}
    others = [
        Column(key, key.replace("_", " "), 14, _metadata(key)) for key in keys if key not in shown
    ]
    return (*first, *others)


def usual(recordings: Sequence[Recording], *, mixed: bool = False) -> frozenset[str]:
    """Keys of the columns shown unless the user chooses others: those that say something."""
    sample = recordings[:_SAMPLE]
    seldom = _SELDOM_WANTED - {one.key for one in _SPECIES} if mixed else _SELDOM_WANTED
    return frozenset(
        one.key
        for one in columns_for(recordings, mixed=mixed)
        if one is DURATION
        or (
            one.key not in seldom
            and any(one.text(recording, None) != EMPTY for recording in sample)
        )
    )


def ordered(
    recordings: Sequence[Recording],
    sort: SortBy,
    columns: Sequence[Column],
    probed: Callable[[Recording], Probed | None],
) -> list[int]:
    """Positions of recordings in an order; unknown values come last, ties stay as they were."""
    every = range(len(recordings))
    column = next((one for one in (FILE, *columns) if one.key == sort.key), None)
    if column is None:
        return list(every)
    ranks = [column.rank(one, probed(one)) for one in recordings]
    known = [position for position in every if ranks[position] is not None]
    known.sort(key=ranks.__getitem__, reverse=sort.down)
    return known + [position for position in every if ranks[position] is None]


def recorded_at(recording: Recording) -> datetime | None:
    """When a soundscape began, as its name tells; None for other names."""
    return times.recorded_at(recording.key)


def plain(text: str) -> str:
    """A cell of train.csv as people read it: `['song', 'call']` becomes `song, call`."""
    if not (text.startswith("[") and text.endswith("]")):
        return text
    parts = (one.strip().strip("'\"") for one in text[1:-1].split(","))
    return ", ".join(one for one in parts if one)
