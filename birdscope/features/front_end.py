"""The front end: waveform → mel spectrogram, as a typed recipe and the module that follows it."""

from __future__ import annotations

import math
from typing import Any, Literal

import torch
import torchaudio
from pydantic import Field, model_validator
from torch import Tensor, nn

from birdscope.core.config import Config
from birdscope.core.windows import SAMPLE_RATE_HZ

_SMALLEST_POWER = 1e-10  # torchaudio's AmplitudeToDB clamps here
_STD_OFFSET = 1e-6


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


def mel_transform(front_end: FrontEnd) -> Any:
    """Give torchaudio's MelSpectrogram of a front end: [..., samples] → [..., mels, frames]."""
    return torchaudio.transforms.MelSpectrogram(
        sample_rate=front_end.sample_rate_hz,
        n_fft=front_end.n_fft,
        win_length=front_end.win_length,
        hop_length=front_end.hop_length,
        f_min=front_end.f_min_hz,
        f_max=front_end.f_max_hz,
        n_mels=front_end.n_mels,
        power=front_end.power,
        normalized=front_end.normalized,
        center=True,
        pad_mode=front_end.pad_mode,
        norm=None if front_end.mel_norm == "none" else front_end.mel_norm,
        mel_scale=front_end.mel_scale,
    )


def mel_centres_hz(front_end: FrontEnd) -> Tensor:
    """Centre frequency of each mel band, float32 [mels]."""
    to_mel, to_hz = _SCALES[front_end.mel_scale]
    edges_hz = torch.tensor([front_end.f_min_hz, front_end.f_max_hz], dtype=torch.float64)
    low, high = to_mel(edges_hz).tolist()
    points = torch.linspace(low, high, front_end.n_mels + 2, dtype=torch.float64)
    return to_hz(points)[1:-1].float()


def _htk_mel(hz: Tensor) -> Tensor:
    return 2595.0 * torch.log10(1.0 + hz / 700.0)


def _htk_hz(mel: Tensor) -> Tensor:
    return 700.0 * (torch.pow(10.0, mel / 2595.0) - 1.0)


def _slaney_mel(hz: Tensor) -> Tensor:
    """Linear to 1 kHz (15 mel), then 27 mel for a factor of 6.4."""
    return torch.where(hz < 1000, hz * 0.015, 15 + 27 * torch.log(hz / 1000) / math.log(6.4))


def _slaney_hz(mel: Tensor) -> Tensor:
    return torch.where(mel < 15, mel / 0.015, 1000 * torch.exp((mel - 15) * math.log(6.4) / 27))


_SCALES = {"htk": (_htk_mel, _htk_hz), "slaney": (_slaney_mel, _slaney_hz)}


class MelFrontEnd(nn.Module):
    """Follows a `FrontEnd`: float32 [B, samples] → float32 [B, channels, mels, frames].

    Works on whatever device it was moved to, always in float32 (a power spectrogram does
    not fit half precision). Windows of a batch don't influence each other.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        super().__init__()
        self.front_end = front_end
        self.transform = mel_transform(front_end)
        outside = torch.zeros(front_end.n_mels, dtype=torch.bool)
        if front_end.band_hz is not None:
            centres_hz = mel_centres_hz(front_end)
            outside = (centres_hz < front_end.band_hz[0]) | (centres_hz > front_end.band_hz[1])
        self.register_buffer("outside_band", outside[:, None], persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the mels of a batch of waveforms."""
        with torch.autocast(waveform.device.type, enabled=False):
            mel = self._compress(self.transform(waveform.float()))
            mel = self._fit_frames(mel)
            mel = self._normalise(mel)
            if self.front_end.band_hz is not None:
                lowest = mel.amin(dim=(1, 2), keepdim=True)
                mel = torch.where(self.get_buffer("outside_band"), lowest, mel)
            return self._channels(mel[:, None])

    def _compress(self, mel: Tensor) -> Tensor:
        if self.front_end.compression == "ln":
            return torch.log(mel + self.front_end.log_offset)
        factor = 20.0 / self.front_end.power
        decibel = factor * torch.log10(torch.clamp(mel, min=_SMALLEST_POWER))
        if self.front_end.top_db == 0:
            return decibel
        return torch.maximum(
            decibel, decibel.amax(dim=(1, 2), keepdim=True) - self.front_end.top_db
        )

    def _fit_frames(self, mel: Tensor) -> Tensor:
        """Cut or pad [B, mels, frames] to the front end's frames, from the centre."""
        wanted, given = self.front_end.frames, mel.shape[-1]
        if wanted is None or wanted == given:
            return mel
        if given > wanted:
            start = (given - wanted) // 2
            return mel[..., start : start + wanted]
        before = (wanted - given) // 2
        silence = float(self._compress(torch.zeros(1, 1, 1)))
        return nn.functional.pad(mel, (before, wanted - given - before), value=silence)

    def _normalise(self, mel: Tensor) -> Tensor:
        match self.front_end.normalisation:
            case "window_zscore":
                centred = mel - mel.mean(dim=(1, 2), keepdim=True)
                std = mel.std(dim=(1, 2), keepdim=True)
                return torch.where(std > 0, centred / (std + _STD_OFFSET), centred)
            case "80":
                return (mel + 80.0) / 80.0
            case "255":
                return mel / 255.0
            case "none":
                return mel

    def _channels(self, mel: Tensor) -> Tensor:
        if self.front_end.channels == 1:
            return mel
        if self.front_end.channel_mode == "repeat":
            return mel.expand(-1, 3, -1, -1)
        first = torchaudio.functional.compute_deltas(mel)
        return torch.cat([mel, first, torchaudio.functional.compute_deltas(first)], dim=1)
