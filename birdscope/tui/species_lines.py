"""Species of a window or of a heat map in words; Scope and live input show them alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from birdscope.core.types import Taxonomy
from birdscope.tui.short_names import cut, told_apart
from birdscope.tui.widgets.top_species import SpeciesScore

if TYPE_CHECKING:
    from birdscope.engine.messages import Blended

_TOP = 10
_NAMES_FROM = 14


def row_labels(
    classes: Sequence[str], taxonomy: Taxonomy, gutter: int, columns: Sequence[int]
) -> list[str]:
    """Name and code where there is room, else the name, or a code that says more than a number.

    Args:
        classes: Labels of all columns.
        taxonomy: Names of the species.
        gutter: Cells for a label.
        columns: Those that are shown.
    """
    labels = [classes[column] for column in columns]
    names = [taxonomy.get(label).name for label in labels]
    code_cells = max((len(label) for label in labels), default=0)
    room = gutter - code_cells - 3
    if room < 8:
        wide = gutter >= _NAMES_FROM
        pairs = zip(labels, names, strict=True)
        shown = [name if label.isdigit() or wide else label for label, name in pairs]
        return [f" {one:<{gutter - 2}}" for one in told_apart(shown, gutter - 3)]
    names = told_apart(names, room - 1)
    return [
        label if label == name else f"{cut(name, room)} {label:<{code_cells}}"
        for label, name in zip(labels, names, strict=True)
    ]


def best_species(
    blended: Blended, row: int, classes: Sequence[str], taxonomy: Taxonomy, chosen: int | None
) -> list[SpeciesScore]:
    """The species of a window with the highest probabilities; none where nothing is known.

    Args:
        blended: Probabilities [W, C], and those of each member.
        row: The window's.
        classes: Labels of the columns.
        taxonomy: Names of the species.
        chosen: Column of the selected species; None where none is.
    """
    from birdscope.engine.ranking import top_columns

    return [
        SpeciesScore(
            classes[column],
            taxonomy.get(classes[column]).name,
            float(blended.probabilities[row, column]),
            tuple(blended.member_probabilities[:, row, column].tolist()),
            column == chosen,
        )
        for column in top_columns(blended.probabilities[row], _TOP)
    ]
