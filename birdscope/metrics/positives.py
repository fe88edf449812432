"""Where the positives of each class are, and where scores rank them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.metrics.tune_truth import NEGATIVE, POSITIVE, UNKNOWN

Ints = npt.NDArray[np.int64]
Spans = Sequence[tuple[int, int]]


@dataclass(frozen=True)
class Sought:
    """The T positives of some classes, class after class.

    Attributes:
        lines: int64 [T], which of the classes.
        rows: int64 [T].
        folds: int64 [T].
        starts: int64 [c], where each class begins.
    """

    lines: Ints
    rows: Ints
    folds: Ints
    starts: Ints

    def span(self, line: int) -> slice:
        """Where a class's positives are among the T."""
        last = line + 1 == len(self.starts)
        end = len(self.lines) if last else int(self.starts[line + 1])
        return slice(int(self.starts[line]), end)

    def reordered(self, order: Ints) -> Sought:
        """The same positives in another order, class after class."""
        return Sought(self.lines[order], self.rows[order], self.folds[order], self.starts)


class Positives:
    """Where the positives of each class are; made once for a truth.

    Args:
        labels: int8 [C, S] as in `TuneTruth`, fold after fold.
        spans: First and end row of each of the F folds.
    """

    def __init__(self, labels: npt.NDArray[np.int8], spans: Spans) -> None:
        self.labels = labels
        self.spans = tuple(spans)
        self.masked = bool((labels == UNKNOWN).any())
        self.counts = _by_span(labels == POSITIVE, self.spans)
        self.negatives = _by_span(labels == NEGATIVE, self.spans)
        self._sought: dict[tuple[int, ...], Sought] = {}

    def unknown(self, column: int) -> npt.NDArray[np.bool_] | None:
        """Rows of a class that count for nobody, bool [S]; None where no class has any."""
        return self.labels[column] == UNKNOWN if self.masked else None

    def sought(self, columns: Sequence[int]) -> Sought:
        """The positives of some classes; kept, since the same ones are asked for again."""
        key = tuple(columns)
        if key not in self._sought:
            lines, rows = np.nonzero(self.labels[list(key)] == POSITIVE)
            ends = np.array([end for _, end in self.spans])
            starts = np.searchsorted(lines, np.arange(len(key)))
            folds = np.searchsorted(ends, rows, side="right")
            self._sought[key] = Sought(lines, rows, folds, starts)
        return self._sought[key]


@dataclass(frozen=True)
class Ranked:
    """Where the positives of some classes are among all rows of each of the F folds.

    Attributes:
        sought: The T positives.
        below: int64 [F, T], rows below.
        equal: int64 [F, T], rows as high, the positive itself among them.
    """

    sought: Sought
    below: Ints
    equal: Ints


def _by_span(cells: npt.NDArray[np.bool_], spans: Spans) -> Ints:
    """How many cells of each class and fold are true, [C, F]."""
    return np.stack([cells[:, first:end].sum(axis=1) for first, end in spans], axis=1)
