"""Lines broken where people break them: at spaces, in paths between folders. Pure."""

from __future__ import annotations

import re
import textwrap


class _Wrapper(textwrap.TextWrapper):
    """Breaks lines at spaces and after `/`; in longer parts after `-`, `_` and `.` as well."""

    wordsep_simple_re = re.compile(r"(\s+)|(?<=[^\s/]/)(?=\S)")

    def _split(self, text: str) -> list[str]:
        pieces: list[str] = []
        for piece in super()._split(text):
            long = len(piece) > self.width
            pieces += re.split(r"(?<=[-_.])(?=\w)", piece) if long else [piece]
        return pieces


def wrapped(text: str, width: int) -> list[str]:
    """A text in lines of at most `width` cells; paths are broken between their folders.

    >>> wrapped("--out sessions/first/scores", 16)
    ['--out sessions/', 'first/scores']
    """
    return _Wrapper(width, break_on_hyphens=False).wrap(text) or [""]
