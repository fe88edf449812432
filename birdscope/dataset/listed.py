"""Lists of recordings as files: every column that is known of them, or their keys alone."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from birdscope.core.atomic import replacing
from birdscope.core.errors import DatasetError, nearest
from birdscope.core.types import Recording
from birdscope.dataset.times import recorded_at


def write_listed(
    path: Path, recordings: Sequence[Recording], lengths_s: Mapping[str, float | None]
) -> None:
    """Write recordings as CSV: key, path, split, length, start, then the columns of train.csv.

    Args:
        path: The file; written whole or not at all.
        recordings: What to list.
        lengths_s: Recording key → seconds; an unknown length is an empty cell.

    Raises:
        DatasetError: if it can't be written.
    """
    metadata = list(dict.fromkeys(name for one in recordings for name in one.metadata))
    header = ["key", "path", "split", "duration_s", "recorded_at", *metadata]
    try:
        with replacing(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as f:
            writer = csv.writer(f)
            writer.writerow(header)
            for one in recordings:
                seconds, when = lengths_s.get(one.key), recorded_at(one.key)
                writer.writerow(
                    [
                        one.key,
                        one.path,
                        one.split,
                        f"{seconds:.3f}" if seconds is not None else "",
                        when.isoformat() if when is not None else "",
                        *(one.metadata.get(name, "") for name in metadata),
                    ]
                )
    except OSError as error:
        raise DatasetError(
            f"can't be written: {error.strerror or error}",
            path=path,
            remedy="choose another folder, or make room",
        ) from error


def read_listed(path: Path, recordings: Sequence[Recording]) -> list[Recording]:
    """The recordings that a text file lists: a key or a file name a line, in the file's order.

    Raises:
        DatasetError: if the file can't be read, is empty, or names a recording there isn't.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"can't be read: {error}", path=path) from error
    wanted = [line.strip() for line in lines if line.strip()]
    if not wanted:
        raise DatasetError("lists no recording", path=path, remedy="give one key a line")
    by_key = {one.key: one for one in recordings}
    by_name = {one.name: one for one in recordings}
    found = []
    for name in dict.fromkeys(wanted):
        one = by_key.get(name) or by_name.get(name)
        if one is None:
            raise DatasetError(
                f"lists {name!r}, which this part of the dataset hasn't{nearest(name, by_key)}",
                path=path,
                remedy="choose the --split that it belongs to",
            )
        found.append(one)
    return found
