"""The keys of Scope."""

from __future__ import annotations

from textual.binding import Binding

SOUND_BINDINGS = [
    Binding("space", "play_pause", "Play", id="scope.toggle",
            tooltip="Play or pause; the ensemble runs ahead of the sound"),
    Binding("r", "predict", "Predict", id="scope.predict", tooltip="Predict the whole file"),
    Binding("escape", "stop", "Stop", show=False, id="scope.stop", tooltip="Stop predicting"),
    Binding("o", "open", "Open", id="scope.open", tooltip="Choose a soundscape"),
    Binding("O", "open_file", "Open file…", show=False, id="scope.open_file",
            tooltip="Open any sound file by its path"),
    Binding("m", "live", "Live", show=False, id="scope.live",
            tooltip="Listen to a microphone or line input with the ensemble"),
    Binding("e", "ensemble", "Ensemble", id="scope.ensemble", tooltip="Choose an ensemble"),
    Binding("F", "follow", "Follow", show=False, id="scope.follow",
            tooltip="Let the selection follow the playhead, or stay"),
    Binding("N", "step(1)", "Next", id="scope.next", tooltip="Next soundscape"),
    Binding("P", "step(-1)", "Before", show=False, id="scope.before",
            tooltip="Soundscape before"),
    Binding("n", "page(1)", "Next minute", show=False, id="scope.page_on",
            tooltip="The next minute of a long recording"),
    Binding("p", "page(-1)", "Minute before", show=False, id="scope.page_back",
            tooltip="The minute before"),
]  # fmt: skip

HEAT_BINDINGS = [
    Binding("s", "sort", "Sort", id="scope.sort",
            tooltip="Next order of the species: best of the file, this window, name, class"),
    Binding("i", "pin", "Pin", show=False, id="scope.pin",
            tooltip="Keep the selected species on top, or no longer"),
    Binding("a", "animal_class", "Class", show=False, id="scope.animal_class",
            tooltip="Only the next animal class, or all"),
    Binding("t", "threshold(1)", "Threshold", show=False, id="scope.threshold",
            tooltip="Dim cells below a threshold; raise it by 0.1"),
    Binding("T", "threshold(-1)", "Lower threshold", show=False, id="scope.threshold_down",
            tooltip="Lower the threshold by 0.1"),
    Binding("b", "compare", "Before/after", id="scope.compare",
            tooltip="Show the heat map before the settings, or after: A or B"),
    Binding("B", "end_comparison", "End A/B", show=False, id="scope.end_comparison",
            tooltip="End Tune's A/B: show the session's settings"),
    Binding("w", "which_part", "Which part", show=False, id="scope.which_part",
            tooltip="Show which part of the window triggered the selected species"),
    Binding("d", "changes", "Difference", show=False, id="scope.changes",
            tooltip="Show what the settings change in each cell: after minus before"),
]  # fmt: skip

VIEW_BINDINGS = [
    Binding("plus,equals_sign", "zoom(2)", "Zoom", show=False, key_display="+",
            id="scope.zoom_in", tooltip="Zoom in"),
    Binding("minus", "zoom(0.5)", "Zoom out", show=False, id="scope.zoom_out",
            tooltip="Zoom out"),
    Binding("0", "zoom_reset", "Minute", show=False, id="scope.zoom_reset",
            tooltip="Show the whole minute"),
    Binding("C", "palette", "Palette", show=False, id="scope.palette",
            tooltip="Next palette of the spectrogram"),
]  # fmt: skip
