"""Which scores and labels there are to tune with, and how a pair of them is loaded."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core.errors import BirdscopeError, DatasetError, ScoresError
from birdscope.core.scores import Scores
from birdscope.core.settings import Settings
from birdscope.core.verdicts import Verdict
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.labels import file_labels
from birdscope.engine.audition_messages import ScoresWanted
from birdscope.engine.audition_scores import desk_of
from birdscope.engine.tune_messages import FindSources, OpenTuning, TuningSource
from birdscope.inference.store import ScoresStore
from birdscope.inference.store_files import META, ScoresMeta
from birdscope.metrics import truths
from birdscope.metrics.columns import ScoreColumns
from birdscope.metrics.tune_truth import TuneTruth
from birdscope.session.live_scores import META_FILE, LiveScores
from birdscope.session.verdicts import Verdicts

if TYPE_CHECKING:
    from birdscope.engine.study import Study

_DEPTH = 7
_FOLDS = "folds.csv"


@dataclass(frozen=True)
class Loaded:
    """A pair of scores and labels.

    Attributes:
        catalog: The dataset.
        scores: Every checkpoint raw.
        truth: The labels.
        settings: The ensemble's own stack.
    """

    catalog: Catalog
    scores: Scores
    truth: TuneTruth
    settings: Settings


def find_sources(study: Study, wanted: FindSources) -> tuple[TuningSource, ...]:
    """Pairs of scores and labels of this dataset: those that can be opened first, live ones last.

    Raises:
        DatasetError: the dataset can't be opened.
    """
    catalog = desk_of(study).catalog(wanted.dataset)
    found: list[TuningSource] = []
    for folder in dict.fromkeys(_folders((wanted.session, *wanted.scores))):
        # Damaged scores are those who wrote them to report, not every look around.
        try:
            found += _sources(catalog, wanted, folder)
        except (OSError, ScoresError):
            continue
    return tuple(sorted(found, key=lambda one: (bool(one.problem), _is_live(one.scores))))


def _is_live(folder: Path) -> bool:
    """Whether Scope made the scores: of the files that were looked at, rarely of all."""
    return not (folder / META).exists() and (folder / META_FILE).exists()


def load(study: Study, wanted: OpenTuning) -> Loaded:
    """Read the scores and labels of a source.

    Raises:
        BirdscopeError: either can't be read; see their packages.
    """
    catalog = desk_of(study).catalog(wanted.dataset)
    scores, settings = _scores(study, wanted)
    if wanted.weights is not None:
        scores = replace(scores, weights=dict(wanted.weights))
    settings = wanted.settings or settings
    truth = _truth(catalog, wanted, scores, settings)
    return Loaded(catalog, scores, truth, settings)


def _scores(study: Study, wanted: OpenTuning) -> tuple[Scores, Settings]:
    if _is_live(wanted.scores):
        session = wanted.session or wanted.scores
        opened = desk_of(study).open(ScoresWanted(wanted.dataset, session, scores=wanted.scores))
        assert opened is not None
        return opened.scores, opened.settings
    folder = wanted.scores
    if wanted.kind == "out of fold":
        folder = truths.out_of_fold_folder(folder)
    store = ScoresStore.open(folder)
    return store.scores(), store.settings


def _truth(catalog: Catalog, wanted: OpenTuning, scores: Scores, settings: Settings) -> TuneTruth:
    classes = scores.classes
    if wanted.kind == "verdicts":
        drawn = truths.Drawn(ScoreColumns(scores), settings)
        return truths.verdict_truth(_verdicts(wanted.session), classes, drawn=drawn)
    if wanted.kind == "out of fold":
        folder = truths.out_of_fold_folder(wanted.scores)
        return truths.out_of_fold_truth(file_labels(catalog), truths.read_fold_table(folder))
    path = wanted.labels or catalog.labels_path
    if path is None:
        raise DatasetError(
            "this dataset has no labels of soundscapes",
            path=catalog.root,
            remedy="choose a file of labels, or judge windows in Audition",
        )
    read: Callable[..., TuneTruth] = (
        truths.soundscape_truth if wanted.kind == "soundscapes" else truths.file_truth
    )
    return read(path, classes)


def _verdicts(session: Path | None) -> list[Verdict]:
    if session is None:
        raise ScoresError("verdicts are kept in a session", remedy="open a session")
    kept = Verdicts.open(session, read_only=True)
    try:
        return kept.all()
    finally:
        kept.close()


def _folders(roots: tuple[Path, ...]) -> Iterator[Path]:
    """Folders of scores at or below some folders."""
    for root in roots:
        for folder, inner, files in os.walk(root):
            path = Path(folder)
            if META in files or META_FILE in files:
                yield path
                inner.clear()
            elif len(path.relative_to(root).parts) >= _DEPTH:
                inner.clear()
            inner.sort()


def _sources(catalog: Catalog, wanted: FindSources, folder: Path) -> Iterator[TuningSource]:
    """The pairs that one folder of scores makes."""
    if not (folder / META).exists():
        if folder.name == catalog.fingerprint()[:16]:
            classes = LiveScores.open(folder).meta.classes
            yield from _of_windows(catalog, wanted, folder, "live scores of Scope", classes)
        return
    meta = ScoresStore.open(folder).meta
    if meta.fingerprints.get("dataset", catalog.fingerprint()) != catalog.fingerprint():
        return
    title = _title(meta, folder)
    if (folder / _FOLDS).exists():
        # training calls its scores so itself
        run = meta.ensemble.removesuffix(", out of fold") or folder.name
        title = f"{run}: out-of-fold predictions of {meta.split}"
        yield TuningSource("out of fold", title, folder)
    elif meta.split == "train_audio":
        train = catalog.root / "train.csv"
        note = "labels of train_audio, which the models may have been trained on"
        yield TuningSource("file", f"{title}: {note}", folder, train)
    else:
        yield from _of_windows(catalog, wanted, folder, title, meta.classes)


def _of_windows(
    catalog: Catalog, wanted: FindSources, folder: Path, title: str, classes: tuple[str, ...]
) -> Iterator[TuningSource]:
    labels = catalog.labels_path
    if labels is not None:
        yield TuningSource("soundscapes", f"{title}: soundscape labels", folder, labels)
    problem = _problem(lambda: truths.verdict_truth(_verdicts(wanted.session), classes))
    yield TuningSource("verdicts", f"{title}: verdicts", folder, None, problem)


def _title(meta: ScoresMeta, folder: Path) -> str:
    return " · ".join(part for part in (meta.ensemble or folder.name, meta.split) if part)


def _problem(act: Callable[[], object]) -> str:
    """What keeps something from working; empty where it works."""
    try:
        act()
    except BirdscopeError as error:
        return str(error)
    return ""
