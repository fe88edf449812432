"""`birdscope estimate RECIPE --data DIR`: check the data, time a few steps, say how long."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from birdscope.commands._arguments import add_data_argument, positive
from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping
from birdscope.commands._predicting import keep_outside, usable_threads
from birdscope.core.units import duration

if TYPE_CHECKING:
    from birdscope.training.facts import DataCheck, Estimate

_SIGNS = {"ok": "✓", "note": "●", "error": "✗"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "recipe", metavar="RECIPE", help="a recipe file (TOML), or the name of a built-in one"
    )
    add_data_argument(parser)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="any key (repeatable)"
    )
    parser.add_argument(
        "--speeds", type=Path, metavar="DIR", help="keep what is measured there, for the app"
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--threads", type=positive, metavar="N", help="CPU threads of torch")
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Measure; exit code 0 where the recipe could be trained, 1 where something is in its way."""
    from birdscope.training.changes import changed
    from birdscope.training.recipe import load_recipe

    recipe = changed(load_recipe(args.recipe), args.set, Path(args.recipe))
    if args.speeds is not None:
        keep_outside(args.data, args.speeds)
    with reporter(args) as emit, stopping() as stop:
        import torch

        from birdscope.dataset.catalog import Catalog
        from birdscope.training.data_check import check_data
        from birdscope.training.estimate import estimate, save_speed, speed_key
        from birdscope.training.facts import Speed
        from birdscope.training.probe import probe

        torch.set_num_threads(args.threads or usable_threads())
        catalog = Catalog.open(args.data)
        check = check_data(recipe, catalog)
        measured: dict[str, Speed] = {}
        for stage in recipe.resolved_stages:
            key = speed_key(stage.recipe)
            if key not in measured:
                measured[key] = probe(
                    stage.recipe, catalog, device=args.device, emit=emit, stop=stop
                )
                if args.speeds is not None:
                    save_speed(args.speeds, stage.recipe, measured[key])
        speeds = [measured[speed_key(one.recipe)] for one in recipe.resolved_stages]
        found = estimate(recipe, check, speeds)
    if args.json:
        print_json(as_json(check, found) | {"speeds": [asdict(one) for one in speeds]})
    else:
        print("\n".join(describe(check, found)))
    return 0 if check.can_train else 1


def as_json(check: DataCheck, found: Estimate) -> dict[str, Any]:
    """For a program."""
    return {"data": asdict(check), "estimate": asdict(found)}


def describe(check: DataCheck, found: Estimate) -> list[str]:
    """For people."""
    lines = [
        f"{check.dataset}: {check.clips} clips of {len(check.class_counts)} of {check.classes} "
        f"classes, {len(check.left_out)} left out",
        *(f"{_SIGNS[one.mark]} {one.text}" for one in check.findings),
    ]
    if found.seconds is not None:
        lines.append(f"about {duration(found.seconds)}")
    if found.memory_mb is not None:
        lines.append(
            f"up to {found.memory_mb:,.0f} MB of memory, of it waveforms {found.waveforms_mb:,.0f}"
        )
    return [*lines, found.rests_on]
