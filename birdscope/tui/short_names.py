"""Names in few cells. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size


def cut(text: str, width: int) -> str:
    """The text in exactly `width` cells, with an ellipsis where it is too long."""
    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(text, max(width - 1, 0)) + "…"


def told_apart(names: Sequence[str], cells: int) -> list[str]:
    """Names of which those are shortened from the front that would look alike when cut.

    Args:
        names: Of species.
        cells: That are left of a name that is cut.

    >>> told_apart(["Domestic Cattle", "Domestic Cat", "Wood Frog"], 11)
    ['D. Cattle', 'D. Cat', 'Wood Frog']
    """
    alike = Counter(name[:cells] for name in set(names))
    return [_initials(name) if alike[name[:cells]] > 1 else name for name in names]


def _initials(name: str) -> str:
    *first, last = name.split()
    return " ".join([*(f"{word[0]}." for word in first), last])
