"""The keys of Browse, beside those of its spectrogram."""

from __future__ import annotations

from textual.binding import Binding, BindingType

BROWSE_BINDINGS: list[BindingType] = [
    Binding("space", "play_pause", "Play/pause", id="browse.toggle", tooltip="Play or pause"),
    Binding("slash", "filter", "Search", id="browse.filter",
            tooltip="Search by code, name, class, author, place or file"),
    Binding("F", "facets", "Filter", id="browse.facets",
            tooltip="Filter by class, rating, collection, length, problems"),
    Binding("s", "sort", "Sort", id="browse.sort", tooltip="Sort species another way"),
    Binding("S", "sort_table", "Sort table", show=False, id="browse.sort_table",
            tooltip="Sort recordings by a column"),
    Binding("o", "open_scope", "Scope", id="browse.scope", tooltip="Open in Scope"),
    Binding("N", "play_step(1)", "Next", show=False, id="browse.next",
            tooltip="Play the next recording (A: it follows by itself)"),
    Binding("P", "play_step(-1)", "Before", show=False, id="browse.before",
            tooltip="Play the recording before"),
    Binding("i", "details", "Details", id="browse.details",
            tooltip="All that is known of this recording, and its place"),
    Binding("V", "plots", "Plots", show=False, id="browse.plots",
            tooltip="Plots: class balance, ratings, map"),
    Binding("T", "regroup", "By site/date/hour", show=False, id="browse.regroup",
            tooltip="List soundscapes by site, date or hour"),
    Binding("e", "export", "Export list", show=False, id="browse.export",
            tooltip="Export the marked recordings, or all listed ones, as CSV"),
    Binding("y", "copy", "Copy paths", show=False, id="browse.copy",
            tooltip="Copy the paths of the marked recordings, or of this one"),
    Binding("r", "predict", "Predict marked", show=False, id="browse.predict",
            tooltip="Predict the marked recordings as a job"),
    Binding("C", "columns", "Columns", show=False, id="browse.columns",
            tooltip="Choose columns of the table"),
    Binding("X", "review_cuts", "Review cuts", show=False, id="browse.cuts",
            tooltip="Review proposed cuts by ear"),
    Binding("escape", "clear_filter", "Show all", show=False, id="browse.clear",
            tooltip="Show everything: clear the search and the filter"),
]  # fmt: skip
