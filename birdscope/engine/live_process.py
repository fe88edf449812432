"""The process that listens: `python -m birdscope.engine.live_process PIPE SOURCE`.

Alone with the sound device, it is held up neither by the interface nor by the nets. When the
interface goes away, however it does, it finishes the recording and ends.
"""

from __future__ import annotations

import queue
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, cast

from birdscope.audio.spectrogram import SpectrogramSettings
from birdscope.core.errors import BirdscopeError
from birdscope.engine import live_messages as messages
from birdscope.engine.live_ear import LiveEar, Source
from birdscope.engine.process import Channel, leave, settle_in

if TYPE_CHECKING:
    from birdscope.audio.axes import Scale

TICK_S = 0.08
DEFAULT_SOURCE = "birdscope.engine.live_process:open_microphone"


def open_microphone(device: str) -> Source:
    """The source of the real thing: a microphone or line input."""
    from birdscope.audio.microphone import Microphone

    return Microphone(device=device or None)


def input_names(source: str) -> list[str]:
    """What can be listened to."""
    from birdscope.audio.devices import input_devices, look_again

    if source != DEFAULT_SOURCE:
        return []
    look_again()
    return input_devices()


class Listener:
    """Answers the interface between two looks at the input.

    Args:
        send: Takes messages to the interface.
        source: `module:function` that makes a source of a device's name.
    """

    def __init__(self, send: Callable[[object], None], source: str) -> None:
        self._send = send
        self._source = source
        self._ear: LiveEar | None = None

    def handle(self, message: object) -> None:
        """Do what a message asks."""
        if isinstance(message, messages.Listen):
            self._listen(message)
        elif isinstance(message, messages.DevicesWanted):
            self._answer(message.token, lambda: input_names(self._source))
        elif self._ear is None:
            return
        elif isinstance(message, messages.Quiet):
            self.close()
            self._ear = None
        elif isinstance(message, messages.Margin):
            self._ear.margin_s = message.seconds
        elif isinstance(message, messages.Record):
            self._ear.record(message.on)
        elif isinstance(message, messages.PictureWanted):
            self._answer(message.token, lambda: self._columns(message))

    def tick(self) -> None:
        """Look at the input."""
        if self._ear is not None:
            self._ear.tick()

    def close(self) -> None:
        """Finish the recording and give the device back."""
        if self._ear is not None:
            self._ear.close()

    def _listen(self, wanted: messages.Listen) -> None:
        self.close()
        self._send(messages.Begun(wanted.token))
        module, _, name = self._source.partition(":")
        make = cast("Callable[[str], Source]", getattr(import_module(module), name))
        self._ear = LiveEar(
            make(wanted.device), self._send, wanted.folder, wanted.margin_s, wanted.first_window
        )
        self._ear.rescue()

    def _columns(self, wanted: messages.PictureWanted) -> object:
        assert self._ear is not None
        settings = SpectrogramSettings(
            wanted.low_hz,
            wanted.high_hz,
            cast("Scale", wanted.scale),
            wanted.n_fft,
            overlap=wanted.overlap,
        )
        return self._ear.pictures.columns(
            wanted.first, wanted.columns, wanted.column_s, wanted.rows, settings
        )

    def _answer(self, token: int, work: Callable[[], object]) -> None:
        try:
            answer = messages.Answer(token, work())
        except BirdscopeError as error:
            answer = messages.Answer(token, problem=str(error))
        self._send(answer)


def serve(channel: Channel, source: str) -> None:
    """Listen and answer until the interface goes away."""
    inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
    listener = Listener(channel.send, source)

    def end() -> None:
        listener.close()
        leave()

    channel.on_lost = end
    channel.listen(inbox.put, on_end=lambda: inbox.put(None))
    signal.signal(signal.SIGTERM, lambda *_: inbox.put(None))
    while True:
        try:
            message = inbox.get(timeout=TICK_S)
        except queue.Empty:
            pass
        else:
            if message is None:
                end()
            listener.handle(message)
        listener.tick()


def main(arguments: Sequence[str]) -> None:
    """Entry point of the process."""
    handle, source = arguments
    channel = settle_in(int(handle), niceness=0, batch=False)
    try:
        serve(channel, source)
    except Exception:
        traceback.print_exc()
        raise


if __name__ == "__main__":
    main(sys.argv[1:])
