"""What the actions of `birdscope tune` share: scores, labels and settings named on the line."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.commands._arguments import positive
from birdscope.core.errors import UsageError

if TYPE_CHECKING:
    from birdscope.core.scores import Scores
    from birdscope.core.settings import Settings
    from birdscope.core.verdicts import Verdict
    from birdscope.metrics.tune_truth import TuneTruth

SOUNDSCAPES, OUT_OF_FOLD, VERDICTS = "soundscapes", "out-of-fold", "verdicts"
SOURCES = (SOUNDSCAPES, OUT_OF_FOLD, VERDICTS)


@dataclass(frozen=True)
class Source:
    """What is tuned on.

    Attributes:
        scores: Every checkpoint raw.
        truth: The labels.
        default: The ensemble's own stack.
    """

    scores: Scores
    truth: TuneTruth
    default: Settings


def add_source_arguments(parser: argparse.ArgumentParser) -> None:
    """Add --scores, --labels, --data, --session, --folds and --seed."""
    group = parser.add_argument_group("scores and labels")
    group.add_argument(
        "--scores",
        type=Path,
        required=True,
        metavar="DIR",
        help="made by birdscope predict; for out-of-fold labels the folder of a training run",
    )
    group.add_argument(
        "--labels",
        default=SOUNDSCAPES,
        metavar="WHAT",
        help=f"{', '.join(SOURCES)}, or a file of labels (default: {SOUNDSCAPES})",
    )
    group.add_argument("--data", type=Path, metavar="DIR", help="a dataset in BirdCLEF layout")
    group.add_argument(
        "--session",
        default="default",
        metavar="NAME",
        help="whose verdicts and saved settings (default: default)",
    )
    group.add_argument(
        "--folds", type=positive, default=5, metavar="N", help="of recordings (default: 5)"
    )
    group.add_argument("--seed", type=int, default=0, help="of folds, search and bootstrap")


def add_bootstrap_argument(parser: argparse.ArgumentParser) -> None:
    """Add --bootstrap."""
    parser.add_argument(
        "--bootstrap",
        type=int,
        default=1000,
        metavar="N",
        help="resamples of the recordings for 95 %% intervals, 0 for none (default: 1000)",
    )


def load_source(args: argparse.Namespace) -> Source:
    """Read the scores and the labels.

    Raises:
        UsageError: an option is missing for these labels.
        BirdscopeError: the scores, dataset or labels can't be used; see their packages.
    """
    from birdscope.inference.store import ScoresStore
    from birdscope.metrics import truths
    from birdscope.metrics.columns import ScoreColumns

    if args.labels == OUT_OF_FOLD:
        return _out_of_fold(args)
    store = ScoresStore.open(args.scores)
    classes = store.meta.classes
    if args.labels == VERDICTS:
        drawn = truths.Drawn(ScoreColumns(store.scores()), store.settings)
        truth = truths.verdict_truth(
            _verdicts(args), classes, drawn=drawn, folds=args.folds, seed=args.seed
        )
    elif args.labels == SOUNDSCAPES:
        path = _labels_of(args)
        truth = truths.soundscape_truth(path, classes, folds=args.folds, seed=args.seed)
    else:
        path = Path(args.labels)
        if not path.is_file():
            raise UsageError(
                f"there are no labels {args.labels!r}",
                remedy=f"use {', '.join(SOURCES)}, or a CSV file",
            )
        truth = truths.file_truth(path, classes, folds=args.folds, seed=args.seed)
    return Source(store.scores(), truth, store.settings)


def session_folder(args: argparse.Namespace) -> Path:
    """The folder of `--session`; need not exist."""
    from birdscope.core import paths
    from birdscope.session.names import checked_name

    return paths.sessions() / checked_name(args.session)


def settings_named(args: argparse.Namespace, source: Source, names: list[str]) -> list[Settings]:
    """Settings by name: a TOML file, saved ones, a built-in name, or `ensemble`.

    Raises:
        UsageError: there are none of that name.
        ConfigError: the file is not valid.
    """
    return [_settings(args, source, name) for name in names]


def built_in(source: Source) -> dict[str, Settings]:
    """Name → settings that are always there: the ensemble's own and the baselines."""
    from birdscope.postprocess.baselines import baselines

    own = source.default.model_copy(update={"name": "ensemble"})
    return {one.name: one for one in (*baselines(source.scores.members), own)}


def _settings(args: argparse.Namespace, source: Source, name: str) -> Settings:
    from birdscope.core.config import load
    from birdscope.core.settings import Settings
    from birdscope.session.saved_settings import SavedSettings

    known = built_in(source)
    if name in known:
        return known[name]
    if Path(name).is_file():
        settings = load(Settings, Path(name))
        named = "name" in settings.model_fields_set
        return settings if named else settings.model_copy(update={"name": Path(name).stem})
    return SavedSettings(session_folder(args)).load(name)


def _labels_of(args: argparse.Namespace) -> Path:
    from birdscope.dataset.catalog import Catalog

    catalog = Catalog.open(_data(args))
    if catalog.labels_path is None:
        raise UsageError(
            "this dataset has no labels of soundscapes",
            path=catalog.root,
            remedy="give --labels FILE, or --labels verdicts",
        )
    return catalog.labels_path


def _out_of_fold(args: argparse.Namespace) -> Source:
    from birdscope.dataset.catalog import Catalog
    from birdscope.dataset.labels import file_labels
    from birdscope.inference.store import ScoresStore
    from birdscope.metrics import truths

    folder = truths.out_of_fold_folder(args.scores)
    store = ScoresStore.open(folder)
    labels = file_labels(Catalog.open(_data(args)))
    truth = truths.out_of_fold_truth(labels, truths.read_fold_table(folder))
    return Source(store.scores(), truth, store.settings)


def _verdicts(args: argparse.Namespace) -> list[Verdict]:
    from birdscope.session.verdicts import Verdicts

    kept = Verdicts.open(session_folder(args), read_only=True)
    try:
        return kept.all()
    finally:
        kept.close()


def _data(args: argparse.Namespace) -> Path:
    if args.data is None:
        raise UsageError(f"--labels {args.labels} needs --data DIR")
    data: Path = args.data
    return data
