from __future__ import annotations

from birdscope.tui.short_names import cut, told_apart


def test_a_name_is_cut_to_its_cells() -> None:
    assert cut("Wood Frog", 12) == "Wood Frog   "
    assert cut("Southern Chorus Frog", 12) == "Southern Ch…"


def test_names_that_would_look_alike_keep_their_last_word() -> None:
    names = ["Domestic Cattle", "Domestic Cat", "Wood Frog"]
    assert told_apart(names, 11) == ["D. Cattle", "D. Cat", "Wood Frog"]
    assert told_apart(names, 13) == names
    assert told_apart(["Wood Frog", "Wood Frog"], 4) == ["Wood Frog", "Wood Frog"]
