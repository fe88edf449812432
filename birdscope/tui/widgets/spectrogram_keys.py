"""The keys of a spectrogram, for any pane that has one."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.containers import Container

from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.spectrogram_bindings import LOOK_BINDINGS, VIEW_BINDINGS


class SpectrogramPane(Container):
    """A pane with one SpectrogramView: its keys zoom, pan and colour it from anywhere inside.

    The keys of the cursor and of the box are the view's own, with the focus.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*VIEW_BINDINGS, *LOOK_BINDINGS]

    @property
    def spectrogram(self) -> SpectrogramView:
        """The pane's spectrogram."""
        return self.query_one(SpectrogramView)

    def action_zoom(self, factor: float) -> None:
        """Zoom around the cursor, the playhead, or the middle."""
        self.spectrogram.action_zoom(factor)

    def action_zoom_reset(self) -> None:
        """Show the whole file."""
        self.spectrogram.action_zoom_reset()

    def action_pan(self, share: float) -> None:
        """Move by a share of what is seen."""
        self.spectrogram.action_pan(share)

    def action_zoom_band(self, factor: float) -> None:
        """Zoom in frequency."""
        self.spectrogram.action_zoom_band(factor)

    def action_pan_band(self, share: float) -> None:
        """Show higher or lower frequencies."""
        self.spectrogram.action_pan_band(share)

    def action_palette(self) -> None:
        """Take the next palette."""
        self.spectrogram.action_palette()

    def action_scale(self) -> None:
        """Take the next frequency scale."""
        self.spectrogram.action_scale()

    def action_grid(self) -> None:
        """Show or hide the borders of windows."""
        self.spectrogram.action_grid()

    def action_gain(self, steps: int) -> None:
        """Brighter, or darker."""
        self.spectrogram.action_gain(steps)

    def action_range(self, steps: int) -> None:
        """Another dynamic range."""
        self.spectrogram.action_range(steps)

    def action_contrast(self) -> None:
        """Another contrast."""
        self.spectrogram.action_contrast()

    def action_n_fft(self) -> None:
        """The next FFT size."""
        self.spectrogram.action_n_fft()

    def action_overlap(self) -> None:
        """The next overlap."""
        self.spectrogram.action_overlap()

    def action_wave(self) -> None:
        """Show or hide the waveform."""
        self.spectrogram.action_wave()

    def action_zoom_box(self) -> None:
        """Show the box as large as it gets."""
        self.spectrogram.action_zoom_box()

    def action_take_in_hand(self) -> None:
        """Go to the spectrogram's cursor."""
        self.spectrogram.take_in_hand()
