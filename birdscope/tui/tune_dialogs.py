"""What Tune asks: which step, which labels, which name; and what it explains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from birdscope.core.settings import Settings
from birdscope.tui import tune_diff, tune_places, tune_stack, tune_text
from birdscope.tui.screens.choose_one import AskPath, Choice, ChooseOne
from birdscope.tui.tune_knobs import KINDS, STAGE_TITLES, new_step

if TYPE_CHECKING:
    from birdscope.tui.services import Services
    from birdscope.tui.tune_doing import Doing
    from birdscope.tui.tune_feed import TuneFeed
    from birdscope.tui.tune_shelf import Shelf
    from birdscope.tui.widgets.settings_table import SettingLine

Take = Callable[[Settings], None]
_ANOTHER = "a training run (its out-of-fold predictions), or what birdscope predict wrote"


class Dialogs:
    """Opens a dialog, and has done what was chosen.

    Args:
        owner: The widget whose app is used.
        services: Their session is meant.
        feed: Holds the settings in hand.
        shelf: Holds the saved ones.
        doing: Does what is asked for.
    """

    def __init__(
        self,
        owner: Widget,
        services: Services,
        feed: TuneFeed,
        shelf: Shelf,
        doing: Doing,
    ) -> None:
        self._owner = owner
        self._services = services
        self._feed = feed
        self._shelf = shelf
        self._doing = doing

    def add_step(self, after: int | None, added: Callable[[Settings, int], None]) -> None:
        """Let the user choose a step, and put it behind another or last of its stage."""
        kinds = list(KINDS)
        choices = [
            Choice(KINDS[kind].title, f"{KINDS[kind].says} · {STAGE_TITLES[KINDS[kind].at]}")
            for kind in kinds
        ]

        def take(number: int | None) -> None:
            if number is not None:
                step = new_step(kinds[number])
                added(*tune_stack.added(self._feed.settings, step, after))

        self._owner.app.push_screen(ChooseOne("Add a step", choices), take)

    def choose_members(self, step: int, take: Take) -> None:
        """Let the user choose which member a step touches."""
        feed = self._feed
        members, bench = feed.bench.members, feed.bench
        touched = feed.settings.steps[step].members
        choices = [Choice("all members"), *(Choice(f"only {one}") for one in members)]
        current = 0 if touched is None else members.index(touched[0]) + 1

        def taken(number: int | None) -> None:
            if number is not None:
                chosen = members if number == 0 else (members[number - 1],)
                take(tune_stack.with_members(feed.settings, step, chosen, bench))

        self._owner.app.push_screen(ChooseOne("Members that it touches", choices, current), taken)

    def choose_labels(self) -> None:
        """Let the user choose scores and labels, or another folder to look in."""
        feed, session = self._feed, self._services.session.folder
        if feed.phase in ("waiting", "looking"):
            self._owner.notify("Scores and labels are still being looked for.")
            return
        sources = list(feed.sources)
        choices = [
            Choice(one.title, tune_places.where(one.scores, session), one.problem)
            for one in sources
        ]
        choices.append(Choice("another folder …", _ANOTHER))

        def take(number: int | None) -> None:
            if number == len(sources):
                self._ask_folder()
            elif number is not None:
                feed.open(sources[number])

        current = sources.index(feed.source) if feed.source in sources else None
        self._owner.app.push_screen(ChooseOne("Scores and labels", choices, current), take)

    def _ask_folder(self) -> None:
        """Ask for a folder of scores, or of a training run."""

        def take(path: Path | None) -> None:
            if path is not None:
                self._feed.look_in(path)

        title = "Folder of a training run, or of scores"
        screen = AskPath(title, Path.cwd(), tune_places.wrong_folder)
        self._owner.app.push_screen(screen, take)

    def save(self) -> None:
        """Ask for a name, and keep the settings in hand under it."""
        from birdscope.tui.screens.ask_text import AskText, Field

        settings = self._feed.settings
        name = self._shelf.free_name(settings.name)
        field = Field("name", "name", name, self._shelf.wrong_name)
        says = "Kept in the session; Submit and the command line can use it by this name."

        def take(values: dict[str, str] | None) -> None:
            if values is not None:
                self._doing.save(settings, values["name"])

        screen = AskText("Save settings", [field], says=says, does="saves")
        self._owner.app.push_screen(screen, take)

    def rename(self, line: SettingLine) -> None:
        """Ask for another name."""
        from birdscope.tui.screens.ask_text import AskText, Field

        def check(name: str) -> str:
            return "" if name == line.name else self._shelf.wrong_name(name)

        def take(values: dict[str, str] | None) -> None:
            if values is not None and values["name"] != line.name:
                self._doing.rename(line.name, values["name"])

        screen = AskText(f"Rename {line.name}", [Field("name", "name", line.name, check)])
        self._owner.app.push_screen(screen, take)

    def delete(self, line: SettingLine) -> None:
        """Ask whether it is meant, and delete."""

        def take(number: int | None) -> None:
            if number == 1:
                self._doing.delete(line)

        choices = [Choice("keep them"), Choice("delete them", "ctrl+z brings them back")]
        self._owner.app.push_screen(
            ChooseOne(f"Delete the settings {line.name}?", choices, 0), take
        )

    def diff(self, second: SettingLine, lines: Sequence[SettingLine]) -> None:
        """Show what differs between a row and the current one; from that one, the baseline."""
        from birdscope.tui.screens.show_text import ShowText

        first = lines[0]
        if second is first:
            first = next((one for one in lines if one.is_baseline), first)
        if first.settings is None or second.settings is None:
            return
        found = tune_diff.differences(first.settings, second.settings, self._feed.bench)
        title = f"{first.name} · {second.name}"
        self._owner.app.push_screen(ShowText(title, _table(found, first.name, second.name)))

    def explain(self, line: SettingLine | None) -> None:
        """Say what is counted where, what a row and a badge mean."""
        from birdscope.tui.screens.show_text import ShowText

        feed = self._feed
        if feed.opened is None:
            return
        parts = [
            ("What a row and a badge mean", tune_text.MEANS),
            (f"What is counted: {feed.opened.source}", tune_text.counted(feed.opened)),
        ]
        if by_fold := tune_text.by_fold(line):
            name = line.name if line is not None else ""
            parts.append((f"Folds of {name}: macro ROC-AUC (classes scored)", by_fold))
        text = Content("\n\n").join(
            Content.from_markup("[b]$head[/]\n[$text-muted]$body[/]", head=head, body=body)
            for head, body in parts
        )
        self._owner.app.push_screen(ShowText("What this screen shows", text))


def _table(found: list[tune_diff.Difference], first: str, second: str) -> Content:
    """Differences in three columns."""
    if not found:
        return Content.from_markup("[$text-muted]They do the same.[/]")
    head = tune_diff.Difference("", first, second)
    wide = max(len(one.what) for one in found) + 2
    middle = max(len(one.first) for one in (head, *found)) + 2
    rows = []
    for one in (head, *found):
        style = "b" if one is head else "$text"
        rows.append(
            Content.from_markup(
                f"[$text-muted]$what[/][{style}]$first$second[/]",
                what=one.what.ljust(wide),
                first=one.first.ljust(middle),
                second=one.second,
            )
        )
    return Content("\n").join(rows)
