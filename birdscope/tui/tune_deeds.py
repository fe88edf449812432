"""What Tune did beyond the settings in hand, so that it can be taken back in its turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

TakeBack = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done: a row deleted, renamed, made the session's.

    Attributes:
        edits: How many changes of the settings in hand came before it.
        said: What is said once it is taken back.
        take_back: Does so.
    """

    edits: int
    said: str
    take_back: TakeBack


class Deeds:
    """The deeds among the changes of the settings in hand, newest last."""

    def __init__(self) -> None:
        self._deeds: list[Deed] = []

    def note(self, edits: int, said: str, take_back: TakeBack) -> None:
        """Remember one."""
        self._deeds.append(Deed(edits, said, take_back))

    def pop(self, edits: int) -> Deed | None:
        """The newest, unless one of the changes of the settings came after it."""
        if self._deeds and self._deeds[-1].edits >= edits:
            return self._deeds.pop()
        return None

    def clear(self) -> None:
        """Another session: nothing of before can be taken back."""
        self._deeds.clear()
