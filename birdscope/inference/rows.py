"""The rows of scores: laid out from recordings and window counts, kept as rows.parquet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from birdscope.core.errors import ScoresError
from birdscope.core.scores import ScoreRows
from birdscope.core.windows import WINDOW_S, row_id, stem_of


def lay_out(recordings: Sequence[str], window_counts: Sequence[int]) -> ScoreRows:
    """The rows of recordings (keys, in this order) with so many windows each."""
    counts = np.asarray(window_counts, dtype=np.int64)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    index_in_recording = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    return ScoreRows(
        row_ids=tuple(
            row_id(stem, window)
            for stem, count in zip(map(stem_of, recordings), counts.tolist(), strict=True)
            for window in range(count)
        ),
        recordings=tuple(recordings),
        offsets=offsets,
        start_s=index_in_recording * float(WINDOW_S),
    )


def write_rows(rows: ScoreRows, path: Path) -> None:
    """Write rows as a table: row_id, recording, window, start_s."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    counts = np.diff(rows.offsets)
    table = pa.table(
        {
            "row_id": pa.array(rows.row_ids, pa.string()),
            "recording": pa.array(
                np.repeat(np.array(rows.recordings, object), counts), pa.string()
            ),
            "window": pa.array((rows.start_s / WINDOW_S).astype(np.int32)),
            "start_s": pa.array(rows.start_s),
        }
    )
    pq.write_table(table, path)


def read_rows(path: Path) -> ScoreRows:
    """Read what `write_rows` wrote.

    Raises:
        ScoresError: if the table is missing, damaged, or not such a table.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # pq.read_table and to_numpy would import pandas first, which takes ten times the reading
        with pq.ParquetFile(path) as file:
            table = file.read(columns=["row_id", "recording", "start_s"])
        start_s = np.from_dlpack(table["start_s"].combine_chunks())
    except (OSError, pa.ArrowException, KeyError) as error:
        raise ScoresError(
            f"the table of rows can't be read: {error}", path=path, remedy="predict again"
        ) from error
    keys = np.array(table["recording"].to_pylist(), dtype=object)
    begins = np.ones(len(keys), dtype=bool)
    begins[1:] = keys[1:] != keys[:-1]
    starts = np.flatnonzero(begins)
    return ScoreRows(
        row_ids=tuple(table["row_id"].to_pylist()),
        recordings=tuple(keys[starts].tolist()),
        offsets=np.array([*starts, len(keys)], dtype=np.int64),
        start_s=start_s.astype(np.float64),
    )
