"""The command line: a lazy table of subcommands; plain `birdscope` opens the explorer."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from birdscope import __version__
from birdscope.core.collecting import collect_seldom
from birdscope.core.errors import BirdscopeError, UsageError

COMMANDS: dict[str, str] = {
    "scan": "count a dataset's classes and find what is wrong with it",
    "predict": "run an ensemble over a dataset; keep every checkpoint's raw scores",
    "evaluate": "macro ROC-AUC of scores against labels",
    "tune": "compare, fit and search post-processing settings against labelled folds",
    "measure": "seconds per soundscape of an ensemble, against Kaggle's 90 minutes",
    "quantize": "calibrate 8-bit nets on your soundscapes, for the precision int8",
    "parity": "what OpenVINO's precisions change on your recordings, against torch",
    "submit": "predict, post-process, write and check submission.csv",
    "bundle": "an ensemble as a Kaggle dataset and the notebook that predicts with it, offline",
    "export": "scores above a threshold as Raven, Audacity, CSV or Parquet files",
    "clean": "find speech, silence, clipping and repeats in recordings; propose cuts",
    "xeno-canto": "fetch recordings from Xeno-Canto as a dataset to pretrain on",
    "train": "train a model from a recipe",
    "estimate": "check data for a recipe, time a few real steps, say how long training takes",
    "recipes": "list, show and compare recipes: every number and where it comes from",
    "pseudo-label": "label soundscapes with an ensemble, to learn from",
    "demo": "make the synthetic demo dataset (and open it)",
    "verdicts": "list, export and import what was heard; calibrate scores by it",
    "jobs": "list, follow, cancel and resume background work",
    "sessions": "list, create, archive, restore and remove what work is kept in",
    "doctor": "check sound, colours, packages and folders; say how to mend them",
}

_WITH_VALUE = ("--data", "--session", "--ensemble")


def main(argv: Sequence[str] | None = None) -> int:
    """Run birdscope; returns the exit code (see docs/command-line.md)."""
    collect_seldom()
    arguments = list(sys.argv[1:] if argv is None else argv)
    arguments, files = _without_files(arguments)
    parser, modules = _parsers(arguments)
    args = parser.parse_args(arguments)
    try:
        return _run(args, modules, files)
    except BirdscopeError as error:
        if args.debug:
            raise
        print(f"birdscope: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("birdscope: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # the reader (head, less) went away; point stdout elsewhere so that exit is silent
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


def _without_files(arguments: Sequence[str]) -> tuple[list[str], list[Path]]:
    """Sound files named instead of a command, apart from the rest.

    argparse can't have both a list of files and subcommands, so they are taken out before.
    """
    rest: list[str] = []
    files: list[Path] = []
    words = iter(arguments)
    for word in words:
        if word in COMMANDS:
            return [*rest, word, *words], files
        if word in _WITH_VALUE:
            rest += [word, *([value] if (value := next(words, None)) is not None else [])]
        elif not word.startswith("-") and Path(word).expanduser().is_file():
            files.append(Path(word))
        else:
            rest.append(word)
    return rest, files


def _run(args: argparse.Namespace, modules: dict[str, ModuleType], files: Sequence[Path]) -> int:
    if args.command is None:
        from birdscope.tui import run

        return run(
            args.data,
            session=args.session,
            ensemble=args.ensemble,
            debug=args.debug,
            files=files,
        )
    if files:
        raise UsageError(
            f"{files[0]} stands before the command {args.command}",
            remedy=f"birdscope FILE opens it; birdscope {args.command} --help tells what it takes",
        )
    code: int = modules[args.command].run(args)
    return code


def _parsers(arguments: Sequence[str]) -> tuple[argparse.ArgumentParser, dict[str, ModuleType]]:
    """The top parser; only a subcommand that is named is imported."""
    parser = argparse.ArgumentParser(
        prog="birdscope",
        description="Explore bioacoustic recordings in the terminal. Without a command: the "
        "explorer opens on --data; birdscope FILE... opens sound files in Scope.",
        epilog="birdscope COMMAND --help tells more of each command.",
    )
    parser.add_argument("--version", action="version", version=f"birdscope {__version__}")
    parser.add_argument("--debug", action="store_true", help="show tracebacks")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a dataset in BirdCLEF layout")
    parser.add_argument("--session", default="default", metavar="NAME", help="where work is kept")
    parser.add_argument("--ensemble", type=Path, metavar="FILE", help="an ensemble file (TOML)")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    modules = {}
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=_sentence(summary))
        if name in arguments:
            modules[name] = importlib.import_module(_module(name))
            modules[name].add_arguments(sub)
            sub.add_argument(
                "--debug", action="store_true", default=argparse.SUPPRESS, help="show tracebacks"
            )
    return parser, modules


def _module(name: str) -> str:
    return f"birdscope.commands.{name.replace('-', '_')}"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."


if __name__ == "__main__":
    sys.exit(main())
