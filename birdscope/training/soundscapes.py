"""Which soundscapes may be learnt from: never those that scores are measured on."""

from __future__ import annotations

import csv
from collections.abc import Collection

from birdscope.core.types import Recording
from birdscope.dataset.catalog import Catalog


def pool_of(catalog: Catalog, exclude: Collection[str] = ()) -> tuple[list[Recording], int]:
    """Soundscapes that may be labelled, and how many may not.

    Never those with labels (they are scored), nor those whose key or file name is excluded.
    """
    never = {*labelled_soundscapes(catalog), *exclude}
    there = list(catalog.soundscapes("train_soundscapes"))
    free = [one for one in there if one.name not in never and one.key not in never]
    return free, len(there) - len(free)


def labelled_soundscapes(catalog: Catalog) -> set[str]:
    """File names that train_soundscapes_labels.csv has rows for."""
    if catalog.labels_path is None:
        return set()
    with open(catalog.labels_path, encoding="utf-8", newline="") as file:
        return {row["filename"] for row in csv.DictReader(file) if row.get("filename")}
