"""The table of the study of recipes, from the results that are there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.recipe_rows import Row, result_path

RESAMPLES = 1000


@dataclass(frozen=True)
class Line:
    """What is known of a line: for each seed a macro AUC, plain and [resamples] of it."""

    title: str
    row: Row
    stage: int
    values: Mapping[int, float]
    resampled: Mapping[int, npt.NDArray[np.float64]]
    classes: int
    cpu_s: float


def lines_of(name: str, rows: Sequence[Row], folder: Path) -> list[Line]:
    """Every line that has results."""
    from birdscope.metrics.bootstrap import draw_recordings, resampled_macro_auc
    from birdscope.metrics.roc_auc import macro_roc_auc

    lines = []
    for row in rows:
        there = [
            (path, body)
            for path in sorted(result_path(folder, name, row, 0).parent.glob("*.json"))
            if (body := json.loads(path.read_text()))["row"] == row.name
        ]
        titles = [f"{row.name}, {stage}" for stage in row.scored] or [row.name]
        for stage, title in enumerate(titles if there else []):
            values, resampled, classes = {}, {}, 0
            for path, body in there:
                with np.load(path.with_name(body["stages"][title])) as data:
                    truth, found, of_row = (
                        data[one] for one in ("truth", "probabilities", "recordings")
                    )
                draws = draw_recordings(of_row.max() + 1, RESAMPLES, np.random.default_rng(0))
                result = macro_roc_auc(truth, found)
                values[body["seed"]], classes = result.macro, result.scored_classes
                resampled[body["seed"]] = resampled_macro_auc(truth, found, of_row, draws)
            cpu_s = float(np.mean([body["cpu_seconds"] for _, body in there]))
            lines.append(Line(title, row, stage, values, resampled, classes, cpu_s))
    return lines


def table(name: str, rows: Sequence[Row], folder: Path) -> list[str]:
    """The table as Markdown: mean ± sd over seeds, intervals over recordings."""
    lines = lines_of(name, rows, folder)
    classes = lines[0].classes if lines else 0
    printed = [
        f"\n## {name}: macro ROC-AUC on labelled soundscapes, {classes} classes scored\n",
        "| recipe | macro AUC, mean ± sd over seeds | 95 % over recordings | against | "
        "difference, 95 % paired | seeds | CPU s |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        values = np.array(list(line.values.values()))
        spread = f" ± {values.std(ddof=1):.3f}" if len(values) > 1 else ""
        printed.append(
            f"| {line.title} | {values.mean():.4f}{spread} | "
            f"{_span(np.mean(list(line.resampled.values()), axis=0))} | "
            f"{_compared(line, lines)} | {len(values)} | {line.cpu_s:.0f} |"
        )
    return printed


def _compared(line: Line, lines: Sequence[Line]) -> str:
    """The difference to the same stage of the other row, over the seeds that both have."""
    others = [one for one in lines if one.row.name == line.row.against and one is not line]
    if not others:
        return "– | –"
    other = others[min(line.stage, len(others) - 1)]
    seeds = sorted(set(line.values) & set(other.values))
    if not seeds:
        return f"{other.title} | –"
    difference = np.mean([line.values[seed] - other.values[seed] for seed in seeds])
    span = _span(np.mean([line.resampled[seed] - other.resampled[seed] for seed in seeds], axis=0))
    return f"{other.title} | {difference:+.4f} ({span})"


def _span(samples: npt.NDArray[np.float64]) -> str:
    low, high = np.nanquantile(samples, [0.025, 0.975])
    return f"{low:.3f} to {high:.3f}"
