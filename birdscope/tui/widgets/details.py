"""What is known of the selected species and recording, and where it was made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from birdscope.core.types import Recording, Species
from birdscope.core.units import clock
from birdscope.tui.columns import plain, recorded_at
from birdscope.tui.listing import site_of
from birdscope.tui.probing import Probed
from birdscope.tui.widgets.plot import Limits, PlotView, Series, round_ticks
from birdscope.tui.wrapping import wrapped

Place = tuple[float, float]
_KEY_CELLS = 11
_POINTS, _MAP_ROWS, _MAP_COLUMNS = 200, 12, 36
_LAST = ("license", "url")
_SHOWN_ABOVE = {
    "primary_label",
    "scientific_name",
    "common_name",
    "filename",
    "latitude",
    "longitude",
}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a recording.

    Attributes:
        recording: The recording.
        species: Its species, if it has one.
        probed: What its file's header says; None before it was asked.
        problems: What is wrong with its row or file.
        places: (latitude, longitude) of the recordings that are listed beside it.
        here: Its own place.
        reserve: The dataset's place.
    """

    recording: Recording
    species: Species | None = None
    probed: Probed | None = None
    problems: tuple[str, ...] = ()
    places: tuple[Place, ...] = ()
    here: Place | None = None
    reserve: Place | None = None


class Details(Vertical):
    """A text panel over a small map."""

    DEFAULT_CSS = """
    Details {
        & > #details-text { height: 1fr; scrollbar-size-vertical: 1; }
        & > #details-map { height: 9; display: none; }
        &.-mapped > #details-map { display: block; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._series: list[Series] = []
        self._known: Known | None = None

    def compose(self) -> ComposeResult:
        """Text, then map."""
        with VerticalScroll(id="details-text", can_focus=False):
            yield Static(id="details-static")
        yield PlotView(id="details-map")

    def show(self, known: Known | None) -> None:
        """Show a recording; None empties the panel."""
        self._known = known
        if known is None:
            self.query_one("#details-static", Static).update("")
            self.set_class(False, "-mapped")
            self.border_subtitle = ""
            return
        static = self.query_one("#details-static", Static)
        lines = list(_species_lines(known.species)) if known.species is not None else []
        lines += _recording_lines(known, static.size.width)
        text = Content("\n").join(lines)
        # laying the whole screen out again costs more than all the rest of a key press
        height = text.get_height({}, max(static.size.width, 1))
        static.update(text, layout=height != static.size.height)
        if self.display:
            self._show_places(known)

    def on_resize(self) -> None:
        """Values are wrapped to the width."""
        if self._known is not None:
            self.call_after_refresh(self.show, self._known)

    def _show_places(self, known: Known) -> None:
        """Draw the places of recordings, of the selected one, and of the dataset."""
        mapped = bool(known.places or known.here)
        self.set_class(mapped, "-mapped")
        self.border_subtitle = MAP_LEGEND if mapped else ""
        series = map_series(known.places, known.here, known.reserve)
        if series and series != self._series:
            self._series = series
            x_limits, y_limits = map_limits(series)
            plot = self.query_one("#details-map", PlotView)
            places = (round_ticks(x_limits, 4), round_ticks(y_limits, 3))
            plot.show(series, x_limits=x_limits, y_limits=y_limits, named_ticks=places)


MAP_LEGEND = "● here  • others  ◆ reserve"


def map_series(places: Sequence[Place], here: Place | None, reserve: Place | None) -> list[Series]:
    """The layers of a map, the selected recording on top.

    Args:
        places: (latitude, longitude) of recordings.
        here: Of the selected recording.
        reserve: Of the dataset.
    """
    layers = [
        (_apart(places), "•", "primary"),
        ([reserve] if reserve else [], "◆", "secondary"),
        ([here] if here else [], "●", "accent"),
    ]
    return [
        Series([east for _, east in points], [north for north, _ in points], marker, role)
        for points, marker, role in layers
        if points
    ]


def _apart(places: Sequence[Place]) -> Sequence[Place]:
    """Places without those that would be drawn over each other: plotext takes 20 µs for each."""
    if len(places) < _POINTS:
        return places
    south, west = (min(one[axis] for one in places) for axis in (0, 1))
    north, east = (max(one[axis] for one in places) for axis in (0, 1))
    rows, columns = max((north - south) / _MAP_ROWS, 1e-6), max((east - west) / _MAP_COLUMNS, 1e-6)
    kept = {((lat - south) // rows, (lon - west) // columns): (lat, lon) for lat, lon in places}
    return list(kept.values())


def map_limits(series: Sequence[Series]) -> tuple[Limits, Limits]:
    """The span of a map's layers from west to east and from south to north."""
    east = [value for one in series for value in one.x]
    north = [value for one in series for value in one.y]
    return _limits(east), _limits(north)


def _species_lines(species: Species) -> Iterable[Content]:
    yield Content.from_markup("[b $text]$name[/]", name=species.name)
    if species.scientific_name and species.scientific_name != species.name:
        yield Content.from_markup("[i $text-muted]$name[/]", name=species.scientific_name)
    known = " · ".join(one for one in (species.label, species.class_name) if one)
    yield Content.from_markup("[$text-secondary]$known[/]", known=known)
    yield Content("")


def _length(duration_s: float) -> str:
    return f"{duration_s:.1f} s" if duration_s < 60 else clock(duration_s, tenths=True)


def _recording_lines(known: Known, width: int) -> Iterable[Content]:
    recording, probed = known.recording, known.probed
    yield Content.from_markup("[$text]$name[/]", name=recording.name)
    if probed is not None and probed.problem:
        yield Content.from_markup("[$text-error]✗ $text[/]", text=probed.problem)
    elif probed is not None and probed.duration_s is not None:
        yield _pair("length", _length(probed.duration_s))
    for problem in known.problems:
        yield Content.from_markup("[$text-warning]▲ $text[/]", text=problem)
    if recording.split != "train_audio":
        yield _pair("site", site_of(recording.key))
        if (when := recorded_at(recording)) is not None:
            yield _pair("recorded", f"{when:%Y-%m-%d %H:%M}")
    for key, value in sorted(recording.metadata.items(), key=lambda one: one[0] in _LAST):
        text = plain(value)
        if key == "rating" and not recording.rating:
            text = "unknown"
        if text and key not in _SHOWN_ABOVE:
            yield _pair(key.replace("_labels", "").replace("_", " "), text, width)
    if recording.latitude is not None and recording.longitude is not None:
        yield _pair("place", f"{recording.latitude:.4f}, {recording.longitude:.4f}")


def _pair(key: str, value: str, width: int = 0) -> Content:
    """A key and its value; a long one goes on below its beginning."""
    shown, room = f"{key:<{_KEY_CELLS}}", width - _KEY_CELLS
    if room > 0:
        lines = wrapped(value.removeprefix("https://"), room)
        value = f"\n{'':<{_KEY_CELLS}}".join(lines)
    return Content.from_markup("[$text-muted]$key[/]$value", key=shown, value=value)


def _limits(values: Sequence[float]) -> tuple[float, float]:
    """The span of the values with a margin; at least a degree, so that one point has a map."""
    low, high = min(values), max(values)
    margin = max((high - low) * 0.1, 0.5)
    return low - margin, high + margin
