"""The tables of a BirdCLEF folder, written for the synthetic recordings."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from birdscope.core.windows import row_id, window_count
from birdscope.dataset.synthetic.mixing import PlacedCall
from birdscope.dataset.synthetic.species import SPECIES

TRAIN_COLUMNS = (
    "primary_label",
    "secondary_labels",
    "type",
    "filename",
    "collection",
    "rating",
    "url",
    "latitude",
    "longitude",
    "scientific_name",
    "common_name",
    "author",
    "license",
)
PLACEHOLDER = "soundscape_1000001"
"""The soundscape of the three rows in sample_submission.csv; no such file exists."""

_LOCATION = """\
SYNTHETIC demo data: no recording was made anywhere.

Coordinates are drawn around the nature reserve "El Silencio" in the municipality of Yondó,
Middle Magdalena Valley, Colombia (about 6.8 N, 74.2 W), to look like the real dataset's.
"""

_README = """\
# Synthetic demo dataset (birdscope demo)

Every sound in this folder was computed, every species, author and place is made up; nothing
here says anything about nature. The layout is that of BirdCLEF+ 2025.

- `train.csv`, `train_audio/`: {clips} clips of {species} synthetic species. Labels made of
  digits (99…) stand for the iNaturalist ids of the real dataset and are made up too.
- `train_soundscapes/`: {labelled} labelled and {unlabelled} unlabelled soundscapes.
  `train_soundscapes_labels.csv` (form of BirdCLEF+ 2026; an empty label means nobody sings)
  holds the labelled ones, `train_soundscapes_events.csv` each call mixed into them.
- `test_soundscapes/`: {test} soundscapes; `sample_submission.csv` has the rows of a placeholder
  soundscape, as the public one: the files decide the rows, the sample decides the columns.

Made with seed {seed}. The sounds are in the public domain (CC0 1.0).
"""


@dataclass(frozen=True, slots=True)
class ClipRow:
    """What train.csv says of one clip."""

    label: str
    secondary_labels: tuple[str, ...]
    filename: str
    rating: float
    latitude: str
    longitude: str
    author: str
    kind: str

    def cells(self) -> dict[str, str]:
        """The row, column by column, in the forms of the real file."""
        species = next(one.species for one in SPECIES if one.label == self.label)
        return {
            "primary_label": self.label,
            "secondary_labels": repr(list(self.secondary_labels) or [""]),
            "type": repr([self.kind]),
            "filename": self.filename,
            "collection": "SYN",
            "rating": f"{self.rating:.1f}",
            "url": "",
            "latitude": self.latitude,
            "longitude": self.longitude,
            "scientific_name": species.scientific_name,
            "common_name": species.common_name,
            "author": self.author,
            "license": "cc0 1.0",
        }


def write_train(root: Path, clips: Sequence[ClipRow]) -> None:
    """train.csv, sorted by file name."""
    rows = (one.cells().values() for one in sorted(clips, key=lambda one: one.filename))
    _write(root / "train.csv", TRAIN_COLUMNS, rows)


def write_taxonomy(root: Path) -> None:
    """taxonomy.csv, sorted as the real one: labels as text."""
    species = sorted((one.species for one in SPECIES), key=lambda one: one.label)
    header = ("primary_label", "inat_taxon_id", "scientific_name", "common_name", "class_name")
    rows = (
        (one.label, one.inat_taxon_id, one.scientific_name, one.common_name, one.class_name)
        for one in species
    )
    _write(root / "taxonomy.csv", header, rows)


def write_sample(root: Path) -> None:
    """sample_submission.csv with the three rows of a placeholder soundscape."""
    labels = sorted(one.label for one in SPECIES)
    even = [repr(1 / len(labels))] * len(labels)
    rows = ((row_id(PLACEHOLDER, index), *even) for index in range(3))
    _write(root / "sample_submission.csv", ("row_id", *labels), rows)


def write_soundscape_labels(
    root: Path, calls: Mapping[str, Sequence[PlacedCall]], duration_s: float
) -> None:
    """train_soundscapes_labels.csv: every window of the labelled soundscapes."""
    rows = []
    for name, placed in sorted(calls.items()):
        for window in range(window_count(duration_s)):
            present = sorted({call.label for call in placed if window in call.windows})
            start, end = _hms(window * 5), _hms(window * 5 + 5)
            rows.append((name, start, end, ";".join(present)))
    header = ("filename", "start", "end", "primary_label")
    _write(root / "train_soundscapes_labels.csv", header, rows)


def write_events(root: Path, calls: Mapping[str, Sequence[PlacedCall]]) -> None:
    """train_soundscapes_events.csv: every call mixed into a labelled soundscape."""
    rows = (
        (name, f"{call.start_s:.2f}", f"{call.end_s:.2f}", call.label, f"{call.snr_db:.1f}")
        for name, placed in sorted(calls.items())
        for call in sorted(placed, key=lambda one: one.start_s)
    )
    header = ("filename", "start", "end", "primary_label", "snr_db")
    _write(root / "train_soundscapes_events.csv", header, rows)


def write_texts(root: Path, counts: Mapping[str, int]) -> None:
    """recording_location.txt and README.md; `counts` fills the numbers in."""
    (root / "recording_location.txt").write_text(_LOCATION, encoding="utf-8")
    text = _README.format(species=len(SPECIES), **counts)
    (root / "README.md").write_text(text, encoding="utf-8")


def _hms(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _write(path: Path, header: Sequence[str], rows: Iterable[Iterable[str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
