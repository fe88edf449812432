"""The keys of Submit, beside those of its form and its list of jobs."""

from __future__ import annotations

from textual.binding import Binding, BindingType

SUBMIT_BINDINGS: list[BindingType] = [
    Binding("e", "export", "Export", id="submit.export",
            tooltip="Export: predict what is missing, write the CSV, check it"),
    Binding("x", "cancel", "Cancel", id="submit.cancel",
            tooltip="Cancel this job; what is finished is kept"),
    Binding("r", "resume", "Resume", id="submit.resume",
            tooltip="Go on where this job stopped"),
    Binding("r", "again", "Again", id="submit.again",
            tooltip="Do this again; an export writes another file"),
    Binding("c", "copy_path", "Copy", id="submit.copy",
            tooltip="Copy the path of what this job made"),
    Binding("o", "open_file", "Open", id="submit.open",
            tooltip="Show the head of what this job made"),
    Binding("d", "remove", "Remove", show=False, id="submit.remove",
            tooltip="Remove this ended job and its log, not what it made"),
    Binding("b", "measure", "Measure", id="submit.measure",
            tooltip="Measure seconds per soundscape on 3 of them"),
    Binding("p", "parity", "Parity", show=False, id="submit.parity",
            tooltip="Compare OpenVINO's precisions with torch on your recordings"),
    Binding("a", "accept_drift", "Accept drift", id="submit.accept_drift",
            tooltip="Export in this precision all the same"),
    Binding("R", "predict_all", "Predict all", show=False, id="submit.predict_all",
            tooltip="Predict all files of this part of the dataset, as a job"),
]  # fmt: skip
