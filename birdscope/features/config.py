"""A front end in words: free of torch, so that an ensemble file can be read without it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from birdscope.core.config import Config
from birdscope.core.windows import SAMPLE_RATE_HZ


class FrontEnd(Config):
    """Everything that decides which numbers a net sees for a waveform.

    Attributes:
        sample_rate_hz: Of the waveform.
        n_fft: Samples of one Fourier transform.
        win_length: Samples of the Hann window; None means `n_fft`.
        hop_length: Samples from one frame to the next.
        n_mels: Mel bands M.
        f_min_hz: Lower edge of the lowest band.
        f_max_hz: Upper edge of the highest band.
        power: Exponent of the magnitude: 2 for power, 1 for amplitude.
        pad_mode: What stands beyond the waveform's ends under the first and last frames.
        mel_norm: "slaney" gives the triangles equal areas, "none" equal heights.
        mel_scale: Formula of the mel scale.
        normalized: torchaudio's `normalized=True`: divides by the window's energy.
        compression: "ln" is ln(x + `log_offset`), "db" is 10·log10 with a floor `top_db`
            under the window's loudest bin.
        log_offset: Added before "ln".
        top_db: Dynamic range in dB kept by "db"; 0 keeps all.
        normalisation: "window_zscore" is (x − mean) / (std + 1e-6) per window, std
            unbiased; "80" is (x + 80) / 80; "255" is x / 255.
        channels: 1, or 3 made of the one by `channel_mode`.
        channel_mode: "repeat", or "deltas" for the mel with its first and second deltas.
        frames: Frames F to cut or pad to from the centre (padded with the value of
            silence); None keeps what the waveform gives.
        band_hz: Frequency limit (low, high), a test-time augmentation: bands whose centre
            lies outside are set to the window's minimum. None keeps all.
    """

    sample_rate_hz: int = Field(default=SAMPLE_RATE_HZ, gt=0)
    n_fft: int = Field(default=1024, ge=16)
    win_length: int | None = Field(default=None, ge=16)
    hop_length: int = Field(default=512, ge=1)
    n_mels: int = Field(default=128, ge=1)
    f_min_hz: float = Field(default=0.0, ge=0)
    f_max_hz: float = Field(default=16_000.0, gt=0)
    power: float = Field(default=2.0, gt=0)
    pad_mode: Literal["reflect", "constant"] = "reflect"
    mel_norm: Literal["slaney", "none"] = "slaney"
    mel_scale: Literal["htk", "slaney"] = "htk"
    normalized: bool = False
    compression: Literal["ln", "db"] = "ln"
    log_offset: float = Field(default=1e-6, gt=0)
    top_db: float = Field(default=80.0, ge=0)
    normalisation: Literal["window_zscore", "80", "255", "none"] = "window_zscore"
    channels: Literal[1, 3] = 1
    channel_mode: Literal["repeat", "deltas"] = "repeat"
    frames: int | None = Field(default=None, ge=1)
    band_hz: tuple[float, float] | None = None

    @model_validator(mode="after")
    def _frequencies_in_order(self) -> FrontEnd:
        nyquist_hz = self.sample_rate_hz / 2
        if not self.f_min_hz < self.f_max_hz <= nyquist_hz:
            raise ValueError(
                f"needs 'f_min_hz' < 'f_max_hz' <= {nyquist_hz:g} (half the sample rate)"
            )
        if self.win_length is not None and self.win_length > self.n_fft:
            raise ValueError("'win_length' can't exceed 'n_fft'")
        if self.band_hz is not None and not self.band_hz[0] < self.band_hz[1]:
            raise ValueError("'band_hz' needs low < high")
        return self

    def frames_of(self, samples: int) -> int:
        """Frames that a waveform of `samples` gives."""
        return self.frames if self.frames is not None else samples // self.hop_length + 1

    @property
    def frame_s(self) -> float:
        """Seconds from one frame to the next."""
        return self.hop_length / self.sample_rate_hz
