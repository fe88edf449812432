"""One line that stays: what the user must know as long as it is so."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static


class NoticeLine(Static):
    """A warning over the panes.

    Args:
        text: One line.
    """

    DEFAULT_CSS = """
    NoticeLine {
        width: 100%;
        height: 1;
        padding: 0 1;
        color: $text-warning;
        background: $warning-muted;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    """

    def __init__(self, text: str) -> None:
        super().__init__(Content(text))
