"""How every subcommand talks: results on stdout, progress on stderr, events in a file."""

from __future__ import annotations

import argparse
import json
import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Any, TextIO

from birdscope.core.errors import BirdscopeError, Cancelled
from birdscope.core.events import FINAL, Emit, Event, Stop

PLAIN_INTERVAL_S = 2.0


def add_output_arguments(parser: argparse.ArgumentParser, *, events: bool = True) -> None:
    """Add --json, --quiet and, for long work, --events."""
    group = parser.add_argument_group("output")
    group.add_argument("--json", action="store_true", help="print the result as one JSON object")
    group.add_argument("--quiet", action="store_true", help="no progress on stderr")
    if events:
        group.add_argument(
            "--events", type=Path, metavar="FILE", help="also append progress as JSON lines"
        )


def print_json(result: Any) -> None:
    """Print one JSON object on stdout; NaN and infinities become null."""
    print(json.dumps(_plain(result), ensure_ascii=False, indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        value = value.item() if getattr(value, "ndim", 0) == 0 else value.tolist()
        return _plain(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@contextmanager
def stopping() -> Iterator[Stop]:
    """A Stop that the first Ctrl+C (or SIGTERM) sets; a second Ctrl+C ends at once."""
    stop = Stop()

    def ask(number: int, frame: FrameType | None) -> None:
        if stop:
            raise KeyboardInterrupt
        stop.set()
        print("stopping after this step (Ctrl+C again to stop at once)", file=sys.stderr)

    previous = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


@contextmanager
def reporter(args: argparse.Namespace) -> Iterator[Emit]:
    """An Emit that draws progress on stderr and writes `--events`, with a final event always.

    A bar on a terminal, plain lines otherwise, nothing with --quiet. However the body ends,
    the events file gets `finished`, `cancelled` or `failed` as its last line.
    """
    with ExitStack() as stack:
        sinks: list[Emit] = []
        if getattr(args, "events", None) is not None:
            sinks.append(stack.enter_context(_event_file(args.events)))
        if not getattr(args, "quiet", False):
            sinks.append(stack.enter_context(_bar() if sys.stderr.isatty() else _lines()))
        ended = False

        def emit(event: Event) -> None:
            nonlocal ended
            ended = ended or event.kind in FINAL
            for sink in sinks:
                sink(event)

        try:
            emit(Event("started", data={"argv": sys.argv[1:]}))
            yield emit
        except BaseException as error:
            if not ended:
                emit(_final_event(error))
            raise
        if not ended:
            emit(Event("finished"))


def _final_event(error: BaseException) -> Event:
    if isinstance(error, Cancelled | KeyboardInterrupt):
        return Event("cancelled", message=str(error) or "interrupted")
    data = {"remedy": error.remedy} if isinstance(error, BirdscopeError) and error.remedy else {}
    message = str(error) or type(error).__name__
    return Event("failed", message=message, data={"type": type(error).__name__, **data})


@contextmanager
def _event_file(path: Path) -> Iterator[Emit]:
    """Append events to a file, one line each, at once so that a watcher sees them.

    On a full disk events are lost and the work goes on until it needs room itself; whoever
    watches then learns the end from the job's supervisor.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "ab", buffering=0) as file:
        torn = False

        def emit(event: Event) -> None:
            nonlocal torn
            line = (b"\n" if torn else b"") + event.to_json().encode() + b"\n"
            with suppress(OSError):
                torn = (file.write(line) or 0) < len(line)

        yield emit


@contextmanager
def _lines(file: TextIO | None = None) -> Iterator[Emit]:
    """Plain text: warnings and messages at once, progress at most every two seconds."""
    out = file or sys.stderr
    last = -math.inf

    def emit(event: Event) -> None:
        nonlocal last
        if event.kind == "progress":
            complete = event.total is not None and event.done == event.total
            if not complete and time.monotonic() - last < PLAIN_INTERVAL_S:
                return
            last = time.monotonic()
        text = describe(event)
        if text:
            print(text, file=out, flush=True)

    yield emit


def describe(event: Event) -> str:
    """One line of plain text for an event; empty where there is nothing to say."""
    if event.kind == "progress":
        total = f"/{event.total:g}" if event.total is not None else ""
        count = f"{event.done:g}{total} {event.unit}".strip() if event.done is not None else ""
        return "  ".join(part for part in (count, event.message) if part)
    if event.kind == "metric":
        values = "  ".join(
            f"{key} {value:.4g}" if isinstance(value, float) else f"{key} {value}"
            for key, value in event.data.items()
        )
        return "  ".join(part for part in (event.message, values) if part)
    if event.kind == "warning":
        return f"warning: {event.message}"
    if event.kind == "artifact":
        return f"wrote {event.data.get('path', '')}  {event.message}".rstrip()
    return event.message if event.kind == "started" else ""


@contextmanager
def _bar() -> Iterator[Emit]:
    """A rich progress bar; messages scroll above it."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=28),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}"),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None, unit="", visible=False)

        def emit(event: Event) -> None:
            if event.kind == "progress":
                progress.update(
                    task,
                    completed=event.done or 0,
                    total=event.total,
                    description=escape(event.message),
                    unit=event.unit,
                    visible=True,
                )
                return
            text = describe(event)
            if text:
                style = "yellow" if event.kind == "warning" else None
                progress.console.print(escape(text), style=style, highlight=False)

        yield emit
