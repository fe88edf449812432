"""Small BirdCLEF folders, made odd on purpose."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from birdscope.audio.encode import write_ogg

HEADER = (
    "primary_label",
    "secondary_labels",
    "type",
    "filename",
    "rating",
    "latitude",
    "longitude",
    "author",
)
Row = Mapping[str, str]


def row(label: str, name: str, **cells: str) -> dict[str, str]:
    """A row of train.csv with usual values; cells override."""
    usual = {
        "primary_label": label,
        "secondary_labels": "['']",
        "type": "['song']",
        "filename": f"{label}/{name}.ogg",
        "rating": "4.0",
        "latitude": "6.8",
        "longitude": "-74.2",
        "author": "A",
    }
    return {**usual, **cells}


def write_csv(
    path: Path, header: Sequence[str], rows: Sequence[Sequence[str]], bom: str = ""
) -> None:
    """A CSV file, with a byte-order mark on request."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write(bom)
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def write_train(root: Path, rows: Sequence[Row], *, sound: bool = True, bom: str = "") -> None:
    """train.csv with the columns of the first row, and a quarter second of noise for each."""
    header = tuple(rows[0])
    write_csv(
        root / "train.csv", header, [[one.get(name, "") for name in header] for one in rows], bom
    )
    for one in rows if sound else ():
        write_sound(root / "train_audio" / one["filename"])


def write_sound(path: Path, duration_s: float = 0.25) -> None:
    """Faint noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).standard_normal(round(32_000 * duration_s))
    write_ogg(path, (0.01 * noise).astype(np.float32), 32_000)


def write_taxonomy(root: Path, labels: Sequence[str]) -> None:
    """taxonomy.csv with those labels as birds."""
    header = ("primary_label", "inat_taxon_id", "scientific_name", "common_name", "class_name")
    rows = [(label, "", f"Avis {label}", f"Bird {label}", "Aves") for label in labels]
    write_csv(root / "taxonomy.csv", header, rows)


def write_sample(root: Path, labels: Sequence[str]) -> None:
    """sample_submission.csv with one row."""
    write_csv(root / "sample_submission.csv", ("row_id", *labels), [("a_5", *["0"] * len(labels))])
