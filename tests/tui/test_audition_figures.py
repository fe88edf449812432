"""What Audition says of figures: never more than they are."""

from __future__ import annotations

from birdscope.engine.audition_messages import PrecisionAt, ThresholdAt
from birdscope.tui.audition_figures import precision_line, threshold_lines


def test_only_a_list_without_gaps_has_a_precision_at_k() -> None:
    whole = precision_line(PrecisionAt(10, 9, 0.9, 0.6, 0.98, 0)).plain
    assert whole.startswith("precision@10") and "judged" not in whole
    holes = precision_line(PrecisionAt(25, 12, 0.48, 0.3, 0.67, 1581)).plain
    assert holes.startswith("of 25 judged") and "1,581 above not judged" in holes
    assert "precision@" not in holes
    narrow = precision_line(PrecisionAt(25, 12, 0.48, 0.3, 0.67, 1581), 42).plain
    assert narrow.endswith("1,581 skipped") and len(narrow) <= 42


def test_precisions_that_no_score_reaches_share_a_line() -> None:
    never = "no judged score (the best is 0.730) reaches"
    lines = threshold_lines(
        [
            ThresholdAt(0.9, 0.61, 0.5, 0.7),
            ThresholdAt(0.95, None, None, None, f"{never} 95%"),
            ThresholdAt(0.99, None, None, None, f"{never} 99%"),
        ]
    )
    assert [one.plain for one in lines] == [
        "90% right from 0.610  0.500–0.700",
        f"95, 99 % right  {never} 95%",
    ]


def test_a_score_below_all_judged_ones_is_told_as_a_bound() -> None:
    every = "every judged score reaches 90%: judge lower ones to find where it ends"
    (line,) = threshold_lines([ThresholdAt(0.9, 0.2, None, 0.3, every)])
    assert line.plain == "90% right from 0.200 or lower"
