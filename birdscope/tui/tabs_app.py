"""The tabs of the app: going to one, and what is taken along."""

from __future__ import annotations

from textual import on
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from birdscope.core.errors import BirdscopeError
from birdscope.tui.messages import CompareInScope, OpenFile, OpenInAudition, OpenInScope
from birdscope.tui.opening import Opening
from birdscope.tui.screens.browse import BrowsePane
from birdscope.tui.sound_app import SoundApp
from birdscope.tui.widgets.player_bar import PlayerBar
from birdscope.tui.widgets.tab_strip import TabStrip


class TabsApp(SoundApp):
    """An app with tabs."""

    _opening: Opening

    @property
    def tab(self) -> str:
        """The tab on show."""
        return self.query_one(TabStrip).active

    @on(OpenInScope)
    def _open_in_scope(self, event: OpenInScope) -> None:
        from birdscope.tui.screens.scope import ScopePane

        self.action_show_tab("scope")
        self.query_one(ScopePane).open_recording(event.recording)

    @on(OpenFile)
    def _open_files(self, event: OpenFile) -> None:
        from birdscope.tui.screens.scope import ScopePane

        try:
            self.query_one(ScopePane).open_files(event.paths)
        except BirdscopeError as error:
            self.notify(str(error), title="Open file", severity="error", markup=False)
            return
        self.action_show_tab("scope")

    @on(OpenInAudition)
    def _open_in_audition(self, event: OpenInAudition) -> None:
        from birdscope.tui.screens.audition import AuditionPane

        self.query_one(AuditionPane).open_species(event)
        self.action_show_tab("audition")

    @on(CompareInScope)
    def _compare_in_scope(self, event: CompareInScope) -> None:
        from birdscope.tui.screens.scope import ScopePane

        self.action_show_tab("scope")
        self.query_one(ScopePane).compare(event.pair)

    @on(TabStrip.Chosen)
    def _tab_chosen(self, event: TabStrip.Chosen) -> None:
        self.action_show_tab(event.tab)

    @on(PlayerBar.JobsWanted)
    def _jobs_wanted(self) -> None:
        self.action_show_tab("submit")

    def action_command_palette(self) -> None:
        """Every action by its name."""
        from birdscope.tui.palette import Palette

        if not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette"))

    def action_show_tab(self, tab: str) -> None:
        """Go to a tab."""
        if not self.query(f"#{tab}"):
            self._opening.wanted_tab = tab
            return
        if tab == "audition":
            self._take_species_along()
        self.query_one(TabStrip).active = tab
        needs_dataset = tab != "submit" and not (tab == "scope" and self._scope_has_file)
        pane = "welcome-pane" if self.query("#welcome-pane") and needs_dataset else tab
        self._show_pane(pane)
        self.screen.set_focus(None)
        self._focus_in(self.query_one(f"#{pane}"))

    @property
    def _scope_has_file(self) -> bool:
        from birdscope.tui.screens.scope import ScopePane

        return self.query_one(ScopePane).feed.recording is not None

    def _take_species_along(self) -> None:
        """Lead Audition to the species of the tab that is left; the first time to Browse's."""
        from birdscope.tui.screens.audition import AuditionPane
        from birdscope.tui.screens.scope import ScopePane

        pane, label = self.query_one(AuditionPane), ""
        if self.tab == "scope":
            label = self.query_one(ScopePane).label
        elif self.tab == "browse" or not pane.feed.choice.label:
            label = self.query_one(BrowsePane).label
        pane.come_from(self.tab, label)

    def _show_pane(self, pane: str) -> None:
        self.query_one(ContentSwitcher).current = pane

    def _focus_in(self, pane: Widget) -> None:
        first = next((one for one in pane.query("*") if one.focusable and one.id != "filter"), None)
        if first is not None:
            first.focus()
