from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

from birdscope.submission.parity import (
    Parity,
    accept,
    is_accepted,
    keep_parity,
    kept_parity,
    objection,
)

FAST = Parity(
    "blend", "f" * 64, "openvino", "fast", 0.01, 0.9999, 8, 96, 1.0, 2.5,
    auc=0.9, auc_difference=-0.0001, auc_low=-0.0005, auc_high=0.0004, scored_classes=7, made=5.0,
)  # fmt: skip
EXACT = replace(FAST, precision="exact", max_difference=2e-6)


@pytest.mark.parametrize(
    ("precision", "measured", "said"),
    [
        ("exact", None, ""),
        ("exact", EXACT, ""),
        ("exact", replace(EXACT, max_difference=2e-4), "2.0e-04"),
        ("fast", None, "not compared"),
        ("fast", FAST, ""),
        ("fast", replace(FAST, auc_low=-0.0021), "0.0021"),
        ("fast", replace(FAST, auc=None, auc_low=None), "without labels"),
    ],
)
def test_what_stands_against_an_export(precision: str, measured: Parity | None, said: str) -> None:
    found = objection(precision, measured)
    assert said in found and bool(found) == bool(said)


def test_a_measurement_is_kept_by_ensemble_and_precision(tmp_path: Path) -> None:
    keep_parity(tmp_path, FAST)
    keep_parity(tmp_path, replace(EXACT, rank_correlation=math.nan))
    assert kept_parity(tmp_path, "f" * 64, "fast") == FAST
    exact = kept_parity(tmp_path, "f" * 64, "exact")
    assert exact is not None and math.isnan(exact.rank_correlation)
    assert kept_parity(tmp_path, "e" * 64, "fast") is None
    for path in (tmp_path / "parity").iterdir():
        path.write_text("[]")
    assert kept_parity(tmp_path, "f" * 64, "fast") is None


def test_only_what_was_seen_is_accepted(tmp_path: Path) -> None:
    assert not is_accepted(tmp_path, "f" * 64, "fast", None)
    accept(tmp_path, "f" * 64, "fast", None)
    assert is_accepted(tmp_path, "f" * 64, "fast", None)
    assert not is_accepted(tmp_path, "f" * 64, "fast", FAST)
    accept(tmp_path, "f" * 64, "fast", FAST)
    assert is_accepted(tmp_path, "f" * 64, "fast", FAST)
    assert not is_accepted(tmp_path, "f" * 64, "fast", replace(FAST, made=6.0))
    assert not is_accepted(tmp_path, "f" * 64, "exact", FAST)
