from __future__ import annotations

import math
from pathlib import Path

from birdscope.session.class_auc import FILE, load_class_auc, save_class_auc


def test_what_was_measured_is_kept_for_its_dataset_alone(tmp_path: Path) -> None:
    save_class_auc(tmp_path, "silencio", {"grekis": 0.91, "bkmtou1": math.nan})
    assert load_class_auc(tmp_path, "silencio") == {"grekis": 0.91}
    assert load_class_auc(tmp_path, "other") == {}


def test_a_missing_or_torn_file_is_nothing_known(tmp_path: Path) -> None:
    assert load_class_auc(tmp_path, "silencio") == {}
    for text in ("{", "[]", '{"dataset": "silencio", "roc_auc": {"a": null}}'):
        (tmp_path / FILE).write_text(text, encoding="utf-8")
        assert load_class_auc(tmp_path, "silencio") == {}
