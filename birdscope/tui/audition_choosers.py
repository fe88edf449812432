"""How the choices of the tab Audition are made: a list or a line for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.tui import audition_text
from birdscope.tui.screens.ask_text import AskText, Field
from birdscope.tui.screens.choose_one import Choice, ChooseOne
from birdscope.tui.screens.choose_species import ChooseSpecies, SpeciesTally

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.tui.audition_feed import AuditionFeed
    from birdscope.tui.services import Services

_WHO = "It is kept with each verdict, so that several people can judge. N changes it."
_FILTERS = (
    "A part of their file names, such as a site; and when they begin, such as 5-9 or 20-4, "
    "read from names like H02_20250419_073000. An empty line lists all."
)


class AuditionChoosers:
    """Opens a chooser, and gives the feed what was chosen.

    Args:
        owner: The widget whose app and workers are used.
        feed: Holds the choices.
        services: The app's, for the session.
    """

    def __init__(self, owner: Widget, feed: AuditionFeed, services: Services) -> None:
        self._owner = owner
        self._feed = feed
        self._services = services

    async def species(self, catalog: Catalog) -> None:
        """Choose the species to audition."""

        def take(label: str | None) -> None:
            if label is not None:
                self._feed.choose(label=label, scores=None, settings=None, labels=None)

        await self._ask_species("Species to audition", catalog, take)

    async def correction(self, catalog: Catalog, take: Callable[[str], None]) -> None:
        """Choose the species that is there instead."""
        asked = self._feed.choice.label

        def answer(label: str | None) -> None:
            if label == asked:
                self._owner.notify("That is the species asked about: answer y instead.")
            elif label is not None:
                take(label)

        title = f"Not {catalog.taxonomy.get(asked).name}, but"
        await self._ask_species(title, catalog, answer, without=asked)

    def kind(self) -> None:
        """Choose how windows are ranked."""
        kinds = list(audition_text.KINDS)
        choices = [Choice(title, note) for title, note in audition_text.KINDS.values()]

        def take(number: int | None) -> None:
            if number is not None:
                self._feed.choose(kind=kinds[number])

        place = kinds.index(self._feed.choice.kind)
        self._owner.app.push_screen(ChooseOne("Which windows first", choices, place), take)

    def filter(self) -> None:
        """Type which recordings to list, and which hours of the day."""
        choice = self._feed.choice
        hours = f"{choice.hours[0]}-{choice.hours[1]}" if choice.hours is not None else ""

        def take(values: dict[str, str] | None) -> None:
            if values is not None:
                self._feed.choose(
                    recordings=values["name"], hours=audition_text.hours_of(values["hours"])
                )

        fields = (
            Field("name", "file name", choice.recordings, lambda text: ""),
            Field("hours", "hours", hours, _wrong_hours),
        )
        screen = AskText("List only recordings", fields, says=_FILTERS, does="lists them")
        self._owner.app.push_screen(screen, take)

    def annotator(self, then: Callable[[], None]) -> None:
        """Ask for the name of who judges; `then` follows once there is one."""
        from birdscope.session.verdicts import default_annotator

        def take(values: dict[str, str] | None) -> None:
            if values is not None:
                self._services.session.update(annotator=values["name"])
                then()

        name = self._feed.annotator or default_annotator()
        field = Field("name", "name", name, lambda text: "" if text else "a name is needed")
        self._owner.app.push_screen(AskText("Who judges?", [field], says=_WHO), take)

    async def _ask_species(
        self,
        title: str,
        catalog: Catalog,
        take: Callable[[str | None], None],
        without: str = "",
    ) -> None:
        counts = await self._feed.read_counts()
        tallies = {}
        for label in catalog.taxonomy.labels:
            clips, one = catalog.species_counts.get(label, 0), counts.get(label)
            tallies[label] = (
                SpeciesTally(clips, one.yes, one.no, one.maybe + one.correct)
                if one is not None
                else SpeciesTally(clips)
            )
        listed = [one for one in catalog.taxonomy if one.label != without]
        listed.sort(key=lambda one: one.name.casefold())
        screen = ChooseSpecies(title, listed, tallies, self._feed.choice.label)
        self._owner.app.push_screen(screen, take)


def _wrong_hours(text: str) -> str:
    try:
        audition_text.hours_of(text)
    except ValueError as error:
        return str(error)
    return ""
