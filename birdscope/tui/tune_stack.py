"""Edits of a stack: add, remove, move, turn; and the rows that the editor shows. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from birdscope.core.errors import ConfigError
from birdscope.core.settings import AnyStep, Settings, Stage
from birdscope.tui.tune_knobs import (
    STAGE_TITLES,
    STAGES,
    WEIGHT,
    Knob,
    changed,
    knobs_of,
    turned,
)

if TYPE_CHECKING:
    from birdscope.engine.tune_messages import MeasuredSettings, TuningOpened


@dataclass(frozen=True)
class Bench:
    """What the editor must know beside the settings.

    Attributes:
        members: Names of the ensemble's members.
        weights: Member → the ensemble's own weight.
        classes: How many classes are ranked.
        file_level: Whether the labels are of files, so that the pooling matters.
        no_ops: Step number → why it can't change anything.
    """

    members: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    classes: int = 1
    file_level: bool = False
    no_ops: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """A row of the editor.

    Attributes:
        kind: What it shows.
        stage: Of a heading.
        step: Number of the step that it belongs to; None for the blend.
        knob: What ← and → turn.
        member: Whose weight it is.
        text: Of a note.
    """

    kind: Literal["stage", "step", "knob", "note", "blend", "weight", "pooling"]
    stage: Stage | None = None
    step: int | None = None
    knob: Knob | None = None
    member: str = ""
    text: str = ""


def bench_of(opened: TuningOpened | None, measured: MeasuredSettings | None) -> Bench:
    """The bench of what is open; `measured` are the settings in hand, where it is known."""
    if opened is None:
        return Bench()
    return Bench(
        opened.members,
        opened.weights,
        len(opened.classes),
        opened.unit == "file",
        measured.no_ops if measured is not None else {},
    )


def ordered(settings: Settings) -> Settings:
    """The same settings, steps in the order in which they act."""
    steps = tuple(sorted(settings.steps, key=lambda one: STAGES.index(one.at)))
    return settings.model_copy(update={"steps": steps})


def same(first: Settings, second: Settings) -> bool:
    """Whether two settings do the same, whatever they are called."""
    return key_of(first) == key_of(second)


def key_of(settings: Settings) -> str:
    """A text that is equal for settings that do the same."""
    return ordered(settings).model_dump_json(exclude={"name", "note"})


def fits(settings: Settings, members: Sequence[str]) -> bool:
    """Whether settings name these members only."""
    named = {*(settings.weights or ()), *(m for one in settings.steps for m in one.members or ())}
    return named <= set(members)


def rows_of(settings: Settings, bench: Bench) -> list[Row]:
    """The editor's rows, top to bottom in the order in which the steps act."""
    rows: list[Row] = []
    for stage in STAGES:
        if stage == "ensemble":
            rows += _blend_rows(bench)
        here = [number for number, one in enumerate(settings.steps) if one.at == stage]
        if here:
            rows.append(Row("stage", stage=stage, text=STAGE_TITLES[stage]))
        for number in here:
            rows += _step_rows(settings.steps[number], number, bench)
    if not settings.steps and bench.members:
        rows.append(Row("note", text="no steps: a adds one"))
    if bench.file_level:
        rows.append(Row("pooling"))
    return rows


def weights_of(settings: Settings, bench: Bench) -> dict[str, float]:
    """Member → weight, as the blend will take it."""
    given = settings.weights or bench.weights or dict.fromkeys(bench.members, 1.0)
    return {member: float(given.get(member, 0.0)) for member in bench.members}


def with_weight(settings: Settings, bench: Bench, member: str, value: float) -> Settings:
    """Another weight for a member.

    Raises:
        ConfigError: the last weight above 0 would go, or it is below 0.
    """
    weights = {**weights_of(settings, bench), member: value}
    if value < 0:
        raise ConfigError("a weight can't be below 0")
    if sum(weights.values()) <= 0:
        raise ConfigError("one member needs a weight above 0")
    return settings.model_copy(update={"weights": weights})


def with_weights(settings: Settings, weights: Mapping[str, float]) -> Settings:
    """Other weights for all members, to two digits as the sliders have them."""
    rounded = {member: round(weight, 2) for member, weight in weights.items()}
    return settings.model_copy(update={"weights": rounded})


def with_step(settings: Settings, number: int, step: AnyStep) -> Settings:
    """Another step in the place of one; where its stage differs, it moves there."""
    steps = [*settings.steps]
    steps[number] = step
    return ordered(settings.model_copy(update={"steps": tuple(steps)}))


def with_knob(settings: Settings, number: int, knob: Knob, value: float) -> Settings:
    """Another value of a step's parameter.

    Raises:
        ConfigError: the value is not allowed.
    """
    return with_step(settings, number, turned(settings.steps[number], knob, value))


def added(settings: Settings, step: AnyStep, after: int | None = None) -> tuple[Settings, int]:
    """One more step, behind another or last of its stage; and its number."""
    steps = [*settings.steps]
    if after is not None and steps[after].at == step.at:
        place = after + 1
    else:
        stage = STAGES.index(step.at)
        place = sum(STAGES.index(one.at) <= stage for one in steps)
    steps.insert(place, step)
    return settings.model_copy(update={"steps": tuple(steps)}), place


def removed(settings: Settings, number: int) -> Settings:
    """One step less."""
    steps = settings.steps[:number] + settings.steps[number + 1 :]
    return settings.model_copy(update={"steps": steps})


def toggled(settings: Settings, number: int) -> Settings:
    """A step switched on or off."""
    step = settings.steps[number]
    return with_step(settings, number, changed(step, {"enabled": not step.enabled}))


def moved(settings: Settings, number: int, by: int) -> tuple[Settings, int]:
    """A step one place up (-1) or down (1); at the edge of its stage it goes to the next one."""
    steps = [*settings.steps]
    step, other = steps[number], number + by
    if 0 <= other < len(steps) and steps[other].at == step.at:
        steps[number], steps[other] = steps[other], step
        return settings.model_copy(update={"steps": tuple(steps)}), other
    stage = STAGES.index(step.at) + by
    if not 0 <= stage < len(STAGES):
        return settings, number
    return staged(settings, number, STAGES[stage], last=by < 0)


def staged(
    settings: Settings, number: int, stage: Stage, *, last: bool = True
) -> tuple[Settings, int]:
    """A step at another stage, as the last or the first there; and its number then."""
    step = settings.steps[number]
    changes: dict[str, object] = {"at": stage}
    if stage == "ensemble":
        changes["members"] = None
    rest = removed(settings, number)
    before = sum(STAGES.index(one.at) < STAGES.index(stage) for one in rest.steps)
    place = before + (sum(one.at == stage for one in rest.steps) if last else 0)
    steps = [*rest.steps]
    steps.insert(place, changed(step, changes))
    return settings.model_copy(update={"steps": tuple(steps)}), place


def with_members(settings: Settings, number: int, members: Sequence[str], bench: Bench) -> Settings:
    """A step that touches these members only; all of them is no restriction."""
    given = None if set(members) >= set(bench.members) or not members else tuple(members)
    return with_step(settings, number, changed(settings.steps[number], {"members": given}))


def with_other_pooling(settings: Settings) -> Settings:
    """File scores by the other way: maximum, mean."""
    other = "mean" if settings.file_pooling == "max" else "max"
    return settings.model_copy(update={"file_pooling": other})


def _blend_rows(bench: Bench) -> list[Row]:
    if len(bench.members) < 2:
        note = "one member: no blend" if bench.members else ""
        return [Row("note", text=note)] if note else []
    weights = [Row("weight", knob=WEIGHT, member=member) for member in bench.members]
    return [Row("blend", text="blend of the members"), *weights]


def _step_rows(step: AnyStep, number: int, bench: Bench) -> list[Row]:
    rows = [Row("step", step=number)]
    if (reason := bench.no_ops.get(number, "")) and step.enabled:
        rows.append(Row("note", step=number, text=reason))
    knobs = knobs_of(step, bench.classes)
    return [*rows, *(Row("knob", step=number, knob=one) for one in knobs)]
