"""From `Catalog.open` to a filled species list, at the full size of BirdCLEF+ 2025."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks._claim import Claim, process_seconds
from benchmarks.full_size_dataset import SOUNDSCAPES, TRAIN_ROWS, default_folder, make

BAR_S = 0.8

_OPEN = """
import time
start = time.perf_counter()
from birdscope.dataset.catalog import Catalog
catalog = Catalog.open({root!r})
counts = catalog.species_counts
species = [(one.name, one.class_name, counts[one.label]) for one in catalog.taxonomy]
assert len(species) == 206 and sum(row[2] for row in species) == {rows}, len(species)
{more}
print(time.perf_counter() - start)
"""
_SOUNDSCAPES = f'assert len(catalog.soundscapes("train_soundscapes")) == {SOUNDSCAPES}'
_EVERYTHING = """
for label in catalog.taxonomy.labels:
    for one in catalog.recordings_of(label):
        catalog.is_missing(one)
"""


def claims() -> Iterator[Claim]:
    """Each figure is the median over fresh processes, the package's imports included."""
    root = str(make(default_folder()))
    what = f"catalog of {TRAIN_ROWS} rows and {SOUNDSCAPES} soundscapes"
    for text, more, bar_s in (
        ("opens to a species list, soundscapes listed", _SOUNDSCAPES, BAR_S),
        ("and every recording made, its file looked for", _EVERYTHING, None),
    ):
        took_s = process_seconds(_OPEN.format(root=root, rows=TRAIN_ROWS, more=more))
        bar = f"< {bar_s} s" if bar_s else ""
        holds = took_s < bar_s if bar_s else None
        yield Claim(f"{what} {text}", f"{took_s:.2f} s", bar, holds)


if __name__ == "__main__":
    for claim in claims():
        print(f"{claim.text}: {claim.measured} {claim.bar}")
