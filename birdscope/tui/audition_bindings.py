"""The keys of the tab Audition."""

from __future__ import annotations

from dataclasses import replace

from textual.binding import Binding, BindingType

from birdscope.tui.widgets.spectrogram_keys import SpectrogramPane

BINDINGS: list[BindingType] = [
    Binding("space", "play_pause", "Play", id="audition.toggle",
            tooltip="Play the window, or pause"),
    Binding("y", "answer('yes')", "Yes", id="audition.yes",
            tooltip="Yes: the species is in this window"),
    Binding("n", "answer('no')", "No", id="audition.no",
            tooltip="No: the species is not in this window"),
    Binding("m", "answer('maybe')", "Maybe", id="audition.maybe",
            tooltip="Maybe: this window counts for nothing"),
    Binding("c", "correct", "Correct", id="audition.correct",
            tooltip="No, it is another species: choose which"),
    Binding("u", "undo", "Undo", id="audition.undo", tooltip="Take your last verdict back"),
    Binding("v", "reference", "Ref", id="audition.reference",
            tooltip="Show or hide a reference recording of this species"),
    Binding("slash", "species", "Species", id="audition.species",
            tooltip="Choose the species to audition"),
    Binding("s", "kind", "Queue", id="audition.kind",
            tooltip="Choose which windows come first"),
    Binding("a", "autoplay", "Autoplay", id="audition.autoplay",
            tooltip="Play each window when it is reached, or not"),
    Binding("tab", "compare", "Compare", show=False, id="audition.compare",
            tooltip="Play the reference, then the window, in turns"),
    Binding("V", "step_reference(1)", "Next reference", show=False,
            id="audition.next_reference", tooltip="The next reference recording"),
    Binding("b", "turn_reference", "Reference on", show=False, id="audition.turn_reference",
            tooltip="The next part of the reference"),
    Binding("F", "filter", "Filter", show=False, id="audition.filter",
            tooltip="List only some recordings, or only some hours of the day"),
    Binding("escape", "clear_filter", "All windows", show=False, id="audition.clear",
            tooltip="List windows of all recordings and hours"),
    Binding("H", "hide_judged", "Hide judged", show=False, id="audition.hide_judged",
            tooltip="Leave windows out that have a verdict, or show them again"),
    Binding("w", "curve", "Curve", show=False, id="audition.curve",
            tooltip="Show the calibration curve, where there is room for one only"),
    Binding("r", "reload", "Rank again", show=False, id="audition.reload",
            tooltip="Rank the windows anew with the newest scores, from the top"),
    Binding("N", "annotator", "Name", show=False, id="audition.annotator",
            tooltip="Change the name that verdicts are kept with"),
    Binding("e", "exchange", "Export", show=False, id="audition.exchange",
            tooltip="Export verdicts as CSV, Raven or Audacity files, or import some"),
    Binding("R", "predict_all", "Predict all", show=False, id="audition.predict_all",
            tooltip="Predict all soundscapes, as a job"),
    *(replace(one, show=False) for one in SpectrogramPane.BINDINGS if isinstance(one, Binding)),
]  # fmt: skip
ACTIONS_OF_A_WINDOW = frozenset({"answer", "correct", "compare", "play_pause"})
"""What means something only where there is a window."""
