"""`birdscope train RECIPE.toml --data DIR --out RUN_DIR`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping
from birdscope.commands._predicting import positive, usable_threads

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
    parser.add_argument(
        "--data", type=Path, metavar="DIR", required=True, help="a dataset in BirdCLEF layout"
    )
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
    machine = parser.add_argument_group("machine")
    machine.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    machine.add_argument("--threads", type=positive, metavar="N", help="CPU threads of torch")
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Train; exit code 0 when every fold is done, 130 when stopped (then --resume goes on)."""
    from birdscope.training.recipe import load_recipe

    recipe = with_changes(load_recipe(args.recipe), args)
    with reporter(args) as emit, stopping() as stop:
        import torch

        from birdscope.dataset.catalog import Catalog
        from birdscope.training.run import RunOptions, train

        torch.set_num_threads(args.threads or min(usable_threads(), MOST_THREADS))
        options = RunOptions(fold=args.fold, resume=args.resume, device=args.device)
        catalog = Catalog.open(args.data)
        report = train(recipe, catalog, args.out, options, emit=emit, stop=stop)
    if args.json:
        print_json(report.as_dict())
    else:
        print("\n".join(summary(report)))
    return 0


def with_changes(recipe: Recipe, args: argparse.Namespace) -> Recipe:
    """The recipe with what the command line says instead.

    Raises:
        ConfigError: if a value is not allowed.
    """
    from birdscope.core.config import parse
    from birdscope.training.recipe import Recipe

    body = recipe.model_dump(mode="json", exclude_unset=True)
    for key in ("folds", "seeds", "seed"):
        if getattr(args, key) is not None:
            body[key] = getattr(args, key)
    if args.epochs is not None:
        body["optim"] = {**body.get("optim", {}), "epochs": args.epochs}
    return parse(Recipe, body, Path(args.recipe))


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
    return lines
