"""Which training method helps, measured: recipes × macro ROC-AUC on labelled soundscapes.

`python -m benchmarks.recipes DIR [--data demo calfrog32] [--seeds 3] [--rows TEXT …]` trains
what is not in DIR yet and prints the table; stopped, it goes on where it was. `--table` only
prints. Each net is trained for the same number of steps from the same tiny architecture; a
later round or stage goes on from the one before it with half the steps, and stands beside a net
that was trained twice as long without any of it: round 2 and stage 3 have then cost the same.

The demo dataset's unlabelled soundscapes are the pool for pseudo labels. Of calfrog32's
labelled soundscapes every second one hides its labels and joins the pool; the others are
scored. So no recording is ever in both.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks._claim import require, shared

# Set BIRDSCOPE_STUDY_EPOCHS=1 to see in minutes that a study runs; its figures mean nothing.
EPOCHS = int(os.environ.get("BIRDSCOPE_STUDY_EPOCHS", "42"))
RATE = 3e-3
RESAMPLES = 1000
_MIXUP = {"augment": {"mixup": 0.7}}
# Nets this small, trained this short, are seldom sure: with the 1st place's 0.5 and 0.1 a first
# try kept 12 of 299 windows, and the student forgot the clips over them (0.74 against 0.81).
_PSEUDO = {
    "pooling": "clip",
    "overlap": 0.5,
    "sampler": "sum of maxima",
    "keep_above": 0.15,
    "zero_below": 0.02,
}
_AUTHORS = {"keep_above": 0.5, "zero_below": 0.1}
_NO_MIXUP = {"augment": {"mixup": 0.0}}


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        name: What is tried.
        changes: Of the base recipe.
        against: Name of the row it is compared with.
        scored: Stages that get a line of their own; none: the last alone.
    """

    name: str
    changes: Mapping[str, Any]
    against: str = "baseline"
    scored: tuple[str, ...] = ()


def _round(number: int, power: float) -> dict[str, Any]:
    """A round of the noisy student: each clip mixed with a pseudo-labelled window."""
    pseudo = {**_PSEUDO, "power": power, "use": "mixed", "mix_weight": 0.5, "share": 1.0}
    return {"name": f"round {number}", "teacher": "previous", "pseudo": pseudo, **_NO_MIXUP}


def _goes_on(number: int, power: float) -> dict[str, Any]:
    """A round that starts from its teacher's weights."""
    return {**_round(number, power), "init": "previous", **_half(0.5)}


def _rate(factor: float) -> dict[str, Any]:
    return {"optim": {"learning_rate": RATE * factor}}


def _half(factor: float) -> dict[str, Any]:
    """Half the steps at a part of the rate."""
    return {"optim": {"learning_rate": RATE * factor, "epochs": max(1, EPOCHS // 2)}}


def _steps(factor: int) -> dict[str, Any]:
    return {**_MIXUP, "optim": {"epochs": EPOCHS * factor}}


_DISTILL = {"temperature": 3.0, "squared_temperature": True}
ROWS = (
    Row("baseline", _NO_MIXUP),
    Row("+ mixup (max labels)", _MIXUP),
    Row("+ mixup, twice the steps", _steps(2), "+ mixup (max labels)"),
    Row("+ soft AUC", {**_MIXUP, "loss": {"kind": "soft_auc_logistic"}}, "+ mixup (max labels)"),
    Row(
        "+ pseudo labels with power",
        {
            **_MIXUP,
            "stages": [
                {"name": "teacher"},
                {
                    "name": "student",
                    "teacher": "previous",
                    "pseudo": {**_PSEUDO, "power": 1.5, "use": "apart", "share": 0.5},
                },
            ],
        },
        "+ mixup (max labels)",
    ),
    Row(
        "+ pseudo labels, the author's thresholds",
        {
            **_MIXUP,
            "stages": [
                {"name": "teacher"},
                {
                    "name": "student",
                    "teacher": "previous",
                    "pseudo": {**_PSEUDO, **_AUTHORS, "use": "apart", "share": 0.5},
                },
            ],
        },
        "+ mixup (max labels)",
    ),
    Row(
        "noisy student, each round going on",
        {
            **_MIXUP,
            "stages": [
                {"name": "round 0"},
                _goes_on(1, 1.0),
                _goes_on(2, 1 / 0.65),
                _goes_on(3, 1 / 0.55),
            ],
        },
        "+ mixup, twice the steps",
        ("round 0", "round 1", "round 2", "round 3"),
    ),
    Row(
        "noisy student, each round from scratch",
        {
            **_MIXUP,
            "stages": [
                {"name": "round 0"},
                _round(1, 1.0),
                _round(2, 1 / 0.65),
                _round(3, 1 / 0.55),
            ],
        },
        "+ mixup (max labels)",
        ("round 1", "round 2", "round 3"),
    ),
    Row(
        "self-distillation",
        {
            **_MIXUP,
            "stages": [
                {"name": "stage 1"},
                {
                    "name": "stage 2",
                    "init": "previous",
                    "teacher": "previous",
                    "distill": {**_DISTILL, "alpha": 0.7},
                    **_half(0.5),
                },
                {
                    "name": "stage 3",
                    "init": "previous",
                    "teacher": "previous",
                    "distill": {**_DISTILL, "alpha": 0.5},
                    "pseudo": {**_PSEUDO, "keep_above": 0.0, "use": "apart", "share": 0.5},
                    **_half(0.3),
                },
            ],
        },
        "+ mixup, twice the steps",
        ("stage 1", "stage 2", "stage 3"),
    ),
    Row(
        "pretraining, then a tenth of the rate",
        {
            **_MIXUP,
            "stages": [
                {
                    "name": "pretraining",
                    "dataset": "pretraining",
                    "data": {"without_main_classes": True},
                },
                {"name": "fine-tuning", "init": "previous", **_rate(0.1)},
            ],
        },
        "+ mixup (max labels)",
    ),
    Row(
        "pretraining, then the full rate",
        {
            **_MIXUP,
            "stages": [
                {
                    "name": "pretraining",
                    "dataset": "pretraining",
                    "data": {"without_main_classes": True},
                },
                {"name": "fine-tuning", "init": "previous"},
            ],
        },
        "+ mixup (max labels)",
    ),
)


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
                    _measure(row, seed, name, data, args.folder)
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


def recipe_of(row: Row, seed: int) -> Any:
    """The row's recipe: small-cpu on all clips, without soundscapes as silent background."""
    from birdscope.core.config import parse
    from birdscope.training.recipe import Recipe, load_recipe
    from birdscope.training.recipe_files import merged

    body = load_recipe("small-cpu").model_dump(mode="json", exclude_unset=True)
    body.pop("provenance", None)
    base = {
        "name": "study",
        "seed": seed,
        "folds": 1,
        # Half the cost of small-cpu's; what is saved goes into more steps.
        "front_end": {"n_fft": 1024, "hop_length": 1600, "n_mels": 48},
        "augment": {"soundscapes": 0.0},
        "optim": {"epochs": EPOCHS, "batch_size": 16, "learning_rate": RATE, "ema": 0.98},
    }
    return parse(Recipe, merged(merged(body, base), row.changes))


def _measure(row: Row, seed: int, name: str, data: Path, folder: Path) -> None:
    """Train and score a row with a seed, unless its result is there."""
    from birdscope.core.events import Event
    from birdscope.dataset.catalog import Catalog
    from birdscope.training.run import RunOptions, train

    result = _result_path(folder, name, row, seed)
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
        there = _result_path(folder, name, other, seed)
        twin = recipe_of(other, seed).resolved_stages[0]
        source = there.with_suffix("") / (place if other.changes.get("stages") else "")
        same = (twin.dataset, twin.recipe.deciding) == (first.dataset, first.recipe.deciding)
        if same and there.is_file() and source != run / place and not (run / place).exists():
            shutil.copytree(source, run / place)


def _result_path(folder: Path, name: str, row: Row, seed: int) -> Path:
    plain = "".join(one if one.isalnum() else "-" for one in row.name).strip("-")
    path = folder / name / f"{plain}-{seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


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


@dataclass(frozen=True)
class Line:
    """What is known of a line: a resampled and a plain macro AUC for each seed."""

    title: str
    against: str
    values: npt.NDArray[np.float64]
    resampled: npt.NDArray[np.float64]
    classes: int
    cpu_s: float


def lines_of(name: str, rows: Sequence[Row], folder: Path) -> list[Line]:
    """Every line that has results."""
    from birdscope.metrics.bootstrap import draw_recordings, resampled_macro_auc
    from birdscope.metrics.roc_auc import macro_roc_auc

    found: dict[str, list[tuple[float, npt.NDArray[np.float64], int, float]]] = {}
    against = {}
    for row in rows:
        for path in sorted(_result_path(folder, name, row, 0).parent.glob("*.json")):
            body = json.loads(path.read_text())
            if body["row"] != row.name:
                continue
            for title, file in body["stages"].items():
                with np.load(path.with_name(file)) as data:
                    truth, values = data["truth"], data["probabilities"]
                    of_row = data["recordings"]
                draws = draw_recordings(of_row.max() + 1, RESAMPLES, np.random.default_rng(0))
                result = macro_roc_auc(truth, values)
                resampled = resampled_macro_auc(truth, values, of_row, draws)
                found.setdefault(title, []).append(
                    (result.macro, resampled, result.scored_classes, body["cpu_seconds"])
                )
                against[title] = row.against
    return [
        Line(
            title,
            against[title],
            np.array([one[0] for one in seeds]),
            np.mean([one[1] for one in seeds], axis=0),
            seeds[0][2],
            float(np.mean([one[3] for one in seeds])),
        )
        for title, seeds in found.items()
    ]


def table(name: str, rows: Sequence[Row], folder: Path) -> list[str]:
    """The table as Markdown: mean ± sd over seeds, intervals over recordings."""
    lines = lines_of(name, rows, folder)
    by_title = {line.title: line for line in lines}
    classes = lines[0].classes if lines else 0
    printed = [
        f"\n## {name}: macro ROC-AUC on labelled soundscapes, {classes} classes scored\n",
        "| recipe | macro AUC, mean ± sd over seeds | 95 % over recordings | against | "
        "difference, 95 % paired | seeds | CPU s |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        spread = f" ± {line.values.std(ddof=1):.3f}" if len(line.values) > 1 else ""
        printed.append(
            f"| {line.title} | {line.values.mean():.4f}{spread} | {_span(line.resampled)} | "
            f"{_compared(line, by_title.get(line.against))} | {len(line.values)} | "
            f"{line.cpu_s:.0f} |"
        )
    return printed


def _compared(line: Line, other: Line | None) -> str:
    if other is None or other.title == line.title:
        return "– | –"
    difference = line.values.mean() - other.values.mean()
    span = _span(line.resampled - other.resampled)
    return f"{other.title} | {difference:+.4f} ({span})"


def _span(samples: npt.NDArray[np.float64]) -> str:
    low, high = np.nanquantile(samples, [0.025, 0.975])
    return f"{low:.3f} to {high:.3f}"


if __name__ == "__main__":
    sys.exit(main())
