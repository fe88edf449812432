"""What differs between two settings, parameter by parameter. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from birdscope.core.settings import AnyStep, Settings
from birdscope.tui.tune_knobs import STAGE_TITLES, title_of
from birdscope.tui.tune_stack import Bench, ordered, weights_of

NONE = "—"
_PLAIN = {"kind", "at", "members", "enabled"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same: what it is, and how it is in either."""

    what: str
    first: str
    second: str


def differences(first: Settings, second: Settings, bench: Bench) -> list[Difference]:
    """All of them, in the order in which the stack acts; steps are paired where they can be."""
    found: list[Difference] = []
    for one, other in _pairs(ordered(first).steps, ordered(second).steps):
        found += _step(one, other)
    ours, theirs = weights_of(first, bench), weights_of(second, bench)
    total, other_total = sum(ours.values()) or 1.0, sum(theirs.values()) or 1.0
    for member in bench.members:
        shares = (f"{ours[member] / total:.1%}", f"{theirs[member] / other_total:.1%}")
        if shares[0] != shares[1]:
            found.append(Difference(f"blend · {member}", *shares))
    if first.file_pooling != second.file_pooling:
        found.append(Difference("file score", first.file_pooling, second.file_pooling))
    return found


def _pairs(
    first: tuple[AnyStep, ...], second: tuple[AnyStep, ...]
) -> list[tuple[AnyStep | None, AnyStep | None]]:
    """Steps side by side; one that the other settings don't have stands alone."""
    names = [[(one.kind, one.at) for one in steps] for steps in (first, second)]
    found: list[tuple[AnyStep | None, AnyStep | None]] = []
    matcher = SequenceMatcher(None, names[0], names[1], autojunk=False)
    for tag, begin, end, other_begin, other_end in matcher.get_opcodes():
        if tag == "equal":
            found += zip(first[begin:end], second[other_begin:other_end], strict=True)
        else:
            found += [(one, None) for one in first[begin:end]]
            found += [(None, one) for one in second[other_begin:other_end]]
    return found


def _step(first: AnyStep | None, second: AnyStep | None) -> list[Difference]:
    known = first or second
    assert known is not None
    name = f"{title_of(known)} {STAGE_TITLES[known.at]}"
    if first is None or second is None:
        return [Difference(name, _whole(first), _whole(second))]
    found = []
    if first.enabled != second.enabled:
        found.append(Difference(name, _switch(first), _switch(second)))
    if first.members != second.members:
        found.append(Difference(f"{name} · members", _members(first), _members(second)))
    ours, theirs = first.model_dump(exclude=_PLAIN), second.model_dump(exclude=_PLAIN)
    found += [
        Difference(f"{name} · {key.replace('_', ' ')}", _value(ours[key]), _value(theirs[key]))
        for key in ours
        if ours[key] != theirs[key]
    ]
    return found


def _whole(step: AnyStep | None) -> str:
    if step is None:
        return NONE
    values = step.model_dump(exclude=_PLAIN).items()
    text = ", ".join(f"{key.replace('_', ' ')} {_value(value)}" for key, value in values) or "on"
    return text if step.enabled else f"off ({text})"


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(f"{one:g}" for one in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _switch(step: AnyStep) -> str:
    return "on" if step.enabled else "off"


def _members(step: AnyStep) -> str:
    return ", ".join(step.members) if step.members is not None else "all"
