"""The tour: a box beside each place, with the place lit up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Offset, Region, Size
from textual.widget import Widget
from textual.widgets import Static

from birdscope.tui.dialog import Dialog

if TYPE_CHECKING:
    from birdscope.tui.tour import Step

_LIT = "-toured"
_WIDTH, _HEIGHT = 46, 9


class TourScreen(Dialog[None]):
    """Steps to go through, or to skip.

    Args:
        steps: The places.
    """

    CSS_PATH = "tour.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space,right", "go(1)", "Next", id="tour.next", tooltip="Next step"),
        Binding("left,backspace", "go(-1)", "Back", id="tour.back", tooltip="Step before"),
        Binding("escape,q", "skip", "Skip", id="tour.skip", tooltip="End the tour"),
    ]

    def __init__(self, steps: Sequence[Step]) -> None:
        super().__init__()
        self._steps = steps
        self.step = 0

    def compose(self) -> ComposeResult:
        """The box."""
        yield Static(id="tour-box")

    def on_mount(self) -> None:
        """Begin."""
        self._show()

    def on_unmount(self) -> None:
        """Light nothing any more."""
        self._light(None)

    def on_resize(self) -> None:
        """Places are elsewhere now, once they are laid out."""
        self.call_after_refresh(self._show)

    def on_click(self) -> None:
        """A click goes on."""
        self.action_go(1)

    def action_go(self, steps: int) -> None:
        """Go to another step; past the last one the tour ends."""
        self.step = max(self.step + steps, 0)
        if self.step >= len(self._steps):
            self.dismiss(None)
        else:
            self._show()

    def action_skip(self) -> None:
        """End it."""
        self.dismiss(None)

    def _show(self) -> None:
        if self.step >= len(self._steps):
            return
        step, box = self._steps[self.step], self.query_one("#tour-box", Static)
        target = next(iter(self.app.default_screen.query(step.target)), None)
        self._light(target)
        box.border_title = f"{self.step + 1} of {len(self._steps)}  {step.title}"
        box.border_subtitle = "enter next · ← back · esc skips"
        box.update(Content(step.text))
        place = _beside(target.region, self.app.size) if target is not None else Offset(2, 2)
        box.styles.offset = (place.x, place.y)

    def _light(self, target: Widget | None) -> None:
        for one in self.app.default_screen.query(f".{_LIT}"):
            one.remove_class(_LIT)
        if target is not None:
            target.add_class(_LIT)


def _beside(target: Region, screen: Size) -> Offset:
    """Where the box hides as little as possible of what it tells about.

    >>> _beside(Region(0, 1, 30, 20), Size(80, 24)).x
    31
    """
    right, left = target.right + 1, target.x - _WIDTH - 1
    below, above = target.bottom + 1, target.y - _HEIGHT - 1
    middle_x = min(max(target.x + (target.width - _WIDTH) // 2, 0), max(screen.width - _WIDTH, 0))
    middle_y = min(max(target.y + 2, 0), max(screen.height - _HEIGHT, 0))
    if right + _WIDTH <= screen.width:
        return Offset(right, middle_y)
    if below + _HEIGHT <= screen.height:
        return Offset(middle_x, below)
    if above >= 0:
        return Offset(middle_x, above)
    return Offset(max(left, 0), middle_y)
