"""Which training method helps, measured: recipes × macro ROC-AUC on labelled soundscapes.

`python -m benchmarks.recipes DIR [--data demo calfrog32] [--seeds 3] [--rows TEXT …]` trains
what is not in DIR yet and prints the table; stopped, it goes on where it was. `--table` only
prints. Each net is trained for the same number of steps from the same tiny architecture; a
later round or stage goes on from the one before it with half the steps, and stands beside the same
stage of a control that goes on in the same way without labels of a teacher.

The demo dataset's unlabelled soundscapes are the pool for pseudo labels. Of calfrog32's
labelled soundscapes every second one hides its labels and joins the pool; the others are
scored. So no recording is ever in both.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks._claim import require, shared
from benchmarks.recipe_rows import ROWS, Row, recipe_of, result_path
from benchmarks.recipe_table import table


def main() -> int:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recipes", description=__doc__)
    parser.add_argument("folder", type=Path, metavar="DIR", help="where runs and results are kept")
    parser.add_argument("--data", nargs="+", choices=("demo", "calfrog32"), metavar="NAME")
    parser.add_argument("--rows", nargs="+", metavar="TEXT", help="only rows with this in the name")
    parser.add_argument("--seeds", type=int, default=3, metavar="N")
    parser.add_argument("--threads", type=int, default=1, metavar="N")
    parser.add_argument("--table", action="store_true", help="train nothing, print what is there")
    args = parser.parse_args()
    names = args.data or ["demo", "calfrog32"]
    rows = [row for row in ROWS if not args.rows or any(text in row.name for text in args.rows)]
    if not args.table:
        import torch

        torch.set_num_threads(args.threads)
        for seed in range(args.seeds):
            for name in names:
                data = dataset(name, args.folder)
                for row in rows:
                    measure(row, seed, name, data, args.folder)
    for name in names:
        print("\n".join(table(name, rows, args.folder)))
    return 0


def dataset(name: str, folder: Path) -> Path:
    """The dataset's folder, made or derived where it has to be."""
    root = folder / "data" / name
    if name == "demo":
        from birdscope.dataset.demo import make_demo_dataset

        make_demo_dataset(root)
    elif not (root / "train.csv").is_file():
        _hide_every_second(require(shared("data", name)), root)
    return root


def _hide_every_second(source: Path, root: Path) -> None:
    """A copy, in links, of which every second labelled soundscape has lost its labels."""
    root.mkdir(parents=True, exist_ok=True)
    labels = "train_soundscapes_labels.csv"
    with open(source / labels, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    scored = set(sorted({row["filename"] for row in rows})[::2])
    with open(root / labels, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(row for row in rows if row["filename"] in scored)
    hidden = (labels, "train_soundscapes_events.csv", "train_soundscapes_window_labels.csv")
    for path in sorted(source.iterdir(), key=lambda one: one.name == "train.csv"):
        if path.name not in hidden and not (root / path.name).exists():
            (root / path.name).symlink_to(path.resolve())


def measure(row: Row, seed: int, name: str, data: Path, folder: Path) -> None:
    """Train and score a row with a seed, unless its result is there."""
    from birdscope.core.events import Event
    from birdscope.dataset.catalog import Catalog
    from birdscope.training.run import RunOptions, train

    result = result_path(folder, name, row, seed)
    if result.is_file():
        return
    run = result.with_suffix("")
    began, cpu = time.monotonic(), time.process_time()
    stage = ""

    def emit(event: Event) -> None:
        nonlocal stage
        if event.kind == "warning" and "pseudo" in event.message:
            print(f"  {event.message}", file=sys.stderr)
        if event.kind == "artifact" and "pseudo" in event.message:
            stage = event.message

    recipe = recipe_of(row, seed)
    pretraining = shared("data", "esc10clef")
    options = RunOptions(resume=True, device="cpu", pretraining=pretraining)
    catalog = Catalog.open(data)
    _take_first_stage(recipe, run, seed, name, folder)
    train(recipe, catalog, run, options, emit=emit)
    stages = {}
    for title, ensemble in _ensembles(recipe, run, row):
        values = _predict(ensemble, catalog)
        stages[title] = f"{result.stem}-{len(stages)}.npz"
        np.savez_compressed(result.with_name(stages[title]), **values)
    body = {
        "row": row.name,
        "seed": seed,
        "stages": stages,
        "seconds": round(time.monotonic() - began, 1),
        "cpu_seconds": round(time.process_time() - cpu, 1),
        "note": stage,
    }
    temporary = result.with_suffix(".part")
    temporary.write_text(json.dumps(body, indent=1))
    temporary.replace(result)
    print(f"{name}, seed {seed}: {row.name} in {body['cpu_seconds']} CPU s", file=sys.stderr)


def _take_first_stage(recipe: Any, run: Path, seed: int, name: str, folder: Path) -> None:
    """Copy a stage that another row has trained already, in every number the same."""
    if not recipe.stages:
        return
    first = recipe.resolved_stages[0]
    place = f"stages/1-{first.name.replace(' ', '-')}"
    for other in ROWS:
        there = result_path(folder, name, other, seed)
        twin = recipe_of(other, seed).resolved_stages[0]
        source = there.with_suffix("") / (place if other.changes.get("stages") else "")
        same = (twin.dataset, twin.recipe.deciding) == (first.dataset, first.recipe.deciding)
        if same and there.is_file() and source != run / place and not (run / place).exists():
            shutil.copytree(source, run / place)


def _ensembles(recipe: Any, run: Path, row: Row) -> Iterator[tuple[str, Path]]:
    """Name and ensemble file of each line that a row gives."""
    if not row.scored:
        yield row.name, run / "ensemble.toml"
        return
    for number, stage in enumerate(recipe.resolved_stages, start=1):
        if stage.name in row.scored:
            folder = run / "stages" / f"{number}-{stage.name.replace(' ', '-')}"
            yield f"{row.name}, {stage.name}", folder / "ensemble.toml"


def _predict(ensemble: Path, catalog: Any) -> dict[str, npt.NDArray[Any]]:
    """Truth, probabilities and recording of every labelled row."""
    from birdscope.audio.decode import read
    from birdscope.core.windows import stem_of, window_count
    from birdscope.inference.predictor import Predictor
    from birdscope.metrics.truth import read_truth
    from birdscope.training.soundscapes import labelled_soundscapes

    classes = catalog.taxonomy.labels
    predictor = Predictor.load(ensemble, classes, device="cpu", backend="torch")
    truth = read_truth(catalog.labels_path, classes)
    at = {name: row for row, name in enumerate(truth.row_ids)}
    labels, probabilities, recordings = [], [], []
    names = labelled_soundscapes(catalog)
    chosen = [one for one in catalog.soundscapes("train_soundscapes") if one.name in names]
    for number, recording in enumerate(chosen):
        wave = read(recording.path)
        count = window_count(len(wave) / 32_000)
        values = predictor.predict(wave, count).mean(axis=0)
        for index in range(count):
            row = at.get(f"{stem_of(recording.key)}_{(index + 1) * 5}")
            if row is not None:
                labels.append(truth.values[row])
                probabilities.append(values[index])
                recordings.append(number)
    return {
        "truth": np.array(labels),
        "probabilities": np.array(probabilities, np.float32),
        "recordings": np.array(recordings),
    }


if __name__ == "__main__":
    sys.exit(main())
