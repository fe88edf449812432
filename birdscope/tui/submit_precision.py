"""What the nets of an export compute in, and what is known of its drift from torch. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from birdscope.tui.widgets.submit_form import Entry

if TYPE_CHECKING:
    from birdscope.submission.parity import Parity

EXACT, FAST = "exact", "fast"


@dataclass(frozen=True)
class Computing:
    """Backend and precision, with the last comparison with torch.

    Attributes:
        backend: What is going to run the nets: "torch" or "openvino".
        precision: "exact" or "fast".
        measured: The last comparison of this ensemble in this precision.
        accepted: Whether the user accepted the drift as measured.
    """

    backend: str = "torch"
    precision: str = EXACT
    measured: Parity | None = None
    accepted: bool = False

    @property
    def objection(self) -> str:
        """Why it is not to be exported; empty where it may, or the user accepted it."""
        return "" if self.accepted else self.concern

    @property
    def concern(self) -> str:
        """What speaks against it, accepted or not; torch is the reference itself."""
        from birdscope.submission.parity import objection

        return "" if self.backend == "torch" else objection(self.precision, self.measured)

    @property
    def refusal(self) -> str:
        """The objection with what can be done; empty without one."""
        if not (reason := self.objection):
            return ""
        return f"{reason[:1].upper()}{reason[1:]}.\n→ p compares, a accepts the drift"

    @property
    def argv(self) -> list[str]:
        """What a command is told."""
        return [] if self.precision == EXACT else ["--precision", self.precision]

    @property
    def suffix(self) -> str:
        """Of a folder of scores: other numbers are kept elsewhere."""
        return "" if self.precision == EXACT else f"-{self.precision}"

    def entry(self) -> Entry:
        """The line of the form."""
        value = f"{self.precision} · {self.backend}"
        if self.backend == "torch":
            return Entry("precision", value, "the reference")
        if self.objection:
            return Entry("precision", value, f"a accepts: {self.objection}", role="bad")
        note = self._measured_text()
        if self.concern:
            return Entry("precision", value, f"accepted · {note}", role="warn")
        return Entry("precision", value, note)

    def _measured_text(self) -> str:
        one = self.measured
        if one is None:
            return "p compares it with torch"
        text = f"Δ {one.max_difference:.0e}"
        if one.auc_difference is not None:
            text += f" · AUC {one.auc_difference:+.4f}"
        if one.auc_low is not None and one.auc_high is not None:
            text += f" [{one.auc_low:+.4f}, {one.auc_high:+.4f}]"
        return f"{text} · {one.recordings} files"
