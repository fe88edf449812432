"""Stages of a run, one after the other: rounds, distillation, pretraining then fine-tuning.

Each stage has a run folder of its own in `stages/<number>-<name>`, with pseudo labels in
`pseudo/` where it uses some. A stopped run goes on in the stage, fold and epoch where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from birdscope.core.errors import TrainingError, nearest
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.dataset.catalog import Catalog
from birdscope.training.inputs import Inputs, file_fingerprint
from birdscope.training.options import RunOptions
from birdscope.training.pseudo_labels import make_pseudo_labels
from birdscope.training.pseudo_store import META, PseudoLabels
from birdscope.training.recipe import Recipe, Stage
from birdscope.training.run_folder import (
    ENSEMBLE,
    RECIPE,
    RunFolder,
    RunReport,
    Unit,
    member_of,
    write_ensemble_file,
)
from birdscope.training.units import in_all, train_units, units_of

STAGES, PSEUDO, TEACHER = "stages", "pseudo", "teacher.toml"


@dataclass(frozen=True)
class StageRun:
    """A stage with its place: what it is, its number from 0 and its folder."""

    stage: Stage
    number: int
    run: RunFolder

    @property
    def recipe(self) -> Recipe:
        """The recipe as the stage changes it."""
        return self.stage.recipe

    def checkpoint(self, unit: Unit, *, best: bool | None = None) -> Path:
        """A model's weights: those that are used, or the best, or the last."""
        if best is None:
            return self.run.checkpoint(self.recipe, unit)
        use = "best" if best else "last"
        optim = self.recipe.optim.model_copy(update={"use": use})
        return self.run.checkpoint(self.recipe.model_copy(update={"optim": optim}), unit)

    @property
    def finished(self) -> bool:
        """Whether every model is trained."""
        return all(self.run.result(unit) is not None for unit in units_of(self.recipe))


def train_stages(
    recipe: Recipe,
    catalog: Catalog,
    out_dir: Path,
    options: RunOptions,
    *,
    emit: Emit = silent,
    stop: Stop | None = None,
) -> RunReport:
    """Train the stages of a recipe, up to `options.stage`; see `run.train`.

    Returns:
        The report of the last stage that was trained, in the run's folder.

    Raises:
        TrainingError: also if a stage lacks its dataset, its soundscapes or its folds.
        Cancelled: if stopped; resume goes on.
    """
    folder = RunFolder(out_dir)
    plan = _planned(recipe, Path(out_dir))
    wanted = plan[: _last(recipe, options.stage) + 1]
    main_classes = catalog.taxonomy.labels
    catalogs = _catalogs(wanted, catalog, options)
    folder.begin(recipe, catalog.fingerprint(), {}, resume=options.resume)
    for one in wanted:
        before, total = _epochs(wanted[: one.number], options), _epochs(wanted, options)
        heard = _titled(one, len(plan), in_all(emit, before, total))
        heard(Event("started", f"stage {one.number + 1} of {len(plan)}: {one.stage.name}"))
        data = catalogs[one.stage.dataset]
        avoid = main_classes if one.recipe.data.without_main_classes else ()
        inputs = _inputs(one, plan, data, avoid, options, heard, stop)
        own = replace(options, resume=(one.run.folder / RECIPE).is_file())
        report = train_units(one.recipe, data, one.run.folder, own, inputs, heard, stop)
        _write_ensembles(recipe, wanted, one, Path(out_dir), emit)
    return replace(report, folder=Path(out_dir))


def _planned(recipe: Recipe, out_dir: Path) -> list[StageRun]:
    return [
        StageRun(
            stage,
            number,
            RunFolder(out_dir / STAGES / f"{number + 1}-{stage.name.replace(' ', '-')}"),
        )
        for number, stage in enumerate(recipe.resolved_stages)
    ]


def _last(recipe: Recipe, wanted: str | None) -> int:
    """The number of the stage to end with.

    Raises:
        TrainingError: if the recipe has no such stage.
    """
    names = [stage.name for stage in recipe.stages]
    if wanted is None:
        return len(names) - 1
    if wanted not in names:
        raise TrainingError(
            f"the recipe has no stage {wanted!r}{nearest(wanted, names)}",
            remedy=f"choose one of {', '.join(names)}",
        )
    return names.index(wanted)


def _catalogs(
    plan: Sequence[StageRun], catalog: Catalog, options: RunOptions
) -> dict[str, Catalog]:
    """Every dataset that the stages need, opened before the first of them begins."""
    found = {"main": catalog}
    needy = [one.stage.name for one in plan if one.stage.dataset == "pretraining"]
    if needy:
        if options.pretraining is None:
            raise TrainingError(
                f"stage {needy[0]!r} trains on a pretraining dataset, and none is given",
                remedy="give one with --pretraining-data DIR",
            )
        found["pretraining"] = Catalog.open(options.pretraining)
    return found


def _epochs(stages: Sequence[StageRun], options: RunOptions) -> int:
    """Epochs that the models of these stages train together."""
    return sum(len(units_of(one.recipe, options.fold)) * one.recipe.optim.epochs for one in stages)


def _titled(one: StageRun, count: int, emit: Emit) -> Emit:
    """Says of every event which stage it belongs to."""
    title = f"stage {one.number + 1} of {count}, {one.stage.name}"
    about = {"stage": one.stage.name, "stage_number": one.number + 1, "stages": count}

    def heard(event: Event) -> None:
        if event.kind in ("progress", "metric"):
            message = f"{title}: {event.message}"
            event = replace(event, message=message, data={**event.data, **about})
        emit(event)

    return heard


def _inputs(
    one: StageRun,
    plan: Sequence[StageRun],
    catalog: Catalog,
    avoid: tuple[str, ...],
    options: RunOptions,
    emit: Emit,
    stop: Stop | None,
) -> Inputs:
    """Weights, teachers and pseudo labels that a stage takes over."""
    stage, before = one.stage, list(plan[: one.number])
    init, parents = _init(one, before)
    teachers = _teachers(one, before)
    for path in sorted({path for paths in teachers.values() for path in paths}):
        parents.append(f"teacher {_named(path, one)} {file_fingerprint(path)}")
    labels = None
    if stage.pseudo is not None:
        labels = one.run.folder / PSEUDO
        made = _labels(one, before, catalog, options, emit, stop)
        parents.append(f"pseudo labels {_named(labels, one)} {made.fingerprint}")
    return Inputs(
        init=init,
        teachers=teachers if stage.distill is not None else {},
        distill=stage.distill,
        labels=labels,
        pseudo=stage.pseudo,
        parents=tuple(parents),
        avoid=avoid,
    )


def _named(path: Path, one: StageRun) -> str:
    """A path as seen from the run's folder."""
    return path.relative_to(one.run.folder.parent.parent).as_posix()


def _init(one: StageRun, before: Sequence[StageRun]) -> tuple[dict[str, Path], list[str]]:
    """The weights each model begins from, and what to call them.

    Models of the stage before are matched by fold and seed, so that no model begins from one
    that has heard its held-out clips. Another dataset has other folds: there it is only one
    model of each seed, or the first.
    """
    given = one.stage.init
    if given == "scratch":
        return {}, []
    if given not in ("previous", "best of previous"):
        return {"": Path(given)}, [f"weights {given}"]
    previous = before[-1]
    best = given == "best of previous"
    same = previous.stage.dataset == one.stage.dataset
    there = units_of(previous.recipe)
    init = {}
    for unit in units_of(one.recipe):
        wanted = unit if same else Unit(0, unit.repeat)
        source = wanted if wanted in there else _nearest(wanted, there, one)
        init[unit.name] = previous.checkpoint(source, best=best)
    paths = sorted(set(init.values()))
    return init, [f"weights {_named(path, one)} {file_fingerprint(path)}" for path in paths]


def _nearest(wanted: Unit, there: Sequence[Unit], one: StageRun) -> Unit:
    """The first model of the same fold; of another dataset, the first of all."""
    for unit in there:
        if unit.fold == wanted.fold:
            return unit
    raise TrainingError(
        f"stage {one.stage.name!r} has fold {wanted.fold}, the stage before has not",
        remedy="give both stages the same number of folds",
    )


def _teachers(one: StageRun, before: Sequence[StageRun]) -> dict[str, tuple[Path, ...]]:
    """The checkpoints each model follows: of the same fold, in one earlier stage or in all."""
    of = _teaching(one, before)
    found = {}
    for unit in units_of(one.recipe):
        found[unit.name] = tuple(
            stage.checkpoint(other)
            for stage in of
            for other in units_of(stage.recipe)
            if other.fold == unit.fold
        )
    return found


def _teaching(one: StageRun, before: Sequence[StageRun]) -> list[StageRun]:
    """The earlier stages that teach; those of another dataset don't know its classes."""
    if one.stage.teacher == "none":
        return []
    if one.stage.teacher == "previous":
        return [before[-1]]
    return [other for other in before if other.stage.dataset == one.stage.dataset]


def _labels(
    one: StageRun,
    before: Sequence[StageRun],
    catalog: Catalog,
    options: RunOptions,
    emit: Emit,
    stop: Stop | None,
) -> PseudoLabels:
    """The stage's pseudo labels, made by its teachers where they aren't there yet."""
    folder, config = one.run.folder / PSEUDO, one.stage.pseudo
    if (folder / META).is_file():
        return PseudoLabels.open(folder)
    if config is None:
        raise TrainingError(f"stage {one.stage.name!r} has no pseudo labels")
    path = one.run.folder / TEACHER
    _write_joint(path, f"teacher of {one.stage.name}", _teaching(one, before), one.recipe)
    return make_pseudo_labels(
        folder, catalog, path, config, device=options.device, emit=emit, stop=stop
    )


def _write_joint(path: Path, name: str, stages: Sequence[StageRun], recipe: Recipe) -> None:
    """An ensemble file with a member for each stage, weighing alike."""
    members = []
    for stage in stages:
        checkpoints = stage.run.checkpoints(stage.recipe, units_of(stage.recipe))
        title = f"{recipe.name} {stage.stage.name}" if len(stages) > 1 else recipe.name
        members.append(member_of(stage.recipe, title, checkpoints, path))
    write_ensemble_file(path, name, members, recipe)


def _write_ensembles(
    recipe: Recipe, plan: Sequence[StageRun], last: StageRun, out_dir: Path, emit: Emit
) -> None:
    """The run's ensemble.toml after a stage: that stage's models, or all stages' of the data."""
    if not last.finished or last.stage.dataset != "main":
        return
    stages = [last]
    if recipe.ensemble == "all stages":
        stages = [
            one for one in plan[: last.number + 1] if one.stage.dataset == "main" and one.finished
        ]
    path = out_dir / ENSEMBLE
    _write_joint(path, recipe.name, stages, recipe)
    emit(Event("artifact", f"ensemble of {len(stages)} stages", data={"path": str(path)}))
