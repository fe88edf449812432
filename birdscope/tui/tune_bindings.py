"""The keys of the tab Tune."""

from __future__ import annotations

from textual.binding import Binding, BindingType

BINDINGS: list[BindingType] = [
    Binding("a", "add", "Add", id="tune.add", tooltip="Add a step to the stack"),
    Binding("ctrl+z", "undo", "Undo", id="tune.undo", tooltip="Take back the last change"),
    Binding("ctrl+y", "redo", "Redo", show=False, id="tune.redo",
            tooltip="Do again what was taken back"),
    Binding("u", "use", "Use", show=False, id="tune.use",
            tooltip="Make the current settings the session's: Scope and Submit use them"),
    Binding("s", "save", "Save", id="tune.save", tooltip="Save the current settings"),
    Binding("v", "view", "View", id="tune.view",
            tooltip="Next view below: classes, curves, stages"),
    Binding("o", "listen", "Listen", id="tune.listen",
            tooltip="Hear in Audition the windows that cost this class most AUC"),
    Binding("n", "class(1)", "Next class", show=False, id="tune.next_class",
            tooltip="Next class"),
    Binding("p", "class(-1)", "Class before", show=False, id="tune.class_before",
            tooltip="Class before"),
    Binding("equals_sign", "compare", "Baseline", show=False, key_display="=",
            id="tune.compare",
            tooltip="Make this row the baseline (A), with which all others are compared"),
    Binding("B", "scope", "On Scope", show=False, id="tune.scope",
            tooltip="Show on Scope what this row changes: A is the baseline, B this row"),
    Binding("d", "diff", "Differences", show=False, id="tune.diff",
            tooltip="Show what differs between this row and the current settings"),
    Binding("c", "take", "Take in hand", show=False, id="tune.take",
            tooltip="Make this row the current settings, without using them yet"),
    Binding("f2", "rename", "Rename", show=False, id="tune.rename",
            tooltip="Rename these saved settings"),
    Binding("D", "delete", "Delete", show=False, id="tune.delete",
            tooltip="Delete these saved settings"),
    Binding("m", "members", "Members", show=False, id="tune.members",
            tooltip="Choose which members the step touches"),
    Binding("r", "reset", "Reset", show=False, id="tune.reset",
            tooltip="Go back to the ensemble's own stack"),
    Binding("b", "fit", "Fit blend", show=False, id="tune.fit",
            tooltip="Fit the blend weights to the labels (NNLS inside folds)"),
    Binding("g", "search", "Search", id="tune.search",
            tooltip="Search good settings as a job, judged by nested folds"),
    Binding("l", "labels", "Labels", id="tune.labels", tooltip="Choose labels and scores"),
    Binding("i", "explain", "Explain", id="tune.explain",
            tooltip="What a row and a badge mean, and what is counted where"),
    Binding("P", "predict", "Predict", show=False, id="tune.predict",
            tooltip="Predict the labelled soundscapes as a job"),
]  # fmt: skip
ACTIONS = frozenset(one.action.partition("(")[0] for one in BINDINGS if isinstance(one, Binding))
ANYTIME = frozenset({"labels", "predict", "view"})
"""What means something even while there is nothing to tune."""
OF_SAVED = frozenset({"rename", "delete"})
"""What can be done to a row of saved settings only."""
