"""The envelopes in which the study lane's questions and answers travel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """A question.

    Attributes:
        token: Its number; a greater one is newer.
        slot: A newer question of the same type and slot takes an older one's place. The empty
            one is the hand's: it is answered before the others.
        request: What is asked, a dataclass for whose type a handler is registered.
    """

    token: int
    slot: str
    request: object


@dataclass(frozen=True, slots=True)
class Forget:
    """Nobody waits for an answer any more."""

    token: int


@dataclass(frozen=True, slots=True)
class Part:
    """An answer so far; `Ended` follows after the last."""

    token: int
    value: object


@dataclass(frozen=True, slots=True)
class Ended:
    """The last part was the whole answer."""

    token: int
