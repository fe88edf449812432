"""The sound system: is there one, which devices has it, and what to do when not."""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from functools import cache
from typing import Any, Literal
from weakref import WeakSet

from birdscope.core.errors import AudioDeviceError

_STREAMS: WeakSet[Any] = WeakSet()
Direction = Literal["output", "input"]
_INSTALL = (
    "Debian, Ubuntu: sudo apt install libportaudio2 libasound2-plugins; Fedora: sudo dnf "
    "install portaudio; macOS: brew install portaudio"
)
_CONNECT = {
    "output": "connect or enable speakers; over SSH forward a PulseAudio server: ssh -R "
    "24713:localhost:4713 HOST, then PULSE_SERVER=tcp:localhost:24713 birdscope",
    "input": "connect or enable a microphone, and allow the terminal to use it",
}


def audio_available() -> tuple[bool, str]:
    """Whether sound can be played, and a line for people: the device, or what is missing."""
    try:
        return True, f"plays on {device_info('output')['name']}"
    except AudioDeviceError as error:
        return False, f"{error.what}; {error.remedy}"


def portaudio() -> Any:
    """The sounddevice module, imported on first use.

    Raises:
        AudioDeviceError: PortAudio or its Python binding is missing.
    """
    try:
        import sounddevice
    except ImportError as error:
        raise AudioDeviceError(
            "the sounddevice package is missing", remedy="pip install sounddevice"
        ) from error
    except OSError as error:
        raise AudioDeviceError("PortAudio is not installed", remedy=_INSTALL) from error
    _silence_alsa()
    return sounddevice


def device_info(direction: Direction, device: int | str | None = None) -> dict[str, Any]:
    """PortAudio's description of a device: `name`, `index`, `default_samplerate`, ….

    Args:
        direction: Playing or recording.
        device: Number or a part of its name; None is the system's default.

    Raises:
        AudioDeviceError: there is none such.
    """
    sounddevice = portaudio()
    try:
        found: dict[str, Any] = sounddevice.query_devices(device, direction)
        return found
    except (sounddevice.PortAudioError, ValueError) as error:
        raise no_device(direction, device) from error


def output_devices() -> list[tuple[int, str]]:
    """Number and name of every device that plays, as PortAudio saw them last.

    Raises:
        AudioDeviceError: PortAudio is missing.
    """
    found = portaudio().query_devices()
    return [
        (number, str(one["name"]))
        for number, one in enumerate(found)
        if one["max_output_channels"] > 0
    ]


def input_devices() -> list[str]:
    """Names of the devices that record, each as `device_info` finds it again.

    Raises:
        AudioDeviceError: PortAudio is missing.
    """
    sounddevice = portaudio()
    hosts = sounddevice.query_hostapis()
    return [
        f"{one['name']}, {hosts[one['hostapi']]['name']}"
        for one in sounddevice.query_devices()
        if one["max_input_channels"] > 0
    ]


def keep_track(stream: Any) -> Any:
    """Remember an open stream, which `look_again` would break; the stream."""
    _STREAMS.add(stream)
    return stream


def look_again() -> None:
    """Let PortAudio list the devices anew, unless a stream is open.

    PortAudio lists devices once. One that was plugged in, or a sound server that started,
    later is seen only after this.

    Raises:
        AudioDeviceError: PortAudio is missing.
    """
    sounddevice = portaudio()
    if any(not stream.closed for stream in _STREAMS):
        return
    sounddevice._terminate()
    sounddevice._initialize()


def no_device(direction: Direction, device: int | str | None = None) -> AudioDeviceError:
    """The error for a device that is not there."""
    name = "" if device is None else f" called {device!r}"
    return AudioDeviceError(
        f"there is no sound {direction} device{name}", remedy=_CONNECT[direction]
    )


def refused(direction: Direction, error: Exception) -> AudioDeviceError:
    """The error for a device that is there but can't be used."""
    reason = str(error.args[0]) if error.args else str(error)
    return AudioDeviceError(
        f"the sound {direction} device refused: {reason}",
        remedy="close other programs that use it, or choose another device",
    )


@cache
def _silence_alsa() -> None:
    """Keep ALSA's own complaints off the terminal, where they would tear the picture."""
    name = ctypes.util.find_library("asound") if sys.platform == "linux" else None
    if name is None:
        return
    try:
        ctypes.CDLL(name).snd_lib_error_set_handler(_ALSA_HANDLER)
    except (OSError, AttributeError):
        return


_ALSA_HANDLER = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)(lambda file, line, function, code, text: None)
