"""Examine a dataset and propose cuts: resumable, cancellable, writing only beside it."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from birdscope.core.atomic import write_text
from birdscope.core.errors import DatasetError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.types import Recording
from birdscope.dataset.cleaning.examine import Examined, examine, stamp_of
from birdscope.dataset.cleaning.fingerprint import Match, find_duplicates
from birdscope.dataset.cleaning.settings import CleanSettings
from birdscope.dataset.cleaning.speech import SileroVoice, Voice
from birdscope.dataset.cut_lists import REASONS, Cut, merged, read_cuts, write_cuts

REPORT = "report.csv"
_DONE = "examined.jsonl"
_COLUMNS = (
    "recording",
    "duration_s",
    "peak",
    "rms_dbfs",
    "clipped_share",
    "silent_share",
    "snr_db",
    "speech_s",
    "duplicate_of",
    "problem",
)


@dataclass(frozen=True)
class Cleaned:
    """What was found in a dataset.

    Attributes:
        folder: Where cuts.csv and report.csv are.
        recordings: How many were examined, in this run or before.
        seconds: Their length.
        reused: How many of them were known from an earlier run.
        cuts: Every cut now in the list, decided ones too.
        matches: Recordings that hold the same sound.
        problems: Recording key → what can't be decoded.
    """

    folder: Path
    recordings: int
    seconds: float
    reused: int
    cuts: tuple[Cut, ...]
    matches: tuple[Match, ...]
    problems: Mapping[str, str]

    def by_reason(self) -> dict[str, tuple[int, float]]:
        """Reason → number of cuts and their seconds."""
        counts = Counter(one.reason for one in self.cuts)
        return {
            reason: (counts[reason], sum(c.duration_s for c in self.cuts if c.reason == reason))
            for reason in REASONS
        }


def clean(
    recordings: Sequence[Recording],
    folder: Path,
    settings: CleanSettings | None = None,
    *,
    voice: Voice | None = None,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> Cleaned:
    """Examine recordings and write `cuts.csv` and `report.csv` into `folder`.

    What was examined is kept at once: a run that was stopped or killed goes on where it was.
    A recording is examined again when its file or the settings changed. Decisions made on
    earlier proposals stay.

    Args:
        recordings: Which; their files are only read.
        folder: Beside the dataset, never in it.
        settings: What to look for.
        voice: Finds speech; Silero VAD by default.
        emit: Hears of progress and of files that can't be read.
        stop: Ends the work early.

    Raises:
        DatasetError: the folder is inside the dataset or can't be written.
        Cancelled: if `stop` was set; what was examined is kept.
    """
    settings = settings or CleanSettings()
    refuse_inside(folder, recordings)
    known = _known(folder, settings)
    old = {one.key: known[one.key] for one in recordings if _is_same(one, known.get(one.key))}
    done = dict(old)
    waiting = [one for one in recordings if one.key not in done]
    if settings.speech and voice is None and waiting:
        voice = SileroVoice()
    with _appending(folder, settings) as file:
        for recording in waiting:
            if stop is not None:
                stop.check()
            found = examine(recording, settings, voice if settings.speech else None)
            _append(file, found.to_json())
            done[recording.key] = found
            if found.problem:
                emit(Event("warning", f"{recording.key}: {found.problem}"))
            emit(Event("progress", done=len(done), total=len(recordings), unit="recording",
                       message=recording.name))  # fmt: skip
    in_order = [done[one.key] for one in recordings]
    return _conclude(folder, in_order, len(old), settings)


def _conclude(
    folder: Path, examined: Sequence[Examined], reused: int, settings: CleanSettings
) -> Cleaned:
    """Look for duplicates, then write the list and the report."""
    matches: tuple[Match, ...] = ()
    if settings.duplicates:
        matches = find_duplicates(
            {one.recording: one.sample_hash for one in examined if one.sample_hash},
            {one.recording: one.words for one in examined if one.words is not None},
        )
    lengths = {one.recording: one.quality.duration_s for one in examined}
    proposed = [cut for one in examined for cut in one.cuts]
    proposed += [_repeat(one, lengths[one.second]) for one in matches]
    examined_keys = lengths.keys()
    known = read_cuts(folder)
    others = [one for one in known if one.recording not in examined_keys]
    cuts = (*others, *merged(proposed, (one for one in known if one.recording in examined_keys)))
    write_cuts(folder, cuts)
    _write_report(folder, examined, matches)
    return Cleaned(
        folder=folder,
        recordings=len(examined),
        seconds=sum(lengths.values()),
        reused=reused,
        cuts=cuts,
        matches=matches,
        problems={one.recording: one.problem for one in examined if one.problem},
    )


def _repeat(match: Match, duration_s: float) -> Cut:
    what = "same samples as" if match.exact else "same sound as"
    return Cut(
        match.second,
        0.0,
        round(duration_s, 3),
        "duplicate",
        round(match.similarity, 3),
        note=f"{what} {match.first}",
    )


def refuse_inside(folder: Path, recordings: Sequence[Recording]) -> None:
    """Make sure that nothing is written into a dataset.

    Raises:
        DatasetError: the folder is in the dataset of one of the recordings, or holds it.
    """
    here = Path(folder).expanduser().resolve()
    for recording in recordings[:1]:
        root = recording.path.parents[recording.key.count("/")].resolve()
        if here.is_relative_to(root):
            raise DatasetError(
                "is inside the dataset, which is never written to",
                path=folder,
                remedy="name a folder beside it: --out DIR",
            )


def _write_report(folder: Path, examined: Sequence[Examined], matches: Sequence[Match]) -> None:
    originals = {one.second: one.first for one in matches}
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in examined:
        quality = one.quality
        speech_s = sum(cut.duration_s for cut in one.cuts if cut.reason == "speech")
        writer.writerow(
            (
                one.recording,
                f"{quality.duration_s:.3f}",
                f"{quality.peak:.4f}",
                f"{quality.rms_dbfs:.1f}",
                f"{quality.clipped_share:.5f}",
                f"{quality.silent_share:.4f}",
                f"{quality.snr_db:.1f}",
                f"{speech_s:.3f}",
                originals.get(one.recording, ""),
                one.problem,
            )
        )
    write_text(Path(folder) / REPORT, text.getvalue())


def _is_same(recording: Recording, known: Examined | None) -> bool:
    return known is not None and known.stamp == stamp_of(recording) != ""


def _header(settings: CleanSettings) -> str:
    """The first line of the results: what they were made with."""
    text = settings.model_dump_json()
    return f"# birdscope clean 1 {hashlib.sha256(text.encode()).hexdigest()[:16]} {text}"


def _known(folder: Path, settings: CleanSettings) -> dict[str, Examined]:
    """Results of an earlier run with the same settings; a torn line is left out."""
    try:
        lines = (Path(folder) / _DONE).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return {}
    if lines[0] != _header(settings):
        return {}
    found: dict[str, Examined] = {}
    for line in lines[1:]:
        with suppress(ValueError):
            one = Examined.from_json(line)
            found[one.recording] = one
    return found


@contextmanager
def _appending(folder: Path, settings: CleanSettings) -> Iterator[IO[str]]:
    """The file of results, begun anew where the settings changed."""
    path = Path(folder) / _DONE
    header = _header(settings)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = path.is_file() and path.read_bytes()[: len(header.encode())] == header.encode()
        with open(path, "a" if kept else "w", encoding="utf-8") as file:
            # a line that a kill has torn ends here
            file.write("\n" if kept else f"{header}\n")
            yield file
    except OSError as error:
        raise DatasetError(
            f"can't be written: {error.strerror}",
            path=folder,
            remedy="name another place: --out DIR, or BIRDSCOPE_CUTS=DIR",
        ) from error


def _append(file: IO[str], line: str) -> None:
    file.write(f"{line}\n")
    file.flush()
