"""One class at a time out of a whole dataset's scores: only its column of each checkpoint is read.

Every step of post-processing but one looks at one class alone, so a class's final probabilities
need no other column. Low-rank power ranks the classes of a file by their maximum; those ranks
are found once (they depend on neither its `top_k` nor its exponent) and kept.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from birdscope.core.errors import ScoresError, nearest
from birdscope.core.scores import ScoreRows, Scores
from birdscope.core.settings import AnyStep, Settings, Stage
from birdscope.postprocess import stack
from birdscope.postprocess.recordings import maximum_of_recordings, recording_of_row

Floats = npt.NDArray[np.float64]
_ORDER: dict[Stage, int] = {"checkpoint": 0, "member": 1, "ensemble": 2}
_ROWS_AT_ONCE = 6_000
_KEPT_RANKS = 24


@dataclass(frozen=True)
class Column:
    """One class's probabilities in every window.

    Attributes:
        final: float64 [R], after all post-processing; NaN where not predicted.
        members: Member with a weight → float64 [R], its own probability before the blend.
        checkpoints: float64 [K, R], as the models gave them.
    """

    final: Floats
    members: dict[str, Floats]
    checkpoints: Floats


class ScoreColumns:
    """Gives the columns of one set of scores.

    Args:
        scores: All of them; may be memory-mapped.
        done: bool [N], which recordings to trust (the others may be half written); None all.
    """

    def __init__(self, scores: Scores, done: npt.NDArray[np.bool_] | None = None) -> None:
        self.scores = scores
        self.recording_of_row = recording_of_row(scores.rows.offsets)
        self._undone = None if done is None or done.all() else ~done[self.recording_of_row]
        self._at = {label: column for column, label in enumerate(scores.classes)}
        self._ranks: OrderedDict[str, npt.NDArray[np.int16]] = OrderedDict()

    def column(self, label: str, settings: Settings) -> Column:
        """The class's probabilities under the settings, equal to `stack.apply_settings`.

        Raises:
            ScoresError: the scores have no such class.
            ConfigError: the settings don't fit the members.
        """
        at = self._at.get(label)
        if at is None:
            raise ScoresError(
                f"these scores have no class {label!r}{nearest(label, self._at)}",
                remedy="choose a species that the ensemble knows",
            )
        stack.check_members(self.scores, settings)
        raw = self._raw(at)
        weights = stack.blend_weights(self.scores, settings)
        members = {
            member: self._member(member, at, raw, settings)
            for member in self.scores.members
            if weights[member] > 0
        }
        blended = stack.blend({name: one[:, None] for name, one in members.items()}, weights)
        final = self._stepped("ensemble", None, None, blended, at, settings)
        return Column(final[:, 0], members, raw)

    def _raw(self, at: int) -> Floats:
        raw = np.array(self.scores.values[:, :, at], dtype=np.float64)
        if self._undone is not None:
            raw[:, self._undone] = np.nan
        return raw

    def _member(self, member: str, at: int, raw: Floats, settings: Settings) -> Floats:
        """A member's mean after its own steps, [R]."""
        layers = [
            self._stepped("checkpoint", member, layer, raw[layer][:, None], at, settings)
            for layer, one in enumerate(self.scores.checkpoints)
            if one.member == member
        ]
        mean = stack.known_mean(layers)
        return self._stepped("member", member, None, mean, at, settings)[:, 0]

    def _stepped(
        self,
        stage: Stage,
        member: str | None,
        layer: int | None,
        values: Floats,
        at: int,
        settings: Settings,
    ) -> Floats:
        """The steps of one stage on one column, [R, 1]."""
        for place, step in enumerate(settings.steps):
            if not (step.enabled and step.at == stage and stack.touches(step, member)):
                continue
            if step.kind == "low_rank_power":
                ranks = self._ranked(stage, member, layer, settings, place)[:, at]
                tail = (ranks >= step.top_k)[self.recording_of_row][:, None]
                values = np.where(tail, np.power(values, step.exponent), values)
            else:
                result = stack.apply_step(step, values, self.scores.rows.offsets)
                values = result.astype(np.float64, copy=False)
        return values

    def _ranked(
        self, stage: Stage, member: str | None, layer: int | None, settings: Settings, place: int
    ) -> npt.NDArray[np.int16]:
        """int16 [N, C]: each class's rank in each file, by its maximum before step `place`."""
        before = _until(settings, stage, place)
        key = f"{stage} {member} {layer} {before.model_dump_json(exclude={'name', 'note'})}"
        if key in self._ranks:
            self._ranks.move_to_end(key)
            return self._ranks[key]
        parts = [
            _ranks(_at_stage(part, before, stage, member, layer), part.rows.offsets)
            for part in self._parts(before.steps)
        ]
        ranks = np.concatenate(parts) if parts else np.zeros((0, len(self._at)), np.int16)
        self._ranks[key] = ranks
        if len(self._ranks) > _KEPT_RANKS:
            self._ranks.popitem(last=False)
        return ranks

    def _parts(self, steps: tuple[AnyStep, ...]) -> list[Scores]:
        """The scores in pieces of whole recordings; in one where a step looks at all rows."""
        offsets = self.scores.rows.offsets
        whole = any(one.kind == "min_max" for one in steps)
        step = max(1, int(offsets[-1])) if whole else _ROWS_AT_ONCE
        wanted = np.arange(0, offsets[-1], step)
        firsts = np.unique(np.searchsorted(offsets, wanted, side="left"))
        lasts = [*firsts[1:].tolist(), len(offsets) - 1]
        return [self._part(a, b) for a, b in zip(firsts.tolist(), lasts, strict=True) if b > a]

    def _part(self, first: int, last: int) -> Scores:
        """Recordings `first` to before `last`, those not done as NaN."""
        rows, scores = self.scores.rows, self.scores
        span = slice(int(rows.offsets[first]), int(rows.offsets[last]))
        values = scores.values[:, span]
        if self._undone is not None and self._undone[span].any():
            values = values.copy()
            values[:, self._undone[span]] = np.nan
        part = ScoreRows(
            (),
            rows.recordings[first:last],
            rows.offsets[first : last + 1] - span.start,
            np.empty(0),
        )
        return Scores(scores.classes, scores.checkpoints, part, values, scores.weights)


def _until(settings: Settings, stage: Stage, place: int) -> Settings:
    """The settings up to before step `place`: earlier stages whole, its own up to it."""
    steps = tuple(
        step
        for number, step in enumerate(settings.steps)
        if step.enabled
        and (_ORDER[step.at] < _ORDER[stage] or (step.at == stage and number < place))
    )
    weights = settings.weights if stage == "ensemble" else None
    return settings.model_copy(update={"steps": steps, "weights": weights})


def _at_stage(
    scores: Scores, settings: Settings, stage: Stage, member: str | None, layer: int | None
) -> npt.NDArray[np.floating]:
    """All classes at one point of the stack, [R, C]."""
    if stage == "ensemble":
        return stack.apply_settings(scores, settings)
    if stage == "member":
        assert member is not None
        mean = stack.member_means(scores, settings)[member]
        return stack.apply_steps(settings, "member", mean, scores.rows.offsets, member)
    assert layer is not None
    raw: npt.NDArray[np.float32] = scores.values[layer]
    touched = any(one.at == "checkpoint" and stack.touches(one, member) for one in settings.steps)
    if not touched:
        return raw
    values = raw.astype(np.float64)
    return stack.apply_steps(settings, "checkpoint", values, scores.rows.offsets, member)


def _ranks(
    probabilities: npt.NDArray[np.floating], offsets: npt.NDArray[np.int64]
) -> npt.NDArray[np.int16]:
    """Rank of each class in each file by its maximum, 0 the best; of equal ones the earlier."""
    tops = maximum_of_recordings(probabilities, offsets)
    order = np.argsort(-tops, axis=1, kind="stable")
    ranks = np.empty(order.shape, dtype=np.int16)
    places = np.broadcast_to(np.arange(order.shape[1], dtype=np.int16), order.shape)
    np.put_along_axis(ranks, order, places, axis=1)
    return ranks
