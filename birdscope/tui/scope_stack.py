"""Which post-processing Scope shows: the session's, or what was there before it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from birdscope.core.settings import Settings
from birdscope.tui.tune_stack import fits

OWN = "own stack"


@dataclass(frozen=True, slots=True)
class Shown:
    """A stack on show.

    Attributes:
        settings: The stack.
        name: What it is called.
        side: "before" or "after"; empty where nobody compares.
        problem: Why it is not the session's; empty where it is, or is not meant to be.
    """

    settings: Settings
    name: str
    side: str = ""
    problem: str = ""


def shown_stack(
    own: Settings, chosen: Settings | None, members: Sequence[str], before: bool
) -> Shown:
    """What to show.

    Before the session's settings come the ensemble's own; where the session uses those, the
    public notebook's stack is what they are compared with.

    Args:
        own: The ensemble's own stack.
        chosen: The session's; None where it takes the ensemble's own.
        members: Names of the ensemble's members.
        before: Whether the side before is wanted.
    """
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
