"""What settings are tuned against: labels with gaps, weights and folds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError

if TYPE_CHECKING:
    from birdscope.metrics.evaluate import Unit

POSITIVE, NEGATIVE, UNKNOWN = 1, 0, -1
NO_FOLD = -1


@dataclass(frozen=True)
class TuneTruth:
    """Labels of rows, cell by cell: yes, no, or not known.

    Attributes:
        classes: Labels of the C columns, the scores' own.
        row_ids: Row ids of windows (`<stem>_<end second>`), or keys of recordings (file level).
        unit: What a row is.
        values: int8 [R, C]: 1 positive, 0 negative, -1 unknown. An unknown cell counts for
            nobody: it is left out of its class, not taken for a negative.
        row_weights: float64 [R] above 0, how many rows of its kind each one stands for (the
            inverse of its sampling probability); None counts every row once.
        folds: int64 [R], the fold of each row, -1 for none; None where there are no folds.
        source: What the labels are, in a word or two, for a list to choose from.
        counted: Plain sentences that say what is counted where, for the screen.

    Raises:
        ScoresError: from the constructor, where shapes differ or a value is not allowed.
    """

    classes: tuple[str, ...]
    row_ids: tuple[str, ...]
    unit: Unit
    values: npt.NDArray[np.int8]
    row_weights: npt.NDArray[np.float64] | None
    folds: npt.NDArray[np.int64] | None
    source: str
    counted: tuple[str, ...]

    def __post_init__(self) -> None:
        rows = len(self.row_ids)
        if self.values.shape != (rows, len(self.classes)):
            raise ScoresError(
                f"labels have the shape {self.values.shape}, "
                f"not {rows} rows by {len(self.classes)} classes"
            )
        if self.values.size and not -1 <= int(self.values.min()) <= int(self.values.max()) <= 1:
            raise ScoresError("labels to tune against are 1 (yes), 0 (no) or -1 (unknown)")
        for name, of_rows in (("weights", self.row_weights), ("folds", self.folds)):
            if of_rows is not None and of_rows.shape != (rows,):
                raise ScoresError(f"there are {of_rows.shape} {name} for {rows} rows of labels")
        weights = self.row_weights
        if weights is not None and not (np.isfinite(weights) & (weights > 0)).all():
            raise ScoresError("the weights of labelled rows must be above 0")
