"""A trained ensemble labels soundscapes that are never scored.

Source of the idea: 1st place of BirdCLEF+ 2025. Each recording's block is kept as it is
predicted, so that a stopped run goes on where it was.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope import __version__
from birdscope.core.errors import TrainingError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.scores import ScoredCheckpoint, ScoreRows
from birdscope.core.settings import Settings
from birdscope.core.windows import WINDOW_S
from birdscope.dataset.catalog import Catalog
from birdscope.inference.backends import pick_device
from birdscope.inference.decoding import plan_rows
from birdscope.inference.ensemble import load_ensemble
from birdscope.inference.members import load_member_checkpoint
from birdscope.inference.predictor import Predictor
from birdscope.inference.rows import lay_out
from birdscope.inference.runner import predict_recordings
from birdscope.inference.store import ScoresMeta, ScoresStore
from birdscope.inference.time_guard import Watch
from birdscope.postprocess.stack import apply_settings
from birdscope.training.inputs import file_fingerprint
from birdscope.training.pseudo_store import Key, PseudoLabels, PseudoMeta, TeacherFile, write_labels
from birdscope.training.recipe import PseudoConfig
from birdscope.training.soundscapes import pool_of

_SCORES = "scores"


def make_pseudo_labels(
    folder: Path,
    catalog: Catalog,
    ensemble: Path,
    config: PseudoConfig,
    *,
    exclude: Collection[str] = (),
    device: str = "auto",
    threads: int = 1,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> PseudoLabels:
    """Label a dataset's unlabelled soundscapes; goes on with what a stopped run left.

    Args:
        folder: Where the labels go.
        catalog: Its train_soundscapes are labelled, but for those in its labels file.
        ensemble: The teacher's file; members are blended with its weights, without steps.
        config: Pooling and overlap of the windows; the rest is written down for training.
        exclude: Keys or file names of recordings that are scored.
        device: "auto", "cpu" or "cuda".
        threads: Decoding ahead.
        emit: Hears progress by recording.
        stop: Heeded between recordings.

    Raises:
        TrainingError: if no soundscape is left to label, or others were excluded before.
        CheckpointError: if the teacher can't be used.
        ScoresError: if the folder holds labels of something else.
        Cancelled: if stopped; the same call goes on.
    """
    pool, excluded = pool_of(catalog, exclude)
    if not pool:
        raise TrainingError(
            "there is no soundscape to label: all are scored or none is there",
            path=catalog.root,
            remedy="pseudo labels need train_soundscapes/ with recordings without labels",
        )
    predictor, files = _teacher(ensemble, catalog.taxonomy.labels, config, device)
    shifts = round(1 / (1 - config.overlap))
    meta = ScoresMeta(
        predictor.classes,
        predictor.checkpoints,
        dict(predictor.weights),
        Settings().model_dump(mode="json"),
        "train_soundscapes",
        catalog.name,
        predictor.ensemble.name,
        {
            "dataset": catalog.fingerprint(),
            "teacher": " ".join([*(one.fingerprint for one in files), config.pooling]),
            "overlap": f"{shifts} grids",
            "code": __version__,
        },
    )
    keys = [one.key for one in pool]

    def plan() -> ScoreRows:
        rows = plan_rows(pool, emit=emit, stop=stop)
        return lay_out(keys, [_all_rows(int(count), shifts) for count in np.diff(rows.offsets)])

    with ScoresStore.open_or_resume(folder / _SCORES, meta, keys, plan) as store:
        shifted = _ShiftedPredictor(predictor, shifts)
        predict_recordings(shifted, pool, store, emit=emit, stop=stop, threads=threads)
        blended = apply_settings(store.scores(), Settings()).astype(np.float32)
        windows = [key for name in keys for key in _windows(name, store.rows.span(name), shifts)]
        silent_ones = sum(mark.status == "unreadable" for mark in store.marks.values())
    heard = np.flatnonzero(np.isfinite(blended).all(axis=1))
    about = PseudoMeta(
        classes=predictor.classes,
        checkpoints=tuple(files),
        config=config,
        dataset=catalog.name,
        dataset_fingerprint=catalog.fingerprint(),
        recordings=len(pool),
        excluded=excluded,
        unreadable=silent_ones,
        made=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    kept = [windows[row] for row in heard.tolist()]
    write_labels(folder, about, kept, blended[heard])
    shutil.rmtree(folder / _SCORES)
    labels = PseudoLabels.open(folder)
    text = f"{int(labels.used().sum())} of {len(kept)} windows of {len(pool)} soundscapes"
    emit(Event("artifact", f"pseudo labels: {text} can be used", data={"path": str(folder)}))
    return labels


def _teacher(
    ensemble: Path, classes: Sequence[str], config: PseudoConfig, device: str
) -> tuple[Predictor, list[TeacherFile]]:
    """The ensemble, asked clip-wise or for the mean over segments."""
    read = load_ensemble(ensemble)
    pooling = "attention" if config.pooling == "clip" else "mean"
    members = tuple(one.model_copy(update={"pooling": pooling}) for one in read.members)
    asked = read.model_copy(update={"members": members})
    pairs = [(member, path) for member in members for path in asked.files(member)]
    loaded = [load_member_checkpoint(asked, member, path, classes) for member, path in pairs]
    files = [TeacherFile(path=str(path), fingerprint=file_fingerprint(path)) for _, path in pairs]
    return Predictor(asked, classes, loaded, pick_device(device)), files


def _all_rows(count: int, shifts: int) -> int:
    """Rows of a recording of `count` windows: those, and between them `shifts` - 1 more grids."""
    return count + (shifts - 1) * (count - 1)


def _windows(recording: str, span: slice, shifts: int) -> list[Key]:
    """The windows behind a recording's rows."""
    count = (span.stop - span.start + shifts - 1) // shifts
    grids = [(0, count)] + [(number, count - 1) for number in range(1, shifts)]
    hop_s = WINDOW_S / shifts
    return [
        (recording, number * hop_s + index * WINDOW_S)
        for number, rows in grids
        for index in range(rows)
    ]


class _ShiftedPredictor:
    """An ensemble asked on several grids of 5 s windows, one after the other."""

    def __init__(self, predictor: Predictor, shifts: int) -> None:
        self.predictor, self.shifts = predictor, shifts

    @property
    def checkpoints(self) -> tuple[ScoredCheckpoint, ...]:
        """The ensemble's layers."""
        return self.predictor.checkpoints

    def predict(
        self, waveform: npt.NDArray[np.float32], n_windows: int, *, watch: Watch | None = None
    ) -> npt.NDArray[np.float32]:
        """Probabilities [K, W, C], grid by grid."""
        count = (n_windows + self.shifts - 1) // self.shifts
        parts = [self.predictor.predict(waveform, count, watch=watch)]
        for number in range(1, self.shifts if count > 1 else 1):
            shift_s = number * WINDOW_S / self.shifts
            parts.append(self.predictor.predict(waveform, count - 1, watch=watch, shift_s=shift_s))
        return np.concatenate(parts, axis=1)
