"""What the nets of an export compute in, and what is known of its drift from torch. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from birdscope.tui.screens.choose_one import Choice
from birdscope.tui.widgets.submit_form import Entry

if TYPE_CHECKING:
    from birdscope.core.cpu import CpuFeatures
    from birdscope.core.int8 import CalibratedEnsemble
    from birdscope.submission.parity import Parity

EXACT, FAST, INT8 = "exact", "fast", "int8"
NAMES = (EXACT, FAST, INT8)


@dataclass(frozen=True)
class Computing:
    """Backend and precision, with the last comparison with torch.

    Attributes:
        backend: What is going to run the nets: "torch" or "openvino".
        precision: "exact", "fast" or "int8".
        measured: The last comparison of this ensemble in this precision.
        accepted: Whether the user accepted the drift as measured.
        calibrated: The ensemble's 8-bit nets; None where it has none.
    """

    backend: str = "torch"
    precision: str = EXACT
    measured: Parity | None = None
    accepted: bool = False
    calibrated: CalibratedEnsemble | None = None

    @property
    def missing(self) -> str:
        """Why nothing can be computed like that; empty where it can."""
        if self.backend == "torch" or self.precision != INT8 or self.calibrated is not None:
            return ""
        return "int8 is not calibrated for this ensemble: enter on the line of precision does it"

    @property
    def numbers(self) -> str:
        """Fingerprint of the 8-bit nets that compute; empty in other precisions."""
        of_int8 = self.precision == INT8 and self.calibrated is not None
        return self.calibrated.fingerprint if of_int8 and self.calibrated else ""

    @property
    def objection(self) -> str:
        """Why it is not to be exported; empty where it may, or the user accepted it."""
        return "" if self.accepted or self.missing else self.concern

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
        said = [] if self.precision == EXACT else ["--precision", self.precision]
        return [*said, *self.calibration_argv] if self.precision == INT8 else said

    @property
    def calibration_argv(self) -> list[str]:
        """What a command that may compute in int8 is told of its calibration."""
        known = self.calibrated
        return ["--calibration", known.calibration.id] if known is not None else []

    @property
    def suffix(self) -> str:
        """Of a folder of scores: other numbers are kept elsewhere."""
        numbers = f"-{self.numbers[:8]}" if self.numbers else ""
        return "" if self.precision == EXACT else f"-{self.precision}{numbers}"

    def entry(self) -> Entry:
        """The line of the form."""
        value = f"{self.precision} · {self.backend}"
        if self.backend == "torch":
            return Entry("precision", value, "the reference")
        if self.missing:
            return Entry("precision", value, "not calibrated: enter calibrates it", role="bad")
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


def choices(computing: Computing, cpu: CpuFeatures, *, nncf: bool) -> list[Choice]:
    """What may be chosen, in the order of `NAMES`, with what stands against each.

    Args:
        computing: What is chosen now.
        cpu: The processor.
        nncf: Whether NNCF is installed, without which nothing new can be calibrated.
    """
    only_exact = "torch runs the nets here: always exact" if computing.backend == "torch" else ""
    no_bfloat16 = "this CPU has no bfloat16" if cpu.known and not cpu.bfloat16 else ""
    known = computing.calibrated
    no_nncf = "" if nncf or known else "needs NNCF: pip install 'birdscope[int8]'"
    note = "8 bits: is calibrated on your soundscapes first, as a job"
    if known is not None:
        note = f"8 bits, calibrated on {known.calibration.text}"
    if cpu.known and not cpu.vnni:
        note = f"no faster on this CPU (no VNNI); {note}"
    return [
        Choice(EXACT, "float32, as torch"),
        Choice(FAST, "bfloat16: compare it with p first", only_exact or no_bfloat16),
        Choice(INT8, note, only_exact or no_nncf),
    ]
