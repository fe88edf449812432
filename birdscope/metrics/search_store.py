"""The memory of a search: an SQLite file with a study for each fold held out, and one for all."""

from __future__ import annotations

import hashlib
import sqlite3
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from birdscope.core.errors import ScoresError
from birdscope.core.scores import Scores
from birdscope.metrics.search_space import SearchSpace
from birdscope.metrics.tune_truth import TuneTruth

if TYPE_CHECKING:
    import optuna

_KEY = "birdscope"
_STARTUP_TRIALS = 10
FORMAT = 1


def fingerprint(scores: Scores, truth: TuneTruth, space: SearchSpace, seed: int) -> str:
    """A short text that changes with anything that a trial's figure depends on."""
    digest = hashlib.blake2b(digest_size=16)
    parts: list[Any] = [FORMAT, space, seed, scores.checkpoints, sorted(scores.weights.items())]
    parts += [truth.unit, truth.row_ids, truth.classes, scores.rows.row_ids]
    digest.update(repr(parts).encode())
    arrays = (scores.values, truth.values, truth.row_weights, truth.folds)
    for array in arrays:
        if array is not None:
            digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


class SearchStore:
    """The studies of one search.

    Args:
        path: The SQLite file; made where it is new.
        identity: From `fingerprint`.

    Raises:
        ScoresError: the file is of a search with other scores, labels or seed, or is no such
            file.
    """

    def __init__(self, path: Path, identity: str):
        import optuna
        from sqlalchemy.exc import SQLAlchemyError

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._identity = path, identity
        try:
            self._storage = optuna.storages.RDBStorage(
                f"sqlite:///{path}", engine_kwargs={"creator": partial(_connect, path)}
            )
        except (SQLAlchemyError, RuntimeError) as error:
            raise ScoresError(
                "is no memory of a search", path=path, remedy="delete it, or choose another name"
            ) from error

    def study(self, name: str, first: list[dict[str, Any]]) -> optuna.Study:
        """The study of that name; a new one begins with the trials in `first`.

        What was being tried when a search was killed is tried again.
        """
        import optuna

        study = optuna.create_study(
            storage=self._storage,
            study_name=name,
            direction="maximize",
            pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS),
            load_if_exists=True,
        )
        there = study.user_attrs.get(_KEY)
        if there is None:
            for parameters in first:
                study.enqueue_trial(parameters, skip_if_exists=True)
            study.set_user_attr(_KEY, self._identity)
        elif there != self._identity:
            raise ScoresError(
                "is the memory of a search with other scores, labels, folds or another seed",
                path=self._path,
                remedy="choose another name with --save, or begin anew with --restart",
            )
        _try_again(study)
        return study

    def close(self) -> None:
        """Give the file back."""
        self._storage.remove_session()
        self._storage.engine.dispose()


def _try_again(study: optuna.Study) -> None:
    """Give up trials that a killed search left open; a given one goes to the queue again."""
    import optuna

    state = optuna.trial.TrialState
    if not study.get_trials(deepcopy=False, states=(state.RUNNING,)):
        return
    # Those that wait go behind the one that was open, in their old order.
    for _ in study.get_trials(deepcopy=False, states=(state.WAITING,)):
        study.ask()
    for trial in study.get_trials(deepcopy=False, states=(state.RUNNING,)):
        study.tell(trial.number, state=state.FAIL)
        given = trial.system_attrs.get("fixed_params")
        if given is not None:
            study.enqueue_trial(given)


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that doesn't wait for the disk: a killed search loses nothing by that.

    After a power cut the last trials may be missing, and are tried again.
    """
    connection = sqlite3.connect(path, timeout=30)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    return connection
