"""`birdscope verdicts`: what was heard, from the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._output import print_json

if TYPE_CHECKING:
    from birdscope.core.verdicts import Verdict
    from birdscope.engine.audition_messages import JudgeSummary
    from birdscope.session.verdicts import Verdicts
    from birdscope.submission.verdict_imports import ImportReport

FORMATS = ("csv", "raven", "audacity")
ANSWERS = ("yes", "no", "maybe", "correct")
_SHOWN = 10
_EPILOG = """\
`import` reads verdicts as `export` writes them, Raven selection tables, Audacity labels, results of
BirdNET-Analyzer (table, CSV, Audacity, Kaleidoscope) and train_soundscapes_labels.csv as in
BirdCLEF+ 2026. Detections of a program are kept as `maybe` unless --answer says more.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions of `birdscope verdicts`."""
    parser.epilog = _EPILOG
    _add_common(parser, suppress=False)
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    shown = actions.add_parser("list", help="how many verdicts each species has (default)")
    out = actions.add_parser("export", help="write them as CSV, Raven or Audacity files")
    out.add_argument("--format", choices=FORMATS, default="csv")
    out.add_argument("--out", type=Path, required=True, metavar="DIR")
    taken = actions.add_parser("import", help="take over verdicts, labels or detections")
    taken.add_argument("files", type=Path, nargs="+", metavar="FILE")
    taken.add_argument("--answer", choices=ANSWERS[:3], help="what a row without an answer means")
    taken.add_argument("--dry-run", action="store_true", help="say what would be taken over")
    worth = actions.add_parser("calibrate", help="what the scores of a species are worth")
    worth.add_argument("--scores", type=Path, metavar="DIR", help="default: the session's own")
    worth.add_argument("--settings", type=Path, metavar="FILE", help="post-processing (TOML)")
    for one in (out, taken, worth):
        one.add_argument("--data", type=Path, metavar="DIR", help="default: the session's own")
    for one in (shown, out, worth):
        one.add_argument("--species", nargs="+", metavar="LABEL", help="only these")
    for one in (shown, out, taken, worth):
        one.add_argument("--annotator", default="", metavar="NAME", help="whose")
        _add_common(one, suppress=True)


def _add_common(parser: argparse.ArgumentParser, *, suppress: bool) -> None:
    session = argparse.SUPPRESS if suppress else "default"
    parser.add_argument("--session", default=session, metavar="NAME")
    parser.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS if suppress else False,
        help="print the result as one JSON object",
    )


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    from birdscope.core import paths
    from birdscope.session.names import folder_of
    from birdscope.session.verdicts import Verdicts

    folder = folder_of(paths.sessions(), args.session)
    verdicts = Verdicts.open(folder, read_only=args.action != "import")
    actions = {"export": _export, "import": _import, "calibrate": _calibrate}
    try:
        return actions.get(args.action, _list)(folder, verdicts, args)
    finally:
        verdicts.close()


def _list(folder: Path, verdicts: Verdicts, args: argparse.Namespace) -> int:
    from dataclasses import asdict

    chosen = _chosen(verdicts, args)
    counts: dict[str, dict[str, int]] = {}
    for one in chosen:
        of_label = counts.setdefault(one.label, dict.fromkeys(ANSWERS, 0))
        of_label[one.answer] += 1
    if args.json:
        print_json({"counts": counts, "verdicts": [asdict(one) for one in chosen]})
    elif not counts:
        print("no verdicts in this session yet")
    else:
        print(f"{'species':<16}" + "".join(f"{answer:>9}" for answer in ANSWERS))
        for label, of_label in sorted(counts.items()):
            print(f"{label:<16}" + "".join(f"{of_label[answer]:9d}" for answer in ANSWERS))
    return 0


def _chosen(verdicts: Verdicts, args: argparse.Namespace) -> list[Verdict]:
    """The verdicts that the options let through."""
    species, annotator = getattr(args, "species", None), getattr(args, "annotator", "")
    return [
        one
        for one in verdicts.all()
        if (not species or {one.label, one.corrected_label} & set(species))
        and annotator in ("", one.annotator)
    ]


def _export(folder: Path, verdicts: Verdicts, args: argparse.Namespace) -> int:
    from birdscope.core.types import Species, Taxonomy
    from birdscope.dataset.catalog import Catalog
    from birdscope.submission.verdict_exports import WRITERS

    chosen = _chosen(verdicts, args)
    data = args.data or _dataset_of(folder)
    labels = dict.fromkeys(one.label for one in chosen)
    taxonomy = (
        Catalog.open(data).taxonomy
        if data is not None
        else Taxonomy(tuple(Species(label) for label in labels))
    )
    files = WRITERS[args.format](args.out, chosen, taxonomy)
    if args.json:
        print_json({"verdicts": len(chosen), "files": files})
    else:
        print(f"{len(chosen)} verdicts in {len(files)} files under {args.out}")
    return 0


def _import(folder: Path, verdicts: Verdicts, args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from birdscope.dataset.catalog import Catalog
    from birdscope.session.verdicts import default_annotator, now
    from birdscope.submission.annotation_files import read_annotations
    from birdscope.submission.verdict_imports import ImportOptions, Matcher, to_verdicts

    files = [read_annotations(path) for path in args.files]
    matcher = Matcher(Catalog.open(_needed(args.data or _dataset_of(folder))))
    known, reports = verdicts.all(), []
    for file in files:
        annotator = args.annotator
        if not annotator:
            annotator = "a program" if file.source == "program" else default_annotator()
        options = ImportOptions(annotator, now(), args.answer)
        found, report = to_verdicts(file, matcher, options, known)
        if not args.dry_run:
            verdicts.put_all(found)
        known += found
        reports.append(report)
    if args.json:
        print_json({"dry_run": args.dry_run, "files": [asdict(one) for one in reports]})
    else:
        print("\n".join(line for one in reports for line in describe(one, dry_run=args.dry_run)))
    return 0


def describe(report: ImportReport, *, dry_run: bool = False) -> list[str]:
    """What became of every row of a file, in plain words."""
    new = report.verdicts - report.already - report.older
    would = "would be " if dry_run else ""
    lines = [
        f"{report.file}: {report.form}, {report.rows} rows",
        f"  {report.used} rows {would}taken over as {new} verdicts"
        + (f" (as {report.answer!r} where the row has no answer)" if report.answer else ""),
    ]
    counts = (
        (report.spread, "rows touch more than one 5 s window and label each"),
        (report.already, "verdicts were there already"),
        (report.older, "verdicts were changed here since, and stay as they are here"),
        (sum(report.unknown_species.values()), "rows left out: the dataset has no such species"),
        (sum(report.unknown_recordings.values()), "rows left out: it has no such recording"),
        (report.beyond_end, "rows left out: after the end of the recording"),
        (report.without_species, "rows left out: they name no species (a verdict is about one)"),
        (report.no_calls, "rows left out: 'nocall', nothing detected"),
        (len(report.wrong), "rows left out: not understood"),
    )
    for count, text in counts:
        if count:
            lines.append(f"  {count} {text}")
            if "no such species" in text:
                lines += _named(report.unknown_species)
            elif "no such recording" in text:
                lines += _named(report.unknown_recordings)
    wrong = [f"    line {line}: {why}" for line, why in report.wrong[:_SHOWN]]
    if len(report.wrong) > _SHOWN:
        wrong.append(f"    … {len(report.wrong) - _SHOWN} more: --json has all")
    return lines + wrong


def _named(counts: dict[str, int]) -> list[str]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"    {name}: {count}" for name, count in ordered[:_SHOWN]]
    if len(ordered) > _SHOWN:
        lines.append(f"    … {len(ordered) - _SHOWN} more: --json has all")
    return lines


def _calibrate(folder: Path, verdicts: Verdicts, args: argparse.Namespace) -> int:
    from dataclasses import asdict

    from birdscope.core.config import load
    from birdscope.core.settings import Settings
    from birdscope.engine.audition_answers import answer_judge
    from birdscope.engine.audition_messages import JudgeWanted, ScoresWanted
    from birdscope.engine.study import Study

    data = _needed(args.data or _dataset_of(folder)).resolve()
    settings = load(Settings, args.settings) if args.settings else None
    source = ScoresWanted(data, folder, args.scores, settings=settings)
    labels = args.species or sorted({one.label for one in _chosen(verdicts, args)})
    study = Study()
    found = [answer_judge(study, JudgeWanted(source, label, args.annotator)) for label in labels]
    if args.json:
        print_json({"species": [asdict(one) for one in found]})
    elif not found:
        print("no verdicts in this session yet")
    else:
        print("\n\n".join("\n".join(_summary_lines(one)) for one in found))
    return 0


def _summary_lines(one: JudgeSummary) -> list[str]:
    lines = [f"{one.label}: {one.yes} yes, {one.no} no, {one.maybe} maybe"]
    for at in one.precision:
        gaps = f", {at.gaps} better windows not judged" if at.gaps else ""
        lines.append(f"  precision@{at.k} {at.precision:.2f} [{at.low:.2f}, {at.high:.2f}]{gaps}")
    if one.reason:
        lines.append(f"  {one.reason}")
    for wanted in one.thresholds:
        name = f"  {wanted.precision:.0%} right from score"
        if wanted.score is None:
            lines.append(f"{name} –: {wanted.reason}")
            continue
        ends = ("?" if end is None else f"{end:.3f}" for end in (wanted.low, wanted.high))
        text = f"{name} {wanted.score:.3f} [{', '.join(ends)}]"
        lines.append(f"{text}: {wanted.reason}" if wanted.reason else text)
    return [*lines, *(f"  {note}" for note in one.notes)]


def _dataset_of(folder: Path) -> Path | None:
    """The session's dataset; None where it has none."""
    from birdscope.session.names import STATE_FILE
    from birdscope.session.state import load_state

    named = load_state(folder / STATE_FILE).dataset
    return Path(named) if named else None


def _needed(data: Path | None) -> Path:
    from birdscope.core.errors import UsageError

    if data is None:
        raise UsageError("this session has no dataset yet", remedy="give one with --data")
    return data
