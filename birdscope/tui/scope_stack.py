"""Which post-processing Scope shows: one of two that are compared. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from birdscope.core.settings import Settings
from birdscope.tui.tune_stack import fits

OWN = "own stack"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two settings to be compared, under the names they are known by.

    Attributes:
        first: A, what is there before.
        second: B, what is there after.
    """

    first: Settings
    second: Settings


@dataclass(frozen=True, slots=True)
class Shown:
    """A stack on show.

    Attributes:
        settings: The stack.
        name: What it is called.
        side: "before" or "after"; empty where nobody compares.
        problem: Why it is not the session's; empty where it is, or is not meant to be.
        pair: Names of A and B, where two settings were chosen to be compared; else None.
    """

    settings: Settings
    name: str
    side: Literal["", "before", "after"] = ""
    problem: str = ""
    pair: tuple[str, str] | None = None


def shown_stack(
    own: Settings,
    chosen: Settings | None,
    members: Sequence[str],
    before: bool,
    pair: Pair | None = None,
) -> Shown:
    """What to show.

    Before the session's settings come the ensemble's own; where the session uses those, the
    public notebook's stack is what they are compared with. A pair comes in place of both.

    Args:
        own: The ensemble's own stack.
        chosen: The session's; None where it takes the ensemble's own.
        members: Names of the ensemble's members.
        before: Whether the side before is wanted.
        pair: What is compared in place of the session's settings.
    """
    if pair is not None:
        return _of_pair(own, pair, members, before)
    if chosen is not None and not fits(chosen, members):
        problem = f"{chosen.name} is for other members"
        return Shown(own, OWN, "before" if before else "", problem)
    if not before:
        return Shown(own, OWN) if chosen is None else Shown(chosen, chosen.name, "after")
    if chosen is not None:
        return Shown(own, OWN, "before")
    from birdscope.postprocess.baselines import notebook

    base = notebook(members)
    return Shown(base, base.name, "before")


def _of_pair(own: Settings, pair: Pair, members: Sequence[str], before: bool) -> Shown:
    foreign = next((one for one in (pair.first, pair.second) if not fits(one, members)), None)
    if foreign is not None:
        return Shown(own, OWN, problem=f"{foreign.name} is for other members: B ends it")
    one = pair.first if before else pair.second
    names = (pair.first.name, pair.second.name)
    return Shown(one, one.name, "before" if before else "after", pair=names)
