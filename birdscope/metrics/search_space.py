"""What an automatic search may turn: blend weights, low-rank power, smoothing, file peak."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from birdscope.core.settings import (
    AnyStep,
    FilePeak,
    Gaussian,
    Kernel,
    LowRankPower,
    NeighbourMean,
    Settings,
    Smooth,
)
from birdscope.metrics.evaluate import Unit

Choice = Literal["none", "smooth", "gaussian", "neighbour_mean", "kernel"]
SMOOTHING: tuple[Choice, ...] = ("none", "smooth", "gaussian", "neighbour_mean", "kernel")
_DIGITS = 4


class Chooser(Protocol):
    """What gives the parameters their values, such as an Optuna trial."""

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None
    ) -> float:
        """A number in [low, high], in steps."""

    def suggest_int(self, name: str, low: int, high: int) -> int:
        """A whole number in [low, high]."""

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        """One of the choices."""


@dataclass(frozen=True)
class SearchSpace:
    """The stacks that a search may reach.

    Attributes:
        members: Member names in the ensemble's order; weights are turned with two or more.
        classes: How many there are: the most that `top_k` can be.
        unit: Of the labels; with files the pooling is turned, too.
    """

    members: tuple[str, ...]
    classes: int
    unit: Unit = "window"

    def settings(self, choose: Chooser, name: str = "found") -> Settings:
        """The settings that a chooser's values make."""
        pooling: Literal["max", "mean"] = (
            choose.suggest_categorical("file pooling", ("max", "mean"))
            if self.unit == "file"
            else "max"
        )
        return Settings(
            name=name,
            weights=self._weights(choose),
            steps=(*self._powers(choose), *_smoothing(choose), *_peak(choose)),
            file_pooling=pooling,
        )

    def parameters(self, settings: Settings, weights: Mapping[str, float]) -> dict[str, Any]:
        """The values that make settings like these, as far as the space reaches.

        Args:
            settings: Steps of other kinds, at other places, or off, are left out.
            weights: Member → weight where the settings name none.
        """
        found: dict[str, Any] = {}
        if self.unit == "file":
            found["file pooling"] = settings.file_pooling
        if len(self.members) > 1:
            given = settings.weights or weights or dict.fromkeys(self.members, 1.0)
            top = max(given.get(member, 0.0) for member in self.members) or 1.0
            for member in self.members:
                found[_weight(member)] = _on_grid(given.get(member, 0.0) / top, 0.0, 1.0, 0.01)
        steps = [step for step in settings.steps if step.enabled]
        for member in self.members:
            found.update(self._power_parameters(member, steps))
        smoother = next((s for s in steps if s.kind in SMOOTHING and s.at == "member"), None)
        found["smoothing"] = smoother.kind if smoother is not None else "none"
        if isinstance(smoother, Smooth):
            found["smoothing weight"] = _on_grid(smoother.weight, 0.0, 0.5, 0.01)
        elif isinstance(smoother, Gaussian):
            found["sigma"] = _on_grid(smoother.sigma, 0.3, 3.0, 0.1)
        elif isinstance(smoother, NeighbourMean):
            found["width"] = min(9, max(3, smoother.width))
        found["file peak"] = any(s.kind == "file_peak" and s.at == "ensemble" for s in steps)
        return found

    def _weights(self, choose: Chooser) -> dict[str, float] | None:
        if len(self.members) < 2:
            return None
        found = {
            member: round(choose.suggest_float(_weight(member), 0.0, 1.0, step=0.01), _DIGITS)
            for member in self.members
        }
        return found if sum(found.values()) > 0 else dict.fromkeys(self.members, 1.0)

    def _powers(self, choose: Chooser) -> list[AnyStep]:
        steps: list[AnyStep] = []
        for member in self.members:
            if choose.suggest_categorical(_power(member), (False, True)):
                top_k = choose.suggest_int(f"top_k of {member}", 0, self.classes)
                exponent = choose.suggest_float(f"exponent of {member}", 0.25, 4.0, step=0.05)
                steps.append(
                    LowRankPower(
                        at="checkpoint",
                        members=(member,),
                        top_k=top_k,
                        exponent=round(exponent, _DIGITS),
                    )
                )
        return steps

    def _power_parameters(self, member: str, steps: list[AnyStep]) -> dict[str, Any]:
        for step in steps:
            touches = step.members is None or member in step.members
            if isinstance(step, LowRankPower) and step.at == "checkpoint" and touches:
                return {
                    _power(member): True,
                    f"top_k of {member}": min(step.top_k, self.classes),
                    f"exponent of {member}": _on_grid(step.exponent, 0.25, 4.0, 0.05),
                }
        return {_power(member): False}


def _smoothing(choose: Chooser) -> list[AnyStep]:
    """One way of smoothing, on each member before the blend."""
    kind: Choice = choose.suggest_categorical("smoothing", SMOOTHING)
    if kind == "smooth":
        weight = choose.suggest_float("smoothing weight", 0.0, 0.5, step=0.01)
        return [Smooth(at="member", weight=round(weight, _DIGITS))]
    if kind == "gaussian":
        sigma = choose.suggest_float("sigma", 0.3, 3.0, step=0.1)
        return [Gaussian(at="member", sigma=round(sigma, _DIGITS))]
    if kind == "neighbour_mean":
        return [NeighbourMean(at="member", width=choose.suggest_categorical("width", (3, 5, 7, 9)))]
    return [Kernel(at="member")] if kind == "kernel" else []


def _peak(choose: Chooser) -> list[AnyStep]:
    wanted = choose.suggest_categorical("file peak", (False, True))
    return [FilePeak(at="ensemble")] if wanted else []


def _weight(member: str) -> str:
    return f"weight of {member}"


def _power(member: str) -> str:
    return f"low-rank power of {member}"


def _on_grid(value: float, low: float, high: float, step: float) -> float:
    """The nearest value that the search itself could choose."""
    inside = min(high, max(low, value))
    return round(low + round((inside - low) / step) * step, _DIGITS)
