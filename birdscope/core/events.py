"""Progress as data: what long work says of itself, and who may listen.

Every long function takes an `Emit`. The command line draws a bar from the events, a job
writes them to `events.jsonl`, a test collects them in a list. One JSON object a line:
`{"v": 1, "t": 1718000000.0, "kind": "progress", …}`.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from birdscope.core.errors import Cancelled

VERSION = 1
Kind = Literal[
    "started", "progress", "metric", "artifact", "warning", "finished", "cancelled", "failed"
]
KINDS: frozenset[str] = frozenset(get_args(Kind))
FINAL: frozenset[str] = frozenset({"finished", "cancelled", "failed"})


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Attributes:
        kind: What sort of thing.
        message: For people; may be empty.
        done: Units finished (progress).
        total: Units in all (progress); None where unknown.
        unit: Name of a unit: "recording", "epoch", "step".
        data: Anything else, JSON-ready: metric values, an artifact's path.
        t: Unix time in seconds.
    """

    kind: Kind
    message: str = ""
    done: float | None = None
    total: float | None = None
    unit: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    t: float = field(default_factory=time.time)

    def to_json(self) -> str:
        """One line of JSON, without empty fields."""
        body = {key: value for key, value in asdict(self).items() if value not in (None, "", {})}
        return json.dumps({"v": VERSION, **body}, ensure_ascii=False, allow_nan=False, default=str)

    @classmethod
    def from_json(cls, line: str) -> Event:
        """Read a line back.

        Raises:
            ValueError: if the line is not an event of this version.
        """
        body = json.loads(line)
        if not isinstance(body, dict) or body.pop("v", None) != VERSION or "kind" not in body:
            raise ValueError("not a birdscope event")
        known = {key: body[key] for key in cls.__dataclass_fields__ if key in body}
        _check_types(known)
        return cls(**known)


def _check_types(fields: Mapping[str, Any]) -> None:
    """Refuse what would break a watcher later.

    Raises:
        ValueError: if a field has another type than it should.
    """
    for key, value in fields.items():
        if key == "kind":
            right = value in KINDS
        elif key in ("done", "total", "t"):
            right = isinstance(value, int | float) and math.isfinite(value)
        else:
            right = isinstance(value, dict if key == "data" else str)
        if not right:
            raise ValueError(f"not a birdscope event: {key} is {value!r:.40}")


Emit = Callable[[Event], None]


def silent(event: Event) -> None:
    """An `Emit` for callers who don't listen."""


class Stop:
    """A request to stop, shared between whoever asks and whoever works.

    Work calls `check()` at each step that may be the last; it raises `Cancelled` once
    `set()` was called.
    """

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask for the end."""
        self._event.set()

    def __bool__(self) -> bool:
        return self._event.is_set()

    def check(self) -> None:
        """Raise Cancelled if the end was asked for."""
        if self._event.is_set():
            raise Cancelled("stopped on request; what was finished is kept")
