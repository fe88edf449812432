"""Print every claim: `python -m benchmarks [--markdown FILE] [NAME …]`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks._claim import Absent, Claim

NAMES = (
    "parity",
    "inference",
    "versus_notebook",
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
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the table there too")
    chosen = parser.parse_args()
    # The programs measured keep their bytecode, as any program's after its first start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    console = Console()
    claims: list[Claim] = []
    for name in chosen.names or NAMES:
        console.print(f"[dim]{name} …[/]")
        claims += _claims(name)
    table = Table("claim", "measured", "bar", "")
    for claim in claims:
        mark = {None: "", True: "[green]✓[/]", False: "[red]✗[/]"}[claim.holds]
        table.add_row(claim.text, claim.measured, claim.bar, mark)
    console.print(table)
    if chosen.markdown is not None:
        chosen.markdown.write_text(_markdown(claims))
    return 1 if any(claim.holds is False for claim in claims) else 0


def _markdown(claims: Sequence[Claim]) -> str:
    lines = ["| claim | measured | bar | |", "|---|---|---|---|"]
    for claim in claims:
        mark = {None: "", True: "✓", False: "✗"}[claim.holds]
        lines.append(f"| {claim.text} | {claim.measured} | {claim.bar} | {mark} |")
    return "\n".join(lines) + "\n"


def _claims(name: str) -> list[Claim]:
    try:
        return list(importlib.import_module(f"benchmarks.{name}").claims())
    except Absent as absent:
        return [Claim(name, f"not run: {absent}")]


if __name__ == "__main__":
    sys.exit(main())
