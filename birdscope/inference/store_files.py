"""The files of a scores folder: their format, reading, writing, the lock."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from birdscope.core import atomic
from birdscope.core.errors import ScoresError
from birdscope.core.scores import ScoredCheckpoint, ScoreRows
from birdscope.inference.rows import write_rows

FORMAT = 1
VALUES, ROWS, META, MARKS, LOCK = (
    "values.npy",
    "rows.parquet",
    "meta.json",
    "recordings.jsonl",
    ".lock",
)

Status = Literal["ok", "short", "silent", "stereo", "long", "damaged", "unreadable"]


@dataclass(frozen=True)
class ScoresMeta:
    """What scores are of: written once, compared on resume.

    Attributes:
        classes: Labels of the columns.
        checkpoints: The layers.
        weights: Member → blend weight of the ensemble file.
        settings: The ensemble file's default stack, as plain data.
        split: Part of the dataset.
        dataset: Name of the dataset.
        ensemble: Name of the ensemble.
        fingerprints: `dataset`, `ensemble` and `code`: what must agree for a run to go on.
    """

    classes: tuple[str, ...]
    checkpoints: tuple[ScoredCheckpoint, ...]
    weights: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    split: str = ""
    dataset: str = ""
    ensemble: str = ""
    fingerprints: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """Text of meta.json."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> ScoresMeta:
        """Read meta.json back.

        Raises:
            ValueError: if the text is not that, or of another format.
        """
        body = json.loads(text)
        if not isinstance(body, dict) or body.pop("format", None) != FORMAT:
            raise ValueError(f"not scores of format {FORMAT}")
        try:
            body["classes"] = tuple(body["classes"])
            body["checkpoints"] = tuple(ScoredCheckpoint(**one) for one in body["checkpoints"])
            return cls(**body)
        except (KeyError, TypeError) as error:
            raise ValueError(f"a key is missing or unknown: {error}") from error


@dataclass(frozen=True, slots=True)
class Mark:
    """The outcome of one recording.

    Attributes:
        recording: Its key.
        status: What kind of recording it turned out to be.
        message: In words; empty for an ordinary one.
        duration_s: Decoded length in seconds.
        left_out: Checkpoints that a time limit kept from it; they can still be predicted.
    """

    recording: str
    status: Status
    message: str = ""
    duration_s: float = 0.0
    left_out: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, line: str | bytes) -> Mark:
        """Read a line back.

        Raises:
            ValueError: if the line is no mark.
        """
        return cls.from_body(json.loads(line))

    @classmethod
    def from_body(cls, body: Any) -> Mark:
        """Read a line's decoded JSON.

        Raises:
            ValueError: if it is no mark.
        """
        try:
            mark = cls(**body)
        except TypeError as error:
            raise ValueError(f"no mark: {error}") from error
        return replace(mark, left_out=tuple(mark.left_out)) if mark.left_out else mark

    def to_json(self) -> str:
        """One line, without an empty `left_out`."""
        body = asdict(self)
        if not self.left_out:
            del body["left_out"]
        return json.dumps(body, ensure_ascii=False)


def begin(folder: Path, meta: ScoresMeta, rows: ScoreRows) -> None:
    """Lay out an empty store; meta.json comes last and makes it one."""
    shape = (len(meta.checkpoints), len(rows), len(meta.classes))
    with disk_errors(folder):
        (folder / MARKS).unlink(missing_ok=True)
        with atomic.replacing(folder / ROWS) as path:
            write_rows(rows, path)
        with atomic.replacing(folder / VALUES) as path:
            _write_empty(path, shape)
        atomic.write_text(folder / MARKS, "")
        atomic.write_text(folder / META, meta.to_json())


def _write_empty(path: Path, shape: tuple[int, int, int]) -> None:
    """A .npy full of NaN, really written, so that a full disk shows now and not later."""
    layer = np.full(shape[1:], np.nan, dtype=np.float32).tobytes()
    header = {"descr": "<f4", "fortran_order": False, "shape": shape}
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for _ in range(shape[0]):
            file.write(layer)


def map_values(path: Path, shape: tuple[int, int, int]) -> np.memmap[Any, np.dtype[np.float32]]:
    """Open values.npy for reading, float32 [K, R, C], memory-mapped.

    Raises:
        ScoresError: if it is missing, damaged or of another shape.
    """
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ScoresError(f"the values can't be read: {error}", path=path, remedy=_AGAIN) from error
    if values.shape != shape or values.dtype != np.float32:
        raise ScoresError(
            f"the values are {values.dtype} {values.shape}, the rows and classes want "
            f"float32 {shape}",
            path=path,
            remedy=_AGAIN,
        )
    mapped: np.memmap[Any, np.dtype[np.float32]] = values
    return mapped


_AGAIN = "the folder is damaged; predict again with --restart"


def read_meta(folder: Path) -> ScoresMeta:
    """Read a folder's meta.json.

    Raises:
        ScoresError: if there is none or it is damaged.
    """
    path = folder / META
    try:
        return ScoresMeta.from_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise ScoresError(
            "there are no scores in this folder", path=folder, remedy="make them: birdscope predict"
        ) from None
    except (OSError, ValueError) as error:
        raise ScoresError(f"can't be read: {error}", path=path, remedy=_AGAIN) from error


def read_marks(path: Path) -> list[Mark]:
    """Whole lines only; what a kill tore off counts as not done."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return []
    lines = text[: text.rfind(b"\n") + 1].splitlines()
    with suppress(ValueError):  # all at once where every line is whole, three times as fast
        return [Mark.from_body(body) for body in json.loads(b"[" + b",".join(lines) + b"]")]
    marks = []
    for line in lines:
        with suppress(ValueError):
            marks.append(Mark.from_json(line))
    return marks


def drop_torn_line(path: Path) -> None:
    """Cut off a line that a kill left half written, so that the next one starts fresh."""
    if not path.exists():
        return
    text = path.read_bytes()
    whole = text.rfind(b"\n") + 1
    if whole < len(text):
        os.truncate(path, whole)


def acquire(folder: Path) -> IO[str]:
    """Take the folder's lock for this process; it ends with the process, however that ends.

    Raises:
        ScoresError: if another process holds it.
    """
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / LOCK, "a", encoding="utf-8")  # noqa: SIM115 - closed with the store
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise ScoresError(
            "another process is writing scores here",
            path=folder,
            remedy="wait for it to end, or choose another folder",
        ) from None
    return lock


def clear(folder: Path) -> None:
    """Remove a store's own files (meta.json first) and nothing else."""
    for name in (META, MARKS, ROWS, VALUES):
        (folder / name).unlink(missing_ok=True)


def write_block(
    path: Path, first_byte: int, rows: int, first_row: int, block: npt.NDArray[np.float32]
) -> None:
    """Put a block [K, W, C] at `first_row` of a values file with R `rows`; durable on return.

    Plain writes, not the memory map: on a full disk a map kills the process (SIGBUS).
    """
    layers, _, classes = block.shape
    with open(path, "rb+") as file:
        for layer in range(layers):
            file.seek(first_byte + (layer * rows + first_row) * classes * block.itemsize)
            file.write(block[layer].tobytes())
        file.flush()
        os.fsync(file.fileno())


def append_mark(path: Path, mark: Mark) -> None:
    """Add a line to the marks; durable on return."""
    with open(path, "a", encoding="utf-8") as file:
        file.write(mark.to_json() + "\n")
        file.flush()
        os.fsync(file.fileno())


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn an OSError of writing into a ScoresError that says what to do."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        remedy = "make room" if full else "check that the folder can be written"
        raise ScoresError(
            f"can't write: {error.strerror or error}",
            path=folder,
            remedy=f"{remedy} or choose another folder; what was finished is kept, the same "
            "command goes on from there",
        ) from error
