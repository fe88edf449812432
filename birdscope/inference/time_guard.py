"""A time limit that is kept: measure, project the end, leave checkpoints out before it is late.

The guard never touches numbers. It says before each recording which checkpoints to run, and
during it whether there is time for the next batch. What it left out stays NaN, which the blend
passes over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from birdscope.core.errors import UsageError, nearest
from birdscope.core.events import Emit, Event, silent
from birdscope.core.scores import ScoredCheckpoint
from birdscope.core.units import duration
from birdscope.core.windows import SOUNDSCAPE_S, window_count
from birdscope.inference.speeds import Sample, Speeds

# A projection that only just fits would be overturned by the next recording.
_SLACK = 1.03
# Decide after this many recordings (the first is slow: memory, kernels), or this share of time.
_LEARNING_RECORDINGS = 3
_LEARNING_SHARE = 0.1
_SOUNDSCAPE_WINDOWS = window_count(SOUNDSCAPE_S)


def reserve_s(rows: int) -> float:
    """Seconds to keep for post-processing, writing and checking so many rows.

    Measured: 8,400 rows of 206 classes take 0.7 s on two busy cores; this gives 13 s, for a
    slow disk and a machine that does other things.
    """
    return 5.0 + 0.001 * rows


class Watch(Protocol):
    """Decides which layers of a recording run, and hears when each batch is done."""

    def wants(self, layer: int) -> bool:
        """Whether to run a layer's next batch; what is not run stays NaN."""

    def lap(self, layer: int | None) -> None:
        """A layer has just run a batch; None: something else was done."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A checkpoint that was left out from some recording on.

    Attributes:
        checkpoint: Its name.
        after: Recordings finished with it.
        projected_s: When the run would have ended with it, in seconds after its start.
    """

    checkpoint: str
    after: int
    projected_s: float


@dataclass(frozen=True)
class GuardReport:
    """What keeping the limit took.

    Attributes:
        limit_s: The limit, from the start of the command.
        used_s: Seconds used when the last recording was finished.
        order: Checkpoints in the order in which they would be left out.
        drops: Those that were.
        seconds: Checkpoint → seconds for a soundscape of 60 s, as measured.
        other_s: All else for a soundscape of 60 s: decoding, mel, writing.
    """

    limit_s: float
    used_s: float
    order: tuple[str, ...]
    drops: tuple[Drop, ...]
    seconds: Mapping[str, float]
    other_s: float

    def lines(self, total: int) -> list[str]:
        """The report in plain words; `total` recordings were asked for."""
        speeds = ", ".join(f"{name} {value:.2f} s" for name, value in self.seconds.items())
        used = duration(self.used_s)
        lines = [f"time limit {duration(self.limit_s)}: the last recording was done after {used}"]
        if self.seconds:
            lines.append(f"  a minute of sound took: {speeds}, all else {self.other_s:.2f} s")
        lines.append(f"  order of leaving out: {', '.join(self.order)}")
        lines += [
            f"  left out: {drop.checkpoint} from recording {drop.after + 1} of {total} on "
            f"(with it the end would have come after {duration(drop.projected_s)})"
            for drop in self.drops
        ]
        return lines if self.drops else [*lines, "  nothing was left out"]


class TimeGuard:
    """Keeps one run within a limit.

    The order in which checkpoints are left out is `order` (names of members or checkpoints),
    then those with the least blend weight per second, as measured. One checkpoint always
    stays; if even that is too slow, recordings are predicted until time is up.

    Args:
        checkpoints: The K layers of the predictor.
        weights: Member → blend weight.
        limit_s: Seconds from `started_s` in which everything must be done.
        reserve_s: Of these, kept for what comes after the models.
        order: Members or checkpoints to leave out first.
        started_s: When the command began, by `clock`; None means now.
        clock: Seconds that only go up.
        emit: Hears a warning for each checkpoint left out.

    Raises:
        UsageError: if `order` names something unknown.
    """

    def __init__(
        self,
        checkpoints: Sequence[ScoredCheckpoint],
        weights: Mapping[str, float],
        limit_s: float,
        *,
        reserve_s: float = 0.0,
        order: Sequence[str] = (),
        started_s: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        emit: Emit = silent,
    ) -> None:
        self._clock, self._emit = clock, emit
        self._checkpoints = tuple(checkpoints)
        self._worth = _worth(self._checkpoints, weights)
        self._first = _expand(order, self._checkpoints)
        self._started_s = clock() if started_s is None else started_s
        self._limit_s = limit_s
        self._deadline_s = self._started_s + limit_s - reserve_s
        self._active = set(range(len(self._checkpoints)))
        self._speeds = Speeds()
        self._drops: list[Drop] = []
        self._finished = self._windows_left = 0
        self._lap_s = self._begun_s = self._used_s = self._started_s
        self._running = Sample(0)
        self._planned: frozenset[int] = frozenset()
        self._cut: set[int] = set()
        self._hopeless = False

    def begin(self, windows: int, finished: int = 0) -> None:
        """Start measuring: so many windows are to be predicted, after `finished` recordings."""
        self._windows_left, self._finished = windows, finished
        self._begun_s = self._lap_s = self._clock()

    @property
    def over(self) -> bool:
        """Whether there is no time for models any more."""
        return self._clock() >= self._deadline_s

    @property
    def left_out(self) -> tuple[str, ...]:
        """Checkpoints that did not, or not wholly, predict the recording planned last."""
        every = range(len(self._checkpoints))
        missing = (k for k in every if k not in self._planned or k in self._cut)
        return tuple(self._checkpoints[layer].name for layer in missing)

    def plan(self, windows: int) -> frozenset[int]:
        """The layers to run on a recording of so many windows; none when there is no time."""
        self._drop_until_it_fits()
        self._cut, self._running = set(), Sample(windows)
        self._lap_s = self._clock()
        fits = self._lap_s + windows * self._rate(self._active) < self._deadline_s
        self._planned = frozenset(self._active) if fits else frozenset()
        return self._planned

    def wants(self, layer: int) -> bool:
        """Whether to run a layer's next batch."""
        if layer not in self._planned:
            return False
        if self.over:
            self._cut.add(layer)
            return False
        return True

    def lap(self, layer: int | None) -> None:
        """A layer has just run a batch; None: something else was done."""
        now = self._clock()
        if layer is not None:
            spent = self._running.layers
            spent[layer] = spent.get(layer, 0.0) + now - self._lap_s
        self._lap_s = now

    def finish(self, windows: int) -> None:
        """A recording of so many windows is finished, whatever came of it."""
        now = self._clock()
        self._windows_left -= windows
        self._finished += 1
        if self._running.layers and not self._cut:
            self._running.wall_s = now - self._begun_s
            self._speeds.add(self._running)
        self._begun_s = self._lap_s = self._used_s = now
        self._running, self._planned = Sample(0), frozenset()

    def report(self) -> GuardReport:
        """What was measured and left out so far."""
        names = [one.name for one in self._checkpoints]
        seconds, minute = self._speeds.layer_means(), _SOUNDSCAPE_WINDOWS
        dropped = [drop.checkpoint for drop in self._drops]
        return GuardReport(
            self._limit_s,
            self._used_s - self._started_s,
            tuple(dropped + [names[k] for k in self._order() if names[k] not in dropped]),
            tuple(self._drops),
            {name: seconds[k] * minute for k, name in enumerate(names) if k in seconds},
            self._speeds.other_mean() * minute,
        )

    def _drop_until_it_fits(self) -> None:
        if not self._may_judge():
            return
        while (projected_s := self._projected_s()) > self._deadline_s:
            if len(self._active) == 1:
                self._say_hopeless(projected_s)
                return
            layer = next(layer for layer in self._order() if layer in self._active)
            self._active.remove(layer)
            self._note(layer, projected_s - self._started_s)

    def _may_judge(self) -> bool:
        """Whether enough was measured to judge by."""
        measured, used_s = self._speeds.measured, self._clock() - self._started_s
        long_ago = measured > 0 and used_s > _LEARNING_SHARE * self._limit_s
        return long_ago or measured >= _LEARNING_RECORDINGS

    def _projected_s(self) -> float:
        """When the models would be done, by the clock."""
        return self._clock() + _SLACK * self._windows_left * self._rate(self._active)

    def _rate(self, layers: set[int]) -> float:
        """Seconds per window with these layers; 0 while nothing was measured."""
        return self._speeds.other_rate() + sum(map(self._speeds.layer_rate, layers))

    def _order(self) -> list[int]:
        """Layers by when they are left out: as told, then the least weight per second."""
        rest = [layer for layer in range(len(self._checkpoints)) if layer not in self._first]
        speed = self._speeds.layer_rate
        density = {layer: self._worth[layer] / max(speed(layer), 1e-9) for layer in rest}
        return [*self._first, *sorted(rest, key=lambda layer: (density[layer], -layer))]

    def _note(self, layer: int, projected_s: float) -> None:
        name = self._checkpoints[layer].name
        self._drops.append(Drop(name, self._finished, projected_s))
        text = (
            f"time limit: {name} is left out from recording {self._finished + 1} on; with it the "
            f"end would come after {duration(projected_s)}, the limit is {duration(self._limit_s)}"
        )
        data = {"left_out": name, "after": self._finished, "projected_s": round(projected_s, 1)}
        self._emit(Event("warning", text, data=data))

    def _say_hopeless(self, projected_s: float) -> None:
        if self._hopeless:
            return
        self._hopeless = True
        name = self._checkpoints[next(iter(self._active))].name
        text = (
            f"time limit: even {name} alone would take until "
            f"{duration(projected_s - self._started_s)} (limit {duration(self._limit_s)}); the "
            "recordings that are not reached get the mean of each class"
        )
        self._emit(Event("warning", text, data={"too_slow": name}))


def _worth(
    checkpoints: Sequence[ScoredCheckpoint], weights: Mapping[str, float]
) -> tuple[float, ...]:
    """The share of each checkpoint in the blend."""
    members = [one.member for one in checkpoints]
    return tuple(weights.get(member, 0.0) / members.count(member) for member in members)


def _expand(order: Sequence[str], checkpoints: Sequence[ScoredCheckpoint]) -> list[int]:
    """Layers of the named checkpoints and members (a member's last checkpoint first)."""
    layers: list[int] = []
    for name in order:
        found = [k for k, one in enumerate(checkpoints) if name in (one.name, one.member)]
        if not found:
            known = dict.fromkeys(part for one in checkpoints for part in (one.member, one.name))
            raise UsageError(
                f"--drop-order names {name!r}, which the ensemble doesn't have"
                f"{nearest(name, known)}",
                remedy=f"use names of members or checkpoints: {', '.join(known)}",
            )
        layers += [layer for layer in reversed(found) if layer not in layers]
    return layers
