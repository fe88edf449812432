"""Detections as files that other tools read: Raven, Audacity, CSV, Parquet.

Raven Pro's selection tables are tab-separated text with fixed column names; Audacity's label
tracks are `start<TAB>end<TAB>text` lines. Each writer has a reader beside it that follows the
format's own rules, so that what was written can be checked.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.atomic import replacing
from birdscope.core.errors import DatasetError
from birdscope.core.types import Taxonomy
from birdscope.core.windows import stem_of
from birdscope.submission.detections import Detection

if TYPE_CHECKING:
    import pandas as pd

LOW_HZ, HIGH_HZ = 0, 16_000
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
)


def write_raven(folder: Path, detections: Iterable[Detection], taxonomy: Taxonomy) -> list[Path]:
    """One `<stem>.Table.1.selections.txt` a recording, as Raven Pro names them.

    Returns:
        The files written.
    """
    written = []
    for recording, group in _by_recording(detections):
        path = folder / beside(recording, ".Table.1.selections.txt")
        rows = [_raven_row(number, one, taxonomy) for number, one in enumerate(group, start=1)]
        with replacing(path) as temporary, open(temporary, "w", newline="") as file:
            writer = csv.writer(file, delimiter="\t", lineterminator="\n")
            writer.writerow(RAVEN_COLUMNS)
            writer.writerows(rows)
        written.append(path)
    return written


def _raven_row(number: int, one: Detection, taxonomy: Taxonomy) -> list[str]:
    return [
        str(number),
        "Spectrogram 1",
        "1",
        f"{one.start_s:.3f}",
        f"{one.end_s:.3f}",
        str(LOW_HZ),
        str(HIGH_HZ),
        one.recording,
        f"{one.start_s:.3f}",
        one.label,
        taxonomy.get(one.label).name,
        f"{one.score:.6f}",
    ]


def read_raven(path: Path) -> list[Detection]:
    """The detections of a selection table with a `Species Code` column.

    Raises:
        DatasetError: if a column is missing or a row is not one of numbers.
    """
    with open(path, newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file, delimiter="\t")
        needed = {"Begin Time (s)", "End Time (s)", "Species Code"}
        missing = needed - set(reader.fieldnames or ())
        if missing:
            raise DatasetError(
                f"no column {', '.join(sorted(missing))}",
                path=path,
                remedy="export a Raven selection table with these columns",
            )
        return [_raven_detection(row, path) for row in reader]


def _raven_detection(row: dict[str, str], path: Path) -> Detection:
    try:
        return Detection(
            row.get("Begin Path") or stem_of(path.name.split(".Table.")[0]),
            float(row["Begin Time (s)"]),
            float(row["End Time (s)"]),
            row["Species Code"],
            float(row.get("Score") or "nan"),
        )
    except (TypeError, ValueError) as error:
        raise DatasetError(f"selection {row.get('Selection')}: {error}", path=path) from None


def write_audacity(folder: Path, detections: Iterable[Detection], taxonomy: Taxonomy) -> list[Path]:
    """One `<stem>.txt` label track a recording: seconds, seconds, `code score`.

    Returns:
        The files written.
    """
    written = []
    for recording, group in _by_recording(detections):
        path = folder / beside(recording, ".txt")
        lines = [
            f"{one.start_s:.6f}\t{one.end_s:.6f}\t{one.label} {one.score:.3f}" for one in group
        ]
        with replacing(path) as temporary:
            temporary.write_text("\n".join(lines) + "\n", encoding="utf-8")
        written.append(path)
    return written


def read_audacity(path: Path) -> list[Detection]:
    r"""The labels of an Audacity track; its frequency lines (beginning with \\) are passed over.

    Raises:
        DatasetError: if a line is not `start<TAB>end<TAB>text`.
    """
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").splitlines(), start=1):
        if not line.strip() or line.startswith("\\"):
            continue
        try:
            start, end, text = line.split("\t", 2)
            label, _, score = text.strip().partition(" ")
            found.append(
                Detection(
                    stem_of(path.name), float(start), float(end), label, float(score or "nan")
                )
            )
        except ValueError:
            raise DatasetError(
                f"line {number} is not start, end and label with tabs between", path=path
            ) from None
    return found


def frame(detections: Sequence[Detection], taxonomy: Taxonomy) -> pd.DataFrame:
    """Detections as a table, one row each, with species names."""
    import pandas as pd

    return pd.DataFrame(
        {
            "recording": [one.recording for one in detections],
            "start_s": [one.start_s for one in detections],
            "end_s": [one.end_s for one in detections],
            "label": [one.label for one in detections],
            "scientific_name": [taxonomy.get(one.label).scientific_name for one in detections],
            "common_name": [taxonomy.get(one.label).common_name for one in detections],
            "score": [one.score for one in detections],
        }
    )


def write_csv(folder: Path, detections: Iterable[Detection], taxonomy: Taxonomy) -> list[Path]:
    """All detections in one `detections.csv`."""
    path = folder / "detections.csv"
    with replacing(path) as temporary:
        frame(list(detections), taxonomy).to_csv(temporary, index=False)
    return [path]


def write_parquet(folder: Path, detections: Iterable[Detection], taxonomy: Taxonomy) -> list[Path]:
    """All detections in one `detections.parquet`."""
    path = folder / "detections.parquet"
    with replacing(path) as temporary:
        frame(list(detections), taxonomy).to_parquet(temporary, index=False)
    return [path]


Writer = Callable[[Path, Iterable[Detection], Taxonomy], list[Path]]
WRITERS: dict[str, Writer] = {
    "raven": write_raven,
    "audacity": write_audacity,
    "csv": write_csv,
    "parquet": write_parquet,
}


def beside(recording: str, ending: str) -> Path:
    """The dataset's own folders are kept, so that equal stems don't meet."""
    return Path(recording).parent / f"{stem_of(recording)}{ending}"


def _by_recording(detections: Iterable[Detection]) -> Iterable[tuple[str, list[Detection]]]:
    ordered = sorted(detections, key=lambda one: (one.recording, one.start_s, one.label))
    for recording, group in groupby(ordered, key=lambda one: one.recording):
        yield recording, list(group)
