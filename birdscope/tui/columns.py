"""The columns of the recordings table: what they are called and what they show. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from birdscope.core.types import Recording
from birdscope.core.units import clock
from birdscope.dataset import times
from birdscope.tui.outline import site_of
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
    """

    key: str
    title: str
    width: int
    text: Callable[[Recording, Probed | None], str]
    right: bool = False


def _duration(recording: Recording, probed: Probed | None) -> str:
    if probed is None:
        return "…"
    if probed.duration_s is None:
        return "✗"
    text = clock(probed.duration_s)
    # an hour and more: minutes do, in the room of five cells
    return text if len(text) <= DURATION.width else f"{text.rsplit(':', 1)[0]}h"


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
DURATION = Column("duration", "dur", 5, _duration, right=True)
_TRAIN = (
    DURATION,
    Column("rating", "★", 3, _rating, right=True),
    Column("type", "type", 12, _metadata("type")),
    Column("secondary_labels", "secondary", 14, _secondary),
    Column("author", "author", 16, lambda recording, probed: recording.author or EMPTY),
    Column("place", "place", 14, _place),
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


def columns_for(recordings: Sequence[Recording]) -> tuple[Column, ...]:
    """Every column that these recordings have, the usual ones first."""
    if recordings and recordings[0].split != "train_audio":
        return _SOUNDSCAPE
    keys = dict.fromkeys(recordings[0].metadata) if recordings else {}
    more = [key for key in keys if key not in _SHOWN_OTHERWISE]
    others = [Column(key, key.replace("_", " "), 14, _metadata(key)) for key in more]
    return (*_TRAIN, *others)


def usual(recordings: Sequence[Recording]) -> frozenset[str]:
    """Keys of the columns shown unless the user chooses others: those that say something."""
    sample = recordings[:_SAMPLE]
    columns = columns_for(recordings)
    return frozenset(
        one.key
        for one in columns
        if one is DURATION
        or (
            one.key not in _SELDOM_WANTED
            and any(one.text(recording, None) != EMPTY for recording in sample)
        )
    )


def recorded_at(recording: Recording) -> datetime | None:
    """When a soundscape began, as its name tells; None for other names."""
    return times.recorded_at(recording.key)


def plain(text: str) -> str:
    """A cell of train.csv as people read it: `['song', 'call']` becomes `song, call`."""
    if not (text.startswith("[") and text.endswith("]")):
        return text
    parts = (one.strip().strip("'\"") for one in text[1:-1].split(","))
    return ", ".join(one for one in parts if one)
