import numpy as np
import pytest
import soundfile

from birdscope.audio.decode import write_ogg
from birdscope.core.types import Recording
from birdscope.training.clips import ClipStore, label_clips, repeat_rare
from birdscope.training.mixing import Mixer, fit, loud_level, place, repeat, start_chances
from birdscope.training.noise import NoiseBank, coloured_noise, rms
from birdscope.training.recipe import AugmentConfig, DataConfig

RATE = 32_000
SAMPLES = RATE
INDEX = {"low": 0, "high": 1, "other": 2}
PLAIN = AugmentConfig(empty=0, mixup=0, background=0, level_db=(-20.0, -20.0))


def _tone(frequency_hz: float, seconds: float) -> np.ndarray:
    time_s = np.arange(round(seconds * RATE)) / RATE
    return (0.3 * np.sin(2 * np.pi * frequency_hz * time_s)).astype(np.float32)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> list[Recording]:
    folder = tmp_path_factory.mktemp("clips")
    made = []
    for label, frequency_hz, seconds in (("low", 500, 0.5), ("high", 4000, 3.0)):
        path = folder / f"{label}.ogg"
        write_ogg(path, _tone(frequency_hz, seconds), RATE)
        made.append(Recording(f"train_audio/{label}.ogg", path, "train_audio", label))
    return made


def _mixer(recordings, config=PLAIN, cache_mb=100, **data_options) -> Mixer:
    clips, data = ClipStore(recordings, cache_mb=cache_mb), DataConfig(**data_options)
    labels = label_clips(clips.recordings, INDEX, data)
    return Mixer(clips, labels, SAMPLES, config, NoiseBank(0, SAMPLES, size=3), data=data)


def _energy_share(wave: np.ndarray, frequency_hz: float) -> float:
    power = np.abs(np.fft.rfft(wave)) ** 2
    near = np.abs(np.fft.rfftfreq(len(wave), 1 / RATE) - frequency_hz) < 50
    return float(power[near].sum() / power.sum())


def test_plain_sample_is_the_clip_at_the_level_asked(recordings):
    wave, targets, weights = _mixer(recordings).sample(0, np.array([1]), np.random.default_rng(0))
    assert wave.shape == (SAMPLES,)
    assert wave.dtype == np.float32
    assert _energy_share(wave, 500) > 0.95
    assert rms(wave) == pytest.approx(0.1, rel=0.05)
    assert targets.tolist() == [1, 0, 0]
    assert weights.tolist() == [1, 1, 1]


def test_mixup_holds_both_clips_and_both_labels(recordings):
    config = PLAIN.model_copy(update={"mixup": 1.0, "mixup_attenuation_db": (0.0, 0.0)})
    wave, targets, _ = _mixer(recordings, config).sample(0, np.array([1]), np.random.default_rng(0))
    assert targets.tolist() == [1, 1, 0]
    assert 0.3 < _energy_share(wave, 500) < 0.7
    assert 0.3 < _energy_share(wave, 4000) < 0.7


def test_background_has_the_asked_level_below_the_clip(recordings):
    config = PLAIN.model_copy(update={"background": 1.0, "background_snr_db": (20.0, 20.0)})
    shares = [
        1 - _energy_share(_mixer(recordings, config).sample(1, np.array([0]), rng)[0], 4000)
        for rng in map(np.random.default_rng, range(8))
    ]
    assert np.median(shares) == pytest.approx(0.01, rel=0.6)


def test_empty_samples_have_no_labels_and_all_weights(recordings):
    config = PLAIN.model_copy(update={"empty": 1.0})
    mixer = _mixer(recordings, config)
    wave, targets, weights = mixer.sample(0, np.array([1]), np.random.default_rng(0))
    assert rms(wave) > 0
    assert targets.sum() == 0
    assert weights.min() == 1


def test_empty_can_be_forbidden(recordings):
    config = PLAIN.model_copy(update={"empty": 1.0})
    _, targets, _ = _mixer(recordings, config).sample(
        0, np.array([1]), np.random.default_rng(0), allow_empty=False
    )
    assert targets.sum() == 1


def test_a_sample_depends_on_its_generator_only(recordings):
    config = AugmentConfig()
    first, second = _mixer(recordings, config), _mixer(recordings, config)
    second.sample(1, np.array([0]), np.random.default_rng(99))
    for one, two in zip(
        first.sample(0, np.array([1]), np.random.default_rng(7)),
        second.sample(0, np.array([1]), np.random.default_rng(7)),
        strict=True,
    ):
        assert np.array_equal(one, two)


GOLDEN = (
    (0.030076, -0.00171673, -0.0340058, 0.00362941, 0.0272464),
    (-0.0878163, -0.0618267, -0.0177318, 0.062904, 0.102629),
    (-0.0145466, 0.0530476, -0.00148625, -0.0689189, -0.000974863),
    (-0.000622795, -0.000436394, -0.00234649, -0.00483143, -0.00162012),
)


def test_samples_are_those_of_the_first_release_where_new_options_are_off(tmp_path):
    made = []
    for label, frequency_hz, seconds in (("low", 500, 0.5), ("high", 4000, 3.0)):
        path = tmp_path / f"{label}.wav"
        soundfile.write(path, _tone(frequency_hz, seconds), RATE)
        made.append(Recording(f"train_audio/{label}.wav", path, "train_audio", label))
    mixer = _mixer(made, AugmentConfig(empty=0.2))
    for seed, expected in enumerate(GOLDEN):
        wave, _, _ = mixer.sample(seed % 2, np.array([0, 1]), np.random.default_rng(seed))
        assert wave[::7919] == pytest.approx(expected, rel=1e-3, abs=1e-6)


@pytest.mark.parametrize(
    ("weight", "labels", "expected"),
    [
        (0.5, "max", [1, 1, 0]),
        (0.5, "soft", [0.5, 0.5, 0]),
        (0.25, "soft", [0.25, 0.75, 0]),
        (0.5, "sum", [1, 1, 0]),
    ],
)
def test_fixed_mixup_weighs_sound_and_soft_labels_alike(recordings, weight, labels, expected):
    config = PLAIN.model_copy(
        update={
            "mixup": 1.0,
            "mixup_kind": "fixed",
            "mixup_weight": weight,
            "mixup_labels": labels,
        }
    )
    wave, targets, weights = _mixer(recordings, config).sample(
        0, np.array([1]), np.random.default_rng(0)
    )
    assert targets == pytest.approx(expected)
    assert targets.dtype == weights.dtype == np.float32
    shares = [_energy_share(wave, frequency_hz) for frequency_hz in (500, 4000)]
    assert shares[0] / shares[1] == pytest.approx((weight / (1 - weight)) ** 2, rel=0.1)


def test_summed_labels_stop_at_one(recordings):
    first = Recording("a", recordings[0].path, "train_audio", "low", ("high",))
    config = PLAIN.model_copy(update={"mixup": 1.0, "mixup_kind": "fixed", "mixup_labels": "sum"})
    mixer = _mixer([first, first], config, secondary_target=0.4)
    _, targets, _ = mixer.sample(0, np.array([1]), np.random.default_rng(0))
    assert targets == pytest.approx([1, 0.8, 0])


def test_soft_labels_need_both_clips_to_know(recordings):
    first = Recording("a", recordings[0].path, "train_audio", "low", ("high", "other"))
    config = PLAIN.model_copy(update={"mixup": 1.0, "mixup_kind": "fixed", "mixup_labels": "soft"})
    mixer = _mixer([first, recordings[1]], config, secondary="mask")
    _, _, weights = mixer.sample(0, np.array([1]), np.random.default_rng(0))
    assert weights.tolist() == [1, 0, 0]


def test_beta_mixup_draws_the_weight(recordings):
    config = PLAIN.model_copy(update={"mixup": 1.0, "mixup_kind": "beta", "mixup_labels": "soft"})
    mixer = _mixer(recordings, config)
    drawn = [
        float(mixer.sample(0, np.array([1]), np.random.default_rng(seed))[1][0])
        for seed in range(400)
    ]
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.05)
    assert np.var(drawn) == pytest.approx(1 / 8, rel=0.15)  # of Beta(0.5, 0.5)


def test_a_clip_alone_is_not_made_softer_by_fixed_mixup(recordings):
    config = PLAIN.model_copy(update={"mixup_kind": "fixed"})
    wave, _, _ = _mixer(recordings, config).sample(0, np.array([1]), np.random.default_rng(0))
    assert rms(wave) == pytest.approx(0.1, rel=0.05)


def test_hop_crops_begin_at_multiples_of_the_hop(recordings, monkeypatch):
    mixer = _mixer(recordings, crop="hop", hop_s=0.75)
    starts = _starts(mixer, monkeypatch)
    assert starts == {0, 24_000, 48_000}


def test_energy_crops_prefer_the_loud_part(tmp_path, monkeypatch):
    path = tmp_path / "call.wav"
    quiet = 0.01 * _tone(1000, 4.0)
    soundfile.write(path, np.concatenate([quiet, _tone(1000, 1.0), quiet]), RATE)
    clip = Recording("train_audio/call.wav", path, "train_audio", "low")
    loud = {
        crop: np.mean(
            [3 * RATE < one < 5 * RATE for one in _starts(_mixer([clip], crop=crop), monkeypatch)]
        )
        for crop in ("energy", "random")
    }
    assert loud["energy"] == 1
    assert loud["random"] < 0.8


def _starts(mixer: Mixer, monkeypatch) -> set[int]:
    """Where the samples of the last clip begin."""
    heard: set[int] = set()
    read = mixer.clips.read

    def listen(number, start=0, samples=None):
        if samples == SAMPLES:
            heard.add(start)
        return read(number, start, samples)

    monkeypatch.setattr(mixer.clips, "read", listen)
    for seed in range(100):
        mixer.crop(len(mixer.clips.samples) - 1, np.random.default_rng(seed))
    return heard


def test_start_chances_follow_the_energy_of_the_sample():
    blocks = np.repeat(np.array([0, 0, 1, 0, 0, 0], np.float32), RATE // 20)
    assert start_chances(blocks, RATE // 10).tolist() == [0, 0.5, 0.5, 0, 0]
    assert start_chances(np.zeros(RATE, np.float32), RATE // 2) == pytest.approx(1 / 11)


def test_clips_past_the_memory_limit_come_from_disk_and_sound_the_same(recordings):
    kept, on_disk = ClipStore(recordings, cache_mb=100), ClipStore(recordings, cache_mb=0)
    assert kept.samples.tolist() == on_disk.samples.tolist()
    for number in range(2):
        a, b = kept.read(number, 1000, 5000), on_disk.read(number, 1000, 5000)
        assert a.shape == b.shape == (5000,)
        assert np.abs(a - b).max() < 2e-4


def test_first_seconds_only(recordings):
    store = ClipStore(recordings, first_s=1.0)
    assert store.samples.tolist() == [RATE // 2, RATE]


def test_unreadable_clips_are_left_out_with_a_reason(recordings, tmp_path):
    broken = tmp_path / "broken.ogg"
    broken.write_bytes(b"not sound")
    bad = Recording("train_audio/broken.ogg", broken, "train_audio", "low")
    heard = []
    store, left_out = ClipStore([recordings[0], bad], emit=heard.append).without_empty()
    assert [one.key for one in store.recordings] == [recordings[0].key]
    assert len(store.read(0)) == RATE // 2
    assert left_out == ("train_audio/broken.ogg: no sound in it",)
    assert [event.kind for event in heard].count("warning") == 1


def _labelled(primary: str, secondary: tuple[str, ...] = (), rating: float = 0.0) -> Recording:
    return Recording("k", None, "train_audio", primary, secondary, rating)


def test_secondary_labels_as_soft_targets():
    labels = label_clips([_labelled("low", ("high", "unheard"))], INDEX, DataConfig())
    assert labels.targets[0] == pytest.approx([1, 0.9, 0])
    assert labels.weights[0].tolist() == [1, 1, 1]


def test_secondary_labels_masked():
    labels = label_clips([_labelled("low", ("high",))], INDEX, DataConfig(secondary="mask"))
    assert labels.targets[0].tolist() == [1, 0, 0]
    assert labels.weights[0].tolist() == [1, 0, 1]


def test_secondary_labels_ignored():
    labels = label_clips([_labelled("low", ("high",))], INDEX, DataConfig(secondary="ignore"))
    assert labels.targets[0].tolist() == [1, 0, 0]
    assert labels.weights[0].tolist() == [1, 1, 1]


def test_a_rating_of_zero_is_neutral():
    rated = [_labelled("low", rating=value) for value in (0.0, 2.5, 5.0)]
    labels = label_clips(rated, INDEX, DataConfig(rating_weight=True))
    assert labels.weights[:, 0].tolist() == [1, 0.5, 1]
    assert label_clips(rated, INDEX, DataConfig()).weights.min() == 1


def test_masked_class_is_unmasked_by_a_clip_that_is_sure(recordings):
    first = Recording("a", recordings[0].path, "train_audio", "low", ("high", "other"))
    mixer = _mixer(
        [first, recordings[1]], PLAIN.model_copy(update={"mixup": 1.0}), secondary="mask"
    )
    _, targets, weights = mixer.sample(0, np.array([1]), np.random.default_rng(0))
    assert targets.tolist() == [1, 1, 0]
    assert weights.tolist() == [1, 1, 0]


def test_rare_classes_are_repeated_evenly():
    primary = np.array([0, 0, 0, 0, 1, 2, 2])
    order = repeat_rare(np.array([0, 1, 2, 3, 4, 5]), primary, 3)
    assert sorted(order.tolist()) == [0, 1, 2, 3, 4, 4, 4, 5, 5, 5]


def test_place_cuts_at_most_a_third():
    wave = np.ones(300, np.float32)
    sums = [place(wave, 1000, np.random.default_rng(seed)).sum() for seed in range(300)]
    assert min(sums) >= 200
    assert max(sums) == 300


def test_place_of_a_clip_as_long_as_the_sample_stays_inside():
    for seed in range(50):
        assert len(place(np.ones(990, np.float32), 1000, np.random.default_rng(seed))) == 1000


def test_repeat_and_fit_give_the_length():
    rng = np.random.default_rng(0)
    assert len(repeat(np.ones(7, np.float32), 100, rng)) == 100
    assert repeat(np.ones(7, np.float32), 100, rng).min() == 1
    assert fit(np.ones(7, np.float32), 10).sum() == 7
    assert repeat(np.zeros(0, np.float32), 10, rng).tolist() == [0] * 10


def test_loud_level_ignores_pauses():
    call = _tone(1000, 1.0)
    with_pause = np.concatenate([call, np.zeros(2 * RATE, np.float32)])
    assert loud_level(with_pause) == pytest.approx(loud_level(call), rel=0.02)


def test_noise_is_of_level_one_and_never_the_same_twice():
    noises = [coloured_noise(RATE, np.random.default_rng(seed)) for seed in range(6)]
    assert [rms(one) for one in noises] == pytest.approx([1] * 6, rel=1e-3)
    tilts = {round(float(np.abs(np.diff(one)).mean()), 4) for one in noises}
    assert len(tilts) == 6


def test_noise_bank_does_not_depend_on_the_order_of_asking():
    one, two = NoiseBank(3, 1000, size=4), NoiseBank(3, 1000, size=4)
    for seed in range(8):
        one.cut(1000, np.random.default_rng(seed))
    for seed in reversed(range(8)):
        expected = one.cut(1000, np.random.default_rng(seed))
        assert np.array_equal(two.cut(1000, np.random.default_rng(seed)), expected)
