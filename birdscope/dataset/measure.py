"""Read the headers of many recordings: how long each is, or why it can't be opened."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

from birdscope.core.errors import AudioError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.core.types import Recording

_REPORT_EVERY = 64


@dataclass(frozen=True, slots=True)
class Measured:
    """What the header of one recording says.

    Attributes:
        duration_s: Length in seconds; 0 where it can't be opened.
        error: Why it can't be opened; empty where it can.
        cut_off: The file ends before its sound does.
    """

    duration_s: float
    error: str = ""
    cut_off: bool = False


def measure(
    recordings: Iterable[Recording], *, emit: Emit = silent, stop: Stop | None = None
) -> Mapping[str, Measured]:
    """Read every header, in a few threads.

    Args:
        recordings: Those whose files exist.
        emit: Hears of the progress.
        stop: Ends the work early.

    Returns:
        Recording key → what was found.

    Raises:
        Cancelled: if `stop` was set.
    """
    waiting = list(recordings)
    found: dict[str, Measured] = {}
    todo = iter(waiting)
    with ThreadPoolExecutor(max_workers=min(8, 2 * (os.cpu_count() or 1))) as pool:
        while batch := list(islice(todo, _REPORT_EVERY)):
            if stop is not None:
                stop.check()
            for one, result in zip(batch, pool.map(_measure, batch), strict=True):
                found[one.key] = result
            emit(Event("progress", done=len(found), total=len(waiting), unit="recording"))
    return found


def _measure(one: Recording) -> Measured:
    from birdscope.audio.files import ends_early, probe

    try:
        return Measured(probe(one.path).duration_s, cut_off=ends_early(one.path))
    except AudioError as error:
        return Measured(0.0, error=error.what)
    except OSError as error:
        return Measured(0.0, error=f"can't be read: {error.strerror}")
