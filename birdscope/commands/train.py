"""`birdscope train RECIPE.toml --data DIR --out RUN_DIR`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._arguments import add_data_argument, positive
from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping
from birdscope.commands._predicting import keep_outside, usable_threads
from birdscope.core.errors import UsageError

if TYPE_CHECKING:
    from birdscope.training.recipe import Recipe
    from birdscope.training.run_folder import RunReport

MOST_THREADS = 16
"""Small batches get slower, not faster, past this many."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "recipe", metavar="RECIPE", help="a recipe file (TOML), or the name of a built-in one"
    )
    add_data_argument(parser)
    parser.add_argument(
        "--out", type=Path, metavar="RUN_DIR", required=True, help="where the run is kept"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the run in RUN_DIR")
    parser.add_argument("--fold", type=int, metavar="K", help="train only fold K (from 0)")
    changes = parser.add_argument_group("instead of what the recipe says")
    changes.add_argument(
        "--folds", type=int, metavar="N", help="folds; 1 trains on all clips, without validation"
    )
    changes.add_argument("--seeds", type=int, metavar="N", help="models trained on each fold")
    changes.add_argument("--epochs", type=int, metavar="N", help="passes over the data")
    changes.add_argument("--seed", type=int, metavar="N", help="of all that is random")
    changes.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any key: optim.learning_rate=1e-3, 'stages.round 1.optim.epochs=3' (repeatable)",
    )
    stages = parser.add_argument_group("recipes with stages")
    stages.add_argument("--stage", metavar="NAME", help="train up to this stage")
    stages.add_argument(
        "--pretraining-data", type=Path, metavar="DIR", help="dataset of the pretraining stages"
    )
    machine = parser.add_argument_group("machine")
    machine.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    machine.add_argument(
        "--devices",
        type=positive,
        default=1,
        metavar="N",
        help="train each model in N processes, one to a GPU (on a CPU: N processes)",
    )
    machine.add_argument("--threads", type=positive, metavar="N", help="CPU threads of torch")
    machine.add_argument(
        "--no-out-of-fold",
        action="store_true",
        help="don't predict what the folds held out (Tune needs it)",
    )
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Train; exit code 0 when every fold is done, 130 when stopped (then --resume goes on)."""
    from birdscope.training.recipe import load_recipe

    recipe = with_changes(load_recipe(args.recipe), args)
    if args.stage is not None and not recipe.stages:
        raise UsageError(f"{recipe.name} has no stages", remedy="leave out --stage")
    keep_outside(args.data, args.out)
    with reporter(args) as emit, stopping() as stop:
        import torch

        from birdscope.dataset.catalog import Catalog
        from birdscope.training.run import RunOptions, train

        torch.set_num_threads(args.threads or min(usable_threads(), MOST_THREADS))
        options = RunOptions(
            fold=args.fold,
            resume=args.resume,
            device=args.device,
            devices=args.devices,
            stage=args.stage,
            pretraining=args.pretraining_data,
            out_of_fold=not args.no_out_of_fold,
        )
        catalog = Catalog.open(args.data)
        report = train(recipe, catalog, args.out, options, emit=emit, stop=stop)
    if args.json:
        print_json(report.as_dict())
    else:
        print("\n".join(summary(report)))
    return 0


def with_changes(recipe: Recipe, args: argparse.Namespace) -> Recipe:
    """The recipe with what the command line says instead; --epochs goes for every stage.

    Raises:
        UsageError: if a --set can't be understood.
        ConfigError: if a value is not allowed.
    """
    from birdscope.training.changes import changed

    texts = [
        f"{key}={getattr(args, key)}"
        for key in ("folds", "seeds", "seed")
        if getattr(args, key) is not None
    ]
    if args.epochs is not None:
        texts.append(f"optim.epochs={args.epochs}")
        if recipe.stages:
            texts.append(f"stages.*.optim.epochs={args.epochs}")
    return changed(recipe, [*texts, *args.set], Path(args.recipe))


def summary(report: RunReport) -> list[str]:
    """A run's outcome as lines for people."""
    lines = [f"{report.folder}: {len(report.results)} models from {report.clips} clips"]
    for name, metrics in report.results.items():
        reached = metrics.get("val_macro_roc_auc")
        figure = "not validated" if reached is None else f"validation macro AUC {reached:.4f}"
        lines.append(f"  {name}: epoch {metrics['epoch']:g}, {figure}")
    if report.mean_macro_roc_auc is not None:
        lines.append(f"mean validation macro AUC {report.mean_macro_roc_auc:.4f}")
    for text, items in (
        ("folds", report.fold_notes),
        ("no clips of", report.without_clips),
        ("left out", report.left_out),
    ):
        if items:
            lines.append(f"{text}: {'; '.join(items)}")
    lines.append(f"ensemble: {report.folder / 'ensemble.toml'}")
    if (report.folder / "out_of_fold").is_dir():
        lines.append(f"out-of-fold scores: {report.folder / 'out_of_fold'}")
    return lines
