"""The keys of the player, for the app: wherever one is, they act on what sounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from birdscope.core.errors import AudioDeviceError, BirdscopeError
from birdscope.tui.playback import PlaybackStatus
from birdscope.tui.safe_app import SafeApp
from birdscope.tui.widgets.player_bar import PlayerBar
from birdscope.tui.widgets.spectrogram import SpectrogramView

if TYPE_CHECKING:
    from birdscope.audio.treatment import Treatment
    from birdscope.tui.playback import Playback
    from birdscope.tui.services import Services


class SoundApp(SafeApp):
    """An app with a player: loop, speed, band, loudness, device, clips.

    Attributes:
        services: The app's.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("L", "loop", "Loop", show=False, id="player.loop",
                tooltip="Loop the selected box, or the recording; or no longer"),
        Binding("semicolon", "speed(-1)", "Slower", show=False, key_display=";",
                id="player.slower", tooltip="Slower, down to ×0.25; pitch follows speed"),
        Binding("apostrophe", "speed(1)", "Faster", show=False, key_display="'",
                id="player.faster", tooltip="Faster, up to ×2; pitch follows speed"),
        Binding("quotation_mark", "speed(0)", "Own speed", show=False, key_display='"',
                id="player.own_speed", tooltip="The recording's own speed"),
        Binding("B", "band", "Band", show=False, id="player.band",
                tooltip="Hear only the frequencies of the selected box, or all again"),
        Binding("E", "normalise", "Equal loudness", show=False, id="player.normalise",
                tooltip="Make all clips equally loud, or leave them as recorded"),
        Binding("A", "auto_advance", "Auto-advance", show=False, id="player.auto_advance",
                tooltip="Play the next recording at the end of one, or stop there"),
        Binding("ctrl+o", "device", "Output", show=False, id="player.device",
                tooltip="Choose the device that plays"),
        Binding("W", "save_clip", "Save clip", show=False, id="player.save_clip",
                tooltip="Save what would be heard as a WAV file: selection, speed, band"),
    ]  # fmt: skip

    services: Services

    @on(PlayerBar.Seek)
    def _seek(self, event: PlayerBar.Seek) -> None:
        self.services.playback.seek(event.seconds)

    @on(PlayerBar.Toggle)
    def action_toggle_play(self) -> None:
        """Play or pause."""
        self.services.playback.toggle()

    def action_seek_by(self, seconds: float) -> None:
        """Seek from here."""
        self.services.playback.seek_by(seconds)

    def action_volume(self, step: float) -> None:
        """Change the volume."""
        self.services.playback.change_volume(step)

    def _playback_changed(self, status: PlaybackStatus) -> None:
        self.query_one(PlayerBar).status = status

    def _playback_moved(self, seconds: float) -> None:
        self.query_one(PlayerBar).move(seconds)

    @on(SpectrogramView.BoxChanged)
    def _box_changed(self, event: SpectrogramView.BoxChanged) -> None:
        self.services.playback.select(event.path, event.box)

    @on(SpectrogramView.PlayBox)
    def _play_box(self, event: SpectrogramView.PlayBox) -> None:
        if event.path is not None and event.box is not None:
            box = event.box
            self.services.playback.play(event.path, start_s=box.start_s, end_s=box.end_s)

    def action_loop(self) -> None:
        """Loop, or no longer."""
        self._explain(lambda playback: playback.toggle_loop())

    def action_speed(self, steps: int) -> None:
        """Slower or faster."""
        self._explain(lambda playback: playback.change_speed(steps))

    def action_band(self) -> None:
        """Only the selection's band, or everything."""
        self._explain(lambda playback: playback.toggle_band())

    def action_normalise(self) -> None:
        """Equally loud, or as recorded."""
        self._explain(lambda playback: playback.toggle_normalise())

    def action_auto_advance(self) -> None:
        """The next recording follows, or not."""
        self._explain(lambda playback: playback.toggle_auto_advance())

    @work(group="device", exclusive=True)
    async def action_device(self) -> None:
        """Choose from a list of devices."""
        from birdscope.audio.devices import output_devices
        from birdscope.tui.screens.choose_one import Choice, ChooseOne

        try:
            devices = await asyncio.to_thread(output_devices)
        except AudioDeviceError as error:
            self.say(error)
            return
        if not devices:
            self.notify("W saves what would be heard", title="No sound device", markup=False)
            return
        name = await self.services.playback.device_name()
        current = next((n for n, (_, one) in enumerate(devices, 1) if one == name), 0)
        choices = [Choice("the system's default"), *(Choice(one) for _, one in devices)]
        chosen = await self.push_screen_wait(ChooseOne("Sound output", choices, current))
        if chosen is not None:
            self.services.playback.use_device(devices[chosen - 1][0] if chosen else None)

    @work(group="clip")
    async def action_save_clip(self) -> None:
        """Write the selection, or the recording, as it would be heard."""
        from birdscope.audio.treatment import save_clip
        from birdscope.core import paths

        playback = self.services.playback
        if playback.clip is None:
            self.notify("play a recording, or select a part of one", title="No clip", markup=False)
            return
        source, span_s = playback.clip
        treatment = playback.status.treatment
        folder = paths.sessions() / self.services.session_name / "clips"
        target = folder / clip_name(source, span_s, treatment)
        try:
            await asyncio.to_thread(save_clip, source, target, span_s, treatment)
        except BirdscopeError as error:
            self.say(error)
        except OSError as error:
            self.notify(str(error), title="Can't save the clip", severity="error", markup=False)
        else:
            self.notify(str(target), title="Clip saved", markup=False)

    def _explain(self, command: Callable[[Playback], str]) -> None:
        """Do it; the bar shows what is on, so only what changed nothing needs words."""
        playback = self.services.playback
        before = playback.status
        said = command(playback)
        if playback.status == before:
            self.notify(said, timeout=3.0, markup=False)


def clip_name(source: Path, span_s: tuple[float, float], treatment: Treatment) -> str:
    """A file name that says what is in it.

    >>> from birdscope.audio.treatment import Treatment
    >>> clip_name(Path("a/XC1.ogg"), (1.5, 4.0), Treatment(speed=0.5))
    'XC1_1.50-4.00s_x0.5.wav'
    """
    parts = [source.stem, f"{span_s[0]:.2f}-{span_s[1]:.2f}s"]
    if treatment.speed != 1.0:
        parts.append(f"x{treatment.speed:g}")
    if treatment.band_hz is not None:
        parts.append(f"{treatment.band_hz[0]:.0f}-{treatment.band_hz[1]:.0f}Hz")
    if treatment.normalise:
        parts.append("norm")
    return "_".join(parts) + ".wav"
