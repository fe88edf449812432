"""What counts as speech, silence, clipping, noise and the same sound."""

from __future__ import annotations

from pydantic import Field

from birdscope.core.config import Config


class CleanSettings(Config):
    """How recordings are examined.

    Attributes:
        speech: Look for speech.
        speech_threshold: Probability above which speech begins; it ends 0.15 below.
        speech_shortest_s: Shorter speech is ignored.
        speech_gap_s: Pauses up to this long belong to the speech around them.
        speech_pad_s: Added on either side of speech.
        silence_dbfs: Frames below this level are silent: nothing was recorded.
        silence_shortest_s: Shorter silence is left in.
        clipping_share: A second with at least this share of clipped samples is proposed.
        min_snr_db: Recordings below this signal-to-noise ratio are proposed; None proposes
            none for that reason.
        duplicates: Look for the same sound in several files.
    """

    speech: bool = True
    speech_threshold: float = Field(default=0.5, gt=0.15, lt=1)
    speech_shortest_s: float = Field(default=0.25, ge=0)
    speech_gap_s: float = Field(default=0.5, ge=0)
    speech_pad_s: float = Field(default=0.15, ge=0)
    silence_dbfs: float = Field(default=-80.0, lt=0)
    silence_shortest_s: float = Field(default=2.0, gt=0)
    clipping_share: float = Field(default=0.02, gt=0, le=1)
    min_snr_db: float | None = None
    duplicates: bool = True
