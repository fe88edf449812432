"""A study lane without a process: queues of a made-up ranking, figures of the real verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from birdscope.core.errors import BirdscopeError
from birdscope.engine.audition_messages import (
    JudgeSummary,
    JudgeWanted,
    PrecisionAt,
    QueueFound,
    QueueItem,
    QueueWanted,
    ThresholdAt,
)
from birdscope.session.verdicts import Verdicts

WINDOWS = 4
ENSEMBLE = "e" * 64
MEMBERS = ("alpha", "beta")
ENOUGH = 3


class FakeStudy:
    """Looks like birdscope.engine.study_client.Study, as far as Audition asks.

    Args:
        paths: Soundscapes, four windows each; the first one scores best.
        problem: Why there is no queue.
        refuses: An error that every queue raises.

    Attributes:
        scored: How many soundscapes have scores, the first ones.
    """

    def __init__(
        self,
        paths: Sequence[tuple[str, Path]],
        *,
        problem: str = "",
        refuses: BirdscopeError | None = None,
    ) -> None:
        self.paths = list(paths)
        self.problem = problem
        self.refuses = refuses
        self.scored = len(self.paths)
        self.asked: list[QueueWanted] = []

    async def ask(self, request: object, slot: str = "") -> object:
        if isinstance(request, QueueWanted):
            self.asked.append(request)
            if self.refuses is not None:
                raise self.refuses
            return self._queue(request)
        assert isinstance(request, JudgeWanted)
        return summary(request)

    def close(self) -> None:
        return

    def _queue(self, wanted: QueueWanted) -> QueueFound:
        if self.problem:
            return QueueFound((), 0, 0, 0, len(self.paths), problem=self.problem)
        judged = set()
        if wanted.skip_judged:
            verdicts = Verdicts.open(wanted.source.session, read_only=True)
            judged = {one.window for one in verdicts.of(wanted.label)}
            verdicts.close()
        every = [
            item(key, path, index, 0.98 - 0.07 * (WINDOWS * number + index), wanted)
            for number, (key, path) in enumerate(self.paths)
            if number < self.scored
            for index in range(WINDOWS)
            if wanted.recording.casefold() in key.casefold()
        ]
        items = tuple(one for one in every if (one.recording, one.index) not in judged)
        left_out = len(every) - len(items)
        return QueueFound(
            items, len(items), left_out, self.scored, len(self.paths), "train_soundscapes",
            ENSEMBLE, problem="" if items else "no recording has scores of this ensemble yet",
        )  # fmt: skip


def item(key: str, path: Path, index: int, score: float, wanted: QueueWanted) -> QueueItem:
    """A window whose members say a little more and less than the blend."""
    score = max(score, 0.06)
    members = dict(zip(MEMBERS, (score + 0.01, score - 0.05), strict=True))
    costs = wanted.kind == "auc_loss"
    return QueueItem(
        key, path, index, 5.0 * index, 5.0 * index + 5, score, members,
        0.25 if wanted.kind == "stratified" else None, 0.01 * index if costs else None, 7,
        True if costs else None, 0.06 if wanted.kind == "disagreement" else None,
    )  # fmt: skip


def summary(wanted: JudgeWanted) -> JudgeSummary:
    """Counts of the verdicts; a curve from three of either kind on."""
    verdicts = Verdicts.open(wanted.source.session, read_only=True)
    said = [(one, one.says(wanted.label)) for one in verdicts.of(wanted.label)]
    verdicts.close()
    yes = sum(answer is True for _, answer in said)
    no = sum(answer is False for _, answer in said)
    maybe = sum(answer is None for _, answer in said)
    judged = yes + no
    precision = (PrecisionAt(judged, yes, yes / judged, 0.2, 0.9, 1),) if judged else ()
    enough = min(yes, no) >= ENOUGH
    missing = f"not enough verdicts: {max(ENOUGH - yes, 0)} more yes, {max(ENOUGH - no, 0)} more no"
    curve = tuple((n / 20, n / 20) for n in range(21)) if enough else ()
    thresholds = (
        ThresholdAt(0.9, 0.7, 0.55, 0.83),
        ThresholdAt(0.95, 0.81, 0.6, 0.93),
        ThresholdAt(0.99, None, None, None, "no score reaches it"),
    )
    return JudgeSummary(
        wanted.label, yes, no, maybe, precision, enough, "" if enough else missing, curve,
        thresholds if enough else (), (),
    )  # fmt: skip
