from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch

from birdscope.core.errors import Cancelled, CheckpointError, ConfigError
from birdscope.core.events import Event, Stop
from birdscope.features.front_end import MelFrontEnd
from birdscope.features.presets import preset
from birdscope.inference.predictor import Predictor
from birdscope.inference.preparing import window_sound
from birdscope.nets.birdclef_model import front_end_of_cfg
from birdscope.nets.pooling import central_maximum
from tests.nets.tiny import CFG, save_public, save_tiny, tiny_network

RATE = 32_000
CLASSES = ("a", "b", "c", "d")
SHORT = '[[members]]\nname = "mine"\ncheckpoints = "mine"\n'


def noise(seconds: float, seed: int = 0) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    loudness = np.repeat(rng.uniform(0.01, 0.5, int(seconds) + 1), RATE)[: int(seconds * RATE)]
    return (loudness * rng.standard_normal(int(seconds * RATE))).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two of our checkpoints, one public seresnext-like, one plain nfnet-like state dict."""
    root = tmp_path_factory.mktemp("models")
    save_tiny(root / "mine" / "one.safetensors", seed=1)
    save_tiny(root / "mine" / "two.safetensors", ("d", "x", "a"), seed=2)
    save_public(root / "seresnext" / "sedmodel.pth", seed=3)
    (root / "nfnet").mkdir()
    state = tiny_network("timm_sed", seed=4, n_mels=128).state_dict()
    torch.save(state, root / "nfnet" / "sed0.pth")
    (root / "short.toml").write_text(SHORT)
    (root / "all.toml").write_text(
        SHORT + '[[members]]\nname = "seresnext"\ncheckpoints = "seresnext"\nweight = 2\n'
        "through_half = true\n"
        '[[members]]\nname = "nfnet"\ncheckpoints = "nfnet"\nfront_end = "nfnet"\n'
        'architecture = "timm_sed"\nbackbone = "test_efficientnet"\n'
    )
    return root


@pytest.fixture(scope="module")
def predictor(folder: Path) -> Predictor:
    return Predictor.load(folder / "all.toml", CLASSES, device="cpu")


def test_layers_members_and_weights(predictor: Predictor) -> None:
    names = [(one.name, one.member) for one in predictor.checkpoints]
    assert names == [
        ("mine/one", "mine"),
        ("mine/two", "mine"),
        ("seresnext/sedmodel", "seresnext"),
        ("nfnet/sed0", "nfnet"),
    ]
    assert predictor.weights == {"mine": 0.25, "seresnext": 0.5, "nfnet": 0.25}
    assert predictor.margin_s == 2.5


def test_attention_member_is_the_net_on_plain_windows(predictor: Predictor, folder: Path) -> None:
    waveform = noise(15)
    network = save_tiny(folder / "again.safetensors", seed=1)
    with torch.inference_mode():
        mel = MelFrontEnd(preset("small"))(torch.from_numpy(waveform.reshape(3, -1)))
        wanted = torch.sigmoid(network(mel).clip_logits).numpy()
    np.testing.assert_allclose(predictor.predict(waveform, 3)[0], wanted, atol=1e-5)


def test_maximum_member_sees_zeros_beyond_the_ends(predictor: Predictor, folder: Path) -> None:
    waveform = noise(15)
    network = save_public(folder / "elsewhere" / "sedmodel.pth", seed=3)
    network.load_state_dict(
        {
            k: v.half().float() if v.is_floating_point() else v
            for k, v in network.state_dict().items()
        }
    )
    padded = np.pad(waveform, 5 * RATE // 2)
    windows = np.stack([padded[i * 5 * RATE : (i * 5 + 10) * RATE] for i in range(3)])
    with torch.inference_mode():
        mel = MelFrontEnd(front_end_of_cfg(CFG, folder))(torch.from_numpy(windows))
        frames = torch.sigmoid(network(mel).segment_logits)
    wanted = central_maximum(frames, 0.5, 2).numpy()
    np.testing.assert_allclose(predictor.predict(waveform, 3)[2], wanted, atol=1e-5)


def test_other_class_lists_are_mapped_by_name(predictor: Predictor) -> None:
    values = predictor.predict(noise(10), 2)
    assert values.shape == (4, 2, 4)
    assert (values[1, :, [1, 2]] == 0).all()
    assert (values[1, :, [0, 3]] > 0).all()


def test_single_windows_are_the_same_numbers(predictor: Predictor) -> None:
    waveform = noise(22)
    whole = predictor.predict(waveform, 4)
    for index in range(4):
        one = predictor.predict_window(waveform, index, 4)
        np.testing.assert_allclose(one, whole[:, index], atol=1e-5)
    start_s = 2 * 5 - predictor.margin_s
    excerpt = waveform[int(start_s * RATE) : int((start_s + 10) * RATE)]
    one = predictor.predict_window(excerpt, 2, 4, waveform_start_s=start_s)
    np.testing.assert_allclose(one, whole[:, 2], atol=1e-5)
    with pytest.raises(IndexError):
        predictor.predict_window(waveform, 4, 4)


def test_the_same_sound_gives_the_same_bits(predictor: Predictor, folder: Path) -> None:
    waveform = noise(20)
    first = predictor.predict(waveform, 4)
    predictor.predict(noise(7, seed=5), 1)
    assert np.array_equal(predictor.predict(waveform, 4), first)
    again = Predictor.load(folder / "all.toml", CLASSES, device="cpu")
    assert np.array_equal(again.predict(waveform, 4), first)


def test_small_batches_give_the_same_numbers(predictor: Predictor, folder: Path) -> None:
    waveform = noise(35)
    small = Predictor.load(folder / "all.toml", CLASSES, device="cpu", max_batch=3)
    np.testing.assert_allclose(
        small.predict(waveform, 7), predictor.predict(waveform, 7), atol=1e-5
    )


@pytest.mark.parametrize("seconds", [0.01, 3.0, 61.0])
def test_odd_lengths_are_filled_with_zeros(predictor: Predictor, seconds: float) -> None:
    waveform = noise(seconds)
    count = 12 if seconds > 60 else 1
    values = predictor.predict(waveform, count)
    assert values.shape == (4, count, 4)
    assert np.isfinite(values).all()
    padded = np.concatenate([waveform, np.zeros(10 * RATE, np.float32)])
    assert np.array_equal(predictor.predict(padded, count), values)


def test_empty_and_silent_sound_give_numbers_that_agree(predictor: Predictor) -> None:
    nothing = predictor.predict(np.zeros(0, np.float32), 3)
    silent = predictor.predict(np.zeros(15 * RATE, np.float32), 3)
    assert np.isfinite(nothing).all()
    assert np.array_equal(nothing, silent)
    np.testing.assert_allclose(
        silent[:, 1], predictor.predict_window(np.zeros(0, np.float32), 1, 3), atol=1e-5
    )


def test_windows_are_cut_with_their_context() -> None:
    waveform = np.arange(1, 12 * RATE + 1, dtype=np.float32)
    sound = window_sound(waveform, 0, 3, context_s=10)
    assert sound.shape == (3, 10 * RATE)
    margin = 5 * RATE // 2
    assert not sound[0, :margin].any()
    assert sound[0, margin] == 1
    assert sound[1, 0] == margin + 1
    assert sound[2, 12 * RATE - 10 * RATE + margin - 1] == 12 * RATE
    assert not sound[2, 12 * RATE - 10 * RATE + margin :].any()


def test_equal_front_ends_share_one_mel(
    predictor: Predictor, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, ...]] = []
    plain = MelFrontEnd.forward

    def counting(self: MelFrontEnd, waveform: torch.Tensor) -> torch.Tensor:
        seen.append(tuple(waveform.shape))
        return plain(self, waveform)

    monkeypatch.setattr(MelFrontEnd, "forward", counting)
    predictor.predict(noise(10), 2)
    assert sorted(seen) == [(2, 5 * RATE), (2, 5 * RATE), (2, 10 * RATE)]


def test_a_frequency_limit_changes_what_a_member_sees(folder: Path, predictor: Predictor) -> None:
    (folder / "limited.toml").write_text(SHORT + "band_hz = [500, 4000]\n")
    limited = Predictor.load(folder / "limited.toml", CLASSES, device="cpu")
    assert limited.loaded[0].front_end.band_hz == (500, 4000)
    difference = limited.predict(noise(5), 1) - predictor.predict(noise(5), 1)[:2]
    assert np.abs(difference[0]).max() > 1e-4


def test_loading_says_what_it_does(folder: Path) -> None:
    heard: list[Event] = []
    Predictor.load(folder / "short.toml", CLASSES, device="cpu", emit=heard.append)
    progress = [(event.done, event.total) for event in heard if event.kind == "progress"]
    assert progress == [(0, 2), (1, 2), (2, 2)]
    warnings = [event.message for event in heard if event.kind == "warning"]
    assert warnings == ["mine/two does not know 2 of 4 classes: they get 0.0"]


def test_threads_are_set(folder: Path) -> None:
    before = torch.get_num_threads()
    try:
        Predictor.load(folder / "short.toml", CLASSES, device="cpu", threads=1)
        assert torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


def test_it_describes_itself(predictor: Predictor) -> None:
    summary = predictor.describe()
    assert [member.name for member in summary.members] == ["mine", "seresnext", "nfnet"]
    mine, seresnext, _ = summary.members
    assert [one.known_classes for one in mine.checkpoints] == [4, 2]
    assert seresnext.weight == 0.5
    one = seresnext.checkpoints[0]
    assert (one.architecture, one.backbone, one.pooling) == ("birdclef_model", "test_resnet", "max")
    assert (one.context_s, one.front_end) == (10, "64 mels, 1024/1024, 40 Hz–15 kHz")
    network = tiny_network("birdclef_model", backbone="test_resnet", in_channels=1)
    assert one.parameters == sum(value.numel() for value in network.parameters())
    assert summary.parameters > one.parameters


def test_a_stop_is_heeded(predictor: Predictor) -> None:
    stop = Stop()
    stop.set()
    with pytest.raises(Cancelled):
        predictor.predict(noise(5), 1, stop=stop)


@pytest.mark.parametrize(
    ("text", "error", "what", "remedy"),
    [
        (
            '[[members]]\nname = "n"\ncheckpoints = "nfnet"\n',
            CheckpointError,
            "does not say its front_end",
            'front_end = "nfnet"',
        ),
        (
            '[[members]]\nname = "n"\ncheckpoints = "nfnet"\nfront_end = "nfnet"\n',
            CheckpointError,
            "does not say its backbone",
            "backbone = ",
        ),
        (
            '[[members]]\nname = "s"\ncheckpoints = "seresnext"\nbackbone = "test_nfnet"\n',
            CheckpointError,
            "backbone 'test_resnet', but member 's' says 'test_nfnet'",
            'backbone = "test_resnet"',
        ),
        (
            SHORT + 'architecture = "timm_sed"\n',
            CheckpointError,
            "architecture 'sed', but member 'mine' says 'timm_sed'",
            'architecture = "sed"',
        ),
        (
            SHORT + 'classes = ["a", "b"]\n',
            CheckpointError,
            "4 classes, but its class list names 2",
            "classes.txt",
        ),
        (SHORT + 'front_end = "tiny"\n', ConfigError, "no front end named 'tiny'", "small"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    folder: Path, text: str, error: type[Exception], what: str, remedy: str
) -> None:
    (folder / "wrong.toml").write_text(text)
    with pytest.raises(error) as caught:
        Predictor.load(folder / "wrong.toml", CLASSES, device="cpu")
    assert what in str(caught.value)
    assert remedy in str(caught.value)


def test_another_count_without_names_is_refused_until_named(folder: Path) -> None:
    text = '[[members]]\nname = "s"\ncheckpoints = "seresnext"\n'
    (folder / "count.toml").write_text(text)
    dataset = ("d", "e", "a")
    with pytest.raises(CheckpointError, match="4 classes and the dataset 3") as caught:
        Predictor.load(folder / "count.toml", dataset, device="cpu")
    assert 'classes = "classes.txt"' in str(caught.value.remedy)
    (folder / "classes.txt").write_text("a\nb\nc\nd\n")
    (folder / "count.toml").write_text(text + 'classes = "classes.txt"\n')
    named = Predictor.load(folder / "count.toml", dataset, device="cpu").predict(noise(5), 1)
    own = Predictor.load(folder / "count.toml", CLASSES, device="cpu").predict(noise(5), 1)
    assert np.array_equal(named[0, 0], [own[0, 0, 3], 0.0, own[0, 0, 0]])


def test_unknown_devices_are_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="no device 'gpu0'"):
        Predictor.load(folder / "short.toml", CLASSES, device="gpu0")


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_a_gpu_agrees_with_the_cpu(folder: Path, predictor: Predictor) -> None:
    waveform = noise(20)
    wanted = predictor.predict(waveform, 4)
    full = Predictor.load(folder / "all.toml", CLASSES, device="cuda").predict(waveform, 4)
    half = Predictor.load(folder / "all.toml", CLASSES, device="cuda", half=True)
    np.testing.assert_allclose(full, wanted, atol=1e-4)
    np.testing.assert_allclose(half.predict(waveform, 4), wanted, atol=1e-2)
