"""`birdscope scan`: what a dataset holds and what is wrong with it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from birdscope.core.types import Problem
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.measure import Measured

_SHOWN = 20
_EPILOG = """\
Every sound file's header is opened, to find what can't be read; --quick leaves that out.
Exit codes: 0 nothing worse than notes, 1 errors were found (something would be lost),
2 wrong usage, 3 the folder is no dataset or a table can't be read, 130 stopped.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from birdscope.commands._output import add_output_arguments

    parser.epilog = _EPILOG
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="dataset folder")
    parser.add_argument(
        "--durations", action="store_true", help="also sum up minutes, by species and split"
    )
    parser.add_argument("--quick", action="store_true", help="open no sound file")
    parser.add_argument(
        "--all", action="store_true", help=f"show every problem, not {_SHOWN} of a kind"
    )
    add_output_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Scan and print."""
    from birdscope.commands._output import print_json, reporter, stopping
    from birdscope.core.errors import UsageError
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.measure import measure
    from birdscope.dataset.problems import find_problems, present_recordings

    if args.quick and args.durations:
        raise UsageError("--quick opens no file, so there are no durations", remedy="drop one")
    with stopping() as stop, reporter(args) as emit:
        catalog = Catalog.open(args.data)
        measured = None
        if not args.quick:
            measured = measure(present_recordings(catalog), emit=emit, stop=stop)
        problems = find_problems(catalog, measured=measured)
    summary = summarise(catalog, measured if args.durations else None)
    if args.json:
        print_json({**summary, "problems": [_plain(one) for one in problems]})
    else:
        _print(summary, problems, shown=len(problems) if args.all else _SHOWN)
    return 1 if any(one.severity == "error" for one in problems) else 0


def _plain(one: Problem) -> dict[str, str]:
    names = ("severity", "kind", "subject", "text")
    return {name: getattr(one, name) for name in names}


def summarise(catalog: Catalog, measured: Mapping[str, Measured] | None = None) -> dict[str, Any]:
    """Counts by split, class and species; with headers also their seconds."""
    from birdscope.core.types import SPLITS

    species = [_species_row(catalog, label, measured) for label in catalog.species_counts]
    classes: dict[str, dict[str, float]] = {}
    for row in species:
        total = classes.setdefault(row["class_name"] or "unknown", {"species": 0, "recordings": 0})
        total["species"] += 1
        for name in ("recordings", "seconds"):
            if name in row:
                total[name] = total.get(name, 0) + row[name]
    splits: dict[str, dict[str, float]] = {}
    for split in SPLITS:
        recordings = catalog.recordings(split)
        splits[split] = {"recordings": len(recordings)}
        if measured is not None:
            splits[split]["seconds"] = _seconds((one.key for one in recordings), measured)
    return {
        "name": catalog.name,
        "path": str(catalog.root),
        "classes_to_predict": len(catalog.taxonomy),
        "splits": splits,
        "classes": classes,
        "species": species,
    }


def _species_row(
    catalog: Catalog, label: str, measured: Mapping[str, Measured] | None
) -> dict[str, Any]:
    one = catalog.taxonomy.get(label)
    row: dict[str, Any] = {
        "label": label,
        "common_name": one.common_name,
        "scientific_name": one.scientific_name,
        "class_name": one.class_name,
        "recordings": catalog.species_counts[label],
    }
    if measured is not None:
        keys = [recording.key for recording in catalog.recordings_of(label)]
        row["seconds"] = _seconds(keys, measured)
    return row


def _seconds(keys: Iterable[str], measured: Mapping[str, Measured]) -> float:
    return round(sum(measured[key].duration_s for key in keys if key in measured), 2)


def _print(summary: Mapping[str, Any], problems: Sequence[Problem], shown: int) -> None:
    import sys

    if sys.stdout.isatty():
        _print_tables(summary)
    else:
        _print_lines(summary)
    _print_problems(problems, shown)


def _print_lines(summary: Mapping[str, Any]) -> None:
    """Tab-separated lines, each beginning with what it is about."""
    print(f"dataset\t{summary['name']}\t{summary['classes_to_predict']} classes")
    for part in ("splits", "classes"):
        for name, row in summary[part].items():
            print("\t".join(["split" if part == "splits" else "class", name, *_cells(row)]))
    for row in summary["species"]:
        names = [row["label"], row["common_name"], row["class_name"]]
        print("\t".join(["species", *names, *_cells(row)]))


def _cells(row: Mapping[str, Any]) -> list[str]:
    from birdscope.core.units import duration

    cells = []
    if "species" in row:
        cells.append(f"{row['species']:.0f} species")
    cells.append(f"{row['recordings']:.0f} recordings")
    if "seconds" in row:
        cells.append(duration(row["seconds"]))
    return cells


def _print_tables(summary: Mapping[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(f"[bold]{summary['name']}[/]  {summary['classes_to_predict']} classes")
    timed = any("seconds" in row for row in summary["splits"].values())
    overview = Table("split or class", "species", "recordings", *(["duration"] if timed else []))
    for part in ("splits", "classes"):
        for name, row in summary[part].items():
            cells = _cells(row)
            species = cells.pop(0).split()[0] if "species" in row else ""
            overview.add_row(name, species, cells[0].split()[0], *cells[1:])
        overview.add_section()
    console.print(overview)
    table = Table("label", "name", "class", "recordings", *(["duration"] if timed else []))
    table.columns[3].justify = "right"
    for row in sorted(summary["species"], key=lambda one: (one["class_name"], one["label"])):
        cells = _cells(row)
        name = row["common_name"] or row["scientific_name"]
        table.add_row(row["label"], name, row["class_name"], cells[0].split()[0], *cells[1:])
    console.print(table)


def _print_problems(problems: Sequence[Problem], shown: int) -> None:
    """Problems by kind, at most `shown` of each."""
    from itertools import groupby

    def kind(one: Problem) -> tuple[bool, str]:
        return one.severity != "error", one.kind

    for _, found in groupby(sorted(problems, key=kind), key=kind):
        same = list(found)
        for one in same[:shown]:
            print(f"{one.severity}\t{one.kind}\t{one.subject}\t{one.text}")
        if len(same) > shown:
            left = len(same) - shown
            print(f"{same[0].severity}\t{same[0].kind}\tand {left} more (--all shows them)")
    errors = sum(one.severity == "error" for one in problems)
    print(f"{errors} errors, {len(problems) - errors} notes")
