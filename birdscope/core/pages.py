"""Give back the memory of a file that is mapped but no longer read."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress
from pathlib import Path

_MAPS = Path("/proc/self/maps")
_DONT_NEED = 4  # MADV_DONTNEED of Linux


def let_go(mapped: Path) -> int:
    """Drop the pages of a file's read-only mappings from this process; they come back if read.

    Does nothing where the system has no /proc/self/maps.

    Args:
        mapped: The file.

    Returns:
        Bytes of the mappings.
    """
    if not sys.platform.startswith("linux"):
        return 0
    total = 0
    with suppress(OSError):
        for begin, end in _mappings(mapped):
            address, size = ctypes.c_void_p(begin), ctypes.c_size_t(end - begin)
            if ctypes.CDLL(None).madvise(address, size, _DONT_NEED) == 0:
                total += end - begin
    return total


def _mappings(mapped: Path) -> list[tuple[int, int]]:
    """Addresses of a file's mappings that can't hold anything but the file."""
    wanted, found = str(mapped.resolve()), []
    for line in _MAPS.read_text().splitlines():
        parts = line.split(maxsplit=5)
        if len(parts) == 6 and parts[5] == wanted and "w" not in parts[1]:
            begin, _, end = parts[0].partition("-")
            found.append((int(begin, 16), int(end, 16)))
    return found
