"""Pseudo labels on disk: what a teacher said of each window, where from, and what was dropped.

A folder holds `labels.parquet` (a row for each window, raw probabilities before any power),
`meta.toml` (lineage) and `dropped.csv` (windows that a person doesn't want learnt). The
labels are never changed after they were made.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tomlkit

from birdscope import __version__
from birdscope.core import atomic
from birdscope.core.config import Config, load
from birdscope.core.errors import TrainingError
from birdscope.core.windows import WINDOW_S
from birdscope.training.config_stages import PseudoConfig
from birdscope.training.window_labels import label_windows

LABELS, META, DROPPED = "labels.parquet", "meta.toml", "dropped.csv"
Key = tuple[str, float]
"""A window: its recording's key and its start in seconds."""


class TeacherFile(Config):
    """A checkpoint that took part: its path when it was used, and its fingerprint."""

    path: str
    fingerprint: str


class PseudoMeta(Config):
    """Where pseudo labels come from.

    Attributes:
        classes: Labels of the columns.
        checkpoints: The teacher's.
        config: Settings they were made with; power and thresholds can be others in training.
        dataset: Its name.
        dataset_fingerprint: Of the dataset.
        recordings: How many were predicted.
        excluded: How many were left out because they are scored.
        unreadable: How many gave no sound.
        made: UTC date and time, ISO 8601.
        version: Of birdscope.
    """

    classes: tuple[str, ...]
    checkpoints: tuple[TeacherFile, ...]
    config: PseudoConfig
    dataset: str
    dataset_fingerprint: str
    recordings: int
    excluded: int
    unreadable: int = 0
    made: str
    version: str = __version__


@dataclass(frozen=True)
class PseudoLabels:
    """Pseudo labels of W windows.

    Attributes:
        folder: Where they lie.
        meta: Their lineage.
        keys: Recording and start of each window.
        probabilities: float32 [W, C] as the teacher said them.
        dropped: bool [W]: a person doesn't want them.
    """

    folder: Path
    meta: PseudoMeta
    keys: tuple[Key, ...]
    probabilities: npt.NDArray[np.float32]
    dropped: npt.NDArray[np.bool_]

    @classmethod
    def open(cls, folder: Path) -> PseudoLabels:
        """Read a folder.

        Raises:
            TrainingError: if it holds no pseudo labels, or damaged ones.
            ConfigError: if its meta.toml is not valid.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        folder = Path(folder)
        if not (folder / META).is_file():
            raise TrainingError(
                "there are no pseudo labels here",
                path=folder,
                remedy="make some with birdscope pseudo-label make",
            )
        meta = load(PseudoMeta, folder / META)
        try:
            table = pq.read_table(
                folder / LABELS, columns=["recording", "start_s", "probabilities"]
            )
            flat = table["probabilities"].combine_chunks().flatten().to_numpy()
            values = flat.reshape(len(table), len(meta.classes)).astype(np.float32)
        except (OSError, pa.ArrowException, KeyError, ValueError) as error:
            raise TrainingError(
                f"the pseudo labels can't be read: {error}", path=folder, remedy="make them again"
            ) from error
        starts = table["start_s"].to_pylist()
        keys = tuple(zip(table["recording"].to_pylist(), starts, strict=True))
        gone = read_dropped(folder)
        return cls(folder, meta, keys, values, np.array([key in gone for key in keys], bool))

    @property
    def fingerprint(self) -> str:
        """Of the labels and of what was dropped: the same teaches the same."""
        digest = hashlib.sha256(self.probabilities.tobytes())
        digest.update(repr(self.keys).encode())
        digest.update(self.dropped.tobytes())
        return digest.hexdigest()[:16]

    def used(self, config: PseudoConfig | None = None) -> npt.NDArray[np.bool_]:
        """Which windows a training would use, bool [W]."""
        return label_windows(self.probabilities, config or self.meta.config).kept & ~self.dropped


def write_labels(
    folder: Path, meta: PseudoMeta, keys: Iterable[Key], probabilities: npt.NDArray[np.float32]
) -> None:
    """Write labels; the meta comes last and marks a whole folder.

    Raises:
        OSError: if the disk refuses.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    recordings, starts = zip(*keys, strict=True) if len(probabilities) else ((), ())
    top = probabilities.argmax(axis=1) if len(probabilities) else np.zeros(0, np.int64)
    flat = pa.array(np.ascontiguousarray(probabilities, np.float32).reshape(-1))
    table = pa.table(
        {
            "recording": pa.array(recordings, pa.string()),
            "start_s": pa.array(starts, pa.float64()),
            "end_s": pa.array([start + WINDOW_S for start in starts], pa.float64()),
            "top_label": pa.array([meta.classes[one] for one in top], pa.string()),
            "top_probability": pa.array(probabilities.max(axis=1, initial=0.0), pa.float32()),
            "probabilities": pa.FixedSizeListArray.from_arrays(flat, len(meta.classes)),
        }
    )
    with atomic.replacing(folder / LABELS) as temporary:
        pq.write_table(table, temporary)
    body = meta.model_dump(mode="json", exclude_none=True)
    atomic.write_text(folder / META, tomlkit.dumps(body))


def read_dropped(folder: Path) -> frozenset[Key]:
    """Windows that a person dropped.

    Raises:
        TrainingError: if dropped.csv is damaged; names the line.
    """
    path = Path(folder) / DROPPED
    if not path.is_file():
        return frozenset()
    with open(path, encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        try:
            return frozenset((row["recording"], float(row["start_s"])) for row in rows)
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingError(
                f"line {rows.line_num} is not recording,start_s: {error}",
                path=path,
                remedy="correct the line, or delete the file to keep every window",
            ) from error


def write_dropped(folder: Path, dropped: Iterable[Key]) -> None:
    """Replace the windows that are dropped, sorted, whole or not at all."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("recording", "start_s"))
    rows.writerows(sorted(dropped))
    atomic.write_text(Path(folder) / DROPPED, text.getvalue())
