"""What can be turned in a stack: the steps' names, their parameters as knobs. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import get_args

from birdscope.core import settings as stack
from birdscope.core.config import parse
from birdscope.core.errors import ConfigError
from birdscope.core.settings import AnyStep, Stage

STAGES: tuple[Stage, ...] = get_args(Stage)
STAGE_TITLES = {
    "checkpoint": "on each checkpoint",
    "member": "on each member's mean",
    "ensemble": "on the blend",
}


@dataclass(frozen=True, slots=True)
class StepKind:
    """A kind of step, as the picker offers it.

    Attributes:
        model: Its class in `birdscope.core.settings`.
        title: Its name for people.
        says: What it does, in a line.
        at: The stage it is usually used at.
    """

    model: type[stack.Step]
    title: str
    says: str
    at: Stage


@dataclass(frozen=True, slots=True)
class Knob:
    """A number that a slider turns.

    Attributes:
        field: The parameter's name in the step.
        title: Its name for people.
        low: Value at the slider's left end.
        high: At its right end; a typed value may lie beyond.
        step: What an arrow key adds.
        coarse: What it adds with shift.
        decimals: Digits after the point; 0 is a whole number.
        place: Which of several numbers of the field, as a distance from the middle; None for
            a field of one number.
        counts: Whether it is how many numbers the field has.
    """

    field: str
    title: str
    low: float
    high: float
    step: float
    coarse: float
    decimals: int = 2
    place: int | None = None
    counts: bool = False

    def text(self, value: float) -> str:
        """The value as it is shown."""
        return f"{value:.{self.decimals}f}"

    def moved(self, value: float, steps: int, *, coarse: bool = False) -> float:
        """The value some steps on, kept between the ends unless it was typed beyond them."""
        low, high = min(self.low, value), max(self.high, value)
        by = self.coarse if coarse else self.step
        return round(min(max(value + steps * by, low), high), 6)

    def share(self, value: float) -> float:
        """Where the value is on the slider, 0 to 1."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def at_share(self, share: float) -> float:
        """The value at a place of the slider, on the grid of its steps."""
        steps = round(min(max(share, 0.0), 1.0) * (self.high - self.low) / self.step)
        return round(min(self.low + steps * self.step, self.high), 6)


KINDS: dict[str, StepKind] = {
    "low_rank_power": StepKind(
        stack.LowRankPower, "low-rank power",
        "lowers classes past each recording's best few: P ** exponent", "checkpoint"),
    "smooth": StepKind(
        stack.Smooth, "smooth", "each window takes a share of its two neighbours", "member"),
    "kernel": StepKind(
        stack.Kernel, "kernel", "weighs the windows around each, as many as you like", "ensemble"),
    "gaussian": StepKind(
        stack.Gaussian, "Gaussian", "smooths over windows by a bell curve", "ensemble"),
    "neighbour_mean": StepKind(
        stack.NeighbourMean, "neighbour mean", "the plain mean of the windows around each",
        "ensemble"),
    "file_peak": StepKind(
        stack.FilePeak, "file peak", "times the class's top probability in the recording",
        "ensemble"),
    "power": StepKind(
        stack.Power, "power", "P ** exponent for all; before the blend it changes the mix",
        "member"),
    "min_max": StepKind(
        stack.MinMax, "min-max", "stretches each class to 0–1 over all windows", "member"),
    "low_confidence_shift": StepKind(
        stack.LowConfidenceShift, "low-confidence shift",
        "takes delta from classes that never pass a threshold in a recording", "ensemble"),
}  # fmt: skip
_EXPONENT = Knob("exponent", "exponent", 0.25, 4.0, 0.05, 0.5)
_KNOBS: dict[str, tuple[Knob, ...]] = {
    "smooth": (Knob("weight", "weight", 0.0, 0.5, 0.01, 0.05),),
    "gaussian": (Knob("sigma", "sigma", 0.1, 5.0, 0.1, 0.5, 1),),
    "neighbour_mean": (Knob("width", "width", 1, 15, 2, 4, 0),),
    "power": (_EXPONENT,),
    "low_confidence_shift": (
        Knob("threshold", "threshold", 0.0, 1.0, 0.01, 0.1),
        Knob("delta", "delta", 0.0, 0.5, 0.01, 0.05),
    ),
}
TAPS = Knob("taps", "taps", 1, 15, 2, 4, 0, counts=True)
WEIGHT = Knob("weight", "weight", 0.0, 1.0, 0.01, 0.1)


def knobs_of(step: AnyStep, classes: int) -> tuple[Knob, ...]:
    """The knobs of a step; `classes` is how many there are to rank."""
    if step.kind == "low_rank_power":
        coarse = max(classes // 20, 5)
        return (Knob("top_k", "top k", 0, max(classes, 1), 1, coarse, 0), _EXPONENT)
    if isinstance(step, stack.Kernel):
        return _taps(step)
    return _KNOBS.get(step.kind, ())


def value_of(step: AnyStep, knob: Knob) -> float:
    """What a knob stands at."""
    value = getattr(step, knob.field)
    if knob.counts:
        return float(len(value))
    return float(value if knob.place is None else value[len(value) // 2 + knob.place])


def turned(step: AnyStep, knob: Knob, value: float) -> AnyStep:
    """The step with a knob at another value.

    Raises:
        ConfigError: the value is not allowed.
    """
    number: object = value if knob.decimals else round(value)
    if knob.counts:
        number = _resized(getattr(step, knob.field), value)
    elif knob.place is not None:
        number = _with_tap(getattr(step, knob.field), knob.place, value)
    return changed(step, {knob.field: number})


def default_of(step: AnyStep, knob: Knob) -> float:
    """What a knob stands at in a new step."""
    fresh = parse(type(step), {})
    reach = 0 if knob.place is None else abs(knob.place)
    if knob.place is not None and reach > len(getattr(fresh, knob.field)) // 2:
        return 0.0
    return value_of(fresh, knob)


def changed(step: AnyStep, changes: dict[str, object]) -> AnyStep:
    """The step with some fields replaced, validated.

    Raises:
        ConfigError: a value is not allowed.
    """
    try:
        return parse(type(step), {**dict(step), **changes})
    except ConfigError as error:
        raise ConfigError(error.what) from None


def title_of(step: AnyStep) -> str:
    """The step's name for people."""
    return KINDS[step.kind].title


def new_step(kind: str) -> AnyStep:
    """A step of a kind, with its usual parameters at its usual stage."""
    one = KINDS[kind]
    made: AnyStep = one.model(at=one.at)  # type: ignore[assignment]
    return made


def _taps(step: stack.Kernel) -> tuple[Knob, ...]:
    """One knob for each distance, or for each tap of a kernel that is not symmetrical."""
    reach = len(step.taps) // 2
    places: Sequence[int] = range(reach + 1)
    if step.taps != step.taps[::-1]:
        places = range(-reach, reach + 1)
    signs = "" if len(places) > reach + 1 else "±"
    titles = {0: "middle"}
    taps = tuple(
        Knob("taps", titles.get(one, f"{signs or ('+' if one > 0 else '')}{one}"),
             0.0, 1.0, 0.01, 0.1, place=one)
        for one in places
    )  # fmt: skip
    return (TAPS, *taps)


def _resized(taps: tuple[float, ...], count: float) -> tuple[float, ...]:
    """As many taps, by zeros at both ends or without the outermost.

    Raises:
        ConfigError: there must be one in the middle.
    """
    if count < 1 or count != round(count) or round(count) % 2 == 0:
        raise ConfigError("taps: a kernel has 1, 3, 5 … of them, the middle one between the others")
    more = (round(count) - len(taps)) // 2
    if more < 0:
        return taps[-more:more]
    return (*[0.0] * more, *taps, *[0.0] * more)


def _with_tap(taps: tuple[float, ...], place: int, value: float) -> tuple[float, ...]:
    """Taps with one changed, and its mirror image too where they are symmetrical."""
    middle = len(taps) // 2
    mirrored = {middle + place, middle - place} if taps == taps[::-1] else {middle + place}
    return tuple(value if number in mirrored else tap for number, tap in enumerate(taps))
