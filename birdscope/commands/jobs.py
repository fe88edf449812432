"""`birdscope jobs`: background work from the command line."""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._output import stopping
from birdscope.core.errors import Cancelled

if TYPE_CHECKING:
    from birdscope.jobs.job import Job
    from birdscope.jobs.manager import Jobs

ENDED_CODES = {"finished": 0, "cancelled": 130, "failed": 1, "interrupted": 1}
POLL_S = 0.3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions of `birdscope jobs`."""
    parser.add_argument("--session", default="default", metavar="NAME")
    parser.add_argument("--json", action="store_true", help="print as JSON (list, show)")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="every job, newest first (default)")
    for name, text in (
        ("show", "one job: state, progress, files"),
        ("cancel", "stop it: SIGINT, SIGTERM, SIGKILL, each after a grace period"),
        ("resume", "start it again where it stopped"),
        ("remove", "delete an ended job's folder"),
    ):
        actions.add_parser(name, help=text).add_argument("job", help="id, or the start of one")
    tail = actions.add_parser("tail", help="follow a job's log until it ends")
    tail.add_argument("job", help="id, or the start of one")
    tail.add_argument("--lines", type=int, default=20, help="how many to show first")
    replay = actions.add_parser("replay", help="play a recorded events file as a job")
    replay.add_argument("file", type=Path, help="an events.jsonl")
    replay.add_argument(
        "--speed", type=_factor, default=1.0, metavar="X", help="times faster (default: 1)"
    )
    replay.add_argument("--events", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    start = actions.add_parser("start", help="run a subcommand as a job")
    start.add_argument("argv", nargs=argparse.REMAINDER, help="the subcommand and its arguments")


def run(args: argparse.Namespace) -> int:
    """Do the action; `tail` and `show` give 1 for a failed job."""
    from birdscope.core import paths
    from birdscope.jobs.manager import Jobs

    jobs = Jobs(paths.sessions() / args.session / "jobs")
    if args.action in (None, "list"):
        return _list(jobs, args)
    if args.action == "start":
        return _start(jobs, args)
    if args.action == "replay":
        return _replay(jobs, args)
    job = _find(jobs, args.job)
    if args.action == "show":
        return _show(job, args)
    if args.action == "tail":
        return _tail(jobs, job, args.lines)
    if args.action == "cancel":
        job = jobs.cancel(job.id, told=lambda text: print(text, file=sys.stderr))
        print(f"{job.id} {job.state}")
    elif args.action == "resume":
        print(jobs.resume(job.id).id)
    else:
        jobs.remove(job.id)
        print(f"{job.id} removed")
    return 0


def _find(jobs: Jobs, start: str) -> Job:
    """The one job whose id begins with `start`.

    Raises:
        JobError: if none or several do.
    """
    from birdscope.core.errors import JobError

    matches = [job for job in jobs.list() if job.id.startswith(start)]
    if len(matches) > 1:
        raise JobError(
            f"{start!r} could be {', '.join(job.id for job in matches[:4])}",
            remedy="give more of the id",
        )
    return matches[0] if matches else jobs.get(start)


def _start(jobs: Jobs, args: argparse.Namespace) -> int:
    from birdscope.core.errors import UsageError

    if not args.argv:
        raise UsageError("no subcommand given", remedy="birdscope jobs start predict --data DIR …")
    print(jobs.start(args.argv).id)
    return 0


def _replay(jobs: Jobs, args: argparse.Namespace) -> int:
    """Start a job that replays; as that job (with --events), do it."""
    from birdscope.core.events import Event, silent
    from birdscope.jobs.folder import append_event
    from birdscope.jobs.replay import replay

    if args.events is None:
        replay(args.file, silent, speed=math.inf)
        argv = ["jobs", "replay", str(args.file.resolve()), "--speed", str(args.speed)]
        print(jobs.start(argv, title=f"Replay {args.file.resolve().parent.name}").id)
        return 0

    def emit(event: Event) -> None:
        append_event(args.events.parent, event)
        print(event.kind, event.message, flush=True)

    with stopping() as stop:
        try:
            last = replay(args.file, emit, speed=args.speed, stop=stop)
        except Cancelled as error:
            emit(Event("cancelled", message=error.what))
            return error.exit_code
    if not last:
        print("the recording has no final event: its job was interrupted")
    return ENDED_CODES.get(last, 1)


def _factor(text: str) -> float:
    """A positive number, for argparse."""
    factor = float(text)
    if not factor > 0:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return factor


def _list(jobs: Jobs, args: argparse.Namespace) -> int:
    found = jobs.list()
    if args.json:
        from birdscope.commands._output import print_json

        print_json({"jobs": [_summary(job) for job in found]})
        return 0
    if not found:
        print("no jobs in this session yet")
    for job in found:
        print(f"{job.id}  {job.state:<11} {_how_far(job):<28} {job.spec.title}")
    return 0


def _show(job: Job, args: argparse.Namespace) -> int:
    summary = _summary(job)
    if args.json:
        from birdscope.commands._output import print_json

        print_json(summary)
    else:
        for key, value in summary.items():
            print(f"{key:<10} {value}")
    return ENDED_CODES.get(job.state, 0)


def _summary(job: Job) -> dict[str, object]:
    return {
        "id": job.id,
        "title": job.spec.title,
        "state": job.state,
        "argv": list(job.spec.argv),
        "progress": _how_far(job),
        "reason": job.progress.reason,
        "remedy": job.progress.remedy,
        "metrics": dict(job.progress.metrics),
        "artifacts": list(job.progress.artifacts),
        "warnings": job.progress.warnings,
        "parents": list(job.spec.parents),
        "folder": str(job.folder),
        "log": str(job.log),
    }


def _how_far(job: Job) -> str:
    from birdscope.core.units import duration

    progress = job.progress
    if progress.fraction is None:
        return ""
    text = f"{progress.done:g}/{progress.total:g} {progress.unit}"
    left = progress.remaining_s() if job.live else None
    return f"{text}, {duration(left)} left" if left is not None else text


def _tail(jobs: Jobs, job: Job, lines: int) -> int:
    """Print the log as it grows; ends with the job."""
    from birdscope.jobs.folder import tail_text

    shown = tail_text(job.log, lines)
    if shown:
        print(shown, flush=True)
    offset = job.log.stat().st_size if job.log.exists() else 0
    while True:
        live = jobs.get(job.id).live
        if job.log.exists():
            with open(job.log, "rb") as file:
                file.seek(offset)
                new = file.read()
            offset += len(new)
            sys.stdout.write(new.decode(errors="replace"))
            sys.stdout.flush()
        if not live:
            break
        time.sleep(POLL_S)
    ended = jobs.get(job.id)
    print(f"{ended.state} {ended.progress.reason}".rstrip(), file=sys.stderr)
    return ENDED_CODES[ended.state]
