"""The front end: waveform → mel spectrogram, the module that follows a `FrontEnd`."""

from __future__ import annotations

import math
from typing import Any

import torch
import torchaudio
from torch import Tensor, nn

from birdscope.features.config import FrontEnd

__all__ = ["FrontEnd", "MelFrontEnd", "mel_centres_hz", "mel_transform"]

_SMALLEST_POWER = 1e-10  # torchaudio's AmplitudeToDB clamps here
_STD_OFFSET = 1e-6
_WINDOWS_AT_ONCE = 1
_MELS_AT_ONCE = 16


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


def _filter_blocks(filters: Tensor) -> list[tuple[slice, slice]]:
    """Which bins some neighbouring filters [bins, mels] reach: nothing else counts for them."""
    blocks = []
    for first in range(0, filters.shape[1], _MELS_AT_ONCE):
        last = min(first + _MELS_AT_ONCE, filters.shape[1])
        reached = filters[:, first:last].any(dim=1).nonzero().flatten().tolist() or [0]
        blocks.append((slice(reached[0], reached[-1] + 1), slice(first, last)))
    return blocks


class MelFrontEnd(nn.Module):
    """Follows a `FrontEnd`: float32 [B, samples] → float32 [B, channels, mels, frames].

    Works on whatever device it was moved to, always in float32 (a power spectrogram does
    not fit half precision). Windows of a batch don't influence each other.
    """

    def __init__(self, front_end: FrontEnd) -> None:
        super().__init__()
        self.front_end = front_end
        self.transform = mel_transform(front_end)
        self._blocks = _filter_blocks(self.transform.mel_scale.fb)
        outside = torch.zeros(front_end.n_mels, dtype=torch.bool)
        if front_end.band_hz is not None:
            centres_hz = mel_centres_hz(front_end)
            outside = (centres_hz < front_end.band_hz[0]) | (centres_hz > front_end.band_hz[1])
        self.register_buffer("outside_band", outside[:, None], persistent=False)

    def forward(self, waveform: Tensor) -> Tensor:
        """Compute the mels of a batch of waveforms."""
        with torch.autocast(waveform.device.type, enabled=False):
            mel = self._compress(self._mel(waveform.float()))
            mel = self._fit_frames(mel)
            mel = self._normalise(mel)
            if self.front_end.band_hz is not None:
                lowest = mel.amin(dim=(1, 2), keepdim=True)
                mel = torch.where(self.get_buffer("outside_band"), lowest, mel)
            return self._channels(mel[:, None])

    def _mel(self, waveform: Tensor) -> Tensor:
        """Mel power [B, mels, frames], as torchaudio's transform gives it to 1e-6.

        On a CPU one window at a time stays in the processor's cache, squares of real and
        imaginary parts spare the root of `abs`, and filters are multiplied in blocks with the
        bins they reach: together half of the time (measured, 64 mels of n_fft 2048).
        """
        mel: Tensor
        if self.front_end.power != 2 or self.front_end.normalized:
            mel = self.transform(waveform)
            return mel
        if waveform.device.type != "cpu":
            mel = self.transform.mel_scale(self._power(waveform))
            return mel
        windows = torch.split(waveform, _WINDOWS_AT_ONCE)
        parts = [self._filtered(self._power(one)) for one in windows]
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def _filtered(self, power: Tensor) -> Tensor:
        """Mels [B, mels, frames] of a power spectrogram [B, bins, frames]."""
        frames, filters = power.transpose(1, 2), self.transform.mel_scale.fb
        parts = [frames[..., bins] @ filters[bins, mels] for bins, mels in self._blocks]
        return torch.cat(parts, dim=-1).transpose(1, 2)

    def _power(self, waveform: Tensor) -> Tensor:
        """Power spectrogram [B, bins, frames]."""
        like = self.transform.spectrogram
        complex_bins = torch.stft(
            waveform,
            like.n_fft,
            like.hop_length,
            like.win_length,
            like.window,
            center=True,
            pad_mode=like.pad_mode,
            return_complex=True,
        )
        real, imaginary = torch.view_as_real(complex_bins).unbind(-1)
        return torch.addcmul(real * real, imaginary, imaginary)

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
                # Once more: of a silent window the first pass leaves rounding, which the
                # division would blow up to a picture of its own (0.7 instead of 0).
                centred = centred - centred.mean(dim=(1, 2), keepdim=True)
                return centred / (centred.std(dim=(1, 2), keepdim=True) + _STD_OFFSET)
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
