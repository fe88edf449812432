"""The part of Browse that sounds: the selected recording, the ones after it, the playhead."""

from __future__ import annotations

from pathlib import Path

from textual import on

from birdscope.core.types import Recording
from birdscope.tui.browse_listing import ListingPane
from birdscope.tui.playback import PlaybackStatus
from birdscope.tui.widgets.recordings import RecordingsTable
from birdscope.tui.widgets.spectrogram import SpectrogramView


class PlayingPane(ListingPane, inherit_bindings=False):
    """A pane whose selected recording is played."""

    @on(SpectrogramView.Seek)
    def _seek(self, event: SpectrogramView.Seek) -> None:
        event.stop()
        if self.selected is None:
            return
        if self._services.playback.path == self.selected.path:
            self._services.playback.seek(event.seconds)
        else:
            self._play(self.selected, event.seconds)

    def action_play_pause(self) -> None:
        """Pause what plays; else play the selected recording."""
        playback = self._services.playback
        same = self.selected is None or playback.path == self.selected.path
        if playback.status.state == "playing" or same:
            playback.toggle()
        elif self.selected is not None:
            self._play(self.selected)

    def action_play_step(self, steps: int) -> None:
        """Go to another recording of the list, and play it."""
        table = self.query_one(RecordingsTable)
        if 0 <= table.cursor + steps < table.row_total():
            table.cursor += steps
            if table.recording is not None:
                self._play(table.recording)

    def _play(self, recording: Recording, start_s: float | None = None) -> None:
        self._services.playback.play(recording.path, name=recording.name, start_s=start_s)

    def _playback_changed(self, status: PlaybackStatus) -> None:
        key = ""
        if status.path is not None and status.state != "stopped" and self._catalog is not None:
            root = self._catalog.root
            if status.path.is_relative_to(root):
                key = status.path.relative_to(root).as_posix()
        self.query_one(RecordingsTable).mark_playing(key)

    def _playback_ended(self, path: Path) -> None:
        """Let the next recording follow, if so wanted."""
        recording = self.query_one(RecordingsTable).recording
        wanted = self._services.playback.status.auto_advance and self.display
        if wanted and recording is not None and recording.path == path:
            self.action_play_step(1)

    def _playback_moved(self, seconds: float) -> None:
        view = self.spectrogram
        if view.path is not None and view.path == self._services.playback.path:
            view.set_playhead(seconds)
