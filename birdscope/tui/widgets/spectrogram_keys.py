"""The keys of a spectrogram, for any pane that has one."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Container

from birdscope.tui import palettes
from birdscope.tui.frequency import SCALES
from birdscope.tui.widgets.spectrogram import SpectrogramView


class SpectrogramPane(Container):
    """A pane with one SpectrogramView: its keys zoom, pan and colour it from anywhere inside."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "zoom(2)", "Zoom", key_display="+",
                id="spectrogram.zoom_in", tooltip="Zoom in"),
        Binding("minus", "zoom(0.5)", "Zoom out", show=False, id="spectrogram.zoom_out",
                tooltip="Zoom out"),
        Binding("0", "zoom_reset", "Whole file", show=False, id="spectrogram.whole",
                tooltip="Show the whole file"),
        Binding("h,shift+left", "pan(-0.25)", "Pan left", show=False, id="spectrogram.left",
                tooltip="Pan to the left"),
        Binding("l,shift+right", "pan(0.25)", "Pan right", show=False, id="spectrogram.right",
                tooltip="Pan to the right"),
        Binding("p", "palette", "Palette", show=False, id="spectrogram.palette",
                tooltip="Next palette"),
        Binding("f", "scale", "Scale", show=False, id="spectrogram.scale",
                tooltip="Frequency scale: mel, linear, log"),
        Binding("g", "grid", "Grid", show=False, id="spectrogram.grid",
                tooltip="Show the borders of 5 s windows"),
    ]  # fmt: skip

    @property
    def spectrogram(self) -> SpectrogramView:
        """The pane's spectrogram."""
        return self.query_one(SpectrogramView)

    def action_zoom(self, factor: float) -> None:
        """Zoom around the playhead, or the middle."""
        self.spectrogram.zoom(factor)

    def action_zoom_reset(self) -> None:
        """Show the whole file."""
        self.spectrogram.reset_view()

    def action_pan(self, share: float) -> None:
        """Move by a share of what is seen."""
        self.spectrogram.pan(share)

    def action_palette(self) -> None:
        """Take the next palette."""
        self.spectrogram.palette = palettes.following(self.spectrogram.palette)

    def action_scale(self) -> None:
        """Take the next frequency scale."""
        view = self.spectrogram
        view.scale = SCALES[(SCALES.index(view.scale) + 1) % len(SCALES)]

    def action_grid(self) -> None:
        """Show or hide the borders of windows."""
        self.spectrogram.window_grid = not self.spectrogram.window_grid
