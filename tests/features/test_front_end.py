from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torchaudio

from birdscope.core.config import parse
from birdscope.core.errors import ConfigError
from birdscope.features.front_end import FrontEnd, MelFrontEnd, mel_centres_hz
from birdscope.features.presets import PRESETS, preset, resolve
from birdscope.features.view import mel_view

RATE = 32_000


def tone(frequency_hz: float, seconds: float = 5.0) -> torch.Tensor:
    time_s = torch.arange(int(seconds * RATE)) / RATE
    return 0.5 * torch.sin(2 * math.pi * frequency_hz * time_s)


def noise(batch: int = 2, seconds: float = 5.0) -> torch.Tensor:
    return torch.randn(batch, int(seconds * RATE), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("frequency_hz", [1000.0, 6000.0])
def test_a_tone_is_loudest_in_its_own_band(name: str, frequency_hz: float) -> None:
    front_end = preset(name)
    mel = MelFrontEnd(front_end)(tone(frequency_hz)[None])
    assert mel.shape == (1, 1, front_end.n_mels, front_end.frames_of(5 * RATE))
    loudest = mel[0, 0].mean(dim=1).argmax()
    centres = mel_centres_hz(front_end)
    assert abs(int(loudest) - int((centres - frequency_hz).abs().argmin())) <= 1


@pytest.mark.parametrize("scale", ["htk", "slaney"])
def test_band_centres_are_the_peaks_of_the_filters(scale: str) -> None:
    front_end = FrontEnd(n_fft=16_384, n_mels=32, mel_scale=scale)  # fine bins show the peaks
    filters = MelFrontEnd(front_end).transform.mel_scale.fb
    peaks_hz = filters.argmax(dim=0) * RATE / front_end.n_fft
    torch.testing.assert_close(mel_centres_hz(front_end), peaks_hz, atol=3.0, rtol=0.0)


def test_nfnet_is_ln_and_a_z_score_per_window() -> None:
    waveform = noise()
    plain = torchaudio.transforms.MelSpectrogram(
        RATE, 1024, 1024, 512, f_min=40, f_max=15_000, n_mels=128, norm="slaney"
    )(waveform)
    log = torch.log(plain + 1e-6)
    for window, mel in zip(log, MelFrontEnd(preset("nfnet"))(waveform)[:, 0], strict=True):
        wanted = (window - window.mean()) / (window.std(correction=1) + 1e-6)
        torch.testing.assert_close(mel, wanted, atol=1e-4, rtol=0)


def test_silence_gives_zeros_after_the_z_score() -> None:
    mel = MelFrontEnd(preset("nfnet"))(torch.zeros(1, 5 * RATE))
    assert torch.isfinite(mel).all()
    assert mel.abs().max() < 1e-5


def test_decibels_keep_80_under_the_loudest_bin_of_the_own_window() -> None:
    front_end = preset("seresnext")
    loud_and_quiet = torch.stack([tone(3000.0), 0.1 * tone(3000.0)])
    mel = MelFrontEnd(front_end)(loud_and_quiet)
    decibel = mel * 80 - 80
    spread = decibel.amax(dim=(1, 2, 3)) - decibel.amin(dim=(1, 2, 3))
    torch.testing.assert_close(spread, torch.tensor([80.0, 80.0]), atol=1e-3, rtol=0)
    other = front_end.model_copy(update={"normalisation": "255"})
    torch.testing.assert_close(MelFrontEnd(other)(loud_and_quiet) * 255, decibel)


def test_windows_of_a_batch_do_not_influence_each_other() -> None:
    waveform = torch.stack([tone(2000.0), noise(1)[0]])
    for name in ("nfnet", "seresnext"):
        front_end = MelFrontEnd(preset(name))
        both, alone = front_end(waveform), front_end(waveform[1:])
        torch.testing.assert_close(both[1:], alone, atol=1e-5, rtol=0)


def test_three_channels_repeat_or_differentiate() -> None:
    repeat = MelFrontEnd(preset("nfnet").model_copy(update={"channels": 3}))(noise())
    assert torch.equal(repeat[:, 0], repeat[:, 2])
    deltas = preset("seresnext").model_copy(update={"channels": 3, "channel_mode": "deltas"})
    mel = MelFrontEnd(deltas)(noise())
    first = torchaudio.functional.compute_deltas(mel[:, 0])
    assert torch.equal(mel[:, 1], first)
    assert torch.equal(mel[:, 2], torchaudio.functional.compute_deltas(first))


def test_fixed_frames_cut_and_pad_from_the_centre() -> None:
    front_end = preset("mission-extractor")
    natural = MelFrontEnd(front_end.model_copy(update={"frames": None}))
    extractor = MelFrontEnd(front_end)
    long = noise(1, 7.0)
    wide = natural(long)
    start = (wide.shape[-1] - 313) // 2
    assert torch.equal(extractor(long), wide[..., start : start + 313])
    short = extractor(noise(1, 3.0))
    assert short.shape[-1] == 313
    assert torch.allclose(short[..., :60], torch.tensor(math.log(1e-9)))
    assert (short[..., 100:200] > math.log(1e-9)).all()


def test_a_frequency_limit_sets_other_bands_to_the_windows_minimum() -> None:
    plain = preset("nfnet")
    limited = FrontEnd.model_validate({**plain.model_dump(), "band_hz": (1000, 8000)})
    whole, cut = MelFrontEnd(plain)(noise()), MelFrontEnd(limited)(noise())
    centres = mel_centres_hz(plain)
    inside = (centres >= 1000) & (centres <= 8000)
    assert torch.equal(whole[:, :, inside], cut[:, :, inside])
    for window in (0, 1):
        assert (cut[window, 0, ~inside] == whole[window].min()).all()


def test_impossible_front_ends_are_refused() -> None:
    for wrong in (
        {"f_min_hz": 9000, "f_max_hz": 8000},
        {"f_max_hz": 20_000},
        {"n_fft": 512, "win_length": 1024},
        {"band_hz": (5000, 1000)},
    ):
        with pytest.raises(ConfigError):
            parse(FrontEnd, wrong)
    with pytest.raises(ConfigError, match="did you mean 'n_mels'"):
        parse(FrontEnd, {"n_melz": 64})


def test_unknown_presets_name_the_nearest() -> None:
    with pytest.raises(ConfigError, match="did you mean 'nfnet'"):
        preset("nfnett")
    assert resolve("small") == PRESETS["small"]
    assert resolve(FrontEnd(n_mels=7)).n_mels == 7


def test_the_view_is_what_the_net_sees_with_its_axes() -> None:
    front_end = preset("nfnet")
    waveform = noise(1)[0]
    view = mel_view(waveform.numpy(), front_end)
    assert np.array_equal(view.values, MelFrontEnd(front_end)(waveform[None])[0].numpy())
    assert view.centres_hz.shape == (128,)
    assert view.times_s[0] == 0.0
    assert view.times_s[-1] == pytest.approx(312 * 512 / RATE)


def test_the_view_of_a_cut_waveform_knows_where_it_begins() -> None:
    click = np.zeros(7 * RATE, np.float32)
    click[int(3.5 * RATE)] = 1.0
    view = mel_view(click, preset("mission-extractor"))
    loudest = view.values[0].mean(axis=0).argmax()
    assert view.times_s[loudest] == pytest.approx(3.5, abs=0.02)


@pytest.mark.parametrize("name", ["nfnet", "small"])
@pytest.mark.parametrize("power", [1.0, 2.0])
def test_mels_are_torchaudios(name: str, power: float) -> None:
    front_end = preset(name).model_copy(update={"power": power})
    module = MelFrontEnd(front_end)
    waveform = 0.1 * torch.randn(5, 64_000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        wanted = module.transform(waveform)
        torch.testing.assert_close(module._mel(waveform), wanted, rtol=1e-5, atol=1e-6)
