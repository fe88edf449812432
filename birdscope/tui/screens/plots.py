"""Plots of what Browse lists: class balance, ratings, and where recordings were made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from birdscope.core.types import Recording, Species
from birdscope.dataset.balance import RARE, Balance, balance, rating_counts
from birdscope.tui.dialog import Dialog
from birdscope.tui.outline import places_of
from birdscope.tui.widgets.bars import Bar, Bars
from birdscope.tui.widgets.details import MAP_LEGEND, Place, map_limits, map_series
from birdscope.tui.widgets.plot import PlotView, Series, round_ticks

PLOTS = ("balance", "ratings", "map")
_ROLES = ("primary", "secondary", "accent", "error", "success")


class Plots(Dialog[None]):
    """Three plots: side by side where there is room, else one after the other.

    Args:
        species: Of the dataset.
        counts: Label → recordings that fit.
        label: The species that is highlighted; empty for none.
        title: What is listed.
        listed: The recordings that are listed.
        here: Place of the selected recording.
        reserve: Place of the dataset.
    """

    CSS_PATH = "plots.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 (as in Textual)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,tab,l", "turn(1)", "Next", id="plots.next", tooltip="Next plot"),
        Binding("left,shift+tab,h", "turn(-1)", "Before", id="plots.before",
                tooltip="Plot before"),
        Binding("escape,V,q", "done", "Close", id="plots.close", tooltip="Close the plots"),
    ]  # fmt: skip

    def __init__(
        self,
        species: Sequence[Species],
        counts: Mapping[str, int],
        *,
        label: str,
        title: str,
        listed: Sequence[Recording],
        here: Place | None,
        reserve: Place | None,
    ) -> None:
        super().__init__()
        self._balance = balance(species, counts)
        self._label = label
        self._title = title
        self._listed = listed
        self._here = here
        self._reserve = reserve

    def compose(self) -> ComposeResult:
        """The plots in frames."""
        with Vertical(id="plots"):
            with Vertical(id="plot-balance", classes="plot"):
                yield Static(id="balance-says")
                yield PlotView(id="balance")
            with Horizontal(id="plots-below"):
                with Vertical(id="plot-ratings", classes="plot"):
                    yield Bars(id="ratings")
                with Vertical(id="plot-map", classes="plot"):
                    yield PlotView(id="map")

    def on_mount(self) -> None:
        """Draw what is there, count the rest in a thread."""
        self._turn_to("balance")
        self._draw_balance(self._balance)
        self.query_one("#plot-ratings").border_title = "Ratings …"
        self.query_one("#plot-map").border_title = "Map …"
        self._count()

    def action_turn(self, plots: int) -> None:
        """Show another plot, where there is room for one only."""
        shown = next(one for one in PLOTS if self.has_class(f"-{one}"))
        self._turn_to(PLOTS[(PLOTS.index(shown) + plots) % len(PLOTS)])

    def action_done(self) -> None:
        """Close."""
        self.dismiss(None)

    def _turn_to(self, plot: str) -> None:
        for one in PLOTS:
            self.set_class(one == plot, f"-{one}")

    def _draw_balance(self, found: Balance) -> None:
        roles = dict(zip(found.classes, _ROLES, strict=False))
        series = [
            Series([rank + 1.0 for rank in ranks if found.counts[rank]],
                   [found.powers[rank] for rank in ranks if found.counts[rank]],
                   "•", roles.get(name, "primary"))
            for name, ranks in found.classes.items()
        ]  # fmt: skip
        rank = found.labels.index(self._label) if self._label in found.labels else None
        if rank is not None and found.counts[rank]:
            series.append(Series([rank + 1.0], [found.powers[rank]], "●", "foreground"))
        x_limits = (0.0, len(found.labels) + 1.0)
        most = max(found.powers, default=0.0)
        tens = {float(power): f"{10**power:,}" for power in range(int(most) + 1)}
        self.query_one("#balance", PlotView).show(
            [one for one in series if len(one.x)],
            x_limits=x_limits,
            y_limits=(-0.1, most + 0.1),
            named_ticks=(round_ticks(x_limits, 8), tens),
        )
        frame = self.query_one("#plot-balance")
        frame.border_title = "Class balance: recordings of each species, most first"
        frame.border_subtitle = "← → other plots · esc"
        self.query_one("#balance-says", Static).update(_says(found, roles))

    @work(thread=True)
    def _count(self) -> None:
        ratings, places = rating_counts(self._listed), places_of(self._listed)
        self.app.call_from_thread(self._draw_listed, ratings, places)

    def _draw_listed(self, ratings: Mapping[float, int], places: Sequence[Place]) -> None:
        frame = self.query_one("#plot-ratings")
        frame.border_title = f"Ratings of {self._title}"
        frame.border_subtitle = f"{sum(ratings.values()):,} recordings"
        bars = [Bar(f"★ {one:.1f}" if one else "unknown", n) for one, n in ratings.items()]
        self.query_one("#ratings", Bars).show(bars)
        series = map_series(places, self._here, self._reserve)
        frame = self.query_one("#plot-map")
        frame.border_title = f"Places of {self._title}"
        frame.border_subtitle = MAP_LEGEND if series else "no place is known"
        if series:
            x_limits, y_limits = map_limits(series)
            self.query_one("#map", PlotView).show(
                series,
                x_limits=x_limits,
                y_limits=y_limits,
                named_ticks=(round_ticks(x_limits, 6), round_ticks(y_limits, 5)),
            )


def _says(found: Balance, roles: Mapping[str, str]) -> Content:
    """The figures below the frame's title, and the colours of the classes."""
    line = Content()
    for name, ranks in found.classes.items():
        role = roles.get(name, "primary")
        total = sum(found.counts[rank] for rank in ranks)
        line += Content.from_markup(
            f"[${role}]•[/] $name [$text-muted]$species · $total[/]   ",
            name=name, species=str(len(ranks)), total=f"{total:,}",
        )  # fmt: skip
    told = [f"median {found.median:g}"]
    if found.rare:
        told.append(f"{found.rare} with fewer than {RARE}")
    if found.without:
        told.append(f"{found.without} without any")
    return line + Content.from_markup("[$text-muted]$told[/]", told=" · ".join(told))
