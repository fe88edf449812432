"""Sequences of recordings that are made when asked for: 38,000 objects would delay the start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import overload

from birdscope.core.types import Recording, Split
from birdscope.dataset.fields import parse_coordinate, parse_labels, parse_rating
from birdscope.dataset.tables import Table


class LazyRecordings(Sequence[Recording]):
    """Recordings by position; each is made once and kept."""

    def __init__(self, keys: Sequence[str], make: Callable[[int], Recording]):
        self.keys = keys
        self._make = make
        self._made: dict[int, Recording] = {}

    def __len__(self) -> int:
        return len(self.keys)

    @overload
    def __getitem__(self, index: int) -> Recording: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Recording]: ...
    def __getitem__(self, index: int | slice) -> Recording | Sequence[Recording]:
        if isinstance(index, slice):
            return self.pick(range(*index.indices(len(self))))
        position = range(len(self))[index]
        made = self._made.get(position)
        if made is None:
            made = self._made[position] = self._make(position)
        return made

    def __iter__(self) -> Iterator[Recording]:
        return (self[position] for position in range(len(self)))

    def pick(self, positions: Sequence[int]) -> LazyRecordings:
        """Some of them, in that order, sharing what is made."""
        keys = [self.keys[position] for position in positions]
        return LazyRecordings(keys, lambda number: self[positions[number]])


class TrainRows:
    """train.csv as columns that are looked at once: labels, keys, and the rest on demand."""

    def __init__(self, root: Path, table: Table, groups: Callable[[], Mapping[str, str]]):
        self._root = root
        self._table = table
        self._groups = groups
        self.header = table.header
        self.left_out = table.left_out
        rows, names = table.rows, table.column("filename")
        files = [row[names].strip().replace("\\", "/") for row in rows]
        if "primary_label" in table.header:
            place = table.header.index("primary_label")
            self.labels = [row[place].strip() for row in rows]
        else:
            self.labels = [file.rpartition("/")[0].rpartition("/")[2] for file in files]
        self.keys = [
            f"train_audio/{file if '/' in file else f'{label}/{file}'}"
            for file, label in zip(files, self.labels, strict=True)
        ]

    def cell(self, position: int, name: str) -> str:
        """A cell of the table by row and column name; empty where there is no such column."""
        return self._table.get(self._table.rows[position], name)

    def cells(self, name: str) -> list[str]:
        """A whole column, stripped.

        Raises:
            DatasetError: if there is no such column.
        """
        place = self._table.column(name)
        return [row[place].strip() for row in self._table.rows]

    def make(self, position: int) -> Recording:
        """The recording of a row."""
        metadata = dict(zip(self.header, self._table.rows[position], strict=True))
        key = self.keys[position]
        group = self._groups().get(key)
        if group is not None:
            metadata.setdefault("group", group)
        return Recording(
            key=key,
            path=self._root / key,
            split="train_audio",
            primary_label=self.labels[position],
            secondary_labels=parse_labels(metadata.get("secondary_labels", "").strip()) or (),
            rating=parse_rating(metadata.get("rating", "")),
            author=metadata.get("author", "").strip(),
            latitude=parse_coordinate(metadata.get("latitude", ""), 90),
            longitude=parse_coordinate(metadata.get("longitude", ""), 180),
            metadata=metadata,
        )


def plain_recordings(
    root: Path, split: Split, keys: Sequence[str], groups: Callable[[], Mapping[str, str]]
) -> LazyRecordings:
    """Recordings known only by their files: soundscapes, or train_audio without train.csv."""

    def make(position: int) -> Recording:
        key = keys[position]
        label = key.split("/")[1] if split == "train_audio" else ""
        group = groups().get(key)
        metadata = {"group": group} if group is not None else {}
        return Recording(key, root / key, split, primary_label=label, metadata=metadata)

    return LazyRecordings(keys, make)
