"""`birdscope recipes list|show|diff`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from birdscope.commands._output import print_json

if TYPE_CHECKING:
    from rich.table import Table

    from birdscope.training.recipe_view import RecipeRow


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="the recipes that come with birdscope")
    showing = actions.add_parser(
        "show", help="every key of a recipe, its value and where that comes from"
    )
    showing.add_argument("recipe", metavar="RECIPE", help="a built-in name, or a recipe file")
    showing.add_argument(
        "--set", action="store_true", help="only what recipe files set, no defaults"
    )
    showing.add_argument("--toml", action="store_true", help="as one file that train takes")
    differing = actions.add_parser("diff", help="keys in which two recipes differ")
    for name in ("one", "other"):
        differing.add_argument(name, metavar=name.upper(), help="a built-in name, or a file")
    for action in (listing, showing, differing):
        action.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Print; exit code 0."""
    {"list": _list, "show": _show, "diff": _diff}[args.action](args)
    return 0


def _list(args: argparse.Namespace) -> None:
    from birdscope.training.recipe_view import summaries

    found = summaries()
    if args.json:
        print_json([asdict(one) for one in found])
        return
    table = _table("recipe", "based on", "stages", "epochs", "models", "for")
    for one in found:
        cells = (", ".join(one.bases), ", ".join(one.stages), str(one.epochs), str(one.models))
        table.add_row(one.name, *cells, one.note)
    _print(table)


def _show(args: argparse.Namespace) -> None:
    from birdscope.training.recipe import load_recipe
    from birdscope.training.recipe_view import as_toml, rows_of

    if args.toml:
        print(as_toml(load_recipe(args.recipe)), end="")
        return
    rows = [row for row in rows_of(args.recipe) if not args.set or row.set_by != "default"]
    if args.json:
        print_json([asdict(row) for row in rows])
        return
    table = _table("key", "value", "set by", "provenance")
    for row in rows:
        table.add_row(row.key, _text(row.value), row.set_by, row.source)
    _print(table)


def _diff(args: argparse.Namespace) -> None:
    from birdscope.training.recipe_view import differences

    found = differences(args.one, args.other)
    if args.json:
        print_json(
            [
                {"key": key, "one": _as_dict(one), "other": _as_dict(other)}
                for key, one, other in found
            ]
        )
        return
    if not found:
        print("no differences")
        return
    table = _table("key", args.one, args.other)
    for key, one, other in found:
        table.add_row(key, _cell(one), _cell(other))
    _print(table)


def _as_dict(row: RecipeRow | None) -> dict[str, Any] | None:
    return asdict(row) if row is not None else None


def _cell(row: RecipeRow | None) -> str:
    return "—" if row is None else _text(row.value)


def _text(value: Any) -> str:
    """A value as TOML writes it, without quotes."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(_text(one) for one in value)}]"
    return "none" if value is None else str(value)


def _table(*columns: str) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=number == 0, overflow="fold")
    return table


def _print(table: Table) -> None:
    """As wide as the terminal; whole lines where stdout is a file or a pipe."""
    import sys

    from rich.console import Console
    from rich.measure import Measurement

    console = Console(markup=False, highlight=False)
    if not sys.stdout.isatty():
        wide = Console(width=10_000, markup=False)
        console = Console(
            width=Measurement.get(wide, wide.options, table).maximum, markup=False, highlight=False
        )
    console.print(table)
