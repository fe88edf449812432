"""A verdict: what a person heard in one window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from birdscope.core.errors import UsageError
from birdscope.core.windows import row_id, stem_of

Answer = Literal["yes", "no", "maybe", "correct"]
ANSWERS: tuple[Answer, ...] = get_args(Answer)

QueueKind = Literal["score", "uncertainty", "disagreement", "auc_loss", "stratified", "clips"]
QUEUE_KINDS: tuple[QueueKind, ...] = get_args(QueueKind)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer of one person about one species in one 5 s window.

    Attributes:
        recording: Key of the recording.
        index: Which window of it, from 0.
        start_s: Where the window begins, in seconds.
        end_s: Where it ends, in seconds.
        label: The species asked about.
        answer: Is it there: yes, no, maybe (don't count it), correct (another species is).
        annotator: Who answered.
        at: When, UTC, as `2026-01-31T12:00:00.123Z`.
        corrected_label: The species that is there instead; only with the answer `correct`.
        queue: Kind of the queue that showed the window; empty where none did.
        sampling_probability: Chance that the queue had to draw this window; None where it was
            not drawn by chance.
        score: What the ensemble said of label and window when it was judged; None if unknown.
        ensemble: Fingerprint of that ensemble; empty where unknown.
        origin: The file it was imported from; empty where it was given by hand.

    Raises:
        UsageError: from the constructor, where the answer is none of the four, a corrected
            label is missing or out of place, or label or annotator is empty.
    """

    recording: str
    index: int
    start_s: float
    end_s: float
    label: str
    answer: Answer
    annotator: str
    at: str
    corrected_label: str | None = None
    queue: str = ""
    sampling_probability: float | None = None
    score: float | None = None
    ensemble: str = ""
    origin: str = ""

    def __post_init__(self) -> None:
        if self.answer not in ANSWERS:
            raise UsageError(
                f"a verdict can't be {self.answer!r}", remedy=f"use one of {', '.join(ANSWERS)}"
            )
        if (self.answer == "correct") != bool(self.corrected_label):
            raise UsageError("the answer 'correct', and no other, names the species that is there")
        if self.corrected_label == self.label:
            raise UsageError(f"{self.label!r} can't be corrected to itself", remedy="answer yes")
        if not self.label or not self.annotator:
            raise UsageError("a verdict needs a species and the name of who gives it")

    @property
    def row_id(self) -> str:
        """`<stem>_<end second>` of its window."""
        return row_id(stem_of(self.recording), self.index)

    @property
    def window(self) -> tuple[str, int]:
        """Recording and index: which window it is about."""
        return self.recording, self.index

    @property
    def cells(self) -> tuple[tuple[str, bool], ...]:
        """What it says of which species: yes one cell, correct two, maybe none."""
        if self.answer == "maybe":
            return ()
        if self.corrected_label:
            return ((self.label, False), (self.corrected_label, True))
        return ((self.label, self.answer == "yes"),)

    def says(self, label: str) -> bool | None:
        """Whether a species is there; None where this verdict doesn't tell."""
        return dict(self.cells).get(label)
