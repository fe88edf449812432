"""Scores on disk, written recording by recording so that a killed run goes on where it was.

A folder holds `values.npy` (float32 [K, R, C], NaN = not predicted), `rows.parquet`,
`meta.json` (classes, checkpoints, fingerprints; written last, so that it marks a whole folder)
and `recordings.jsonl` (a line for each finished recording: its outcome). A block reaches the
disk before its mark does. Nothing in the folder tells the time: two runs over the same data
give the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import numpy as np
import numpy.typing as npt

from birdscope.core import atomic
from birdscope.core.config import parse
from birdscope.core.errors import ConfigError, ScoresError
from birdscope.core.scores import ScoreRows, Scores
from birdscope.core.settings import Settings
from birdscope.inference import store_files as files
from birdscope.inference.rows import read_rows
from birdscope.inference.store_files import Mark, ScoresMeta, Status

__all__ = ["Mark", "ScoresMeta", "ScoresStore", "Status"]


class ScoresStore:
    """A folder of scores, open for reading or (with the lock held) for writing."""

    def __init__(self, folder: Path, meta: ScoresMeta, rows: ScoreRows, lock: IO[str] | None):
        self.folder = folder
        self.meta = meta
        self.rows = rows
        self._lock = lock
        self._marks = {mark.recording: mark for mark in files.read_marks(folder / files.MARKS)}
        self._values = files.map_values(folder / files.VALUES, self._shape())

    @classmethod
    def open(cls, folder: Path) -> ScoresStore:
        """Open for reading; a run may be writing at the same time.

        Raises:
            ScoresError: if the folder holds no scores or damaged ones.
        """
        folder = Path(folder)
        return cls(folder, files.read_meta(folder), read_rows(folder / files.ROWS), None)

    @classmethod
    def open_or_resume(
        cls,
        folder: Path,
        meta: ScoresMeta,
        recordings: Sequence[str],
        plan: Callable[[], ScoreRows],
        *,
        restart: bool = False,
    ) -> ScoresStore:
        """Open for writing: go on with what is there, or begin.

        Args:
            folder: Made where it doesn't exist.
            meta: What is to be written; must agree with what is there.
            recordings: Keys to be predicted, in order; must agree too.
            plan: Lays out the rows; only called to begin, because it reads every header.
            restart: Throw away what is there.

        Raises:
            ScoresError: if another process writes, if the scores there are of something
                else, or if the disk is full.
        """
        folder = Path(folder)
        lock = files.acquire(folder)
        try:
            if restart:
                files.clear(folder)
            if (folder / files.META).exists():
                store = cls(folder, files.read_meta(folder), read_rows(folder / files.ROWS), lock)
                store._check_same(meta, recordings)
                store._take_over(meta)
                return store
            files.begin(folder, meta, plan())
            return cls(folder, meta, read_rows(folder / files.ROWS), lock)
        except BaseException:
            lock.close()
            raise

    @classmethod
    def create(
        cls, folder: Path, meta: ScoresMeta, rows: ScoreRows, *, restart: bool = False
    ) -> ScoresStore:
        """Begin with known rows, or resume the same; see `open_or_resume`."""
        return cls.open_or_resume(folder, meta, rows.recordings, lambda: rows, restart=restart)

    def write(
        self,
        recording: str,
        block: npt.NDArray[np.float32] | None,
        status: Status = "ok",
        message: str = "",
        duration_s: float = 0.0,
        left_out: tuple[str, ...] = (),
    ) -> None:
        """Keep a recording's block [K, W, C], make it durable, then mark it done.

        None leaves its rows NaN (unreadable). With checkpoints left out it is marked, but
        not done: a run with more time predicts it again.

        Raises:
            ScoresError: if the shape is wrong or the disk is full.
        """
        if self._lock is None:
            raise ScoresError("these scores are open for reading only", path=self.folder)
        span = self.rows.span(recording)
        if block is not None:
            self._write_block(span, np.ascontiguousarray(block, dtype=np.float32))
        mark = Mark(recording, status, message, round(duration_s, 3), left_out)
        with files.disk_errors(self.folder):
            files.append_mark(self.folder / files.MARKS, mark)
        self._marks[recording] = mark

    def _write_block(self, span: slice, block: npt.NDArray[np.float32]) -> None:
        layers, _, classes = self._shape()
        expected = (layers, span.stop - span.start, classes)
        if block.shape != expected:
            raise ScoresError(f"a block has shape {block.shape}, not {expected}", path=self.folder)
        values, rows = self.folder / files.VALUES, len(self.rows)
        with files.disk_errors(self.folder):
            files.write_block(values, self._values.offset, rows, span.start, block)

    @property
    def marks(self) -> Mapping[str, Mark]:
        """Recordings and their outcomes, in the order they were finished."""
        return self._marks

    @property
    def done(self) -> frozenset[str]:
        """Keys of the recordings that every checkpoint has predicted."""
        return frozenset(key for key, mark in self._marks.items() if not mark.left_out)

    @property
    def complete(self) -> bool:
        """Whether every recording is finished."""
        return len(self.done) == len(self.rows.recordings)

    @cached_property
    def settings(self) -> Settings:
        """The default stack of the ensemble that made these scores."""
        try:
            return parse(Settings, dict(self.meta.settings), self.folder / files.META)
        except ConfigError as error:
            raise ScoresError(error.what, path=error.path, remedy="predict again") from error

    @property
    def raw_values(self) -> npt.NDArray[np.float32]:
        """float32 [K, R, C] as it is on the disk, memory-mapped: see `marks` for what to trust.

        Rows of a recording without a mark may be half written.
        """
        return self._values

    def scores(self) -> Scores:
        """The scores, memory-mapped: only what is looked at is read.

        A recording without a mark may hold part of a block (its writer was killed, or is at
        it); its rows are NaN here.
        """
        meta = self.meta
        return Scores(meta.classes, meta.checkpoints, self.rows, self._marked(), dict(meta.weights))

    def _marked(self) -> npt.NDArray[np.float32]:
        unmarked = [key for key in self.rows.recordings if key not in self._marks]
        if not unmarked:
            return self._values
        values: npt.NDArray[np.float32] = np.array(self._values)
        for key in unmarked:
            values[:, self.rows.span(key)] = np.nan
        return values

    def refresh(self) -> None:
        """Look again which recordings are finished (another process may be writing)."""
        self._marks = {mark.recording: mark for mark in files.read_marks(self.folder / files.MARKS)}

    def close(self) -> None:
        """Give the lock back."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _take_over(self, meta: ScoresMeta) -> None:
        """Go on writing: mend the marks; weights and settings may have changed since."""
        with files.disk_errors(self.folder):
            files.drop_torn_line(self.folder / files.MARKS)
            if meta != self.meta:
                atomic.write_text(self.folder / files.META, meta.to_json())
                self.meta = meta

    def _shape(self) -> tuple[int, int, int]:
        return len(self.meta.checkpoints), len(self.rows), len(self.meta.classes)

    def _check_same(self, meta: ScoresMeta, recordings: Sequence[str]) -> None:
        """Refuse to go on with scores of something else."""
        there, wanted = self.meta, meta
        reasons = [
            f"another {name} (fingerprint {there.fingerprints.get(name)}, "
            f"now {wanted.fingerprints.get(name)})"
            for name in sorted({*there.fingerprints, *wanted.fingerprints})
            if there.fingerprints.get(name) != wanted.fingerprints.get(name)
        ]
        if there.classes != wanted.classes:
            reasons.append("another class list")
        if there.checkpoints != wanted.checkpoints:
            reasons.append("other checkpoints")
        if self.rows.recordings != tuple(recordings):
            reasons.append(f"other recordings ({len(self.rows.recordings)}, now {len(recordings)})")
        if reasons:
            raise ScoresError(
                f"the scores here are of {' and of '.join(reasons)}",
                path=self.folder,
                remedy="choose another folder, or throw them away with --restart",
            )
