"""Annotations → verdicts: which species, recording and windows of a dataset each row means.

Every row is accounted for: it becomes verdicts, or the report names it with the reason. A
stretch that is no single window of the 5 s grid labels every window it touches, as in labels of
soundscapes.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import cast

from birdscope.audio.files import probe
from birdscope.core.errors import AudioError, UsageError
from birdscope.core.types import SPLITS, Taxonomy
from birdscope.core.verdicts import Answer, Verdict
from birdscope.core.windows import WINDOW_S, window_count
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.fields import parse_number
from birdscope.submission.annotation_files import Annotation, AnnotationFile

_TOUCH_S = 1e-6
_RESULT_NAME = re.compile(
    r"(\.birdnet)?\.(selection\.table|results|audacity|kaleidoscope|detections)"
    r"(\.(r|audacity|kaleidoscope))?\.(txt|csv)$|\.table\.\d+\.selections\.txt$|\.(txt|csv)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to take what a file leaves open.

    Attributes:
        annotator: Who said it, where the file doesn't tell.
        now: When, where the file doesn't tell; UTC.
        answer: What a row without an answer means; None: `yes` where people label, `maybe` where
            a program gives confidences.
    """

    annotator: str
    now: str
    answer: Answer | None = None


@dataclass
class ImportReport:
    """What became of the rows of one file.

    Attributes:
        file: Its path.
        form: What kind of file it is.
        rows: Rows read, one for each species that a line names.
        used: Rows that became verdicts.
        verdicts: Verdicts they became, those there already included.
        already: Verdicts that counted before, word for word; not taken again.
        older: Verdicts that were changed here since; not taken.
        spread: Rows that label more than one window.
        unknown_species: Species as named → rows; no verdicts.
        unknown_recordings: Recording as named → rows; no verdicts.
        beyond_end: Rows after the end of their recording; no verdicts.
        without_species: Rows that name no species; no verdicts.
        no_calls: Rows that say that nothing was detected; no verdicts.
        wrong: Line and reason of rows that can't be understood; no verdicts.
        answer: What rows without an answer were taken for; empty where each has one.
    """

    file: str
    form: str
    rows: int = 0
    used: int = 0
    verdicts: int = 0
    already: int = 0
    older: int = 0
    spread: int = 0
    unknown_species: Counter[str] = field(default_factory=Counter)
    unknown_recordings: Counter[str] = field(default_factory=Counter)
    beyond_end: int = 0
    without_species: int = 0
    no_calls: int = 0
    wrong: list[tuple[int, str]] = field(default_factory=list)
    answer: str = ""


class Matcher:
    """Finds the species and recordings of a dataset by the names that files use."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._windows: dict[str, int | None] = {}

    def species(self, names: Iterable[str]) -> str | None:
        """The label of the first name that is known: a label, a scientific or common name."""
        found = (self._species.get(name.strip().casefold()) for name in names)
        return next((label for label in found if label), None)

    def recording(self, named: str, file: PurePosixPath) -> str | None:
        """The key of a recording: by path, file name or stem; else by the annotations' file."""
        if not named:
            stem = _RESULT_NAME.sub("", file.name)
            return self._recording([*file.parent.parts[-2:], stem])
        return self._recording([part for part in re.split(r"[\\/]", named) if part])

    def windows(self, key: str) -> int | None:
        """Windows of a recording; None where the file can't be read."""
        if key not in self._windows:
            try:
                self._windows[key] = window_count(probe(self.catalog.root / key).duration_s)
            except AudioError:
                self._windows[key] = None
        return self._windows[key]

    def _recording(self, parts: list[str]) -> str | None:
        """The most precise end of the path that only one recording has."""
        ends = ("/".join(parts[-count:]) for count in (3, 2, 1))
        return next((key for end in ends if (key := self._recordings.get(end))), None)

    @cached_property
    def _species(self) -> Mapping[str, str]:
        return species_names(self.catalog.taxonomy)

    @cached_property
    def _recordings(self) -> Mapping[str, str]:
        """Every end of a key, with and without the ending of the file, that is unique."""
        keys = [one.key for split in SPLITS for one in self.catalog.recordings(split)]
        return _unique((end, key) for key in keys for end in _ends(key))


def species_names(taxonomy: Taxonomy) -> Mapping[str, str]:
    """Label, scientific and common name in lower case → label; names of two species left out."""
    by_name = _unique(
        (name.casefold(), one.label)
        for one in taxonomy
        for name in (one.scientific_name, one.common_name)
        if name
    )
    return {**by_name, **{one.label.casefold(): one.label for one in taxonomy}}


def to_verdicts(
    file: AnnotationFile, matcher: Matcher, options: ImportOptions, known: Iterable[Verdict] = ()
) -> tuple[list[Verdict], ImportReport]:
    """What a file says as verdicts, and what became of each row.

    Args:
        file: The annotations.
        matcher: Of the dataset.
        options: What the file leaves open.
        known: Verdicts that count already: the same again is not given back.
    """
    report = ImportReport(str(file.path), file.form, no_calls=file.no_calls)
    report.wrong = list(file.wrong)
    report.rows = len(file.rows) + len(file.wrong) + file.no_calls
    given: Answer = options.answer or ("maybe" if file.source == "program" else "yes")
    there = {_said(one) for one in known}
    since = {_cell(one): one.at for one in known}
    found: list[Verdict] = []
    for row in file.rows:
        verdicts = _verdicts_of(row, file, matcher, options, given, report)
        report.used += bool(verdicts)
        report.spread += len(verdicts) > 1
        report.verdicts += len(verdicts)
        for one in verdicts:
            if _said(one) in there:
                report.already += 1
            elif one.at < since.get(_cell(one), ""):
                report.older += 1
            else:
                there.add(_said(one))
                found.append(one)
    return found, report


def _verdicts_of(
    row: Annotation,
    file: AnnotationFile,
    matcher: Matcher,
    options: ImportOptions,
    given: Answer,
    report: ImportReport,
) -> list[Verdict]:
    """The verdicts of a row; none where the report says why."""
    if not row.names:
        report.without_species += 1
        return []
    label = matcher.species(row.names)
    if label is None:
        report.unknown_species[" · ".join(dict.fromkeys(row.names))] += 1
        return []
    key = matcher.recording(row.recording, PurePosixPath(file.path.as_posix()))
    if key is None:
        report.unknown_recordings[row.recording or file.path.name] += 1
        return []
    windows = _windows(row.start_s, row.end_s, matcher.windows(key))
    if not windows:
        report.beyond_end += 1
        return []
    try:
        make = _maker(row, file, label, key, matcher, options, given, report)
        return [make(index) for index in windows]
    except (UsageError, ValueError) as error:
        report.wrong.append((row.line, str(error).split("\n")[0]))
        return []


def _maker(
    row: Annotation,
    file: AnnotationFile,
    label: str,
    key: str,
    matcher: Matcher,
    options: ImportOptions,
    given: Answer,
    report: ImportReport,
) -> Callable[[int], Verdict]:
    """Makes the verdict of a window out of a row.

    Raises:
        ValueError: it is corrected to a species that nobody knows.
    """
    own = row.extra
    answer = cast("Answer", own.get("answer", "").casefold() or given)
    if "answer" not in own:
        report.answer = given
    corrected = own.get("corrected_label") or None
    if corrected is not None:
        known = matcher.species([corrected])
        if known is None:
            raise ValueError(f"corrected to the unknown species {corrected!r}")
        corrected = known
    by_program = file.source == "program"
    probability = parse_number(own.get("sampling_probability", ""))
    score = parse_number(own.get("score", "")) if file.source == "verdicts" else row.score

    def make(index: int) -> Verdict:
        return Verdict(
            recording=key,
            index=index,
            start_s=index * float(WINDOW_S),
            end_s=(index + 1) * float(WINDOW_S),
            label=label,
            answer=answer,
            annotator=own.get("annotator") or options.annotator,
            at=own.get("at") or options.now,
            corrected_label=corrected,
            queue=own.get("queue", ""),
            sampling_probability=probability,
            score=score,
            ensemble=own.get("ensemble", "") or ("a program" if by_program else ""),
            origin=own.get("origin") or file.path.name,
        )

    return make


def _windows(start_s: float, end_s: float, count: int | None) -> range:
    """Indexes of the windows that a stretch touches, within the recording."""
    first = math.floor(start_s / WINDOW_S + _TOUCH_S)
    end = max(first + 1, math.ceil(end_s / WINDOW_S - _TOUCH_S))
    return range(first, end if count is None else min(end, count))


def _said(one: Verdict) -> tuple[object, ...]:
    return one.window, one.label, one.answer, one.corrected_label, one.annotator


def _cell(one: Verdict) -> tuple[object, ...]:
    return one.window, one.label, one.annotator


def _ends(key: str) -> Iterable[str]:
    parts = key.split("/")
    for count in range(1, len(parts) + 1):
        end = "/".join(parts[-count:])
        yield end
        yield end.rpartition(".")[0] or end


def _unique(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Name → what it means; a name that means two things is left out."""
    found: dict[str, str | None] = {}
    for name, meaning in pairs:
        found[name] = meaning if found.get(name, meaning) == meaning else None
    return {name: meaning for name, meaning in found.items() if meaning is not None}
