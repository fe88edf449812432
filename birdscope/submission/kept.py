"""How much of a folder of scores is there already; costs a look at one small file."""

from __future__ import annotations

from pathlib import Path


def predicted_already(folder: Path) -> int:
    """Recordings that every checkpoint has predicted; 0 where there is no such folder."""
    from birdscope.inference.store_files import MARKS, read_marks

    marks = {mark.recording: mark for mark in read_marks(folder / MARKS)}
    return sum(not mark.left_out for mark in marks.values())
