"""The scores that Audition chooses from: found in the session, opened once, kept in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError
from birdscope.core.scores import Scores
from birdscope.core.settings import Settings
from birdscope.dataset.catalog import Catalog
from birdscope.dataset.times import recorded_at
from birdscope.engine.audition_messages import ScoresWanted
from birdscope.inference.rows import lay_out
from birdscope.inference.store import ScoresStore
from birdscope.inference.store_files import MARKS, META
from birdscope.metrics.columns import ScoreColumns
from birdscope.session.live_scores import META_FILE, LiveScores
from birdscope.session.session import job_scores_folder, scores_folder
from birdscope.submission.kept import predicted_already

if TYPE_CHECKING:
    from birdscope.engine.study import Study

Stamp = tuple[int, ...]


@dataclass(frozen=True)
class OpenScores:
    """One folder of scores, ready to be asked for a species.

    Attributes:
        columns: Gives a species' probabilities.
        settings: The stack that was kept with them.
        source: What was scored.
        ensemble: Fingerprint of the ensemble; empty where unknown.
        recordings: Recordings with scores.
        of_recordings: Recordings there are.
    """

    columns: ScoreColumns
    settings: Settings
    source: str
    ensemble: str
    recordings: int
    of_recordings: int

    @property
    def scores(self) -> Scores:
        """All of them."""
        return self.columns.scores

    @cached_property
    def folded_keys(self) -> list[str]:
        """Keys of the recordings in lower case, to search in."""
        return [key.casefold() for key in self.scores.rows.recordings]

    @cached_property
    def hours(self) -> npt.NDArray[np.int8]:
        """Hour of the day at which each recording begins, int8 [N]; -1 where unknown."""
        times = map(recorded_at, self.scores.rows.recordings)
        return np.array([-1 if one is None else one.hour for one in times], dtype=np.int8)

    def row_of(self, recording: str, index: int) -> int | None:
        """The row of a window; None where there is none."""
        if recording not in self.scores.rows.position:
            return None
        span = self.scores.rows.span(recording)
        row = span.start + index
        return row if span.start <= row < span.stop else None


@dataclass
class ScoresDesk:
    """Opens scores, and keeps what it opened until the files change."""

    _catalogs: dict[Path, tuple[Catalog, str]] = field(default_factory=dict)
    _open: dict[Path, tuple[Stamp, OpenScores]] = field(default_factory=dict)
    _counted: dict[Path, tuple[Stamp, int]] = field(default_factory=dict)

    def catalog(self, root: Path) -> Catalog:
        """The dataset.

        Raises:
            DatasetError: it can't be opened.
        """
        return self._dataset(root)[0]

    def open(self, wanted: ScoresWanted, *, clips: bool = False) -> OpenScores | None:
        """The scores that are wanted; None where the session has none.

        Args:
            wanted: Which.
            clips: Those of train_audio, instead of those of soundscapes.

        Raises:
            ScoresError: they are damaged, or a given folder holds none.
            DatasetError: the dataset can't be opened.
        """
        folder = wanted.scores or self._best(wanted, clips=clips)
        if folder is not None:
            is_live = not (folder / META).exists() and (folder / META_FILE).exists()
            return self._live(folder, wanted) if is_live else self._store(folder)
        return None if clips else self._live_of_session(wanted)

    def _dataset(self, root: Path) -> tuple[Catalog, str]:
        if root not in self._catalogs:
            catalog = Catalog.open(root)
            self._catalogs[root] = (catalog, catalog.fingerprint())
        return self._catalogs[root]

    def _best(self, wanted: ScoresWanted, *, clips: bool) -> Path | None:
        """The folder of a job with most recordings done; of equal ones the latest."""
        fingerprint = self._dataset(wanted.dataset)[1]
        pattern = job_scores_folder(wanted.session, fingerprint, wanted.ensemble or "*")
        found = [
            meta.parent
            for meta in wanted.session.glob(f"{pattern.relative_to(wanted.session)}/*/*/{META}")
            if meta.parent.name.startswith("train_audio") == clips
        ]
        counted = [(self._done(folder), _stamp(folder)[1], folder) for folder in found]
        done = [one for one in counted if one[0]]
        return max(done)[-1] if done else None

    def _done(self, folder: Path) -> int:
        stamp = _stamp(folder)
        if self._counted.get(folder, (None, 0))[0] != stamp:
            self._counted[folder] = (stamp, predicted_already(folder))
        return self._counted[folder][1]

    def _store(self, folder: Path) -> OpenScores:
        stamp = _stamp(folder)
        if folder in self._open and self._open[folder][0] == stamp:
            return self._open[folder][1]
        store = ScoresStore.open(folder)
        meta = store.meta
        done = np.array([key in store.marks for key in store.rows.recordings], dtype=np.bool_)
        raw = Scores(
            meta.classes, meta.checkpoints, store.rows, store.raw_values, dict(meta.weights)
        )
        fingerprint = str(meta.fingerprints.get("ensemble", ""))
        opened = OpenScores(
            ScoreColumns(raw, done),
            store.settings,
            meta.split or folder.name,
            fingerprint,
            int(done.sum()),
            len(done),
        )
        self._open[folder] = (stamp, opened)
        return opened

    def _live_of_session(self, wanted: ScoresWanted) -> OpenScores | None:
        fingerprint = self._dataset(wanted.dataset)[1]
        pattern = scores_folder(wanted.session, fingerprint, wanted.ensemble or "*")
        found = sorted(
            wanted.session.glob(f"{pattern.relative_to(wanted.session)}/{META_FILE}"),
            key=lambda path: path.stat().st_mtime,
        )
        return self._live(found[-1].parent, wanted) if found else None

    def _live(self, folder: Path, wanted: ScoresWanted) -> OpenScores:
        """The recordings that Scope has predicted, in part or whole; read anew each time."""
        live, catalog = LiveScores.open(folder), self.catalog(wanted.dataset)
        kept = dict(_kept_live(live, wanted.dataset))
        shape = (len(live.meta.checkpoints), 0, len(live.meta.classes))
        values = np.concatenate([np.zeros(shape, np.float32), *kept.values()], axis=1)
        rows = lay_out(tuple(kept), [one.shape[1] for one in kept.values()])
        meta = live.meta
        scores = Scores(meta.classes, meta.checkpoints, rows, values, dict(meta.weights))
        there = sum(
            len(catalog.recordings(split)) for split in ("train_soundscapes", "test_soundscapes")
        )
        total = max(there, len(kept))
        ensemble = wanted.ensemble or folder.parent.name
        return OpenScores(
            ScoreColumns(scores), Settings(), "live scores", ensemble, len(kept), total
        )


def desk_of(study: Study) -> ScoresDesk:
    """The scores that are open, kept in the study."""
    desk: ScoresDesk = study.kept.setdefault("audition", ScoresDesk())
    return desk


def settings_of(opened: OpenScores, wanted: ScoresWanted) -> Settings:
    """The stack that is wanted, or the one kept with the scores."""
    settings = wanted.settings or opened.settings
    if settings.weights is None and wanted.weights is not None:
        return settings.model_copy(update={"weights": dict(wanted.weights)})
    return settings


def _kept_live(live: LiveScores, dataset: Path) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    """Key and float32 [K, W, C] of each recording with a window done."""
    for path in sorted(live.folder.rglob("*.npy")):
        key, _, size = path.name.removesuffix(".npy").rpartition(".")
        key = (path.parent.relative_to(live.folder) / key).as_posix()
        audio = dataset / key
        # a file of another size is another sound; a damaged one is Scope's to report
        with suppress(OSError, ScoresError):
            if str(audio.stat().st_size) != size:
                continue
            values = live.read(key, audio)
            if values is not None and not np.isnan(values).all():
                yield key, values


def _stamp(folder: Path) -> Stamp:
    """Changes when the scores were begun anew, or another recording was finished."""
    numbers: list[int] = []
    for name in (META, MARKS):
        try:
            stat = (folder / name).stat()
        except FileNotFoundError:
            numbers += [0, 0]
        else:
            numbers += [stat.st_mtime_ns, stat.st_size]
    return tuple(numbers)
