"""A BirdCLEF folder as one object: its species, recordings, soundscapes and tables."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from statistics import median

from birdscope.core.errors import DatasetError, nearest
from birdscope.core.types import SPLITS, Recording, Species, Split, Taxonomy
from birdscope.dataset.folder import audio_names, check_folder, subfolders
from birdscope.dataset.rows import LazyRecordings, TrainRows, plain_recordings
from birdscope.dataset.tables import Table, read_header, read_table, read_text

_LABELS_FILES = ("train_soundscapes_labels.csv", "train_soundscapes_window_labels.csv")
_COORDINATE = r"{}\D{{0,12}}?(-?\d+(?:\.\d+)?)"


class Catalog:
    """What a dataset holds. Made by `Catalog.open`; never writes, never opens a sound file.

    Attributes:
        root: The dataset folder.
        name: Its name.
        taxonomy: The classes, in the order of sample_submission.csv.
        species_counts: Label → rows of train.csv, zero included, also for labels that the
            taxonomy doesn't know.
        sample_columns: Labels of sample_submission.csv in order; empty where there is none.
    """

    def __init__(self, root: Path):
        self.root = root
        self.name = root.resolve().name
        self.sample_columns = self._read_sample_columns()
        self.train_rows = self._read_train()
        self.taxonomy = Taxonomy(self._species())
        self.species_counts: Mapping[str, int] = self._counts()
        self._of_split: dict[Split, LazyRecordings] = {}

    @classmethod
    def open(cls, path: Path | str) -> Catalog:
        """Read the tables and list the folders of a dataset.

        Raises:
            DatasetError: if the folder is no dataset or a table is damaged; names file,
                line and remedy.
        """
        root = Path(path).expanduser()
        check_folder(root)
        return cls(root)

    def recordings(self, split: Split) -> Sequence[Recording]:
        """The recordings of a split: rows of train.csv in their order, or files by name.

        Raises:
            DatasetError: if there is no such split.
        """
        if split not in SPLITS:
            raise DatasetError(
                f"there is no split {split!r}{nearest(split, SPLITS)}",
                path=self.root,
                remedy=f"use one of {', '.join(SPLITS)}",
            )
        if split not in self._of_split:
            self._of_split[split] = self._recordings(split)
        return self._of_split[split]

    def recordings_of(self, label: str) -> Sequence[Recording]:
        """Recordings of train_audio whose primary label is `label`; may be empty."""
        return self._train.pick(self._positions.get(label, ()))

    def soundscapes(self, split: Split = "train_soundscapes") -> Sequence[Recording]:
        """The soundscapes of a split, by name; empty where the folder is missing or empty."""
        return self.recordings(split)

    def find(self, key: str) -> Recording:
        """The recording of that key, or the only one of that file name or stem.

        Raises:
            DatasetError: if there is none; names the nearest.
        """
        place = self._places.get(key)
        if place is None:
            raise DatasetError(
                f"there is no recording {key!r}{nearest(key, self._places)}",
                path=self.root,
                remedy="give its path inside the dataset, such as train_audio/<label>/<file>",
            )
        split, position = place
        return self.recordings(split)[position]

    def is_missing(self, recording: Recording) -> bool:
        """Whether the file of a recording isn't there; lists its folder once, then knows."""
        folder, _, name = recording.key.rpartition("/")
        return name not in self.files_in(folder)

    def files_in(self, folder: str) -> frozenset[str]:
        """Names of the sound files in a folder of the dataset (`train_audio/grekis`)."""
        if folder not in self._listings:
            self._listings[folder] = frozenset(audio_names(self.root / folder))
        return self._listings[folder]

    @property
    def labels_path(self) -> Path | None:
        """The labels of train_soundscapes: the 2026 form first, else the window form."""
        paths = (self.root / name for name in _LABELS_FILES)
        return next((path for path in paths if path.is_file()), None)

    @cached_property
    def location_text(self) -> str:
        """What recording_location.txt says; empty where there is none."""
        return read_text(self.root / "recording_location.txt")

    def location(self) -> tuple[float, float] | None:
        """Latitude and longitude: from recording_location.txt, else the recordings' median."""
        text = self.location_text
        found = [re.search(_COORDINATE.format(word), text, re.I) for word in ("lati", "longi")]
        if found[0] and found[1]:
            return float(found[0].group(1)), float(found[1].group(1))
        north = [one.latitude for one in self._train if one.latitude is not None]
        east = [one.longitude for one in self._train if one.longitude is not None]
        return (median(north), median(east)) if north and east else None

    @cached_property
    def groups(self) -> Mapping[str, str]:
        """Recording key → its group in PROVENANCE.csv (columns file, group); else empty."""
        path = self.root / "PROVENANCE.csv"
        if not path.is_file():
            return {}
        table = read_table(path)
        if not {"file", "group"} <= set(table.header):
            return {}
        key, group = table.column("file"), table.column("group")
        return {row[key].strip(): row[group].strip() for row in table.rows}

    def sample_row_ids(self) -> tuple[str, ...]:
        """Row ids of sample_submission.csv; empty where there is none."""
        path = self.root / "sample_submission.csv"
        if not path.is_file():
            return ()
        table = read_table(path)
        place = table.column("row_id")
        return tuple(row[place].strip() for row in table.rows)

    @cached_property
    def taxonomy_table(self) -> Table | None:
        """taxonomy.csv as text, or None."""
        path = self.root / "taxonomy.csv"
        return read_table(path) if path.is_file() else None

    def fingerprint(self) -> str:
        """A short text that changes when classes, rows or the names or sizes of soundscapes do.

        Independent of where the folder is.
        """
        digest = hashlib.sha256("\n".join(self.taxonomy.labels).encode())
        for key, label in zip(self._train.keys, self._labels, strict=True):
            digest.update(f"{key}\t{label}\n".encode())
        for split in ("train_soundscapes", "test_soundscapes"):
            for one in self.recordings(split):
                digest.update(f"{one.key}\t{one.path.stat().st_size}\n".encode())
        return digest.hexdigest()[:16]

    def _recordings(self, split: Split) -> LazyRecordings:
        if split == "train_audio" and self.train_rows is not None:
            return LazyRecordings(self.train_rows.keys, self.train_rows.make)
        if split == "train_audio":
            folders = [f"train_audio/{label}" for label in subfolders(self.root / split)]
        else:
            folders = [split]
        keys = [f"{folder}/{name}" for folder in folders for name in sorted(self.files_in(folder))]
        return plain_recordings(self.root, split, keys, lambda: self.groups)

    @cached_property
    def _listings(self) -> dict[str, frozenset[str]]:
        return {}

    @property
    def _train(self) -> LazyRecordings:
        self.recordings("train_audio")
        return self._of_split["train_audio"]

    @property
    def _labels(self) -> Sequence[str]:
        """Primary label of each recording of train_audio."""
        if self.train_rows is not None:
            return self.train_rows.labels
        return [key.split("/")[1] for key in self._train.keys]

    @cached_property
    def _positions(self) -> Mapping[str, Sequence[int]]:
        positions: dict[str, list[int]] = {}
        for position, label in enumerate(self._labels):
            positions.setdefault(label, []).append(position)
        return positions

    @cached_property
    def _places(self) -> Mapping[str, tuple[Split, int]]:
        """Key → where it is; file names and stems too where only one recording has them."""
        places: dict[str, tuple[Split, int]] = {}
        short: dict[str, tuple[Split, int] | None] = {}
        for split in SPLITS:
            self.recordings(split)
            for position, key in enumerate(self._of_split[split].keys):
                places[key] = (split, position)
                name = key.rpartition("/")[2]
                for form in (name, name.rpartition(".")[0]):
                    short[form] = None if form in short else (split, position)
        unique = {form: place for form, place in short.items() if place is not None}
        return {**unique, **places}

    def _read_sample_columns(self) -> tuple[str, ...]:
        path = self.root / "sample_submission.csv"
        if not path.is_file():
            return ()
        header = read_header(path)
        return tuple(name for name in header if name != "row_id")

    def _read_train(self) -> TrainRows | None:
        path = self.root / "train.csv"
        if not path.is_file():
            return None
        return TrainRows(self.root, read_table(path, tolerant=True), lambda: self.groups)

    def _counts(self) -> dict[str, int]:
        if self.train_rows is not None:
            counted = Counter(self.train_rows.labels)
        else:
            folders = subfolders(self.root / "train_audio")
            counted = Counter({one: len(self.files_in(f"train_audio/{one}")) for one in folders})
        known = {label: counted.pop(label, 0) for label in self.taxonomy.labels}
        return {**known, **{label: count for label, count in counted.items() if label}}

    def _species(self) -> tuple[Species, ...]:
        """The classes in order: sample_submission.csv, else taxonomy.csv, else train labels."""
        described = self._described()
        order = self.sample_columns or tuple(described) or tuple(sorted(self._label_set()))
        return tuple(
            described.get(label) or self._from_train(label) for label in dict.fromkeys(order)
        )

    def _label_set(self) -> set[str]:
        if self.train_rows is not None:
            return {label for label in self.train_rows.labels if label}
        return set(subfolders(self.root / "train_audio"))

    def _described(self) -> dict[str, Species]:
        """Label → the species as taxonomy.csv has it."""
        table = self.taxonomy_table
        if table is None:
            return {}
        table.column("primary_label")
        names = Species.__dataclass_fields__
        columns = {name: "primary_label" if name == "label" else name for name in names}
        found: dict[str, Species] = {}
        for row in table.rows:
            cells = {name: table.get(row, column) for name, column in columns.items()}
            if cells["label"]:
                found.setdefault(cells["label"], Species(**cells))
        return found

    def _from_train(self, label: str) -> Species:
        """The species as the first row of train.csv with that label names it."""
        rows = self.train_rows
        if rows is None or label not in rows.labels:
            return Species(label)
        first = rows.labels.index(label)
        names = ("scientific_name", "common_name", "class_name", "inat_taxon_id")
        return Species(label, *(rows.cell(first, name) for name in names))
