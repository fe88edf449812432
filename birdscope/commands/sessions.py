"""`birdscope sessions`: what work is kept in, from the command line."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping

if TYPE_CHECKING:
    from birdscope.session.summary import SessionSummary

_EPILOG = """\
An archive holds settings, verdicts, scores, and the records of jobs that have ended. The
dataset and the weights are not in it: they are named by their place in birdscope's home, or by
their name only, and found again where they are there. A session is archived while it is open, too.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions of `birdscope sessions`."""
    parser.epilog = _EPILOG
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    short = [actions.add_parser("list", help="every session, the last used first (default)")]
    short.append(actions.add_parser("create", help="begin a session"))
    short[-1].add_argument("name", help="what to call it")
    short[-1].add_argument("--data", type=Path, metavar="DIR", help="the dataset it begins with")
    short[-1].add_argument("--ensemble", type=Path, metavar="FILE", help="and the ensemble")
    short.append(actions.add_parser("remove", help="delete a session with all that is in it"))
    short[-1].add_argument("name", help="which one")
    short[-1].add_argument("--yes", action="store_true", help="don't ask")
    for one in short:
        one.add_argument("--json", action="store_true", default=argparse.SUPPRESS)
    archive = actions.add_parser("archive", help="write a session to a zip file")
    archive.add_argument("name", help="which one")
    archive.add_argument(
        "--out", type=Path, metavar="FILE", help="default: sessions/archives/NAME-DATE-TIME.zip"
    )
    restore = actions.add_parser("restore", help="unpack an archived session")
    restore.add_argument("file", type=Path, help="the zip file")
    restore.add_argument("--as", dest="name", default="", metavar="NAME", help="another name")
    for one in (archive, restore):
        add_output_arguments(one)


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    from birdscope.core import paths

    root = paths.sessions()
    actions = {
        "create": _create,
        "archive": _archive,
        "restore": _restore,
        "remove": _remove,
    }
    return actions.get(args.action, _list)(root, args)


def _list(root: Path, args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from birdscope.session.summary import summaries

    found = summaries(root)
    if args.json:
        print_json({"sessions": [asdict(one) for one in found]})
    elif not found:
        print(f"no sessions in {root} yet")
    else:
        width = max(len(one.name) for one in found)
        print("\n".join(f"{one.name:<{width}}  {_line(one)}" for one in found))
    return 0


def _line(one: SessionSummary) -> str:
    from birdscope.core.units import size

    used = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.used))
    sizes = [
        f"{part} {size(count)}"
        for part, count in (
            ("verdicts", one.verdicts_bytes),
            ("scores", one.scores_bytes),
            ("jobs", one.jobs_bytes),
        )
        if count
    ]
    notes = [f"open in process {one.holder or 'unknown'}"] if one.holder is not None else []
    notes += [f"session.toml: {one.problem}"] if one.problem else []
    return "  ".join([used, one.dataset or "no dataset yet", ", ".join(sizes), *notes]).rstrip()


def _create(root: Path, args: argparse.Namespace) -> int:
    from birdscope.dataset.catalog import Catalog
    from birdscope.session.folders import create_session

    dataset = Catalog.open(args.data).root.resolve() if args.data is not None else ""
    ensemble = args.ensemble.resolve() if args.ensemble is not None else ""
    folder = create_session(root, args.name, dataset=str(dataset), ensemble=str(ensemble))
    _done(args, {"session": folder.name, "folder": folder}, f"{folder.name}: {folder}")
    return 0


def _archive(root: Path, args: argparse.Namespace) -> int:
    from birdscope.core.events import Event
    from birdscope.core.units import size
    from birdscope.jobs.manager import Jobs
    from birdscope.session.archive import archive_path, archive_session
    from birdscope.session.names import folder_of

    with reporter(args) as emit, stopping() as stop:
        folder = folder_of(root, args.name)
        running = [job.folder for job in Jobs(folder / "jobs").list() if job.live]
        out = args.out or archive_path(root / "archives", folder.name)
        report = archive_session(folder, out, leave_out=running, emit=emit, stop=stop)
        emit(Event("artifact", "archive", data={"path": str(report.path)}))
    sizes = f"{size(report.content_bytes)} in {size(report.archive_bytes)}"
    lines = [f"{folder.name}: {report.files} files, {sizes}: {report.path}"]
    lines += [f"  left out, as it still runs: job {job.name}" for job in running]
    result = {
        "session": folder.name,
        "archive": report.path,
        "files": report.files,
        "content_bytes": report.content_bytes,
        "archive_bytes": report.archive_bytes,
        "jobs_left_out": [job.name for job in running],
    }
    _done(args, result, "\n".join(lines))
    return 0


def _restore(root: Path, args: argparse.Namespace) -> int:
    from birdscope.session.names import STATE_FILE
    from birdscope.session.restore import restore_session
    from birdscope.session.state import load_state

    with reporter(args) as emit, stopping() as stop:
        folder = restore_session(args.file, root, args.name, emit=emit, stop=stop)
    dataset = load_state(folder / STATE_FILE).dataset
    text = f"{folder.name}: {folder}"
    missing = bool(dataset) and not Path(dataset).is_dir()
    if missing:
        text += (
            f"\n  its dataset {dataset!r} is not here → birdscope --session "
            f"{folder.name!r} --data DIR"
        )
    _done(args, {"session": folder.name, "folder": folder, "dataset_missing": missing}, text)
    return 0


def _remove(root: Path, args: argparse.Namespace) -> int:
    from birdscope.core.errors import SessionError
    from birdscope.core.units import size
    from birdscope.jobs.manager import Jobs
    from birdscope.session.folders import remove_session
    from birdscope.session.summary import summary_of

    summary = summary_of(root, args.name)
    running = [job.id for job in Jobs(summary.folder / "jobs").list() if job.live]
    if running:
        raise SessionError(
            f"has a job that runs: {running[0]}",
            path=summary.folder,
            remedy=f"birdscope jobs --session {summary.name!r} cancel {running[0]}",
        )
    if not args.yes and not _agreed(f"remove {summary.name!r} ({size(summary.total_bytes)})?"):
        return 1
    remove_session(root, summary.name)
    _done(args, {"session": summary.name, "removed": True}, f"{summary.name} removed")
    return 0


def _agreed(question: str) -> bool:
    """Ask on the terminal.

    Raises:
        UsageError: there is no terminal to ask on.
    """
    from birdscope.core.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError("nobody is there to be asked", remedy="add --yes to remove it")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _done(args: argparse.Namespace, result: dict[str, object], text: str) -> None:
    if args.json:
        print_json(result)
    else:
        print(text)
