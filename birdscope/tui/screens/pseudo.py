"""Hear what a round labelled; keep it, or drop it from what is learnt."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from birdscope.core.errors import BirdscopeError, Cancelled
from birdscope.core.types import Recording
from birdscope.core.windows import WINDOW_S
from birdscope.tui.dialog import Dialog
from birdscope.tui.probing import Probes
from birdscope.tui.widgets.key_hints import KeyHints
from birdscope.tui.widgets.pseudo_table import PseudoTable
from birdscope.tui.widgets.rows import RowsView
from birdscope.tui.widgets.spectrogram import SpectrogramView

if TYPE_CHECKING:
    from birdscope.engine.train_messages import PseudoFound, PseudoWindow
    from birdscope.session.runs import Run
    from birdscope.tui.services import Services

_AROUND_S = 2.0
_SETTLE_S = 0.06
_RUNNING = "The run is being trained with these labels: cancel it first, then drop."
_BEGUN = "R trains this stage anew without them; plain resuming is refused once they changed."


class BrowseLabels(Dialog[bool | None]):
    """Windows of a round's pseudo labels; closing with True wants the stage trained anew.

    Args:
        services: Of the app.
        run: The run.
        stage: Name of the stage whose labels are shown.
        is_live: Whether the run is being trained.
    """

    CSS_PATH = "pseudo.tcss"
    AUTO_FOCUS = "PseudoTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "play", "Play", id="pseudo.play", tooltip="Play this window, or pause"),
        Binding("n", "mark(True)", "Drop", id="pseudo.drop",
                tooltip="Drop this window from what is learnt"),
        Binding("y", "mark(False)", "Keep", id="pseudo.keep", tooltip="Keep this window"),
        Binding("u", "undo", "Undo", id="pseudo.undo", tooltip="Take the last decision back"),
        Binding("p", "power", "Power", id="pseudo.power",
                tooltip="See the labels after another power"),
        Binding("a", "every", "All", id="pseudo.all",
                tooltip="Also show windows that training doesn't use, or hide them"),
        Binding("R", "anew", "Train anew", id="pseudo.anew",
                tooltip="Train this stage and those after it anew, with what is kept"),
        Binding("escape,q", "leave", "Close", id="pseudo.close", tooltip="Close"),
    ]  # fmt: skip

    def __init__(self, services: Services, run: Run, stage: str, *, is_live: bool = False) -> None:
        super().__init__()
        self._services = services
        self._run = run
        self._stage = next(one for one in run.stages if one.name == stage)
        self._is_live = is_live
        self._probes = Probes()
        self._power: float | None = None
        self._all = False
        self._found: PseudoFound | None = None
        self._history: list[tuple[tuple[str, float], bool]] = []
        self._saving = asyncio.Lock()

    def compose(self) -> ComposeResult:
        """The table, the picture, a line of facts, the keys."""
        with Vertical(id="pseudo-box") as box:
            box.border_title = Content(f"What {self._stage.name} of {self._run.name} learns from")
            table = PseudoTable(id="pseudo")
            table.empty_text = "reading the labels …"
            yield table
            yield SpectrogramView(self._services.spectrogram, id="pseudo-picture")
            yield Static(id="pseudo-facts")
            yield KeyHints(id="pseudo-keys")

    def on_mount(self) -> None:
        """Follow the player, read the labels."""
        self._services.playback.moved.subscribe(self, self._moved, immediate=True)
        self._read()

    @property
    def table(self) -> PseudoTable:
        """The list of windows."""
        return self.query_one(PseudoTable)

    @work(group="pseudo", exclusive=True, exit_on_error=False)
    async def _read(self, row: int | None = 0) -> None:
        from birdscope.engine.train_messages import PseudoFound, ReadWindows

        catalog = self._services.catalog
        if self._stage.pseudo is None or catalog is None:
            return
        power = self._power if self._power is not None else self._stage_power
        wanted = ReadWindows(self._stage.pseudo, catalog.root, power, self._all)
        try:
            found = await self._services.study.ask(wanted)
        except Cancelled:
            return
        except BirdscopeError as error:
            self.table.empty_text = "the labels can't be read"
            self._say(Content(str(error)))
            return
        assert isinstance(found, PseudoFound)
        self._found = found
        self.table.empty_text = "the teacher is sure of none: a shows all windows"
        self.table.show(found, row)
        self._show_counts()
        self._show_window()

    @on(RowsView.Highlighted)
    def _highlighted(self) -> None:
        self._show_window()

    @on(RowsView.Chosen)
    def _chosen(self) -> None:
        self._play()

    def action_play(self) -> None:
        """Pause what plays; else play the window."""
        playback = self._services.playback
        if playback.status.state == "playing":
            playback.pause()
        else:
            self._play()

    def action_mark(self, drop: bool) -> None:
        """Drop or keep the window, and go to the next."""
        window = self.table.window
        if window is not None:
            self.run_worker(self._mark(window, drop), exit_on_error=False)

    def action_undo(self) -> None:
        """Take the last decision back."""
        if self._history:
            self.run_worker(self._undo(), exit_on_error=False)

    def action_power(self) -> None:
        """Ask for a power."""
        from birdscope.tui.screens.ask_text import AskText, Field

        now = f"{self._found.power:.3g}" if self._found is not None else "1"
        says = "Above 1 it lowers unsure labels. Only shown: the recipe's stage decides."

        def take(values: dict[str, str] | None) -> None:
            if values is not None:
                self._power = float(values["power"])
                self._read(None)

        screen = AskText("Labels after a power", [Field("power", "power", now, _power)], says=says)
        self.app.push_screen(screen, take)

    def action_every(self) -> None:
        """Show all windows, or those that are used."""
        self._all = not self._all
        self._read()

    def action_anew(self) -> None:
        """Ask whether it is meant, and train the stage anew."""
        from birdscope.tui.screens.choose_one import Choice, ChooseOne

        if self._is_live:
            self.notify(_RUNNING, severity="warning")
            return
        note = "what this stage and those after it trained is deleted; the labels stay"

        def take(number: int | None) -> None:
            if number == 1:
                self._services.playback.stop()
                self.dismiss(True)

        choices = [Choice("leave the run as it is"), Choice("train anew", note)]
        self.app.push_screen(ChooseOne(f"Train {self._stage.name} anew?", choices, 0), take)

    def action_leave(self) -> None:
        """Stop the sound and close."""
        self._services.playback.stop()
        self.dismiss(False)

    @property
    def _stage_power(self) -> float | None:
        """The power that the stage's recipe takes; the labels may have been made with another."""
        stages = self._run.recipe.get("stages", [])
        own = [one for one in stages if one.get("name") == self._stage.name]
        power = own[0].get("pseudo", {}).get("power") if own else None
        return float(power) if power is not None else None

    async def _mark(self, window: PseudoWindow, drop: bool, *, undoing: bool = False) -> None:
        from birdscope.engine.train_messages import MarkWindows

        if self._is_live:
            self.notify(_RUNNING, severity="warning")
            return
        if self._stage.pseudo is None:
            return
        key = (window.recording, window.start_s)
        async with self._saving:
            try:
                wanted = MarkWindows(self._stage.pseudo, (key,), drop)
                await self._services.study.ask(wanted, slot=f"{key}")
            except BirdscopeError as error:
                self.notify(str(error), title="Not saved", severity="error", markup=False)
                return
            if not undoing and window.dropped != drop:
                self._history.append((key, window.dropped))
            self.table.mark(key, dropped=drop)
            if not undoing:
                self.table.action_step(1)
            self._show_counts()

    async def _undo(self) -> None:
        key, dropped = self._history.pop()
        window = self.table.find(key)
        if window is not None:
            await self._mark(window, dropped, undoing=True)
            self.table.go_to(key)

    def _show_counts(self) -> None:
        found = self._found
        if found is None:
            return
        dropped = self.table.dropped_count
        box = self.query_one("#pseudo-box")
        box.border_subtitle = Content(
            f"{found.total:,} windows · {found.used:,} used when opened · {dropped} dropped of "
            f"those shown · power {found.power:.3g} · by {found.teacher}"
        )

    @work(group="pseudo-window", exclusive=True, exit_on_error=False)
    async def _show_window(self) -> None:
        """Draw the window under the cursor, once the cursor rests."""
        await asyncio.sleep(_SETTLE_S)
        window, view = self.table.window, self.query_one(SpectrogramView)
        if window is None:
            view.show(None)
            return
        self._say(self._facts(window))
        recording = Recording(window.recording, window.path, "train_soundscapes")
        probed = self._probes.get(recording)
        if probed is None:
            probed = await asyncio.to_thread(self._probes.ask, recording)
        view.border_title = recording.name
        if probed.duration_s is None:
            view.show_error(recording.path, f"✗ {recording.name}: {probed.problem}")
            return
        start_s = max(0.0, window.start_s - _AROUND_S)
        end_s = min(probed.duration_s, window.start_s + WINDOW_S + _AROUND_S)
        view.show(recording.path, probed.duration_s, (start_s, end_s))
        view.selected_span = (window.start_s, window.start_s + WINDOW_S)

    def _facts(self, window: PseudoWindow) -> Content:
        names = self._found.names if self._found is not None else {}
        parts = [
            f"{names.get(label, label)} {before:.2f} → {after:.2f}"
            for (label, before), after in zip(window.labels, window.after, strict=True)
        ]
        text = Content(" · ".join(parts))
        if self._is_live:
            return text + Content.from_markup("\n[$text-warning]$text[/]", text=_RUNNING)
        if self._stage.epochs:
            return text + Content.from_markup("\n[$text-muted]$text[/]", text=_BEGUN)
        return text

    def _play(self) -> None:
        window = self.table.window
        if window is not None:
            self._services.playback.play(
                window.path,
                name=window.recording.rsplit("/", 1)[-1],
                start_s=window.start_s,
                end_s=window.start_s + WINDOW_S,
            )

    def _moved(self, seconds: float) -> None:
        view = self.query_one(SpectrogramView)
        if view.path is not None and view.path == self._services.playback.path:
            view.set_playhead(seconds)

    @on(SpectrogramView.Seek)
    def _seek(self, event: SpectrogramView.Seek) -> None:
        event.stop()
        if event.view.path is not None:
            self._services.playback.play(event.view.path, start_s=event.seconds)

    def _say(self, text: Content) -> None:
        self.query_one("#pseudo-facts", Static).update(text)


def _power(text: str) -> str:
    try:
        return "" if 0 < float(text) <= 100 else "power is a number above 0"
    except ValueError:
        return "power is a number above 0"
