"""Post-processing, blend and CSV of 700 files, against the public notebook's pandas way.

The notebook's structure (docs/methods.md), own code: each member's predictions become a table
column by column and a CSV; each CSV is read again and smoothed file by file, row by row, with a
mask over the whole table for each file; then the two tables are blended and written.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd

from benchmarks._claim import PROJECT, Claim
from birdscope.core.scores import ScoredCheckpoint, Scores
from birdscope.inference.ensemble import load_ensemble
from birdscope.inference.rows import lay_out
from birdscope.submission.build import build_submission, write_submission

FILES, WINDOWS, CLASSES = 700, 12, 206
LAYERS = (
    *(ScoredCheckpoint(f"nfnet/sed{number}", "nfnet") for number in range(3)),
    ScoredCheckpoint("seresnext/sedmodel", "seresnext"),
)
WEIGHTS = {"nfnet": 0.247, "seresnext": 0.753}
RATIO = 50.0
TOP_K, EXPONENT = 30, 2.0
REPEATS = 5


def claims() -> Iterator[Claim]:
    """Both ways once and again in one process; the files must agree."""
    settings = load_ensemble(PROJECT / "models" / "weighted-blend.toml").settings
    scores = made_scores(FILES)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        theirs_s, theirs_cpu_s = _timed(lambda: pandas_way(scores, root), 1)
        ours = root / "ours.csv"

        def run() -> None:
            write_submission(build_submission(scores, settings, scores.classes), ours)

        run()
        ours_s, ours_cpu_s = _timed(run, REPEATS)
        worst = _difference(ours, root / "submission.csv")
    ratio = theirs_s / ours_s
    yield Claim(
        f"post-processing, blend and CSV of {FILES} files against the notebook's pandas way",
        f"{ratio:.0f} × (processor {theirs_cpu_s / ours_cpu_s:.0f} ×; {ours_s:.2f} s "
        f"against {theirs_s:.1f} s)",
        f"≥ {RATIO:.0f} ×",
        ratio >= RATIO,
    )
    yield Claim("… largest difference of the files", f"{worst:.1e}", "≤ 1e-06", worst <= 1e-6)


def made_scores(files: int, classes: int = CLASSES) -> Scores:
    """Scores by chance."""
    generator = np.random.default_rng(0)
    keys = [f"test_soundscapes/soundscape_{number:07d}.ogg" for number in range(files)]
    values = generator.random((len(LAYERS), files * WINDOWS, classes), dtype=np.float32) ** 6
    labels = tuple(f"species{column:03d}" for column in range(classes))
    return Scores(labels, LAYERS, lay_out(keys, [WINDOWS] * files), values, WEIGHTS)


def pandas_way(scores: Scores, folder: Path) -> Path:
    """The notebook's way from raw probabilities to submission.csv."""
    columns, row_ids = list(scores.classes), list(scores.rows.row_ids)
    tables = []
    for member in scores.members:
        layers = [k for k, one in enumerate(scores.checkpoints) if one.member == member]
        predictions: list[np.ndarray] = []
        for first in range(0, len(row_ids), WINDOWS):
            blocks = [np.array(scores.values[k, first : first + WINDOWS]) for k in layers]
            if member == "nfnet":
                blocks = [_low_rank_power(block) for block in blocks]
            predictions.extend(np.mean(blocks, axis=0))
        table: dict[str, list[object]] = {"row_id": list(row_ids)}
        for column, label in enumerate(columns):
            table[label] = [row[column] for row in predictions]
        path = folder / f"{member}.csv"
        pd.DataFrame(table).to_csv(path, index=False)
        tables.append(_smoothed(pd.read_csv(path), path))
    first, second = (pd.read_csv(path) for path in tables)
    merged = first.merge(second, on="row_id", suffixes=("", "_second"))
    blend = merged[["row_id", *columns]].copy()
    for label in columns:
        blend[label] = (
            WEIGHTS["nfnet"] * merged[label] + WEIGHTS["seresnext"] * merged[f"{label}_second"]
        )
    blend.to_csv(folder / "submission.csv", index=False)
    return folder / "submission.csv"


def _low_rank_power(block: np.ndarray) -> np.ndarray:
    tail = np.argsort(-block.max(axis=0))[TOP_K:]
    block[:, tail] = block[:, tail] ** EXPONENT
    return block


def _smoothed(table: pd.DataFrame, path: Path) -> Path:
    columns = table.columns[1:]
    files = table["row_id"].str.rsplit("_", n=1).str[0].to_numpy()
    for name in np.unique(files):
        part = table[files == name]
        values = part[columns].to_numpy()
        smooth = values.copy()
        for row in range(1, len(values) - 1):
            smooth[row] = 0.2 * values[row - 1] + 0.6 * values[row] + 0.2 * values[row + 1]
        smooth[0] = 0.8 * values[0] + 0.2 * values[1]
        smooth[-1] = 0.8 * values[-1] + 0.2 * values[-2]
        part = part.copy()
        part[columns] = smooth
        table[files == name] = part
    table.to_csv(path, index=False)
    return path


def _timed(action, repeats: int) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    """Median wall-clock and processor seconds."""
    found = []
    for _ in range(repeats):
        wall, cpu = perf_counter(), process_time()
        action()
        found.append((perf_counter() - wall, process_time() - cpu))
    return sorted(found)[len(found) // 2]


def _difference(ours: Path, theirs: Path) -> float:
    first, second = pd.read_csv(ours), pd.read_csv(theirs)
    assert list(first["row_id"]) == list(second["row_id"])
    return float(np.abs(first.iloc[:, 1:].to_numpy() - second.iloc[:, 1:].to_numpy()).max())


if __name__ == "__main__":
    for claim in claims():
        print(f"{claim.text}: {claim.measured} {claim.bar}")
