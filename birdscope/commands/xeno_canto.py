"""`birdscope xeno-canto fetch`: recordings of Xeno-Canto as a dataset to pretrain on."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from birdscope.core.events import Emit
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.xeno_canto.fetch import Order, Result

_EPILOG = """\
The key of your Xeno-Canto account is read from BIRDSCOPE_XENO_CANTO_KEY; it is sent to the API
only, and never written anywhere. One request a second at most. Running the same command again
goes on where it was, and tries again what failed.
Queries are in the API's own tags, for instance: --query 'grp:birds cnt:colombia'
(https://xeno-canto.org/help/search). Every recording keeps its author and licence in train.csv:
most are CC BY-NC-SA or BY-NC-ND, so look at them before you share what you made from them.
Exit codes: 0 done (what failed is listed), 2 wrong usage or no valid key, 3 the folder is
something else or can't be written, 13 the server can't be reached, 130 stopped (resumable).
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    from birdscope.commands._output import add_output_arguments

    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    fetch = actions.add_parser(
        "fetch",
        help="download recordings into a new dataset, or go on",
        description="Download recordings into a dataset in BirdCLEF layout.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    fetch.add_argument("--out", type=Path, required=True, metavar="DIR", help="the new dataset")
    fetch.add_argument(
        "--query", action="append", default=[], metavar="TAGS", help="what to look for; repeatable"
    )
    fetch.add_argument(
        "--species", type=Path, metavar="FILE",
        help="scientific names, one a line, or a taxonomy.csv",
    )  # fmt: skip
    _add_filters(fetch)
    add_output_arguments(fetch)


def _add_filters(fetch: argparse.ArgumentParser) -> None:
    apart = fetch.add_argument_group("what to keep apart")
    apart.add_argument(
        "--exclude", type=Path, action="append", default=[], metavar="DIR",
        help="a dataset that is trained on or scored elsewhere; repeatable",
    )  # fmt: skip
    apart.add_argument(
        "--leakage", choices=("species", "recordings"), default="species",
        help="leave out all of its species, or only its own recordings (default: species)",
    )  # fmt: skip
    kind = fetch.add_argument_group("which recordings")
    numbers = (
        ("--min-rating", float, 3.0, "stars: 5 is quality A, 3 is C; 0 also takes unrated ones"),
        ("--min-length", float, 5.0, "seconds"),
        ("--max-length", float, 300.0, "seconds; 0 for any"),
        ("--per-species", int, 100, "at most so many of each, the best rated first"),
        ("--limit", int, 0, "at most so many in all; 0 for any"),
        ("--min-snr", float, 10.0, "signal to noise in dB; 0 or less takes any"),
        ("--loudness", float, -23.0, "LUFS that every recording is brought to"),
    )
    for name, number, default, text in numbers:
        kind.add_argument(
            name, type=number, default=default, metavar="N", help=f"{text} (default: {default:g})"
        )
    kind.add_argument(
        "--no-nd", action="store_true", help="leave out licences that forbid derivatives"
    )


def run(args: argparse.Namespace) -> int:
    """Fetch and say what came."""
    from birdscope.commands._output import print_json, reporter, stopping
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.xeno_canto.choose import label_of
    from birdscope.dataset.xeno_canto.client import Client
    from birdscope.dataset.xeno_canto.fetch import fetch

    with stopping() as stop, reporter(args) as emit:
        apart = [Catalog.open(path) for path in args.exclude]
        order = make_order(args, apart, emit)
        client = Client.from_environment(emit=emit, stop=stop)
        label = partial(label_of, catalogs=apart)
        try:
            result = fetch(args.out, order, client, label=label, emit=emit, stop=stop)
        finally:
            client.close()
    if args.json:
        print_json(vars(result))
    else:
        print("\n".join(describe(result)))
    return 0


def make_order(args: argparse.Namespace, apart: list[Catalog], emit: Emit) -> Order:
    """The options as an order.

    Raises:
        UsageError: nothing is asked for, or a number makes no sense.
    """
    from birdscope.core.errors import UsageError
    from birdscope.core.events import Event
    from birdscope.dataset.xeno_canto.choose import Apart, Wanted
    from birdscope.dataset.xeno_canto.convert import Checks
    from birdscope.dataset.xeno_canto.fetch import Order
    from birdscope.dataset.xeno_canto.records import species_query

    names = read_species(args.species) if args.species else []
    queries = (*args.query, *(species_query(name) for name in names))
    if not queries:
        raise UsageError("nothing is asked for", remedy="add --query 'grp:birds …' or --species")
    if args.per_species < 1 or args.limit < 0 or not 0 <= args.min_rating <= 5:
        raise UsageError("--per-species is at least 1, --limit 0, --min-rating 0 to 5")
    if not apart:
        emit(Event("warning", "no --exclude: nothing is kept apart from a competition"))
    wanted = Wanted(
        min_rating=args.min_rating,
        min_length_s=args.min_length,
        max_length_s=args.max_length or None,
        per_species=args.per_species,
        no_derivatives=not args.no_nd,
        apart=Apart.of(apart, args.leakage),
    )
    checks = Checks(
        min_length_s=args.min_length,
        min_snr_db=args.min_snr if args.min_snr > 0 else None,
        loudness_lufs=args.loudness,
    )
    return Order(queries, wanted, checks, args.limit or None)


def read_species(path: Path) -> list[str]:
    """Scientific names: lines of a text file, or the column of a CSV file.

    Raises:
        DatasetError: the file can't be read or has no such column.
        UsageError: it names nothing.
    """
    from birdscope.core.errors import UsageError
    from birdscope.dataset.tables import read_table, read_text

    if path.suffix.lower() == ".csv":
        table = read_table(path)
        column = table.column("scientific_name")
        names = [row[column].strip() for row in table.rows]
    else:
        names = [line.strip() for line in read_text(path).splitlines()]
    found = [name for name in dict.fromkeys(names) if name and not name.startswith("#")]
    if not found:
        raise UsageError(f"{path} names no species", remedy="one scientific name a line")
    return found


def describe(result: Result) -> Iterator[str]:
    """What came, in plain words."""
    yield f"{result.kept} recordings of {result.species} species: {result.root}"
    for reason, count in result.left_out.items():
        yield f"  left out\t{reason}\t{count}"
    for number, reason in list(result.failed.items())[:20]:
        yield f"  failed\tXC{number}\t{reason}"
    if result.failed:
        yield f"{len(result.failed)} failed: run the same command again to try those"
