"""The one screen under all modal ones."""

from __future__ import annotations

from shutil import get_terminal_size

from birdscope.tui.settled import SettledScreen


class MainScreen(SettledScreen[None]):
    """The one screen under all modal ones; its class tells how much room there is."""

    AUTO_FOCUS = "SpeciesList"
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 (an instance variable in Textual)
        (0, "-narrow"),
        (120, "-wide"),
        (150, "-roomy"),
    ]

    def __init__(self) -> None:
        columns = get_terminal_size().columns
        fitting = [name for least, name in self.HORIZONTAL_BREAKPOINTS if columns >= least]
        # already right at the first layout, it saves styling every widget a second time
        super().__init__(id="_default", classes=fitting[-1])
