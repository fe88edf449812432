"""Cut lists: spans of recordings to leave out, kept beside a dataset and never in it.

`birdscope clean` proposes cuts, a person listens and decides, training leaves the accepted
ones out as it reads a clip, at the clip's own sample rate. No recording is ever rewritten.
"""

from __future__ import annotations

import csv
import io
import os
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

from birdscope.core.atomic import write_text
from birdscope.core.errors import DatasetError
from birdscope.dataset.fields import parse_number
from birdscope.dataset.tables import read_table

Decision = Literal["proposed", "accepted", "rejected"]
Reason = Literal["speech", "silence", "clipping", "duplicate", "noise"]
REASONS: tuple[Reason, ...] = get_args(Reason)
FILE = "cuts.csv"
COLUMNS = ("recording", "start_s", "end_s", "reason", "probability", "decision", "note")
_DECISIONS = frozenset(get_args(Decision))
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Cut:
    """A span of a recording that may have to go.

    Attributes:
        recording: Key of the recording.
        start_s: Where it begins.
        end_s: Where it ends; a cut over the whole recording leaves the recording out.
        reason: Why it was proposed.
        probability: How sure that is, 0 to 1.
        decision: What a person said; `proposed` until then.
        note: What there is to know, such as the recording that a duplicate repeats.
    """

    recording: str
    start_s: float
    end_s: float
    reason: Reason
    probability: float = 1.0
    decision: Decision = "proposed"
    note: str = ""

    @property
    def duration_s(self) -> float:
        """Its length."""
        return self.end_s - self.start_s

    def same_place(self, other: Cut) -> bool:
        """Whether both are about the same sound for the same reason."""
        return (
            self.recording == other.recording
            and self.reason == other.reason
            and self.start_s < other.end_s
            and other.start_s < self.end_s
        )


def cuts_folder(dataset: Path) -> Path:
    """Where the cuts of a dataset are: `<dataset>-cuts` beside it.

    `BIRDSCOPE_CUTS` names another parent folder, for datasets on a disk that is read-only.
    """
    root = Path(dataset).expanduser().resolve()
    given = os.environ.get("BIRDSCOPE_CUTS")
    parent = Path(given).expanduser() if given else root.parent
    return parent / f"{root.name}-cuts"


def read_cuts(folder: Path) -> tuple[Cut, ...]:
    """Every cut of a folder, by recording and time; empty where there is no list.

    Raises:
        DatasetError: the list can't be understood; names the line.
    """
    path = Path(folder) / FILE
    if not path.is_file():
        return ()
    table = read_table(path)
    for name in COLUMNS[:-1]:
        table.column(name)
    cells = ({name: table.get(row, name) for name in COLUMNS} for row in table.rows)
    return tuple(_cut(path, line, one) for line, one in enumerate(cells, start=2))


def write_cuts(folder: Path, cuts: Iterable[Cut]) -> None:
    """Write the list, whole or not at all.

    Raises:
        DatasetError: the folder can't be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in sorted(cuts, key=_order):
        times = (f"{one.start_s:.{_DIGITS}f}", f"{one.end_s:.{_DIGITS}f}")
        writer.writerow(
            (one.recording, *times, one.reason, f"{one.probability:.3f}", one.decision, one.note)
        )
    try:
        write_text(Path(folder) / FILE, text.getvalue())
    except OSError as error:
        raise DatasetError(
            f"can't be written: {error.strerror}",
            path=folder,
            remedy="name another place: --out DIR, or BIRDSCOPE_CUTS=DIR",
        ) from error


def merged(proposed: Iterable[Cut], known: Iterable[Cut]) -> tuple[Cut, ...]:
    """New proposals with the decisions that were made before.

    A decision stays with its span as it was heard; a proposal that overlaps it adds nothing.
    Proposals that nobody decided on are replaced.
    """
    decided = [one for one in known if one.decision != "proposed"]
    of: dict[str, list[Cut]] = {}
    for one in decided:
        of.setdefault(one.recording, []).append(one)
    fresh = [
        one
        for one in proposed
        if not any(one.same_place(other) for other in of.get(one.recording, ()))
    ]
    return tuple(sorted([*decided, *fresh], key=_order))


class ChangedMeanwhileError(DatasetError):
    """Another process wrote the list since it was read."""


class CutList:
    """The cuts of a dataset, decided one after the other and saved at once.

    Args:
        folder: Where `cuts.csv` is.

    Raises:
        DatasetError: the list can't be understood.
    """

    def __init__(self, folder: Path):
        self.folder = Path(folder)
        self._stamp = _stamp(self.folder)
        self._cuts = list(read_cuts(self.folder))
        self._before: list[tuple[int, Cut]] = []

    @property
    def cuts(self) -> Sequence[Cut]:
        """All cuts, in the order of the file; positions don't change."""
        return self._cuts

    def decide(self, position: int, decision: Decision) -> Cut:
        """Say what becomes of a cut; returns it as it is now.

        Raises:
            DatasetError: it can't be saved, or the list was written by somebody else
                meanwhile; then nothing is changed.
        """
        before = self._cuts[position]
        self._set(position, replace(before, decision=decision))
        self._before.append((position, before))
        return self._cuts[position]

    def undo(self) -> int | None:
        """Take the last decision back; returns the position of its cut, None if there is none.

        Raises:
            DatasetError: as `decide`.
        """
        if not self._before:
            return None
        position, before = self._before[-1]
        self._set(position, before)
        self._before.pop()
        return position

    def _set(self, position: int, cut: Cut) -> None:
        if _stamp(self.folder) != self._stamp:
            raise ChangedMeanwhileError(
                "was written by somebody else meanwhile", path=self.folder / FILE,
                remedy="open the review again",
            )  # fmt: skip
        changed = [*self._cuts]
        changed[position] = cut
        write_cuts(self.folder, changed)
        self._stamp = _stamp(self.folder)
        self._cuts = changed


Spans = tuple[tuple[float, float], ...]
"""Seconds (start, end), in order, not touching one another."""


def load_cuts(
    folder: Path, *, proposed: bool = False, reasons: Iterable[Reason] = REASONS
) -> Mapping[str, Spans]:
    """What to leave out of each recording.

    Args:
        folder: Of the cuts, see `cuts_folder`.
        proposed: Also what nobody has decided on yet; otherwise only what was accepted.
        reasons: Only cuts for one of these reasons.

    Returns:
        Recording key → spans in seconds, joined where they touch; recordings without any
        are not in it.

    Raises:
        DatasetError: the list can't be understood.
    """
    wanted = {"accepted", "proposed"} if proposed else {"accepted"}
    allowed = frozenset(reasons)
    found: dict[str, list[tuple[float, float]]] = {}
    for one in read_cuts(folder):
        if one.decision in wanted and one.reason in allowed:
            found.setdefault(one.recording, []).append((one.start_s, one.end_s))
    return {key: joined(spans) for key, spans in found.items()}


def joined(spans: Iterable[tuple[float, float]]) -> Spans:
    """Spans in order, those that touch made one."""
    out: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        elif end > start:
            out.append((start, end))
    return tuple(out)


class Kept:
    """The time of a recording without its cuts: samples that are left, and where they are.

    Args:
        samples: Length of the whole recording.
        spans: What is cut out, in seconds, see `load_cuts`.
        sample_rate_hz: Frames per second.

    >>> kept = Kept(100, ((2.0, 5.0),), 10)
    >>> kept.samples, kept.pieces(10, 20)
    (70, ((10, 20), (50, 60)))
    """

    def __init__(self, samples: int, spans: Spans, sample_rate_hz: int):
        self._pieces: list[tuple[int, int]] = []
        self._starts: list[int] = []
        at = length = 0
        edges = [(round(start * sample_rate_hz), round(end * sample_rate_hz))
                 for start, end in spans]  # fmt: skip
        for start, end in [*edges, (samples, samples)]:
            stop = min(max(start, at), samples)
            if stop > at:
                self._starts.append(length)
                self._pieces.append((at, stop))
                length += stop - at
            at = min(max(at, end), samples)
        self.samples = length

    def pieces(self, start: int, samples: int) -> tuple[tuple[int, int], ...]:
        """Samples [start, start + samples) of what is left, as (begin, end) in the file."""
        out: list[tuple[int, int]] = []
        end = min(start + samples, self.samples)
        number = bisect_right(self._starts, start) - 1
        while 0 <= number < len(self._pieces) and start < end:
            begin, stop = self._pieces[number]
            first = begin + start - self._starts[number]
            last = min(stop, first + end - start)
            out.append((first, last))
            start += last - first
            number += 1
        return tuple(out)


def _stamp(folder: Path) -> tuple[int, int] | None:
    """Which state of the list is on the disk; None where there is none."""
    try:
        status = (folder / FILE).stat()
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def _order(cut: Cut) -> tuple[str, float, str]:
    return cut.recording, cut.start_s, cut.reason


def _cut(path: Path, line: int, cells: Mapping[str, str]) -> Cut:
    start, end = parse_number(cells["start_s"]), parse_number(cells["end_s"])
    probability = parse_number(cells["probability"])
    if start is None or end is None or probability is None or not 0 <= start < end:
        raise _wrong(path, line, "has no valid start_s, end_s and probability")
    if cells["reason"] not in REASONS:
        raise _wrong(path, line, f"reason {cells['reason']!r} is none of {', '.join(REASONS)}")
    if cells["decision"] not in _DECISIONS:
        raise _wrong(path, line, f"decision {cells['decision']!r} is none of "
                     + ", ".join(get_args(Decision)))  # fmt: skip
    return Cut(
        recording=cells["recording"],
        start_s=start,
        end_s=end,
        reason=cells["reason"],
        probability=probability,
        decision=cast("Decision", cells["decision"]),
        note=cells["note"],
    )


def _wrong(path: Path, line: int, what: str) -> DatasetError:
    return DatasetError(f"line {line} {what}", path=path, remedy="repair that line")
