"""Verdicts as files that people and other tools read: CSV, Raven selection tables, Audacity.

CSV and Raven hold every field, so that they can be imported again without loss. An Audacity
label track has room for `label answer` only: annotator, time and queue are not in it.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, fields
from itertools import groupby
from pathlib import Path

from birdscope.core.atomic import replacing
from birdscope.core.types import Taxonomy
from birdscope.core.verdicts import Verdict
from birdscope.submission.exports import HIGH_HZ, LOW_HZ, beside

CSV_COLUMNS = (
    "row_id",
    *(one.name for one in fields(Verdict)),
    "scientific_name",
    "common_name",
)
_IN_TABLE = ("recording", "index", "start_s", "end_s", "label", "score")
RAVEN_COLUMNS = (
    "Selection",
    "View",
    "Channel",
    "Begin Time (s)",
    "End Time (s)",
    "Low Freq (Hz)",
    "High Freq (Hz)",
    "Begin Path",
    "File Offset (s)",
    "Species Code",
    "Common Name",
    "Score",
    *(one.name for one in fields(Verdict) if one.name not in _IN_TABLE),
)


def write_csv(folder: Path, verdicts: Iterable[Verdict], taxonomy: Taxonomy) -> list[Path]:
    """All verdicts in one `verdicts.csv`."""
    path = folder / "verdicts.csv"
    rows = []
    for one in verdicts:
        species = taxonomy.get(one.label)
        names = {"scientific_name": species.scientific_name, "common_name": species.common_name}
        rows.append({"row_id": one.row_id, **asdict(one), **names})
    with replacing(path) as temporary, open(temporary, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, CSV_COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return [path]


def write_raven(folder: Path, verdicts: Iterable[Verdict], taxonomy: Taxonomy) -> list[Path]:
    """One `<stem>.Table.1.selections.txt` a recording; the answer is a column of its own.

    Returns:
        The files written.
    """
    written = []
    for recording, group in _by_recording(verdicts):
        path = folder / beside(recording, ".Table.1.selections.txt")
        rows = [_raven_row(number, one, taxonomy) for number, one in enumerate(group, start=1)]
        with (
            replacing(path) as temporary,
            open(temporary, "w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.writer(file, delimiter="\t", lineterminator="\n")
            writer.writerow(RAVEN_COLUMNS)
            writer.writerows(rows)
        written.append(path)
    return written


def _raven_row(number: int, one: Verdict, taxonomy: Taxonomy) -> Sequence[object]:
    values = asdict(one)
    return [
        number,
        "Spectrogram 1",
        1,
        f"{one.start_s:.3f}",
        f"{one.end_s:.3f}",
        LOW_HZ,
        HIGH_HZ,
        one.recording,
        f"{one.start_s:.3f}",
        one.label,
        taxonomy.get(one.label).name,
        one.score,
        *(values[name] for name in RAVEN_COLUMNS[12:]),
    ]


def write_audacity(folder: Path, verdicts: Iterable[Verdict], taxonomy: Taxonomy) -> list[Path]:
    """One `<stem>.txt` label track a recording: `label yes`, `label correct other`.

    Returns:
        The files written.
    """
    written = []
    for recording, group in _by_recording(verdicts):
        path = folder / beside(recording, ".txt")
        lines = [
            f"{one.start_s:.6f}\t{one.end_s:.6f}\t"
            f"{one.label} {one.answer} {one.corrected_label or ''}".rstrip()
            for one in group
        ]
        with replacing(path) as temporary:
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
        written.append(path)
    return written


Writer = Callable[[Path, Iterable[Verdict], Taxonomy], list[Path]]
WRITERS: dict[str, Writer] = {"csv": write_csv, "raven": write_raven, "audacity": write_audacity}


def _by_recording(verdicts: Iterable[Verdict]) -> Iterable[tuple[str, list[Verdict]]]:
    ordered = sorted(verdicts, key=lambda one: (one.recording, one.start_s, one.label))
    for recording, group in groupby(ordered, key=lambda one: one.recording):
        yield recording, list(group)
