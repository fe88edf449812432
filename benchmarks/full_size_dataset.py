"""Make a folder of the full size of BirdCLEF+ 2025: real labels and names, tiny files.

`python -m benchmarks.full_size_dataset [FOLDER]` prints where it is. Labels and file names
come from ../shared/data/birdclef2025-meta; what that lacks (22 rows, other columns,
soundscapes) is made up. Sound files are hard links of one second of faint noise.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks._claim import require, shared
from birdscope.core.paths import cache
from birdscope.dataset.synthetic.tables import TRAIN_COLUMNS

TRAIN_ROWS = 28_564
SOUNDSCAPES = 9_726
_META = shared("data", "birdclef2025-meta")
_LINKS_A_FILE = 20_000


def default_folder() -> Path:
    """Where the dataset is kept between runs."""
    return cache() / "full-size-dataset"


def make(root: Path) -> Path:
    """Make the dataset, unless it is complete.

    Raises:
        Absent: if the real metadata isn't there.
    """
    names = require(_META / "te1ord_cv_split_wsecondary.csv")
    done = root / ".complete"
    if done.exists():
        return root
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for name in ("taxonomy.csv", "sample_submission.csv", "recording_location.txt"):
        shutil.copy(_META / name, root / name)
    rows = list(_train_rows(names, root / "taxonomy.csv"))
    with open(root / "train.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(TRAIN_COLUMNS)
        writer.writerows(rows)
    files = [f"train_audio/{row[3]}" for row in rows]
    files += [f"train_soundscapes/{_soundscape(number)}" for number in range(SOUNDSCAPES)]
    _link_all(root, files)
    done.touch()
    return root


def _train_rows(names: Path, taxonomy: Path) -> Iterator[list[str]]:
    with open(taxonomy, encoding="utf-8", newline="") as file:
        species = {row["primary_label"]: row for row in csv.DictReader(file)}
    with open(names, encoding="utf-8", newline="") as file:
        real = [(one["primary_label"], one["secondary_labels"], one["filename"])
                for one in csv.DictReader(file)]  # fmt: skip
    label = real[0][0]
    missing = [(label, "['']", f"{label}/MADEUP{n}.ogg") for n in range(TRAIN_ROWS - len(real))]
    rng = random.Random(0)
    for label, secondary, filename in real + missing:
        place = [f"{rng.uniform(-30, 20):.4f}", f"{rng.uniform(-85, -40):.4f}"]
        yield [
            label,
            secondary,
            rng.choice(["['song']", "['call']", "['']", "['call', 'song']"]),
            filename,
            rng.choice(["XC", "iNat", "CSA"]),
            rng.choice(["0.0", "3.0", "4.0", "4.5", "5.0"]),
            f"https://example.org/{Path(filename).stem}",
            *(place if rng.random() < 0.97 else ["", ""]),
            species[label]["scientific_name"],
            species[label]["common_name"],
            f"Author {int(rng.paretovariate(0.5)) % 3000}",
            "cc-by-nc-sa 4.0",
        ]


def _soundscape(number: int) -> str:
    day, hour = divmod(number, 24)
    return f"H{number % 90:02d}_2023{day // 28 % 12 + 1:02d}{day % 28 + 1:02d}_{hour:02d}{number % 60:02d}00.ogg"  # noqa: E501


def _link_all(root: Path, files: list[str]) -> None:
    """Hard links to a few tiny recordings; file systems limit the links of one."""
    for folder in {str(Path(name).parent) for name in files}:
        (root / folder).mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(files):
        source = root / f".tiny{number // _LINKS_A_FILE}.ogg"
        if not source.exists():
            _tiny(source)
        os.link(source, root / name)


def _tiny(path: Path) -> None:
    import numpy as np

    from birdscope.audio.encode import write_ogg

    noise = 0.01 * np.random.default_rng(0).standard_normal(32_000).astype(np.float32)
    write_ogg(path, noise, 32_000)


def main() -> None:
    """Make it and print where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=default_folder())
    print(make(parser.parse_args().folder))


if __name__ == "__main__":
    main()
