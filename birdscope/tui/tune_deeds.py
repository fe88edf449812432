"""What Tune does beyond the settings in hand, so that it can be taken back in its turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

Act = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Deed:
    """Something done: settings saved, renamed, deleted, made the session's.

    Attributes:
        back: Takes it back.
        said_back: What is said then.
        again: Does it once more.
        said_again: What is said then.
        names: What the settings in hand were called before it, and are after it; None where
            it doesn't touch them.
    """

    back: Act
    said_back: str
    again: Act
    said_again: str
    names: tuple[str, str] | None = None
