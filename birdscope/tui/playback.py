"""The one player of the app: commands in from any pane, state and position out as signals."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from textual.app import App
from textual.signal import Signal
from textual.timer import Timer

from birdscope.audio.treatment import Treatment
from birdscope.core.errors import AudioDeviceError, BirdscopeError
from birdscope.tui.playback_status import PlaybackStatus, PlayerLike, State
from birdscope.tui.playback_treatments import TreatedPlayback

__all__ = ["FRAMES_PER_SECOND", "Playback", "PlaybackStatus", "PlayerLike", "State", "open_player"]

FRAMES_PER_SECOND = 25
_AT_END_S = 0.05


class Playback(TreatedPlayback):
    """Owns the Player; its calls run in a thread, one after the other, never in the interface.

    Without a sound device a silent clock takes the player's place, so that the playhead and
    the live predictions still run.

    Attributes:
        changed: Signal with a PlaybackStatus whenever it differs.
        moved: Signal with the position in seconds, 25 times a second while playing.
        ended: Signal with the path of a recording that was played to its end.
        status: The newest PlaybackStatus.
        selection: The box last selected in a spectrogram, and its file.
    """

    def __init__(
        self, app: App[None], make_player: Callable[[], tuple[PlayerLike, str]] | None = None
    ) -> None:
        self._app = app
        self._make_player = make_player or open_player
        self._player: PlayerLike | None = None
        self._commands: asyncio.Queue[Callable[[PlayerLike], None]] = asyncio.Queue()
        self._timer: Timer | None = None
        self._position_s = 0.0
        self.changed: Signal[PlaybackStatus] = Signal(app, "playback-changed")
        self.moved: Signal[float] = Signal(app, "playback-moved")
        self.ended: Signal[Path] = Signal(app, "playback-ended")
        self.status = PlaybackStatus()

    @property
    def position_s(self) -> float:
        """What is heard now, in seconds from the file's beginning."""
        return self._position_s

    def start(self) -> None:
        """Begin to serve commands; the app calls it after its first paint."""
        self._timer = self._app.set_interval(1 / FRAMES_PER_SECOND, self._tick, pause=True)
        self._app.run_worker(self._serve(), group="playback", exit_on_error=False)

    def play(
        self,
        path: Path,
        *,
        name: str = "",
        start_s: float | None = None,
        end_s: float | None = None,
    ) -> None:
        """Play a file, or a span of it."""
        self._show(name=name or path.name)
        treatment = self._treat_for(path)
        self._do(lambda player: self._load_and_play(player, path, start_s, end_s, treatment))

    def cue(self, path: Path, *, name: str = "", at_s: float = 0.0) -> None:
        """Take a file and put the playhead there, without a sound; one that is gone is left."""
        self._show(name=name or path.name)
        self._do(lambda player: self._load_only(player, path, at_s))

    def toggle(self) -> None:
        """Pause or go on; from a stop, play the loaded file again."""
        state = self.status.state
        if self.path is None:
            return
        if state == "playing":
            self.pause()
        elif state == "paused":
            self._do(lambda player: player.resume())
        else:
            self._do(lambda player: player.play(start_s=self._restart_s()))

    def pause(self) -> None:
        """Hold the sound; the position stays."""
        self._do(lambda player: player.pause())

    def stop(self) -> None:
        """End the sound."""
        self._do(lambda player: player.stop())

    def seek(self, seconds: float) -> None:
        """Go to a position; keeps playing or pausing."""
        target = min(max(0.0, seconds), self.status.duration_s or seconds)
        self._set_position(target)
        self._do(lambda player: player.seek(target))

    def seek_by(self, seconds: float) -> None:
        """Go forward, or back when negative."""
        if self.path is not None:
            self.seek(self._position_s + seconds)

    def change_volume(self, step: float) -> None:
        """Louder or quieter by `step` (of 0 to 1)."""
        volume = round(min(1.0, max(0.0, self.status.volume + step)), 2)
        self._show(volume=volume)
        self._do(lambda player: setattr(player, "volume", volume))

    def close(self) -> None:
        """Give the device back; for the end of the app."""
        if self._timer is not None:
            self._timer.stop()
        if self._player is not None:
            self._player.close()

    def _restart_s(self) -> float:
        at_end = self._position_s >= self.status.duration_s - 0.05
        return 0.0 if at_end else self._position_s

    def _do(self, command: Callable[[PlayerLike], None]) -> None:
        self._commands.put_nowait(command)

    async def _serve(self) -> None:
        await self._open()
        while True:
            command = await self._commands.get()
            try:
                await asyncio.to_thread(command, self._ready())
            except AudioDeviceError as error:
                self._show(device_note=error.what)
                self._app.notify(str(error), title="No sound", severity="warning", markup=False)
            except BirdscopeError as error:
                self._app.notify(str(error), title="Can't play", severity="error", markup=False)
            self._refresh_status()

    async def _open(self) -> None:
        player, note = await asyncio.to_thread(self._make_player)
        player.volume = self.status.volume
        player.on_end = self._ended
        self._player = player
        self._show(device_note=note)

    def _ready(self) -> PlayerLike:
        assert self._player is not None
        return self._player

    def _load_and_play(
        self,
        player: PlayerLike,
        path: Path,
        start_s: float | None,
        end_s: float | None,
        treatment: Treatment,
    ) -> None:
        if path != self.path or player.duration_s <= 0:
            player.stop()
            player.load(path)
            player.treat(treatment)
        self.status = replace(self.status, path=path)
        player.play(start_s=start_s if start_s is not None else 0.0, end_s=end_s)

    def _load_only(self, player: PlayerLike, path: Path, at_s: float) -> None:
        if player.state != "stopped":
            return
        try:
            player.load(path)
        except BirdscopeError:
            return
        player.seek(at_s)
        self.status = replace(self.status, path=path)

    def _ended(self) -> None:
        """Called by the player's own thread."""
        self._app.call_later(self._refresh_status)

    def _refresh_status(self) -> None:
        player = self._ready()
        state: State = "stopped"
        if player.state in ("playing", "paused"):
            state = "playing" if player.state == "playing" else "paused"
        self._set_position(player.position_s)
        was_playing, path = self.status.state == "playing", self.path
        self._show(state=state, duration_s=player.duration_s, underruns=player.underruns)
        at_end = self._position_s >= player.duration_s - _AT_END_S
        if was_playing and state == "stopped" and at_end and path is not None:
            self.ended.publish(path)
        if self._timer is not None:
            if state == "playing":
                self._timer.resume()
            else:
                self._timer.pause()

    def _tick(self) -> None:
        player = self._ready()
        self._set_position(player.position_s)
        if player.state != "playing" or player.underruns != self.status.underruns:
            self._refresh_status()

    def _set_position(self, seconds: float) -> None:
        if seconds != self._position_s:
            self._position_s = seconds
            self.moved.publish(seconds)

    def _show(self, **changes: object) -> None:
        status = replace(self.status, **changes)  # type: ignore[arg-type]
        self.status = status
        self.changed.publish(status)


def open_player() -> tuple[PlayerLike, str]:
    """The real player, or a silent clock with the reason why there is no sound."""
    from birdscope.tui.silent_player import SilentPlayer

    try:
        from birdscope.audio.player import Player, audio_available

        available, line = audio_available()
        if available:
            return Player(), ""
    except BirdscopeError as error:
        line = error.what
    return SilentPlayer(), line
