"""A dataset as training sees it: clips, labels, folds, backgrounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import TrainingError
from birdscope.core.events import Emit, Event, Stop
from birdscope.core.types import Recording
from birdscope.core.windows import SAMPLE_RATE_HZ
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.folds import EVERYWHERE, report_folds
from birdscope.training.clip_choice import choose_clips, cuts_of, well_rated, with_cuts
from birdscope.training.clips import ClipLabels, ClipStore, label_clips, repeat_rare
from birdscope.training.fold_split import held_out_where_known, split_folds
from birdscope.training.inputs import NOTHING, Inputs
from birdscope.training.mixing import Mixer
from birdscope.training.noise import NoiseBank
from birdscope.training.plan import FoldPlan
from birdscope.training.pseudo_pool import load_windows
from birdscope.training.pseudo_windows import PseudoMixer, PseudoWindows
from birdscope.training.recipe import AugmentConfig, Recipe
from birdscope.training.run_folder import Unit
from birdscope.training.samples import PseudoSampleMaker, SampleMaker
from birdscope.training.soundscapes import pool_of
from birdscope.training.validation import ValidationSet


@dataclass(frozen=True)
class RunData:
    """A dataset as training sees it.

    Attributes:
        recordings: Clips that can be used, N.
        clips: Their sound.
        labels: What they teach.
        fold_of: int64 [N]; EVERYWHERE for clips that are never held out.
        classes: Labels of the outputs.
        everywhere: Columns of classes that are never held out.
        fold_notes: Which class reaches which fold, for people.
        left_out: Recordings that can't be used, with the reason.
        soundscapes: Recorded backgrounds; None where there are none.
        fingerprint: Of the dataset and what its cut list leaves out.
        pseudo: Soundscapes' windows with a teacher's labels; None where there are none.
    """

    recordings: tuple[Recording, ...]
    clips: ClipStore
    labels: ClipLabels
    fold_of: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    everywhere: frozenset[int]
    fold_notes: tuple[str, ...]
    left_out: tuple[str, ...]
    soundscapes: ClipStore | None
    fingerprint: str
    pseudo: PseudoWindows | None = None

    @property
    def present(self) -> set[int]:
        """Columns that some clip has as its primary label."""
        return set(self.labels.primary.tolist())

    def labels_of(self, columns: Iterable[int]) -> tuple[str, ...]:
        """Labels of columns, in order."""
        return tuple(self.classes[column] for column in sorted(columns))

    def plan(self, unit: Unit, recipe: Recipe, folder: Path, inputs: Inputs = NOTHING) -> FoldPlan:
        """Who trains and who is held out in a unit's fold."""
        key = (recipe.seed, unit.fold, unit.repeat)
        held_out = self.fold_of == unit.fold
        training = np.flatnonzero(~held_out)
        primary = self.labels.primary[training]
        mixer = self._mixer(recipe, recipe.augment)
        maker: SampleMaker | PseudoSampleMaker = mixer
        if self.pseudo is not None and inputs.pseudo is not None:
            maker = PseudoMixer(mixer, self.pseudo, inputs.pseudo)
        title = f"fold {unit.fold + 1} of {recipe.folds}" if recipe.folds > 1 else "all clips"
        return FoldPlan(
            title=f"{title}, model {unit.repeat + 1}" if recipe.seeds > 1 else title,
            key=key,
            folder=folder,
            members=repeat_rare(training, self.labels.primary, recipe.data.min_clips_per_class),
            partners=training,
            maker=maker,
            classes=self.classes,
            clips_per_class=np.bincount(primary[primary >= 0], minlength=len(self.classes)),
            validation=self._validation(np.flatnonzero(held_out), key, recipe),
            parents=(f"dataset {self.fingerprint}", *inputs.parents),
            init=inputs.init_of(unit.name),
            teachers=inputs.teachers_of(unit.name),
            distill=inputs.distill,
        )

    def _mixer(self, recipe: Recipe, augment: AugmentConfig) -> Mixer:
        samples = round(recipe.data.context_s * SAMPLE_RATE_HZ)
        return Mixer(
            self.clips,
            self.labels,
            samples,
            augment,
            NoiseBank(recipe.seed, samples, augment.noises),
            self.soundscapes,
            recipe.data,
        )

    def _validation(
        self,
        held_out: npt.NDArray[np.int64],
        key: tuple[int, ...],
        recipe: Recipe,
    ) -> ValidationSet | None:
        members = well_rated(self.recordings, held_out, recipe.validation.min_rating)
        if not len(members):
            return None
        scored = np.ones(len(self.classes), bool)
        scored[list(self.everywhere)] = False
        return ValidationSet(
            mixer=self._mixer(recipe, recipe.augment.for_validation),
            members=members,
            config=recipe.validation,
            key=(*key, 0),
            scored=scored,
            batch_size=recipe.optim.batch_size,
        )


def load_data(
    recipe: Recipe,
    catalog: Catalog,
    emit: Emit,
    stop: Stop | None,
    inputs: Inputs = NOTHING,
) -> RunData:
    """Read clips and labels, split folds, say what can't be used.

    Raises:
        TrainingError: if there is no clip to train on.
        Cancelled: if `stop` was set.
    """
    classes = catalog.taxonomy.labels
    known, foreign = _of_known_classes(catalog.recordings("train_audio"), set(classes))
    taken, unwanted = choose_clips(known, recipe.data, inputs.avoid)
    store = ClipStore.of_dataset(taken, recipe.data, catalog.root, emit, stop)
    clips, silent_ones = store.without_empty()
    left_out = (*foreign, *unwanted, *silent_ones)
    if not clips.recordings:
        raise TrainingError(
            "there is no clip to train on",
            path=catalog.root,
            remedy="train.csv and train_audio/ must hold readable clips of the dataset's classes; "
            "data.min_rating, min_s, min_snr_db and max_peak may leave out too much",
        )
    labels = label_clips(clips.recordings, catalog.taxonomy.index, recipe.data)
    fold_of = _folds_of(clips.recordings, labels.primary, known, catalog.taxonomy.index, recipe)
    notes = _fold_notes(clips.recordings, fold_of, recipe)
    for note in (*left_out[:3], *notes):
        emit(Event("warning", note))
    return RunData(
        recordings=clips.recordings,
        clips=clips,
        labels=labels,
        fold_of=fold_of,
        classes=classes,
        everywhere=frozenset(labels.primary[fold_of == EVERYWHERE].tolist()),
        fold_notes=notes,
        left_out=left_out,
        soundscapes=_backgrounds(recipe, catalog, emit, stop),
        fingerprint=with_cuts(catalog.fingerprint(), cuts_of(catalog.root, recipe.data)),
        pseudo=_pseudo_windows(inputs, recipe, catalog, emit, stop),
    )


def _pseudo_windows(
    inputs: Inputs, recipe: Recipe, catalog: Catalog, emit: Emit, stop: Stop | None
) -> PseudoWindows | None:
    if inputs.labels is None or inputs.pseudo is None:
        return None
    cache_mb = recipe.data.cache_mb // 2
    return load_windows(
        inputs.labels,
        catalog,
        inputs.pseudo,
        context_s=recipe.data.context_s,
        cache_mb=cache_mb,
        emit=emit,
        stop=stop,
    )


def _of_known_classes(
    recordings: Sequence[Recording], classes: set[str]
) -> tuple[list[Recording], tuple[str, ...]]:
    """Recordings whose primary label is a class; why the others are left out."""
    known = [one for one in recordings if one.primary_label in classes]
    foreign = tuple(
        f"{one.key}: {one.primary_label!r} is none of the dataset's classes"
        for one in recordings
        if one.primary_label not in classes
    )
    return known, foreign


def _folds_of(
    kept: Sequence[Recording],
    primary: npt.NDArray[np.int64],
    known: Sequence[Recording],
    index: Mapping[str, int],
    recipe: Recipe,
) -> npt.NDArray[np.int64]:
    """The fold of each clip that is trained on, [N].

    Split over all clips of the dataset: a stage that only takes the better ones must hold
    out none that the model it begins from has heard.
    """
    columns = np.array([index[one.primary_label] for one in known], np.int64)
    keys = [one.key for one in known]
    of = dict(zip(keys, split_folds(known, columns, recipe).tolist(), strict=True))
    folds = np.array([of[one.key] for one in kept], np.int64)
    return folds if recipe.folds == 1 else held_out_where_known(folds, primary)


def _fold_notes(
    recordings: Sequence[Recording], fold_of: npt.NDArray[np.int64], recipe: Recipe
) -> tuple[str, ...]:
    if recipe.folds == 1:
        return ()
    return tuple(report_folds(recordings, fold_of, recipe.folds).lines())


def _backgrounds(
    recipe: Recipe, catalog: Catalog, emit: Emit, stop: Stop | None
) -> ClipStore | None:
    """Soundscapes that have no labels: never ones that scores may be measured on."""
    augment = recipe.augment
    if augment.soundscapes == 0 or (augment.background == 0 and augment.empty == 0):
        return None
    free, _ = pool_of(catalog)
    if not free:
        return None
    store = ClipStore(free, cache_mb=recipe.data.cache_mb // 4, emit=emit, stop=stop)
    backgrounds, _ = store.without_empty()
    return backgrounds if backgrounds.recordings else None
