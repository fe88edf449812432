"""Which species the rows of Scope's heat map are, and what stands in them. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from birdscope.engine.ranking import rank_species

if TYPE_CHECKING:
    import numpy.typing as npt

    from birdscope.core.types import Species
    from birdscope.core.verdicts import Verdict
    from birdscope.engine.messages import Blended

Sort = Literal["best", "window", "name", "class"]
SORTS: tuple[Sort, ...] = ("best", "window", "name", "class")
ANSWERS: Mapping[str, str] = {"yes": "✓", "no": "✗", "maybe": "?", "correct": "✗"}
LABEL = "◆"


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How the rows are wanted.

    Attributes:
        sort: By the best probability of the file, by that of the selected window, by name, or
            by animal class and then by name.
        pins: Labels of species that stay on top, in this order.
        class_name: Only species of this animal class, and pins; empty shows all.
    """

    sort: Sort = "best"
    pins: tuple[str, ...] = ()
    class_name: str = ""

    def with_next_sort(self) -> Arrangement:
        """The same with the next order."""
        following = SORTS[(SORTS.index(self.sort) + 1) % len(SORTS)]
        return Arrangement(following, self.pins, self.class_name)

    def with_pin(self, label: str) -> Arrangement:
        """The same with a species pinned, or no longer where it was."""
        others = tuple(one for one in self.pins if one != label)
        pins = others if label in self.pins else (*self.pins, label)
        return Arrangement(self.sort, pins, self.class_name)

    def with_next_class(self, names: Sequence[str]) -> Arrangement:
        """The same for the next of the animal classes; after the last one for all."""
        choices = ("", *names)
        at = choices.index(self.class_name) if self.class_name in choices else 0
        return Arrangement(self.sort, self.pins, choices[(at + 1) % len(choices)])


def arrange(
    blended: Blended, species: Sequence[Species], wanted: Arrangement, window: int, count: int = 64
) -> tuple[int, ...]:
    """Columns of the rows, from the top.

    Args:
        blended: What is known of the recording.
        species: Of the C columns.
        wanted: How the rows are wanted.
        window: The selected window.
        count: Most rows; pins come on top of these.
    """
    by_label = {one.label: column for column, one in enumerate(species)}
    pins = tuple(by_label[label] for label in wanted.pins if label in by_label)
    rest = [column for column in _candidates(blended, species, wanted) if column not in pins]
    rest = rest[:count]
    if wanted.sort == "window" and 0 <= window < len(blended.probabilities):
        here = blended.probabilities[window]
        rest.sort(key=lambda column: -np.nan_to_num(here[column]))
    elif wanted.sort == "name":
        rest.sort(key=lambda column: species[column].name.casefold())
    elif wanted.sort == "class":
        rest.sort(key=lambda one: (species[one].class_name, species[one].name.casefold()))
    return (*pins, *rest)


def difference(
    after: npt.NDArray[np.float32], before: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """What settings change: float32, -1 to 1, NaN where either is not known."""
    return np.asarray(after - before, np.float32)


def cell_marks(
    verdicts: Sequence[Verdict],
    labelled: Mapping[int, Sequence[str]],
    labels: Sequence[str],
) -> dict[tuple[int, int], str]:
    """What people said of cells: (row, window) → a mark; a verdict hides a label.

    Args:
        verdicts: Of the recording, the oldest first.
        labelled: Window → labels that the dataset gives it.
        labels: Labels of the rows.
    """
    rows = {label: row for row, label in enumerate(labels)}
    marks = {
        (rows[label], window): LABEL
        for window, given in labelled.items()
        for label in given
        if label in rows
    }
    for one in verdicts:
        if one.label in rows:
            marks[rows[one.label], one.index] = ANSWERS[one.answer]
        if one.corrected_label in rows:
            marks[rows[str(one.corrected_label)], one.index] = ANSWERS["yes"]
    return marks


def _candidates(blended: Blended, species: Sequence[Species], wanted: Arrangement) -> Sequence[int]:
    """Columns in the file's order, of the class wanted."""
    if not wanted.class_name:
        return blended.ranking
    columns = [at for at, one in enumerate(species) if one.class_name == wanted.class_name]
    if not columns:
        return ()
    place = {column: at for at, column in enumerate(columns)}
    shown = [place[column] for column in blended.ranking if column in place]
    best = rank_species(blended.probabilities[:, columns], len(columns))
    order = [*shown, *(one for one in best if one not in set(shown))]
    return [columns[at] for at in order]
