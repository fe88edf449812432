"""Textual's command palette as one of birdscope's dialogs."""

from __future__ import annotations

from textual.command import CommandPalette

from birdscope.tui.dialog import Dialog


class Palette(CommandPalette, Dialog[None]):
    """The command palette, painted as dialogs are."""
