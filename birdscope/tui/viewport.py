"""The span of a file that is seen: zoomed, panned, kept inside the file. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

_SHORTEST_S = 0.25
_LARGEST_STEP_S = 1.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """A span of a file, in seconds.

    Attributes:
        duration_s: Length of the file.
        start_s: Left edge.
        end_s: Right edge.
    """

    duration_s: float = 0.0
    start_s: float = 0.0
    end_s: float = 0.0

    @classmethod
    def whole(cls, duration_s: float) -> Viewport:
        """All of a file."""
        return cls(duration_s, 0.0, duration_s)

    @property
    def span_s(self) -> float:
        """Length of what is seen."""
        return self.end_s - self.start_s

    def at(self, start_s: float, end_s: float) -> Viewport:
        """Another span, moved and cut so that it lies inside the file."""
        span_s = min(max(end_s - start_s, 0.0), self.duration_s)
        start_s = min(max(start_s, 0.0), self.duration_s - span_s)
        return replace(self, start_s=start_s, end_s=start_s + span_s)

    def zoomed(self, factor: float, around_s: float) -> Viewport:
        """`factor` times less of the file; `around_s` stays where it is."""
        if not self.span_s:
            return self
        span_s = max(self.span_s / factor, _SHORTEST_S)
        share = (around_s - self.start_s) / self.span_s
        return self.at(around_s - share * span_s, around_s + (1 - share) * span_s)

    def panned(self, share: float) -> Viewport:
        """Moved by a share of what is seen."""
        step_s = share * self.span_s
        return self.at(self.start_s + step_s, self.end_s + step_s)

    def holds(self, seconds: float | None) -> bool:
        """Whether a time is seen."""
        return seconds is not None and self.start_s <= seconds <= self.end_s

    def following(self, before_s: float | None, now_s: float) -> Viewport:
        """The span to show after the playhead moved: it turns a page when played out of sight.

        A jump, or a playhead that was out of sight already, turns nothing.
        """
        played = before_s is not None and 0 <= now_s - before_s < _LARGEST_STEP_S
        if not (played and self.holds(before_s) and now_s > self.end_s):
            return self
        start_s = now_s - 0.05 * self.span_s
        return self.at(start_s, start_s + self.span_s)
