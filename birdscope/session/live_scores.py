"""Raw scores of single windows, kept as they come.

A dataset-wide store holds whole recordings; Scope predicts the window under the playhead
first, and a person leaves a recording half done. So each recording has one small file
`<key>.<size in bytes>.npy`, float32 [W, K, C], where NaN means "not yet". The file is made
whole (NaN) by an atomic rename; then a window is one write in place. A window torn by a
crash still holds a NaN, so it counts as not done: no marks to keep in step.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from birdscope.core import atomic
from birdscope.core.errors import ScoresError
from birdscope.core.scores import ScoredCheckpoint

if TYPE_CHECKING:
    import numpy.typing as npt

META_FILE = "live.json"


@dataclass(frozen=True)
class LiveMeta:
    """What the axes of the files in a folder mean.

    Attributes:
        classes: Labels of the C columns.
        checkpoints: The K layers.
        weights: Member → blend weight.
    """

    classes: tuple[str, ...]
    checkpoints: tuple[ScoredCheckpoint, ...]
    weights: Mapping[str, float]


class LiveScores:
    """The live scores of one ensemble on one dataset: a folder, a file per recording."""

    def __init__(self, folder: Path, meta: LiveMeta):
        self.folder = folder
        self.meta = meta

    @classmethod
    def create(cls, folder: Path, meta: LiveMeta) -> LiveScores:
        """Open the folder for writing, and make it where it is new.

        Raises:
            ScoresError: the folder holds scores of other classes or checkpoints.
        """
        path = Path(folder) / META_FILE
        if not path.exists():
            atomic.write_text(path, _to_json(meta))
        found = cls.open(folder)
        if (found.meta.classes, found.meta.checkpoints) != (meta.classes, meta.checkpoints):
            raise ScoresError(
                "holds scores of other classes or checkpoints",
                path=folder,
                remedy="remove this folder, or choose another session",
            )
        return found

    @classmethod
    def open(cls, folder: Path) -> LiveScores:
        """Open an existing folder.

        Raises:
            ScoresError: there is none, or its live.json is damaged.
        """
        path = Path(folder) / META_FILE
        try:
            body = json.loads(path.read_text("utf-8"))
            meta = LiveMeta(
                tuple(body["classes"]),
                tuple(ScoredCheckpoint(*one) for one in body["checkpoints"]),
                dict(body["weights"]),
            )
        except FileNotFoundError:
            raise ScoresError("has no live scores", path=folder) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ScoresError(
                f"can't be read: {error}", path=path, remedy="remove the folder it is in"
            ) from None
        return cls(Path(folder), meta)

    def path_of(self, recording: str, audio: Path) -> Path:
        """The file of a recording; a sound file of another size has another one."""
        return self.folder / f"{recording}.{audio.stat().st_size}.npy"

    def read(self, recording: str, audio: Path) -> npt.NDArray[np.float32] | None:
        """float32 [K, W, C] with NaN for windows not done; None where nothing is kept.

        Raises:
            ScoresError: the file is damaged or has another shape.
        """
        path = self.path_of(recording, audio)
        if not path.exists():
            return None
        try:
            stored: npt.NDArray[np.float32] = np.load(path, allow_pickle=False)
        except (OSError, ValueError) as error:
            raise ScoresError(f"is damaged: {error}", path=path, remedy="remove it") from None
        expected = (len(self.meta.checkpoints), len(self.meta.classes))
        if stored.ndim != 3 or stored.shape[1:] != expected:
            raise ScoresError(f"has the shape {stored.shape}", path=path, remedy="remove it")
        values = np.ascontiguousarray(stored.transpose(1, 0, 2))
        values[:, ~done_windows(values)] = np.nan
        return values

    def writer(self, recording: str, audio: Path, n_windows: int) -> LiveWriter:
        """Open a recording's file for writing; one of another length is replaced."""
        path = self.path_of(recording, audio)
        shape = (n_windows, len(self.meta.checkpoints), len(self.meta.classes))
        if not path.exists() or _shape_of(path) != shape:
            with atomic.replacing(path) as temporary, open(temporary, "wb") as file:
                np.save(file, np.full(shape, np.nan, np.float32))
        return LiveWriter(path)


class LiveWriter:
    """Writes windows of one recording in place."""

    def __init__(self, path: Path):
        self._stored: np.memmap[tuple[int, ...], np.dtype[np.float32]] = np.lib.format.open_memmap(
            path, mode="r+"
        )

    def read(self, index: int) -> npt.NDArray[np.float32] | None:
        """float32 [K, C] of a window, or None where it is not done."""
        row = np.array(self._stored[index])
        return None if np.isnan(row).any() else row

    def write(self, index: int, values: npt.NDArray[np.float32]) -> None:
        """Keep [K, C] of a window."""
        self._stored[index] = values

    def flush(self) -> None:
        """Bring what was written to the disk."""
        self._stored.flush()


def done_windows(values: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Which windows of [K, W, C] are complete: bool [W]."""
    return np.asarray(~np.isnan(values).any(axis=(0, 2)), np.bool_)


def _shape_of(path: Path) -> Sequence[int] | None:
    try:
        array: npt.NDArray[np.float32] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None
    return array.shape


def _to_json(meta: LiveMeta) -> str:
    body = {
        "classes": list(meta.classes),
        "checkpoints": [[one.name, one.member] for one in meta.checkpoints],
        "weights": dict(meta.weights),
    }
    return json.dumps(body, ensure_ascii=False, indent=1)
