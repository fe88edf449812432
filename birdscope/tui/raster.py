"""From a picture in dB to what a terminal draws: levels, then runs of equal cells.

NumPy is imported here, so this module is imported when the first picture arrives, not before
the first paint.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from birdscope.audio.axes import FrequencyAxis
from birdscope.tui.frequency import F_MAX_HZ, F_MIN_HZ, frequency_axis
from birdscope.tui.pictures import Request
from birdscope.tui.timeline import TimeAxis

LEVELS = 64
MISSING = -1
PLAIN, GRID, SELECTED = 0, 1, 2
_DYNAMIC_RANGE_DB = 60.0
_LENGTH_BITS = 16

Runs = list[int]
"""Equal cells, each run as one number, which is looked up 10,000 times for a picture."""


@dataclass(frozen=True)
class Picture:
    """A spectrogram of a span of a file.

    Attributes:
        path: The file.
        start_s: Time of the left edge.
        end_s: Time of the right edge.
        db: float32 [rows, columns], row 0 the highest frequency.
        scale: How hertz are spread over the rows.
        low_hz: Lower edge.
        high_hz: Upper edge.
    """

    path: Path
    start_s: float
    end_s: float
    db: npt.NDArray[np.float32]
    scale: str = "mel"
    low_hz: float = F_MIN_HZ
    high_hz: float = F_MAX_HZ

    @classmethod
    def of(cls, request: Request, db: npt.NDArray[np.float32]) -> Picture:
        """The answer to a request."""
        fine = request.fine
        return cls(
            request.path, request.start_s, request.end_s, db,
            request.scale, fine.low_hz, fine.high_hz,
        )  # fmt: skip

    @property
    def frequencies(self) -> FrequencyAxis:
        """Its vertical axis."""
        return frequency_axis(len(self.db), self.scale, self.low_hz, self.high_hz)


def contrast(db: npt.NDArray[np.float32]) -> tuple[float, float]:
    """The dB drawn darkest and brightest: noise floor to loudest, at most 60 dB apart."""
    finite = db[np.isfinite(db)]
    if not finite.size:
        return -80.0, 0.0
    floor, high = (float(one) for one in np.percentile(finite, (15.0, 99.8)))
    return max(floor, high - _DYNAMIC_RANGE_DB), max(high, floor + 6.0)


def to_levels(
    db: npt.NDArray[np.float32],
    low: float,
    high: float,
    levels: int = LEVELS,
    gamma: float = 1.0,
) -> npt.NDArray[np.int32]:
    """Decibels → 0 … levels - 1, clipped; what is not finite becomes 0."""
    scaled = (db - low) * ((levels - 1) / (high - low))
    if gamma != 1.0:
        scaled = (levels - 1) * np.clip(scaled / (levels - 1), 0.0, 1.0) ** gamma
    clipped = np.clip(np.nan_to_num(scaled, nan=0.0, posinf=levels, neginf=0.0), 0, levels - 1)
    levels_of: npt.NDArray[np.int32] = clipped.astype(np.int32)
    return levels_of


def fitted(
    picture: Picture, axis: TimeAxis, rows: int, frequencies: FrequencyAxis | None = None
) -> tuple[npt.NDArray[np.float32], int, int]:
    """The picture drawn on another raster by nearest neighbours.

    Args:
        picture: What there is.
        axis: The times that are seen.
        rows: Picture rows that are seen.
        frequencies: The frequencies that are seen, of as many rows; None are the picture's.

    Returns:
        float32 [rows, columns], and the first and past-the-last column that it covers.
    """
    have_rows, have_columns = picture.db.shape
    centres_s = axis.start_s + (np.arange(axis.columns) + 0.5) / axis.columns * axis.span_s
    span_s = max(picture.end_s - picture.start_s, 1e-9)
    source = np.floor((centres_s - picture.start_s) / span_s * have_columns).astype(int)
    inside = np.flatnonzero((source >= 0) & (source < have_columns))
    if not inside.size:
        return np.zeros((rows, axis.columns), np.float32), 0, 0
    source_rows = (np.arange(rows) * have_rows) // rows
    have = picture.frequencies
    if frequencies is not None and (have != frequencies):
        seen = [have.hz_to_row(frequencies.row_to_hz(row + 0.5)) for row in range(rows)]
        source_rows = np.clip(np.floor(seen).astype(int), 0, have_rows - 1)
    drawn = picture.db[source_rows[:, None], np.clip(source, 0, have_columns - 1)[None, :]]
    return drawn, int(inside[0]), int(inside[-1]) + 1


def cell_codes(
    levels: npt.NDArray[np.int32],
    covered: tuple[int, int],
    grid_columns: list[int],
    selected_columns: list[int],
) -> npt.NDArray[np.int32]:
    """One number per cell: variant, upper level and lower level; MISSING where nothing is known.

    Args:
        levels: [2 × cell rows, columns].
        covered: First and past-the-last column with data.
        grid_columns: Columns with a thin line at their left edge.
        selected_columns: Columns with such a line in the accent colour.

    Returns:
        int32 [cell rows, columns]; `code_parts` takes it apart again.
    """
    codes: npt.NDArray[np.int32] = levels[0::2] * LEVELS + levels[1::2]
    codes[:, grid_columns] += GRID * LEVELS * LEVELS
    codes[:, selected_columns] %= LEVELS * LEVELS
    codes[:, selected_columns] += SELECTED * LEVELS * LEVELS
    codes[:, : covered[0]] = MISSING
    codes[:, covered[1] :] = MISSING
    return codes


def code_parts(code: int) -> tuple[int, int, int]:
    """(variant, upper level, lower level) of a cell."""
    variant, rest = divmod(code, LEVELS * LEVELS)
    upper, lower = divmod(rest, LEVELS)
    return variant, upper, lower


def run_of(code: int, length: int) -> int:
    """A run of equal cells as one number."""
    return code << _LENGTH_BITS | length


def run_parts(run: int) -> tuple[int, int]:
    """(code, length) of a run of equal cells."""
    return run >> _LENGTH_BITS, run & (1 << _LENGTH_BITS) - 1


def runs_of(codes: npt.NDArray[np.int32]) -> Runs:
    """The runs of equal neighbours in a row of cells, see `run_parts`."""
    return runs_of_lines(codes[None])[0]


def runs_of_lines(codes: npt.NDArray[np.int32]) -> list[Runs]:
    """`runs_of` each line of a picture [lines, columns], all at once."""
    lines, columns = codes.shape
    begins = np.ones(codes.shape, dtype=bool)
    np.not_equal(codes[:, 1:], codes[:, :-1], out=begins[:, 1:])
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=codes.size)
    runs = ((codes.ravel()[starts].astype(np.int64) << _LENGTH_BITS) | lengths).tolist()
    bounds = np.searchsorted(starts, np.arange(lines + 1) * columns).tolist()
    return [runs[first:past] for first, past in itertools.pairwise(bounds)]
