"""The steps of post-processing on class-major arrays, to the bit as `postprocess.steps`.

Each works on some classes [c, R] of float64 and may write into what it was given, unless that is
read-only. They are written anew because the reference picks rows by index; along a class,
neighbours are slices. `within` says that all numbers are there and in 0–1, which saves checks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Layout:
    """Which rows belong together.

    Args:
        offsets: int64 [N + 1]; recording n owns rows offsets[n] to offsets[n + 1]; none empty.
        gaps: Whether there may be NaN.
    """

    def __init__(self, offsets: Ints, *, gaps: bool) -> None:
        self.offsets = offsets
        self.lengths = np.diff(offsets)
        self.gaps = gaps
        self._edges = lru_cache(maxsize=64)(self._find_edges)

    @cached_property
    def number(self) -> Ints:
        """The recording of each row, [R]."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    def tops(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The top of each class in each recording, [c, N]; NaN is passed over."""
        function = np.fmax if self.gaps else np.maximum
        result: npt.NDArray[Any] = function.reduceat(values, self.offsets[:-1], axis=1)
        return result

    def to_rows(self, of_recordings: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """[c, N] → [c, R]."""
        result: npt.NDArray[Any] = np.repeat(of_recordings, self.lengths, axis=1)
        return result

    def edges(self, shift: int) -> tuple[Ints, Ints]:
        """Rows whose neighbour at `shift` lies beyond their recording, and whom they take."""
        return self._edges(shift)

    def _find_edges(self, shift: int) -> tuple[Ints, Ints]:
        rows = np.arange(self.offsets[-1])
        first, last = self.offsets[self.number], self.offsets[self.number + 1] - 1
        wanted = rows + shift
        beyond = np.flatnonzero((wanted < first) | (wanted > last))
        return beyond, np.clip(wanted, first, last)[beyond]


def act(
    kind: str, parameters: tuple[Any, ...], values: Floats, layout: Layout, *, within: bool
) -> Floats:
    """Run a step that looks at each class alone, given its parameters in their order.

    Raises:
        ValueError: there is no such step.
    """
    taps = taps_of(kind, parameters)
    if taps is not None:
        return kernel(values, layout, taps, within=within)
    match kind:
        case "power":
            raised: Floats = np.power(values, *parameters)
            return raised
        case "file_peak":
            return file_peak(values, layout)
        case "min_max":
            return min_max(values)
        case "low_confidence_shift":
            return low_confidence_shift(values, layout, *parameters)
    raise ValueError(f"no step {kind!r}")


def taps_of(kind: str, parameters: tuple[Any, ...]) -> tuple[float, ...] | None:
    """The kernel of a step; None of one that has none."""
    match kind, parameters:
        case "smooth", (weight,):
            return weight, 1.0 - 2.0 * weight, weight
        case "gaussian", (sigma,):
            radius = int(4.0 * sigma + 0.5)
            distance = np.arange(-radius, radius + 1)
            return tuple(np.exp(-0.5 * (distance / sigma) ** 2).tolist())
        case "neighbour_mean", (width,):
            return (1.0,) * int(width)
        case "kernel", (taps,):
            return tuple(taps)
    return None


def own(values: Floats) -> Floats:
    """The values if they may be written into, else a copy."""
    return values if values.flags.writeable else values.copy()


def low_rank_power(
    values: Floats,
    tail: npt.NDArray[np.bool_],
    exponent: float,
    layout: Layout,
    *,
    within: bool,
) -> Floats:
    """Raise the recordings of each class where `tail` [c, N] says so."""
    values = own(values)
    if within and exponent == 2:
        # x · max(x, 0 or 1) needs no branch: half the time of `where`.
        factor = layout.to_rows((~tail).astype(np.float64))
        np.maximum(factor, values, out=factor)
        values *= factor
    else:
        np.copyto(values, np.power(values, exponent), where=layout.to_rows(tail))
    return values


def kernel(values: Floats, layout: Layout, taps: Sequence[float], *, within: bool) -> Floats:
    """Weigh the rows around each row by `taps`, edges repeated."""
    weights = np.asarray(taps, dtype=np.float64) / math.fsum(taps)
    if len(weights) == 3 and weights[0] == weights[2]:
        return _three_taps(values, layout, float(weights[0]), within)
    result = values.copy()
    for tap, weight in enumerate(weights.tolist()):
        shift = tap - len(weights) // 2
        if shift != 0 and weight != 0:
            step = _differences(values, layout, shift)
            if layout.gaps:
                np.nan_to_num(step, copy=False)
            step *= weight
            result += step
    np.clip(result, 0.0, 1.0, out=result)
    return result


def _three_taps(values: Floats, layout: Layout, weight: float, within: bool) -> Floats:
    """The kernel of smoothing: what one row gains of its neighbour, that one loses."""
    values = own(values)
    if weight != 0:
        gain = values[:, 1:] - values[:, :-1]
        gain[:, layout.offsets[1:-1] - 1] = 0.0
        if layout.gaps:
            np.nan_to_num(gain, copy=False)
        gain *= weight
        values[:, 1:] -= gain
        values[:, :-1] += gain
    # Up to a half, rounding leads out of 0–1 nowhere (v + w(a - v) + w(b - v), monotone in all).
    if not (within and 0 <= weight < 0.5):
        np.clip(values, 0.0, 1.0, out=values)
    return values


def _differences(values: Floats, layout: Layout, shift: int) -> Floats:
    """What each row's neighbour at `shift` has more than itself, [c, R]."""
    step = np.empty_like(values)
    size = values.shape[1]
    if abs(shift) < size:
        if shift < 0:
            np.subtract(values[:, :shift], values[:, -shift:], out=step[:, -shift:])
        else:
            np.subtract(values[:, shift:], values[:, :-shift], out=step[:, :-shift])
    beyond, taken = layout.edges(shift)
    step[:, beyond] = values[:, taken] - values[:, beyond]
    return step


def file_peak(values: Floats, layout: Layout) -> Floats:
    """Times the class's top in its recording."""
    values = own(values)
    values *= layout.to_rows(layout.tops(values))
    return values


def min_max(values: Floats) -> Floats:
    """Each class stretched to 0–1 over all rows; a constant class becomes 0."""
    low = np.fmin.reduce(values, axis=1, keepdims=True)
    span = np.fmax.reduce(values, axis=1, keepdims=True) - low
    values = own(values)
    values -= low
    values /= np.where(span > 0, span, 1)
    np.clip(values, 0.0, 1.0, out=values)
    return values


def low_confidence_shift(values: Floats, layout: Layout, threshold: float, delta: float) -> Floats:
    """Take `delta` from classes whose top in the recording is under `threshold`."""
    unsure = layout.to_rows(layout.tops(values) < threshold)
    return np.where(unsure, np.maximum(values - delta, 0), values)


def ranks(tops: npt.NDArray[Any]) -> npt.NDArray[np.int16]:
    """The place of each class in each recording by its top, [C, N]; 0 is the best.

    Of equal ones the earlier column is the better, as in `steps.low_rank_power`.
    """
    order = np.argsort(-tops.T, axis=1, kind="stable")
    places = np.empty(order.shape, dtype=np.int16)
    np.put_along_axis(places, order, np.arange(order.shape[1], dtype=np.int16)[None, :], axis=1)
    return np.ascontiguousarray(places.T)


def pooled(values: Floats, layout: Layout, pooling: str) -> Floats:
    """One score per recording, [c, N]: maximum or mean; NaN is passed over."""
    if pooling == "max":
        result: Floats = layout.tops(values)
        return result
    # Row after row, as the reference adds: along a class NumPy would add in pairs.
    by_row = np.ascontiguousarray(values.T)
    known = ~np.isnan(by_row)
    total = np.add.reduceat(np.where(known, by_row, 0), layout.offsets[:-1], axis=0)
    count = np.add.reduceat(known.astype(np.float64), layout.offsets[:-1], axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean: Floats = np.where(count > 0, total / count, np.nan).T
    return mean
