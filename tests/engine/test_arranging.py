from __future__ import annotations

import numpy as np
import pytest

from birdscope.core.types import Species
from birdscope.core.verdicts import Verdict
from birdscope.engine.arranging import Arrangement, Sort, arrange, cell_marks, difference
from birdscope.engine.messages import Blended

SPECIES = (
    Species("a", common_name="Wren", class_name="Aves"),
    Species("b", common_name="Toad", class_name="Amphibia"),
    Species("c", common_name="Crow", class_name="Aves"),
    Species("d", common_name="Bat", class_name="Mammalia"),
)


def blended(ranking: tuple[int, ...] = (2, 0, 1)) -> Blended:
    values = np.array([[0.5, 0.4, 0.1, 0.0], [0.1, 0.2, 0.9, 0.3]], np.float32)
    return Blended(values, ("m",), values[None], ranking)


@pytest.mark.parametrize(
    ("sort", "window", "expected"),
    [
        ("best", 0, (2, 0, 1)),
        ("window", 0, (0, 1, 2)),
        ("window", 1, (2, 1, 0)),
        ("name", 0, (2, 1, 0)),
        ("class", 0, (1, 2, 0)),
    ],
)
def test_rows_are_sorted(sort: Sort, window: int, expected: tuple[int, ...]) -> None:
    assert arrange(blended(), SPECIES, Arrangement(sort), window) == expected


def test_pins_stay_on_top_even_of_species_that_are_not_ranked() -> None:
    wanted = Arrangement("name", ("d", "a", "unknown"))
    assert arrange(blended(), SPECIES, wanted, 0) == (3, 0, 2, 1)
    assert wanted.with_pin("d").pins == ("a", "unknown")
    assert wanted.with_pin("b").pins == ("d", "a", "unknown", "b")


def test_a_class_shows_all_its_species_ranked_or_not() -> None:
    wanted = Arrangement(class_name="Aves")
    assert arrange(blended((0,)), SPECIES, wanted, 0) == (0, 2)
    assert arrange(blended(()), SPECIES, wanted, 0) == (2, 0)
    assert arrange(blended(), SPECIES, Arrangement(class_name="Insecta"), 0) == ()
    names = ("Aves", "Amphibia")
    assert wanted.with_next_class(names).class_name == "Amphibia"
    assert wanted.with_next_class(names).with_next_class(names).class_name == ""


def test_windows_not_predicted_keep_the_files_order() -> None:
    known = blended()
    known.probabilities[0] = np.nan
    assert arrange(known, SPECIES, Arrangement("window"), 0) == (2, 0, 1)


def test_verdicts_hide_labels() -> None:
    def verdict(label: str, index: int, answer: str, corrected: str | None = None) -> Verdict:
        more = {"corrected_label": corrected} if corrected else {}
        return Verdict("r", index, 0.0, 5.0, label, answer, "me", "2026", **more)  # type: ignore[arg-type]

    verdicts = [verdict("a", 0, "no"), verdict("b", 1, "correct", "a"), verdict("z", 1, "yes")]
    marks = cell_marks(verdicts, {0: ("a", "b"), 3: ("z",)}, ("a", "b"))
    assert marks == {(0, 0): "✗", (1, 0): "◆", (1, 1): "✗", (0, 1): "✓"}


def test_difference_knows_what_it_does_not_know() -> None:
    after, before = np.array([0.5, np.nan], np.float32), np.array([0.7, 0.1], np.float32)
    assert difference(after, before)[0] == pytest.approx(-0.2)
    assert np.isnan(difference(after, before)[1])
