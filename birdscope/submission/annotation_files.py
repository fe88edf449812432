"""Annotations as files have them: verdicts, Raven, Audacity, BirdNET-Analyzer, BirdCLEF labels.

Comes in: a file. Goes out: its rows, each with the line it stands in; what can't be understood
is named beside them, not dropped. Which species and recording of a dataset a row means is
another step (`verdict_imports`).

BirdNET-Analyzer's columns (2.x): selection tables `Selection, View, Channel, Begin Time (s), End
Time (s), Low Freq (Hz), High Freq (Hz), Common Name, Species Code, Confidence, Begin Path, File
Offset (s)`, where a recording without detections has one row `nocall`; CSV `Start (s), End (s),
Scientific name, Common name, Confidence, File` (no `File` before 2.0); Kaleidoscope `INDIR, FOLDER,
IN FILE, OFFSET, DURATION, scientific_name, common_name, confidence, …`; Audacity lines of four
fields `start, end, "Scientific name, Common name", confidence`. In a combined selection table only
`File Offset (s)` is a time within the recording.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from birdscope.core.errors import DatasetError
from birdscope.core.units import parse_clock
from birdscope.core.verdicts import ANSWERS
from birdscope.core.windows import WINDOW_S
from birdscope.dataset.fields import parse_number, split_labels

Source = Literal["verdicts", "labels", "program"]

_RECORDING = ("recording", "begin path", "begin file", "file", "filepath", "filename", "in file")
_SPECIES = (
    "label",
    "species code",
    "scientific name",
    "scientific_name",
    "common name",
    "common_name",
    "species",
)
_JOINED = ("primary_label", "labels")
_START = ("start_s", "start (s)", "begin time (s)", "start", "offset")
_END = ("end_s", "end (s)", "end time (s)", "end")
_SCORE = ("score", "confidence")
_IN_FILE = "file offset (s)"
_NO_CALL = "nocall"
_SOUND_LINE = re.compile(r"\d+(\.\d+)?\t\d+(\.\d+)?(\t|$)")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One row of a file: a species in a stretch of a recording.

    Attributes:
        line: Where it stands in the file, from 1.
        recording: The recording as the row names it; empty where the file's name tells.
        start_s: Beginning, in seconds from the start of the recording.
        end_s: End, in seconds.
        names: The species, by its label or its names; any may be unknown. Empty: none sounds.
        score: Confidence of a program; None where there is none.
        extra: Other columns, by name in lower case.
    """

    line: int
    recording: str
    start_s: float
    end_s: float
    names: tuple[str, ...]
    score: float | None = None
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnnotationFile:
    """What a file holds.

    Attributes:
        path: The file.
        form: What kind of file it is, in words.
        source: Who speaks: people with verdicts or labels, or a program with confidences.
        rows: What could be read.
        wrong: Line and reason of each row that could not.
        no_calls: Rows that say that a recording has no detections.
    """

    path: Path
    form: str
    source: Source
    rows: tuple[Annotation, ...]
    wrong: tuple[tuple[int, str], ...]
    no_calls: int = 0


def read_annotations(path: Path) -> AnnotationFile:
    """Read a file of annotations, whichever form it has.

    Raises:
        DatasetError: if it can't be read, or has none of the forms.
    """
    text = _text(path)
    first = next((line for line in text.splitlines() if line.strip()), "")
    if _SOUND_LINE.match(first):
        return _audacity(path, text)
    delimiter = "\t" if "\t" in first else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [name.strip().casefold() for name in next(reader, [])]
    if not _is_known(header):
        raise DatasetError(
            "is no file of annotations that birdscope knows",
            path=path,
            remedy="give verdicts as birdscope exports them, a Raven selection table, Audacity "
            "labels, a result of BirdNET-Analyzer, or filename,start,end,primary_label",
        )
    rows: list[Annotation] = []
    wrong: list[tuple[int, str]] = []
    no_calls = 0
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            found = list(_annotations(reader.line_num, header, cells))
        except ValueError as error:
            wrong.append((reader.line_num, str(error)))
            continue
        calls = [one for one in found if _NO_CALL not in map(str.casefold, one.names)]
        no_calls += len(found) - len(calls)
        rows += calls
    return AnnotationFile(
        path, _form(header, delimiter), _source(header), tuple(rows), tuple(wrong), no_calls
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DatasetError(f"can't be read: {error.strerror}", path=path) from None
    except UnicodeDecodeError:
        raise DatasetError("is not UTF-8 text", path=path, remedy="save it as UTF-8") from None


def _is_known(header: Sequence[str]) -> bool:
    names = set(header)
    if {"row_id", "labels"} <= names:
        return True
    has_end = bool(names & {*_END, "duration"})
    return bool(names & set(_START)) and has_end and bool(names & {*_SPECIES, *_JOINED})


def _source(header: Sequence[str]) -> Source:
    if "answer" in header:
        return "verdicts"
    return "program" if set(header) & set(_SCORE) else "labels"


def _form(header: Sequence[str], delimiter: str) -> str:
    if "answer" in header:
        return "verdicts" if delimiter == "," else "verdicts as a Raven selection table"
    if "begin time (s)" in header:
        return "Raven selection table"
    if "in file" in header:
        return "Kaleidoscope table"
    if "start (s)" in header:
        return "BirdNET-Analyzer CSV"
    return "labels of windows" if set(header) & set(_JOINED) else "table of detections"


def _annotations(line: int, header: Sequence[str], cells: Sequence[str]) -> Iterator[Annotation]:
    """The annotations of one row: one for each species it names.

    Raises:
        ValueError: it can't be understood; says why.
    """
    if len(cells) > len(header):
        raise ValueError(f"{len(cells)} cells, the header has {len(header)}")
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    recording = next((row[name] for name in _RECORDING if row.get(name)), "")
    if "row_id" in row and "labels" in row:
        recording, _, end = row["row_id"].rpartition("_")
        start_s, end_s = float(end) - WINDOW_S, float(end)
    else:
        start_s, end_s = _span(row)
    score = next((parse_number(row[name]) for name in _SCORE if row.get(name)), None)
    joined = next((name for name in _JOINED if name in row), None)
    if joined is not None:
        for name in split_labels(row[joined]) or ("",):
            one = (name,) if name else ()
            yield Annotation(line, recording, start_s, end_s, one, score, row)
        return
    names = tuple(row[name] for name in _SPECIES if row.get(name))
    yield Annotation(line, recording, start_s, end_s, names, score, row)


def _span(row: Mapping[str, str]) -> tuple[float, float]:
    """Start and end within the recording.

    Raises:
        ValueError: a time is missing or wrong, or the end is not after the start.
    """
    start_s = _time(row, _START)
    if row.get("duration"):
        end_s = start_s + parse_clock(row["duration"])
    else:
        end_s = _time(row, _END)
    if row.get(_IN_FILE):
        length = end_s - start_s
        start_s = parse_clock(row[_IN_FILE])
        end_s = start_s + length
    if not end_s > start_s:
        raise ValueError(f"the end {end_s:g} s is not after the start {start_s:g} s")
    return start_s, end_s


def _time(row: Mapping[str, str], names: Sequence[str]) -> float:
    name = next((one for one in names if one in row), names[0])
    try:
        return parse_clock(row.get(name, ""))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _audacity(path: Path, text: str) -> AnnotationFile:
    r"""Lines of start, end, text, perhaps a confidence; frequency lines (\\…) are passed over."""
    rows: list[Annotation] = []
    wrong: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("\\"):
            continue
        try:
            rows.append(_audacity_row(number, line))
        except ValueError as error:
            wrong.append((number, str(error)))
    form = "Audacity labels"
    source: Source = "labels"
    if any("answer" in one.extra for one in rows):
        form, source = "verdicts as Audacity labels", "verdicts"
    elif any(one.score is not None for one in rows):
        form, source = "Audacity labels with confidences", "program"
    return AnnotationFile(path, form, source, tuple(rows), tuple(wrong))


def _audacity_row(number: int, line: str) -> Annotation:
    start, end, text, *more = line.rstrip("\r\n").split("\t")
    start_s, end_s = parse_clock(start), parse_clock(end)
    words = text.split()
    if not words:
        raise ValueError("the label is empty")
    score = parse_number(more[0]) if more else None
    extra: dict[str, str] = {}
    names = (text.strip(), *(part.strip() for part in re.split(r", |_", text.strip())))
    if len(words) in (2, 3) and words[1] in ANSWERS:
        names, extra = (words[0],), {"answer": words[1], "corrected_label": " ".join(words[2:])}
    elif len(words) == 2 and (value := parse_number(words[1])) is not None:
        names, score = (words[0],), value
    # a point label marks a moment
    return Annotation(number, "", start_s, max(end_s, start_s + 1e-3), names, score, extra)
