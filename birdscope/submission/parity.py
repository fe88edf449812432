"""What was measured of a backend and precision against torch, and whether it may be exported.

A `Parity` is what `birdscope parity` measured on the user's own recordings; it is kept in a
session's folder `budget/`, beside the measured speeds. Imports no science.
"""

from __future__ import annotations

import json
import math
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from birdscope.core import atomic
from birdscope.core.errors import SubmissionError

# Of a raw probability: what the torch reference itself is held to against the public notebook.
EXACT_LIMIT = 1e-4
# Of macro ROC-AUC: below it lies what a competitor would notice on the leaderboard.
AUC_LIMIT = 0.002


@dataclass(frozen=True)
class Parity:
    """One way of computing an ensemble beside torch in float32.

    Attributes:
        ensemble: Its name.
        fingerprint: Of its members and weights.
        backend: What ran the nets: "openvino".
        precision: "exact", "fast" or "int8".
        max_difference: Largest absolute difference of a raw probability.
        rank_correlation: Spearman's, the mean over checkpoints and classes; NaN without any.
        recordings: Compared.
        rows: Windows compared.
        seconds: For a recording.
        reference_s: For a recording, torch.
        auc: Macro ROC-AUC of torch; None without labels.
        auc_difference: What it costs (negative) or gains; None without labels.
        auc_low: Lower end of its 95 % interval, paired over recordings; None without one.
        auc_high: Upper end.
        scored_classes: Classes with a positive and a negative row.
        made: Unix time, seconds.
        calibration: Fingerprint of the 8-bit nets; empty where it isn't "int8".
    """

    ensemble: str
    fingerprint: str
    backend: str
    precision: str
    max_difference: float
    rank_correlation: float
    recordings: int
    rows: int
    seconds: float
    reference_s: float
    auc: float | None = None
    auc_difference: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    scored_classes: int = 0
    made: float = field(default_factory=time.time)
    calibration: str = ""


def objection(precision: str, measured: Parity | None) -> str:
    """Why a precision should not be exported before its drift was accepted; empty where it may.

    "exact" is held to 1e-4 of a probability, where it was measured. "fast" and "int8" have
    to be measured against labels, and the interval of their difference in macro ROC-AUC has to
    end above -0.002.
    """
    if precision == "exact":
        if measured is None or measured.max_difference <= EXACT_LIMIT:
            return ""
        return f"exact differs from torch by {measured.max_difference:.1e}"
    if measured is None:
        return f"{precision} was not compared with torch here"
    if measured.auc_low is None:
        return f"{precision} was compared without labels: what it costs is unknown"
    if measured.auc_low < -AUC_LIMIT:
        return f"{precision} may cost {-measured.auc_low:.4f} of macro ROC-AUC"
    return ""


def keep_parity(folder: Path, parity: Parity) -> Path:
    """Write a measurement to its file in a folder `budget/`; a newer one takes its place.

    Raises:
        SubmissionError: if the folder can't be written.
    """
    return _write(_path(folder, parity.fingerprint, parity.precision), asdict(parity))


def kept_parity(
    folder: Path, fingerprint: str, precision: str, calibration: str = ""
) -> Parity | None:
    """The last measurement; None where there is none that can be read, or of other 8-bit nets."""
    with suppress(OSError, ValueError, TypeError):
        body = _read(_path(folder, fingerprint, precision))
        if body["rank_correlation"] is None:
            body["rank_correlation"] = math.nan
        measured = Parity(**body)
        return measured if measured.calibration == calibration else None
    return None


def accept(
    folder: Path,
    fingerprint: str,
    precision: str,
    measured: Parity | None,
    calibration: str = "",
) -> Path:
    """Keep that the drift as measured (or that nothing was measured) was accepted.

    Raises:
        SubmissionError: if the folder can't be written.
    """
    body = {
        "measured": measured.made if measured is not None else None,
        "made": time.time(),
        "calibration": calibration,
    }
    return _write(_acceptance(folder, fingerprint, precision), body)


def is_accepted(
    folder: Path,
    fingerprint: str,
    precision: str,
    measured: Parity | None,
    calibration: str = "",
) -> bool:
    """Whether just this drift was accepted: another measurement has to be accepted anew."""
    with suppress(OSError, ValueError, KeyError):
        body = _read(_acceptance(folder, fingerprint, precision))
        same_nets = body.get("calibration", "") == calibration
        return same_nets and bool(body["measured"] == (measured.made if measured else None))
    return False


def _path(folder: Path, fingerprint: str, precision: str) -> Path:
    return folder / "parity" / f"{fingerprint[:16]}-{precision}.json"


def _acceptance(folder: Path, fingerprint: str, precision: str) -> Path:
    return folder / "parity" / f"{fingerprint[:16]}-{precision}-accepted.json"


def _read(path: Path) -> dict[str, Any]:
    body = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(body, dict):
        raise ValueError(f"{path} holds no object")
    return body


def _write(path: Path, body: dict[str, Any]) -> Path:
    plain = {
        key: None if isinstance(value, float) and math.isnan(value) else value
        for key, value in body.items()
    }
    try:
        atomic.write_text(path, json.dumps(plain, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise SubmissionError(
            f"the comparison with torch can't be written: {error.strerror or error}",
            path=path,
            remedy="make room or choose another folder",
        ) from error
    return path
