"""The part of Audition that sounds: the window and the reference beside it, and their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from birdscope.tui import audition_text, palettes
from birdscope.tui.audition_feed import AuditionFeed
from birdscope.tui.audition_sounds import AuditionSounds
from birdscope.tui.frequency import SCALES
from birdscope.tui.widgets.queue_list import QueueList
from birdscope.tui.widgets.spectrogram import SpectrogramView
from birdscope.tui.widgets.spectrogram_keys import SpectrogramPane

if TYPE_CHECKING:
    from birdscope.tui.services import Services


class ListeningPane(SpectrogramPane, inherit_bindings=False):
    """A pane with a queue, its window's picture and a reference's.

    Args:
        services: The app's catalog and player.

    Attributes:
        feed: Says which species it is.
        reference_wanted: Whether the reference is on show.
    """

    feed: AuditionFeed

    def __init__(self, services: Services, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._services = services
        self._sounds: AuditionSounds | None = None
        self.reference_wanted = False

    @property
    def spectrogram(self) -> SpectrogramView:
        """The window's."""
        return self.query_one("#audition-window", SpectrogramView)

    @property
    def sounds_ready(self) -> bool:
        """Whether the pictures are there."""
        return self._sounds is not None

    @property
    def sounds(self) -> AuditionSounds:
        """Shows and plays; there once the pane is mounted."""
        assert self._sounds is not None
        return self._sounds

    @property
    def is_on_show(self) -> bool:
        """Whether the user sees the pane."""
        return bool(self.display) and self.app.screen is self.screen

    def begin_to_sound(self) -> None:
        """Follow the player; the pictures are there."""
        window, reference = self.spectrogram, self.query_one("#audition-reference", SpectrogramView)
        self._sounds = AuditionSounds(self, self._services, window, reference)
        for view in (window, reference):
            view.can_focus = False
        window.border_title, reference.border_title = "Window", "Reference"
        self._services.playback.moved.subscribe(self, self._sounds.moved)
        self._services.playback.changed.subscribe(self, self._sounds.playback_changed)

    def show_window(self, *, play: bool = False) -> None:
        """Show the window under the cursor; play it if so wanted and the pane is on show."""
        item = self.query_one(QueueList).item
        note = audition_text.truth(item, self.feed.choice.kind)
        self.sounds.show(item, play=play and self.is_on_show, note=note)

    def draw_reference(self) -> None:
        """Show a reference of the species, or none."""
        self.set_class(self.reference_wanted, "-reference")
        catalog, label = self._services.catalog, self.feed.choice.label
        if self.reference_wanted and catalog is not None and label:
            self.sounds.show_reference(catalog, label)

    def action_reference(self) -> None:
        """Show or hide the reference."""
        self.reference_wanted = not self.reference_wanted
        self.draw_reference()

    def action_step_reference(self, steps: int) -> None:
        """Show another reference."""
        if not self.reference_wanted:
            self.action_reference()
        else:
            self.sounds.step_reference(steps)

    def action_turn_reference(self) -> None:
        """Show the next part of the reference."""
        if self.reference_wanted:
            self.sounds.turn_reference()

    def action_compare(self) -> None:
        """Play what was not played last: the reference or the window."""
        if not self.reference_wanted:
            self.action_reference()
        else:
            self.sounds.play_other()

    def action_play_pause(self) -> None:
        """Play the window, pause, or go on."""
        self.sounds.toggle()

    def action_palette(self) -> None:
        """Take the next palette, in both pictures."""
        following = palettes.following(self.spectrogram.palette)
        for view in self.query(SpectrogramView):
            view.palette = following

    def action_scale(self) -> None:
        """Take the next frequency scale, in both pictures."""
        following = SCALES[(SCALES.index(self.spectrogram.scale) + 1) % len(SCALES)]
        for view in self.query(SpectrogramView):
            view.scale = following

    def action_zoom_reset(self) -> None:
        """Show the window with its context again."""
        self.show_window()

    @on(SpectrogramView.Seek)
    def _seek(self, event: SpectrogramView.Seek) -> None:
        event.stop()
        if event.view.path is not None and event.view.path == self._services.playback.path:
            self._services.playback.seek(event.seconds)
