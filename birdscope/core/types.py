"""What a dataset is made of: species, their taxonomy, recordings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from birdscope.core.windows import stem_of

Split = Literal["train_audio", "train_soundscapes", "test_soundscapes"]
SPLITS: tuple[Split, ...] = ("train_audio", "train_soundscapes", "test_soundscapes")


@dataclass(frozen=True, slots=True)
class Species:
    """One class of the competition.

    Attributes:
        label: `primary_label`: an eBird code or an iNaturalist taxon id, as text.
        scientific_name: Latin name; empty where unknown.
        common_name: English name; empty where unknown.
        class_name: Aves, Amphibia, Mammalia, Insecta, or whatever taxonomy.csv says.
        inat_taxon_id: As text; empty where unknown.
    """

    label: str
    scientific_name: str = ""
    common_name: str = ""
    class_name: str = ""
    inat_taxon_id: str = ""

    @property
    def name(self) -> str:
        """The best name there is: common, scientific, else the label."""
        return self.common_name or self.scientific_name or self.label


@dataclass(frozen=True)
class Taxonomy:
    """The species of a dataset, in the order of its classes (sample_submission.csv)."""

    species: tuple[Species, ...]

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Class labels in order."""
        return tuple(one.label for one in self.species)

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Label → column."""
        return {label: column for column, label in enumerate(self.labels)}

    def get(self, label: str) -> Species:
        """The species of a label; an unknown label gives a Species that only has the label."""
        column = self.index.get(label)
        return self.species[column] if column is not None else Species(label)

    def __len__(self) -> int:
        return len(self.species)

    def __iter__(self) -> Iterator[Species]:
        return iter(self.species)


@dataclass(frozen=True, slots=True)
class Recording:
    """One sound file of a dataset.

    Attributes:
        key: Path relative to the dataset folder, with slashes; unique.
        path: Where the file is.
        split: train_audio, train_soundscapes or test_soundscapes.
        primary_label: Label of the foreground species; empty for soundscapes.
        secondary_labels: Labels heard in the background.
        rating: 0.5 to 5; 0 means unknown, never "bad".
        author: Who recorded it; groups recordings into folds.
        metadata: Every column of train.csv as text, unknown ones included.
    """

    key: str
    path: Path
    split: Split
    primary_label: str = ""
    secondary_labels: tuple[str, ...] = ()
    rating: float = 0.0
    author: str = ""
    latitude: float | None = None
    longitude: float | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False, compare=False)

    @property
    def stem(self) -> str:
        """File name without its ending."""
        return stem_of(self.key)

    @property
    def name(self) -> str:
        """File name with its ending."""
        return self.key.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a dataset, in words a person can act on.

    Attributes:
        kind: A stable short name, e.g. `missing-file`.
        subject: File, row or label concerned.
        text: What is wrong.
        severity: `error` (something will be lost) or `note` (worth knowing).
    """

    kind: str
    subject: str
    text: str
    severity: Literal["error", "note"] = "error"
