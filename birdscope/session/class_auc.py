"""ROC-AUC of each class as last measured in a session: `class-auc.json`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from birdscope.core.atomic import write_text

FILE = "class-auc.json"


def save_class_auc(folder: Path, dataset: str, auc: Mapping[str, float]) -> None:
    """Keep what was measured; classes that could not be scored are left out.

    Args:
        folder: Of the session.
        dataset: Name of the dataset.
        auc: Label → ROC-AUC, NaN where it has none.

    Raises:
        OSError: it can't be written.
    """
    known = {label: round(value, 6) for label, value in auc.items() if math.isfinite(value)}
    write_text(folder / FILE, json.dumps({"dataset": dataset, "roc_auc": known}, indent=1))


def load_class_auc(folder: Path, dataset: str) -> dict[str, float]:
    """Label → ROC-AUC as last measured on a dataset; empty where nothing is known."""
    try:
        kept = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if kept["dataset"] != dataset:
            return {}
        return {str(label): float(value) for label, value in kept["roc_auc"].items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return {}
