"""What each fold's models say of the clips they never saw, as Scores for tuning.

A run folder gets `out_of_fold/`: scores of the held-out recordings of train_audio, a layer
for each model trained on a fold, and `folds.csv` (recording, fold; -1 was in every fold's
training and has no scores).
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope import __version__
from birdscope.core import atomic
from birdscope.core.errors import TrainingError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.settings import Settings
from birdscope.core.types import Recording
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.folds import EVERYWHERE
from birdscope.inference.backends import pick_device
from birdscope.inference.decoding import plan_rows
from birdscope.inference.ensemble import load_ensemble
from birdscope.inference.members import load_member_checkpoint
from birdscope.inference.predictor import Predictor
from birdscope.inference.runner import predict_recordings
from birdscope.inference.store import ScoresMeta, ScoresStore
from birdscope.inference.time_guard import Watch
from birdscope.training.inputs import file_fingerprint
from birdscope.training.recipe import Recipe
from birdscope.training.run_folder import ENSEMBLE, RunFolder, Unit

OUT_OF_FOLD, FOLDS = "out_of_fold", "folds.csv"


def write_folds(folder: Path, fold_of: Mapping[str, int]) -> None:
    """Write folds.csv: a line for each recording."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("recording", "fold"))
    rows.writerows(sorted(fold_of.items()))
    atomic.write_text(Path(folder) / FOLDS, text.getvalue())


def read_folds(folder: Path) -> dict[str, int]:
    """The fold of each recording of a run, or of its out_of_fold folder.

    Raises:
        TrainingError: if folds.csv is missing or damaged.
    """
    path = Path(folder) / FOLDS
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return {row["recording"]: int(row["fold"]) for row in csv.DictReader(file)}
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise TrainingError(
            f"the table of folds can't be read: {error}",
            path=path,
            remedy="it is written when a run begins: resume the run",
        ) from error


def predict_out_of_fold(
    recipe: Recipe,
    catalog: Catalog,
    run_dir: Path,
    *,
    device: str = "auto",
    emit: Emit = silent,
    stop: Stop | None = None,
) -> Path:
    """Predict every held-out recording with its fold's models; goes on where it was stopped.

    Returns:
        The folder of the scores.

    Raises:
        CheckpointError: if a fold's checkpoint is missing.
        ScoresError: if the scores there are of other checkpoints.
        Cancelled: if stopped.
    """
    run, out = RunFolder(run_dir), Path(run_dir) / OUT_OF_FOLD
    fold_of = read_folds(run_dir)
    held_out = [
        one
        for one in catalog.recordings("train_audio")
        if fold_of.get(one.key, EVERYWHERE) != EVERYWHERE
    ]
    layers = tuple(
        ScoredCheckpoint(f"{recipe.name}/model-{repeat + 1}", recipe.name)
        for repeat in range(recipe.seeds)
    )
    meta = ScoresMeta(
        catalog.taxonomy.labels,
        layers,
        {recipe.name: 1.0},
        Settings(name=recipe.name, steps=recipe.steps).model_dump(mode="json"),
        "train_audio",
        catalog.name,
        f"{recipe.name}, out of fold",
        {
            "dataset": catalog.fingerprint(),
            "ensemble": " ".join(
                file_fingerprint(run.checkpoint(recipe, Unit(fold, repeat)))
                for fold in range(recipe.folds)
                for repeat in range(recipe.seeds)
            ),
            "code": __version__,
        },
    )
    keys = [one.key for one in held_out]
    with ScoresStore.open_or_resume(
        out, meta, keys, lambda: plan_rows(held_out, emit=emit, stop=stop)
    ) as store:
        write_folds(out, fold_of)
        for fold in range(recipe.folds):
            mine = [one for one in held_out if fold_of[one.key] == fold]
            if any(one.key not in store.done for one in mine):
                _predict_fold(fold, mine, layers, recipe, run, store, catalog, device, emit, stop)
    emit(Event("artifact", "out-of-fold scores", data={"path": str(out)}))
    return out


def _predict_fold(
    fold: int,
    recordings: list[Recording],
    layers: tuple[ScoredCheckpoint, ...],
    recipe: Recipe,
    run: RunFolder,
    store: ScoresStore,
    catalog: Catalog,
    device: str,
    emit: Emit,
    stop: Stop | None,
) -> None:
    ensemble = load_ensemble(run.folder / ENSEMBLE)
    classes = catalog.taxonomy.labels
    loaded = [
        load_member_checkpoint(
            ensemble, ensemble.members[0], run.checkpoint(recipe, Unit(fold, repeat)), classes
        )
        for repeat in range(recipe.seeds)
    ]
    predictor = _Named(Predictor(ensemble, classes, loaded, pick_device(device)), layers)

    def titled(event: Event) -> None:
        if event.kind == "progress":
            text = f"held-out clips of fold {fold + 1} of {recipe.folds}"
            emit(Event("progress", text, event.done, event.total, event.unit, event.data))
        elif event.kind != "started":
            emit(event)

    predict_recordings(predictor, recordings, store, emit=titled, stop=stop)


class _Named:
    """A fold's models under the names that all folds share."""

    def __init__(self, predictor: Predictor, checkpoints: tuple[ScoredCheckpoint, ...]) -> None:
        self.predictor, self.checkpoints = predictor, checkpoints

    def predict(
        self, waveform: npt.NDArray[np.float32], n_windows: int, *, watch: Watch | None = None
    ) -> npt.NDArray[np.float32]:
        """Probabilities [K, W, C]."""
        return self.predictor.predict(waveform, n_windows, watch=watch)
