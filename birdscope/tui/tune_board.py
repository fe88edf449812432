"""What is known so far of settings: figures, intervals, differences, by what the settings do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from birdscope.core.settings import Settings
from birdscope.tui.tune_stack import key_of

if TYPE_CHECKING:
    from birdscope.engine.tune_messages import MeasuredSettings
    from birdscope.metrics.tune_results import IntervalSoFar

KeyT = TypeVar("KeyT")
ValueT = TypeVar("ValueT")
_KEPT = 2000


class Kept(Generic[KeyT, ValueT]):
    """The newest entries of a mapping: a dragged slider makes hundreds a minute."""

    def __init__(self, limit: int = _KEPT) -> None:
        self._limit = limit
        self._entries: dict[KeyT, ValueT] = {}

    def get(self, key: KeyT) -> ValueT | None:
        """What is kept; None where nothing is."""
        return self._entries.get(key)

    def put(self, key: KeyT, value: ValueT) -> None:
        """Keep an entry, and forget the oldest where there are too many."""
        self._entries.pop(key, None)
        self._entries[key] = value
        if len(self._entries) > self._limit:
            del self._entries[next(iter(self._entries))]


class Board:
    """Answers to the questions about one matrix of scores and labels."""

    def __init__(self) -> None:
        self._measured: Kept[str, MeasuredSettings] = Kept()
        self._problems: Kept[str, str] = Kept()
        self._intervals: Kept[tuple[str, str], IntervalSoFar] = Kept()

    def measured(self, settings: Settings) -> MeasuredSettings | None:
        """The figures of settings, if they are known."""
        return self._measured.get(key_of(settings))

    def problem(self, settings: Settings) -> str:
        """Why settings can't be measured; empty where they can, or nobody has tried."""
        return self._problems.get(key_of(settings)) or ""

    def is_known(self, settings: Settings) -> bool:
        """Whether asking again would tell nothing new."""
        return self.measured(settings) is not None or bool(self.problem(settings))

    def interval(self, settings: Settings, baseline: Settings) -> IntervalSoFar | None:
        """The difference to a baseline, as far as it is known."""
        return self._intervals.get((key_of(settings), key_of(baseline)))

    def is_firm(self, settings: Settings, baseline: Settings) -> bool:
        """Whether the interval rests on all of its resamples."""
        known = self.interval(settings, baseline)
        return known is not None and (known.resamples >= known.of or bool(known.reason))

    def take(self, settings: Settings, measured: MeasuredSettings) -> None:
        """Keep figures."""
        self._measured.put(key_of(settings), measured)

    def take_problem(self, settings: Settings, problem: str) -> None:
        """Keep why there are none."""
        self._problems.put(key_of(settings), problem)

    def take_interval(self, settings: Settings, baseline: Settings, so_far: IntervalSoFar) -> None:
        """Keep an interval."""
        self._intervals.put((key_of(settings), key_of(baseline)), so_far)
