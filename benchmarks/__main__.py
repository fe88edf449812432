"""Print every claim: `python -m benchmarks [NAME …]`."""

from __future__ import annotations

import argparse
import importlib
import sys

from rich.console import Console
from rich.table import Table

from benchmarks._claim import Absent, Claim

NAMES = (
    "parity",
    "inference",
    "postprocessing",
    "store_scale",
    "training_input",
    "catalog",
    "first_paint",
    "key_latency",
    "story",
    "scrolling",
    "redraw",
    "slow_terminal",
    "tuning",
    "voice",
    "duplicates",
    "audition",
    "live_input",
)


def main() -> int:
    """Run the named benchmarks (all by default); exit code 1 if a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(NAMES)}")
    names = parser.parse_args().names or NAMES
    table = Table("claim", "measured", "bar", "")
    missed = False
    console = Console()
    for name in names:
        console.print(f"[dim]{name} …[/]")
        for claim in _claims(name):
            missed = missed or claim.holds is False
            mark = {None: "", True: "[green]✓[/]", False: "[red]✗[/]"}[claim.holds]
            table.add_row(claim.text, claim.measured, claim.bar, mark)
    console.print(table)
    return 1 if missed else 0


def _claims(name: str) -> list[Claim]:
    try:
        return list(importlib.import_module(f"benchmarks.{name}").claims())
    except Absent as absent:
        return [Claim(name, f"not run: {absent}")]


if __name__ == "__main__":
    sys.exit(main())
