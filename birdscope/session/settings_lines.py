"""Settings in words: a line for each step, and what differs between two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from birdscope.core.settings import AnyStep, Settings

_PLACE = frozenset({"kind", "at", "members", "enabled"})


def step_line(step: AnyStep) -> str:
    """A step as a line: `smooth at member: weight 0.2`."""
    parameters = ", ".join(f"{key} {_said(value)}" for key, value in _parameters(step).items())
    off = "" if step.enabled else " (off)"
    return f"{_title(step)}{': ' if parameters else ''}{parameters}{off}"


def settings_lines(settings: Settings) -> tuple[str, ...]:
    """All that matters of settings, a line each."""
    lines = [] if settings.weights is None else [f"blend: {_weights(settings.weights)}"]
    lines += [step_line(step) for step in settings.steps]
    if settings.file_pooling != "max":
        lines.append(f"files: {settings.file_pooling} over windows")
    return tuple(lines) or ("no steps, the ensemble's weights",)


def difference(before: Settings, after: Settings) -> tuple[str, ...]:
    """What changes from one to the other, a line each; empty where nothing that matters does.

    A step that only moved is said to have moved. Weights are compared as shares, because only
    their ratios count; names and notes are not compared.
    """
    lines = list(_weight_lines(before.weights, after.weights))
    lines += _step_lines(before.steps, after.steps)
    if before.file_pooling != after.file_pooling:
        lines.append(f"files: {before.file_pooling} → {after.file_pooling} over windows")
    return tuple(lines)


def _weight_lines(
    before: Mapping[str, float] | None, after: Mapping[str, float] | None
) -> Iterator[str]:
    if before is None or after is None:
        if before is not after:
            old = _weights(before) if before is not None else "the ensemble's weights"
            new = _weights(after) if after is not None else "the ensemble's weights"
            yield f"blend: {old} → {new}"
        return
    old_shares, new_shares = _shares(before), _shares(after)
    for member in dict.fromkeys([*before, *after]):
        old_share, new_share = old_shares.get(member, 0.0), new_shares.get(member, 0.0)
        if abs(old_share - new_share) > 1e-9:
            yield f"weight of {member}: {_said(old_share)} → {_said(new_share)}"


def _step_lines(before: tuple[AnyStep, ...], after: tuple[AnyStep, ...]) -> list[str]:
    """Steps that changed, went, came or moved, in the order of `after`."""
    titles = [_title(step) for step in before], [_title(step) for step in after]
    gone: list[AnyStep] = []
    come: list[AnyStep] = []
    lines: list[str] = []
    blocks = SequenceMatcher(None, *titles, autojunk=False).get_opcodes()
    for kind, old_from, old_to, new_from, new_to in blocks:
        olds, news = before[old_from:old_to], after[new_from:new_to]
        if kind == "equal":
            for old, new in zip(olds, news, strict=True):
                lines += _parameter_lines(old, new)
        else:
            gone += olds
            come += news
    for step in come:
        same = next((one for one in gone if _title(one) == _title(step)), None)
        if same is None:
            lines.append(f"+ {step_line(step)}")
            continue
        gone.remove(same)
        lines.append(
            f"{_title(step)}: moved from place {_place(before, same)} to {_place(after, step)}"
        )
        lines += _parameter_lines(same, step)
    return lines + [f"− {step_line(step)}" for step in gone]


def _parameter_lines(old: AnyStep, new: AnyStep) -> list[str]:
    changes = [
        f"{key} {_said(value)} → {_said(_parameters(new)[key])}"
        for key, value in _parameters(old).items()
        if value != _parameters(new)[key]
    ]
    if old.enabled != new.enabled:
        changes.append("turned on" if new.enabled else "turned off")
    return [f"{_title(new)}: {', '.join(changes)}"] if changes else []


def _place(steps: tuple[AnyStep, ...], step: AnyStep) -> int:
    return 1 + next(number for number, one in enumerate(steps) if one is step)


def _title(step: AnyStep) -> str:
    members = f" of {', '.join(step.members)}" if step.members is not None else ""
    return f"{step.kind.replace('_', ' ')} at {step.at}{members}"


def _parameters(step: AnyStep) -> dict[str, object]:
    return {key: value for key, value in step.model_dump().items() if key not in _PLACE}


def _weights(weights: Mapping[str, float]) -> str:
    shares = _shares(weights)
    return ", ".join(f"{member} {_said(share)}" for member, share in shares.items())


def _shares(weights: Mapping[str, float]) -> dict[str, float]:
    total = sum(weights.values())
    return {member: weight / total for member, weight in weights.items()}


def _said(value: object) -> str:
    if isinstance(value, tuple | list):
        return " ".join(_said(one) for one in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
