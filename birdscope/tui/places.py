"""Where a pane is, as the session keeps it: read off its widgets, and set again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from birdscope.dataset.rows import LazyRecordings
from birdscope.tui import palettes
from birdscope.tui.frequency import SCALES

if TYPE_CHECKING:
    from birdscope.core.types import Recording
    from birdscope.dataset.facets import Query
    from birdscope.session.state import BrowsePlace, ScopePlace
    from birdscope.tui.browse_find import Finder
    from birdscope.tui.scope_heat import HeatDesk
    from birdscope.tui.widgets.recordings import RecordingsTable
    from birdscope.tui.widgets.species_list import SpeciesList
    from birdscope.tui.widgets.spectrogram import SpectrogramView

_SAME_S = 0.01


def browse_place(
    species: SpeciesList,
    finder: Finder,
    table: RecordingsTable,
    recording: Recording | None,
    view: SpectrogramView,
) -> BrowsePlace:
    """The place in Browse."""
    from birdscope.session.state import BrowsePlace

    ours = recording is not None and view.path == recording.path
    return BrowsePlace(
        row=species.row.key if species.row is not None else "",
        recording=recording.key if recording is not None else "",
        sort=species.sorted_by,
        filter=finder.query.words,
        facets=tuple(sorted(f"{facet}: {value}" for facet, value in finder.query.picked)),
        order=str(table.sort),
        soundscapes_by=finder.by,
        folded=tuple(sorted(species.folded)),
        palette=view.palette,
        scale=view.scale,
        span_s=zoomed_span(view, 0.0, view.duration_s) if ours else None,
    )


def query_of(place: BrowsePlace) -> Query:
    """The words and facets of a place; a facet that is none any more is left out."""
    from birdscope.dataset.facets import FACETS, Query

    pairs = (one.partition(": ") for one in place.facets)
    by_name = {name: name for name in FACETS}
    picked = frozenset((by_name[facet], value) for facet, _, value in pairs if facet in by_name)
    return Query(place.filter, picked)


def scope_place(
    window: int, view: SpectrogramView, usual: tuple[float, float], heat: HeatDesk, follow: bool
) -> ScopePlace:
    """The place in Scope; `usual` is what is seen of its minute without a zoom."""
    from birdscope.session.state import ScopePlace

    return ScopePlace(
        window=window,
        scale=view.scale,
        span_s=zoomed_span(view, *usual),
        sort=heat.wanted.sort,
        pins=heat.wanted.pins,
        animal_class=heat.wanted.class_name,
        threshold=heat.threshold,
        follow=follow,
    )


def zoomed_span(view: SpectrogramView, start_s: float, end_s: float) -> tuple[float, float] | None:
    """What is seen, to the millisecond; None where that is just from `start_s` to `end_s`."""
    seen = (round(view.view_start_s, 3), round(view.view_end_s, 3))
    usual = abs(seen[0] - start_s) < _SAME_S and abs(seen[1] - end_s) < _SAME_S
    return None if usual or not view.duration_s else seen


def set_colours(view: SpectrogramView, *, palette: str = "", scale: str = "") -> None:
    """Take a palette and a scale, where there are such."""
    if palette in palettes.NAMES:
        view.palette = palette
    if scale in SCALES:
        view.scale = scale


def position_of(recordings: Sequence[Recording], key: str) -> int | None:
    """Where a recording is in a list; no Recording is made for that."""
    keys = keys_of(recordings)
    return keys.index(key) if key in keys else None


def keys_of(recordings: Sequence[Recording]) -> Sequence[str]:
    """The keys of a list; no Recording is made for that."""
    if isinstance(recordings, LazyRecordings):
        return recordings.keys
    return [one.key for one in recordings]
