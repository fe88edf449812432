"""Words in the place of what is not there yet."""

from __future__ import annotations

from textual.widgets import Static


class Hint(Static, can_focus=True):
    """Stands in the place of figures, and keeps the keys at hand."""
