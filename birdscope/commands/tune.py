"""`birdscope tune`: compare, fit and search post-processing settings against labelled folds."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._arguments import positive
from birdscope.commands._output import add_output_arguments, print_json, reporter, stopping
from birdscope.commands._tuning import (
    add_bootstrap_argument,
    add_source_arguments,
    built_in,
    load_source,
    session_folder,
    settings_named,
)

if TYPE_CHECKING:
    from birdscope.core.events import Emit
    from birdscope.metrics.nested import NestedReport

_EPILOG = """\
NAME is a TOML file, settings saved in the session, 'ensemble' (its own stack), 'notebook 0.88',
'raw mean' or 'blend only'. A search or a fit that was cancelled goes on when the same command is
given again. docs/tuning.md says what is counted, and what the figures mean.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions of `birdscope tune`."""
    parser.epilog = _EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = {
        name: actions.add_parser(name, help=text, description=text, epilog=_EPILOG)
        for name, text in (
            ("compare", "a table of settings: ROC-AUC, difference to the baseline, folds"),
            ("measure", "one setting: what is counted, each fold, each stage of the stack"),
            ("blend", "fit the blend's weights by non-negative least squares inside folds"),
            ("search", "search the settings automatically, judged by nested folds"),
        )
    }
    for action in made.values():
        add_source_arguments(action)
        add_bootstrap_argument(action)
    for name in ("compare", "blend", "search"):
        made[name].add_argument(
            "--baseline",
            default="notebook 0.88",
            metavar="NAME",
            help="what differences are taken to (default: notebook 0.88)",
        )
    made["compare"].add_argument(
        "--settings", nargs="+", default=[], metavar="NAME", help="beside the built-in ones"
    )
    made["measure"].add_argument("--settings", default="ensemble", metavar="NAME")
    made["blend"].add_argument(
        "--settings", default="ensemble", metavar="NAME", help="the steps around the blend"
    )
    made["search"].add_argument(
        "--settings", nargs="+", default=[], metavar="NAME", help="to begin with, too"
    )
    made["search"].add_argument(
        "--trials", type=positive, default=100, metavar="N", help="for each fold (default: 100)"
    )
    made["search"].add_argument(
        "--restart", action="store_true", help="forget what was tried under this name"
    )
    for name in ("blend", "search"):
        made[name].add_argument(
            "--save", metavar="NAME", help="keep what is found in the session under this name"
        )
        made[name].add_argument("--replace", action="store_true", help="even if NAME is taken")
    for action in made.values():
        add_output_arguments(action)


def run(args: argparse.Namespace) -> int:
    """Do the action."""
    actions = {"compare": _compare, "measure": _measure, "blend": _blend, "search": _search}
    with reporter(args) as emit:
        return actions[args.action](args, emit)


def _compare(args: argparse.Namespace, emit: Emit) -> int:
    from birdscope.commands._tune_text import comparison_as_json, comparison_lines
    from birdscope.metrics.compare import compare_settings

    with stopping() as stop:
        source = load_source(args)
        named = settings_named(args, source, args.settings)
        known = [one for name, one in built_in(source).items() if name != args.baseline]
        [baseline] = settings_named(args, source, [args.baseline])
        chosen = {one.name: one for one in (baseline, *known, *named)}
        result = compare_settings(
            source.scores,
            source.truth,
            list(chosen.values()),
            baseline,
            resamples=max(0, args.bootstrap),
            seed=args.seed,
            emit=emit,
            stop=stop,
        )
    if args.json:
        print_json(comparison_as_json(result))
    else:
        print("\n".join(comparison_lines(result)))
    return 0


def _measure(args: argparse.Namespace, emit: Emit) -> int:
    from birdscope.commands._tune_text import measured_as_json, measured_lines
    from birdscope.metrics.tune_matrix import TuneMatrix
    from birdscope.metrics.tuner import Tuner

    source = load_source(args)
    [settings] = settings_named(args, source, [args.settings])
    tuner = Tuner(TuneMatrix.build(source.scores, source.truth))
    measured, stages = tuner.measure(settings), list(tuner.stages(settings))
    no_ops = tuner.no_ops(settings)
    if args.json:
        print_json(measured_as_json(settings, source.truth, measured, stages, no_ops))
    else:
        print("\n".join(measured_lines(settings, source.truth, measured, stages, no_ops)))
    return 0


def _blend(args: argparse.Namespace, emit: Emit) -> int:
    from birdscope.commands._tune_text import blend_as_json, blend_lines
    from birdscope.metrics.blend_fit import fit_blend

    _check_free(args)
    with stopping() as stop:
        source = load_source(args)
        template, baseline = settings_named(args, source, [args.settings, args.baseline])
        fit = fit_blend(
            source.scores,
            source.truth,
            template,
            baseline,
            resamples=max(0, args.bootstrap),
            seed=args.seed,
            emit=emit,
            stop=stop,
        )
    saved = _save(args, fit.nested, source.truth.source, emit)
    if args.json:
        print_json(blend_as_json(fit) | {"saved": saved, "counted": source.truth.counted})
    else:
        print("\n".join(blend_lines(fit)))
    return 0


def _search(args: argparse.Namespace, emit: Emit) -> int:
    from birdscope.commands._tune_text import search_as_json, search_lines
    from birdscope.metrics.search import SearchPlan, search_settings

    _check_free(args)
    storage = _storage(args)
    if args.restart:
        for suffix in ("", "-wal", "-shm"):
            storage.with_name(storage.name + suffix).unlink(missing_ok=True)
    with stopping() as stop:
        source = load_source(args)
        [baseline] = settings_named(args, source, [args.baseline])
        also = [source.default, *settings_named(args, source, args.settings)]
        report = search_settings(
            source.scores,
            source.truth,
            baseline,
            storage,
            SearchPlan(args.trials, args.seed, max(0, args.bootstrap)),
            also=also,
            name=args.save or "found",
            emit=emit,
            stop=stop,
        )
    saved = _save(args, report.nested, source.truth.source, emit)
    if args.json:
        print_json(search_as_json(report) | {"saved": saved, "counted": source.truth.counted})
    else:
        print("\n".join(search_lines(report)))
    return 0


def _storage(args: argparse.Namespace) -> Path:
    """Where a search of this name remembers its trials."""
    from birdscope.session.names import fits_a_file

    name = args.save or f"{args.labels} seed {args.seed}"
    if not fits_a_file(name):
        name = f"{Path(args.labels).stem} seed {args.seed}"
    return session_folder(args) / "searches" / f"{name}.sqlite"


def _check_free(args: argparse.Namespace) -> None:
    """Refuse a taken name before the work, not after it."""
    from birdscope.session.saved_settings import SavedSettings

    if args.save:
        SavedSettings(session_folder(args)).check_free(args.save, replace=args.replace)


def _save(args: argparse.Namespace, report: NestedReport, labels: str, emit: Emit) -> str | None:
    """Keep settings in the session if a name was given, with how they were chosen; returns it."""
    from birdscope.commands._tune_text import chosen_on
    from birdscope.core.events import Event
    from birdscope.session.saved_settings import SavedSettings

    if not args.save:
        return None
    note = chosen_on(report, labels)
    named = report.settings.model_copy(update={"name": args.save, "note": note})
    path = SavedSettings(session_folder(args)).save(named, replace=args.replace)
    emit(Event("artifact", args.save, data={"path": str(path), "kind": "settings"}))
    return str(args.save)
