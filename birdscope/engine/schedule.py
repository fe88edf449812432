"""Which windows to predict next. Pure functions."""

from __future__ import annotations

from collections.abc import Collection

PAGE_WINDOWS = 12


def window_order(n_windows: int, at: int, done: Collection[int] = ()) -> tuple[int, ...]:
    """All windows not done: the one at the playhead, those after it, then from the start.

    Args:
        n_windows: Windows in the recording.
        at: Window the playhead is in; clipped into the recording.
        done: Windows that need no prediction.

    >>> window_order(5, 3, {4})
    (3, 0, 1, 2)
    """
    if n_windows <= 0:
        return ()
    at = min(max(at, 0), n_windows - 1)
    known = set(done)
    turn = (*range(at, n_windows), *range(at))
    return tuple(index for index in turn if index not in known)


def nearby_order(
    n_windows: int, at: int, done: Collection[int] = (), *, ahead: int = 2 * PAGE_WINDOWS
) -> tuple[int, ...]:
    """Like `window_order`, kept to the page of the playhead and `ahead` windows.

    For recordings of hours, where wrapping round would mean a long computation that nobody
    asked for.
    """
    if n_windows <= 0:
        return ()
    at = min(max(at, 0), n_windows - 1)
    first = at - at % PAGE_WINDOWS
    last = min(n_windows, max(first + PAGE_WINDOWS, at + ahead))
    order = window_order(last - first, at - first, {index - first for index in done})
    return tuple(index + first for index in order)
