"""Paired intervals, firmer with every batch of resamples, and kept for every settings."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

import numpy as np
import numpy.typing as npt

from birdscope.metrics.bootstrap import draw_recordings, percentile_interval
from birdscope.metrics.pair_counts import PairCounts
from birdscope.metrics.tune_results import Badge, IntervalSoFar

Floats = npt.NDArray[np.float64]
MARKS = (100, 250, 500)
# Multiplications between two breaths: some 10 ms.
_BREATH = 300_000_000
_PAIRS_KEPT_BYTES = 200_000_000
_SAMPLES_KEPT = 512


class Resampling:
    """Macro ROC-AUC of whatever is asked for under the same resamples of recordings.

    Args:
        recordings: N.
        seed: Of the resamples.
    """

    def __init__(self, recordings: int, seed: int) -> None:
        self._recordings = recordings
        self._seed = seed
        self._draws = np.empty((recordings, 0), dtype=np.float32)
        self._samples: dict[Hashable, Floats] = {}
        self._pairs: dict[Hashable, list[PairCounts]] = {}

    def marks(self, resamples: int) -> tuple[int, ...]:
        """After how many resamples to tell: 100, 250, 500 and the last."""
        return (*(mark for mark in MARKS if mark < resamples), resamples)

    def samples(self, key: Hashable) -> Floats:
        """What is known of a key, float64 [B], NaN where no class could be scored."""
        return self._samples.get(key, np.empty(0))

    def extend(
        self, key: Hashable, end: int, pairs: Callable[[], Iterator[PairCounts]]
    ) -> Iterator[None]:
        """Know `end` resamples of a key; gives a breath now and then.

        Args:
            key: What is resampled.
            end: How many to know.
            pairs: Makes the pairs of all scored classes, a few classes at a time.
        """
        known = self.samples(key)
        if len(known) >= end:
            return
        draws = self._drawn(end)[:, len(known) : end]
        total, scored = np.zeros(draws.shape[1]), np.zeros(draws.shape[1])
        for some in self._some_pairs(key, pairs):
            step = max(16, _BREATH // max(1, some.wins.size))
            for first in range(0, draws.shape[1], step):
                part = slice(first, first + step)
                areas = some.areas(draws[:, part])
                total[part] += np.nansum(areas, axis=0)
                scored[part] += (~np.isnan(areas)).sum(axis=0)
                yield None
        with np.errstate(invalid="ignore"):
            samples = np.concatenate([known, total / scored])
        while len(self._samples) >= _SAMPLES_KEPT:
            del self._samples[next(iter(self._samples))]
        self._samples[key] = samples

    def _some_pairs(
        self, key: Hashable, pairs: Callable[[], Iterator[PairCounts]]
    ) -> Iterator[PairCounts]:
        """The pairs, those of the latest two keys kept where they are not too many."""
        if key in self._pairs:
            yield from self._pairs[key]
            return
        kept: list[PairCounts] = []
        size = 0
        for some in pairs():
            size += some.wins.nbytes
            if size <= _PAIRS_KEPT_BYTES:
                kept.append(some)
            else:
                kept.clear()
            yield some
        if size <= _PAIRS_KEPT_BYTES:
            while len(self._pairs) >= 2:
                del self._pairs[next(iter(self._pairs))]
            self._pairs[key] = kept

    def _drawn(self, end: int) -> npt.NDArray[np.float32]:
        """Draws [N, B], the same first ones whatever `end`."""
        if self._draws.shape[1] < end:
            generator = np.random.default_rng(self._seed)
            draws = draw_recordings(self._recordings, max(end, 1000), generator)
            self._draws = np.ascontiguousarray(draws.T, dtype=np.float32)
        return self._draws


def interval_so_far(
    difference: float, ours: Floats | None, theirs: Floats | None, of: int, reason: str = ""
) -> IntervalSoFar:
    """The 95 % percentile interval of a paired difference; without samples, no interval."""
    if ours is None or theirs is None:
        width = float("nan") if reason else 0.0
        return IntervalSoFar(
            difference, width, width, 0 if reason else of, of, "within noise", reason
        )
    interval = percentile_interval(ours - theirs)
    if interval is None:
        reason = "no resample leaves a class to score"
        return IntervalSoFar(
            difference, float("nan"), float("nan"), len(ours), of, "within noise", reason
        )
    return IntervalSoFar(
        difference,
        interval.low,
        interval.high,
        len(ours),
        of,
        badge_of(interval.low, interval.high),
    )


def badge_of(low: float, high: float) -> Badge:
    """What an interval of a difference says."""
    if low > 0:
        return "better"
    return "worse" if high < 0 else "within noise"
