"""How the study lane answers questions about training; never imports torch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from birdscope.core.errors import BirdscopeError, EngineError
from birdscope.engine import train_messages as messages
from birdscope.engine.audition_scores import desk_of
from birdscope.session.runs import Run, Runs
from birdscope.training.facts import DataCheck, FormRow, Known

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.engine.study import Study
    from birdscope.training.recipe import Recipe

_SUREST = 3


def list_recipes(study: Study, wanted: messages.ListRecipes) -> tuple[messages.RecipeEntry, ...]:
    """Built-in recipes, then files; one that can't be read says why."""
    from birdscope.training.recipe_files import built_in

    own = [path for folder in wanted.folders for path in sorted(folder.glob("*.toml"))]
    named = [_entry(name, built_in=True) for name in built_in()]
    return tuple([_entry(str(path), built_in=False) for path in own] + named)


def _entry(source: str, *, built_in: bool) -> messages.RecipeEntry:
    from birdscope.training.recipe import load_recipe
    from birdscope.training.recipe_files import find, read_chain

    try:
        recipe = load_recipe(source)
        bases = tuple(one.path.stem for one in reversed(read_chain(find(source))[:-1]))
    except BirdscopeError as error:
        return messages.RecipeEntry(
            source, Path(source).stem, built_in=built_in, problem=str(error)
        )
    return messages.RecipeEntry(
        source,
        recipe.name,
        recipe.note,
        built_in,
        bases,
        tuple(one.name for one in recipe.stages),
        sum(one.recipe.optim.epochs for one in recipe.resolved_stages),
        recipe.folds * recipe.seeds,
    )


def read_form(study: Study, wanted: messages.ReadForm) -> tuple[FormRow, ...]:
    """A recipe with changes, every key.

    Raises:
        BirdscopeError: a value is not allowed; names key, value and what is.
    """
    from birdscope.training.recipe_form import form_of

    return form_of(wanted.source, wanted.changes)


def save_recipe(study: Study, wanted: messages.SaveRecipe) -> None:
    """Write a recipe down.

    Raises:
        BirdscopeError: a value is not allowed, or there is a file of that name.
    """
    from birdscope.training import recipe_form as form

    try:
        if wanted.name:
            form.save_own(wanted.source, wanted.changes, wanted.path, wanted.name)
        else:
            recipe = form.with_changes(form.read_source(wanted.source), wanted.changes)
            form.write_recipe(recipe, wanted.path)
    except OSError as error:
        raise EngineError(f"{wanted.path} can't be written: {error.strerror or error}") from error


def check_data(study: Study, wanted: messages.CheckData) -> Iterator[messages.DataFound | None]:
    """Data and estimate; gives way once before the files are looked at.

    Raises:
        BirdscopeError: the dataset can't be opened, or a value is not allowed.
    """
    from birdscope.training import estimate
    from birdscope.training.data_check import check_data as check
    from birdscope.training.recipe_form import read_source, with_changes

    recipe = with_changes(read_source(wanted.source), wanted.changes)
    yield None
    catalog = desk_of(study).catalog(wanted.dataset)
    found = check(recipe, catalog)
    yield None
    speeds = [estimate.load_speed(wanted.speeds, one.recipe) for one in recipe.resolved_stages]
    known = _known(wanted.runs, recipe, catalog, found)
    yield messages.DataFound(found, estimate.estimate(recipe, found, speeds, known))


def _known(runs: Path, recipe: Recipe, catalog: Catalog, check: DataCheck) -> Known | None:
    """The newest run of the same speed."""
    from birdscope.training.estimate import speed_key
    from birdscope.training.recipe_form import read_run

    key = speed_key(recipe)
    for run in Runs(runs).list():
        if run.is_staged or run.latest is None:
            continue
        try:
            same = speed_key(read_run(run.folder)) == key
        except BirdscopeError:
            continue
        if same and (samples := _samples_of(run, check)):
            seconds = [one.seconds for stage in run.stages for one in stage.epochs]
            return Known(run.name, median(seconds), samples)
    return None


def _samples_of(run: Run, check: DataCheck) -> int:
    """Samples of a run's epoch, from its table of folds; rare classes as in this recipe."""
    try:
        lines = (run.folder / "folds.csv").read_text(encoding="utf-8").splitlines()[1:]
    except OSError:
        return 0
    folds = [line.rpartition(",")[2] for line in lines]
    training = sum(1 for one in folds if one != "0")
    ours = check.clips - (check.fold_clips[0] if check.fold_clips else 0)
    return round(training * check.epoch_samples / ours) if ours else 0


def run_classes(study: Study, wanted: messages.RunClasses) -> messages.ClassesFound:
    """Each class on what the folds held out, the worst first.

    Raises:
        BirdscopeError: there are no such scores, or they don't fit the dataset.
    """
    from birdscope.core.settings import Settings
    from birdscope.engine.tune_messages import OpenTuning
    from birdscope.engine.tune_sources import load
    from birdscope.metrics.tune_matrix import TuneMatrix
    from birdscope.metrics.tune_truth import POSITIVE
    from birdscope.metrics.tuner import Tuner

    loaded = load(study, OpenTuning("out of fold", wanted.scores, wanted.dataset))
    matrix = TuneMatrix.build(loaded.scores, loaded.truth)
    tuner = Tuner(matrix)
    try:
        measured = tuner.measure(Settings())
    finally:
        tuner.close()
    positives = (matrix.labels == POSITIVE).sum(axis=1)
    names = loaded.catalog.taxonomy
    found = [
        messages.ClassArea(
            label,
            names.get(label).common_name,
            None if area != area else float(area),
            int(count),
        )
        for label, area, count in zip(
            loaded.scores.classes, measured.per_class, positives, strict=True
        )
    ]
    macro = float(measured.macro_roc_auc) if measured.scored_classes else None
    return messages.ClassesFound(
        macro, tuple(sorted(found, key=lambda one: (one.auc is None, one.auc or 0.0)))
    )


def read_windows(study: Study, wanted: messages.ReadWindows) -> messages.PseudoFound:
    """What a round labelled, the surest first.

    Raises:
        BirdscopeError: they can't be read, or the dataset can't.
    """
    import numpy as np

    from birdscope.training.pseudo_store import PseudoLabels
    from birdscope.training.window_labels import label_windows

    labels = PseudoLabels.open(wanted.folder)
    config = labels.meta.config
    if wanted.power is not None:
        config = config.model_copy(update={"power": wanted.power})
    made = label_windows(labels.probabilities, config)
    surest = labels.probabilities.max(axis=1, initial=0.0)
    order = np.argsort(-surest, kind="stable")
    if not wanted.all_windows:
        order = order[made.kept[order]]
    catalog, classes = desk_of(study).catalog(wanted.dataset), labels.meta.classes
    windows = []
    for row in order[: wanted.limit].tolist():
        recording, start_s = labels.keys[row]
        columns = np.argsort(-labels.probabilities[row])[:_SUREST].tolist()
        windows.append(
            messages.PseudoWindow(
                recording,
                catalog.root / recording,
                start_s,
                tuple((classes[one], float(labels.probabilities[row, one])) for one in columns),
                tuple(float(made.targets[row, one]) for one in columns),
                bool(made.kept[row]),
                bool(labels.dropped[row]),
            )
        )
    count = len(labels.meta.checkpoints)
    return messages.PseudoFound(
        tuple(windows),
        {one.label: one.common_name for one in catalog.taxonomy if one.common_name},
        len(labels.keys),
        int((made.kept & ~labels.dropped).sum()),
        int(labels.dropped.sum()),
        config.power,
        f"{count} checkpoint{'' if count == 1 else 's'}",
    )


def mark_windows(study: Study, wanted: messages.MarkWindows) -> int:
    """Drop or keep windows, at once on the disk.

    Raises:
        BirdscopeError: the list of dropped ones is damaged or can't be written.
    """
    from birdscope.training.pseudo_store import read_dropped, write_dropped

    before, named = read_dropped(wanted.folder), frozenset(wanted.windows)
    after = before | named if wanted.drop else before - named
    try:
        write_dropped(wanted.folder, after)
    except OSError as error:
        raise EngineError(f"{wanted.folder} can't be written: {error.strerror}") from error
    return len(after)


def train_anew(study: Study, wanted: messages.TrainAnew) -> None:
    """Forget a stage's training and what came of it.

    Raises:
        TrainingError: there is no such stage, or it can't be deleted.
    """
    from birdscope.training.redo import forget_from

    forget_from(wanted.run, wanted.stage)


def promote(study: Study, wanted: messages.Promote) -> None:
    """Write an ensemble file.

    Raises:
        BirdscopeError: a run has none, or there is a file of that name.
    """
    from birdscope.training.promote import promote as write

    try:
        write(wanted.runs, wanted.weights, wanted.path, wanted.name, best_only=wanted.best_only)
    except OSError as error:
        raise EngineError(f"{wanted.path} can't be written: {error.strerror or error}") from error


HANDLERS: dict[type, Callable[[Study, Any], object]] = {
    messages.ListRecipes: list_recipes,
    messages.ReadForm: read_form,
    messages.SaveRecipe: save_recipe,
    messages.CheckData: check_data,
    messages.RunClasses: run_classes,
    messages.ReadWindows: read_windows,
    messages.MarkWindows: mark_windows,
    messages.TrainAnew: train_anew,
    messages.Promote: promote,
}
