"""The keys of live input."""

from __future__ import annotations

from dataclasses import replace

from textual.binding import Binding

from birdscope.tui.widgets.spectrogram_bindings import LOOK_BINDINGS

_NOT_LIVE = ("spectrogram.wave", "spectrogram.zoom_box")

LIVE_BINDINGS = [
    Binding("r", "record", "Record", id="live.record",
            tooltip="Record to a file in the session, from the present window on; again: stop"),
    Binding("d", "device", "Input", id="live.device",
            tooltip="Choose the microphone or line input; the session remembers it"),
    Binding("space", "hold", "Hold", id="live.hold",
            tooltip="Hold the picture still, or let it run again; listening goes on"),
    Binding("end", "newest", "Newest", show=False, id="live.newest",
            tooltip="Follow the newest window again"),
    Binding("o", "open", "Open recording", show=False, id="live.open",
            tooltip="End live input and open the last recording in Scope"),
    Binding("question_mark", "app.help", "Keys", key_display="?", show=False, id="live.help",
            tooltip="The keys of where you are"),
    Binding("escape,m,q", "leave", "End", id="live.end",
            tooltip="End live input; a recording under way is kept"),
]  # fmt: skip

# The keys of a spectrogram, from anywhere on the screen.
PICTURE_BINDINGS = [
    replace(one, action=f"look({one.action!r})") for one in LOOK_BINDINGS if one.id not in _NOT_LIVE
]
