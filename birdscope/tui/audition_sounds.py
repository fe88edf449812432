"""The window on show and the reference beside it: their spectrograms, and which one sounds."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Literal

from textual.content import Content
from textual.widget import Widget

from birdscope.core.types import Recording
from birdscope.core.units import clock
from birdscope.core.windows import WINDOW_S, stem_of
from birdscope.tui.playback import PlaybackStatus
from birdscope.tui.probing import Probes
from birdscope.tui.references import References
from birdscope.tui.widgets.queue_list import WindowKey, number
from birdscope.tui.widgets.spectrogram import SpectrogramView

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.engine.audition_messages import QueueItem
    from birdscope.tui.services import Services

CONTEXT_S = 2.0
SEEN_S = WINDOW_S + 2 * CONTEXT_S
_SETTLE_S = 0.06
Sounding = Literal["", "window", "reference"]


class AuditionSounds:
    """Shows and plays one window, and one reference recording of its species.

    Args:
        owner: The widget whose workers are used.
        services: The app's, for the player.
        window: Draws the window.
        reference: Draws the reference.
    """

    def __init__(
        self, owner: Widget, services: Services, window: SpectrogramView, reference: SpectrogramView
    ) -> None:
        self._owner = owner
        self._services = services
        self._window = window
        self._reference = reference
        self._probes = Probes()
        self.references = References(self._probes)
        self.item: QueueItem | None = None
        self._played: tuple[Sounding, WindowKey | None] = ("", None)

    @property
    def sounding(self) -> Sounding:
        """What was played last: the window, the reference, or nothing yet."""
        return self._played[0]

    def show(self, item: QueueItem | None, *, play: bool = False, note: str = "") -> None:
        """Show another window, and play it if so wanted.

        Args:
            item: The window; None empties the view.
            play: Whether it sounds at once.
            note: What the labels say of it; empty where they don't tell.
        """
        self.item = item
        self._title(note)
        self._run(self._show(item, play), "audition-show")

    def show_reference(self, catalog: Catalog, label: str) -> None:
        """Show the best reference of a species; the one on show stays if it is of that species."""
        if label != self.references.label:
            self._run(self._load_references(catalog, label), "audition-reference")

    def step_reference(self, steps: int) -> None:
        """Show another reference."""
        self._run(self._step_reference(steps), "audition-reference")

    def turn_reference(self) -> None:
        """Show the next part of the reference; after the last one the first."""
        view = self._reference
        at_end = view.view_end_s >= view.duration_s - 0.05
        start_s = 0.0 if at_end else view.view_end_s
        view.show_span(start_s, start_s + SEEN_S)

    def play(self, *, context: bool = False) -> None:
        """Play the window, with 2 s before and after if so wanted."""
        if (item := self.item) is None:
            return
        more_s = CONTEXT_S if context else 0.0
        self._played = ("window", _key(item))
        self._services.playback.play(
            item.path, name=item.recording.rsplit("/", 1)[-1],
            start_s=max(0.0, item.start_s - more_s), end_s=item.end_s + more_s,
        )  # fmt: skip

    def play_reference(self) -> None:
        """Play the part of the reference that is seen."""
        recording, view = self.references.recording, self._reference
        if recording is None or view.path != recording.path:
            return
        self._played = ("reference", None)
        self._services.playback.play(
            recording.path, name=recording.name, start_s=view.view_start_s, end_s=view.view_end_s
        )

    def play_other(self) -> None:
        """Play what was not played last: the reference or the window."""
        if self.sounding == "reference":
            self.play()
        else:
            self.play_reference()

    def toggle(self) -> None:
        """Pause what sounds, go on with it, or play the window."""
        state = self._services.playback.status.state
        here = ("window", _key(self.item)) if self.item is not None else None
        resumable = state == "paused" and (self._played == here or self.sounding == "reference")
        if state == "playing" or resumable:
            self._services.playback.toggle()
        else:
            self.play()

    def moved(self, seconds: float) -> None:
        """Draw the playhead over what sounds."""
        path = self._services.playback.path
        for view, name in ((self._window, "window"), (self._reference, "reference")):
            ours = view.path is not None and view.path == path
            # a reference may be cut from the very file of the window
            if ours and (self.sounding in ("", name) or self._window.path != self._reference.path):
                view.set_playhead(seconds)

    def playback_changed(self, status: PlaybackStatus) -> None:
        """No playhead over what doesn't sound."""
        for view in (self._window, self._reference):
            if view.path != status.path or status.state == "stopped":
                view.set_playhead(None)

    def _title(self, note: str) -> None:
        item, view = self.item, self._window
        if item is None:
            view.border_title, view.border_subtitle = "Window", ""
            return
        score = f"  {number(item.score).strip()}" if item.score == item.score else ""
        # what the labels say before the name: where there is little room it is the rest that is cut
        parts = (f"{clock(item.start_s)}–{clock(item.end_s)}{score}", note, stem_of(item.recording))
        view.border_title = Content("  ".join(part for part in parts if part))
        said = [f"{name} {number(one).strip()}" for name, one in item.members.items()]
        view.border_subtitle = Content("  ".join(said) if len(said) > 1 else "")

    async def _show(self, item: QueueItem | None, play: bool) -> None:
        view = self._window
        if item is None:
            view.show(None)
            return
        # a held key runs through the queue: only where it rests is a picture made
        await asyncio.sleep(_SETTLE_S)
        if play:
            self.play()
        recording = Recording(item.recording, item.path, "train_soundscapes")
        probed = await asyncio.to_thread(self._probes.ask, recording)
        if probed.duration_s is None:
            view.show_error(item.path, f"✗ {recording.name}: {probed.problem}")
            return
        start_s = item.start_s - CONTEXT_S
        view.show(item.path, probed.duration_s, (start_s, start_s + SEEN_S))
        view.selected_span = (item.start_s, item.end_s)

    async def _load_references(self, catalog: Catalog, label: str) -> None:
        duration_s = await asyncio.to_thread(self.references.load, catalog, label)
        self._draw_reference(duration_s)

    async def _step_reference(self, steps: int) -> None:
        duration_s = await asyncio.to_thread(self.references.step, steps)
        self._draw_reference(duration_s)

    def _draw_reference(self, duration_s: float) -> None:
        recording, view = self.references.recording, self._reference
        if recording is None:
            view.show(None)
            view.border_title = "Reference: this species has none in train_audio"
            return
        # a short one is followed by silence: the same seconds in the same cells as the window
        view.show(recording.path, max(duration_s, SEEN_S), (0.0, SEEN_S))
        number_, total = self.references.place
        rating = f"★{recording.rating:g}" if recording.rating else "★–"
        view.border_title = Content(f"Reference {number_}/{total}  {rating}  {recording.name}")

    def _run(self, work: Coroutine[Any, Any, None], group: str) -> None:
        self._owner.run_worker(work, group=group, exclusive=True, exit_on_error=False)


def _key(item: QueueItem) -> WindowKey:
    return item.recording, item.index
