from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from birdscope.audio.decode import read, write_ogg
from tests.audio.conftest import noise, tone


def test_vorbis_comes_back(tmp_path: Path) -> None:
    samples = tone(2000, 3)
    write_ogg(tmp_path / "new" / "a.ogg", samples, 32_000)
    back = read(tmp_path / "new" / "a.ogg")
    assert len(back) == len(samples)
    assert np.sqrt(np.mean((back - samples) ** 2)) < 0.02


def test_the_same_samples_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.ogg", "b.ogg"):
        write_ogg(tmp_path / name, noise(5), 32_000)
    assert (tmp_path / "a.ogg").read_bytes() == (tmp_path / "b.ogg").read_bytes()


def test_stereo_and_loud_samples(tmp_path: Path) -> None:
    samples = np.stack([3 * tone(500, 1), tone(900, 1)], axis=1)
    write_ogg(tmp_path / "a.ogg", samples, 32_000)
    back, _ = soundfile.read(tmp_path / "a.ogg")
    assert back.shape == (32_000, 2)
    assert np.abs(back[:, 0]).max() < 1.3


def test_many_minutes_in_one_call(tmp_path: Path) -> None:
    write_ogg(tmp_path / "a.ogg", noise(600, 8000), 8000)
    assert soundfile.info(tmp_path / "a.ogg").frames == 600 * 8000


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    for shape in ((300, 200), (3, 4, 5)):
        with pytest.raises(ValueError, match="channels"):
            write_ogg(tmp_path / "a.ogg", np.zeros(shape, np.float32), 32_000)
    with pytest.raises(TypeError):
        write_ogg(tmp_path / "a.ogg", np.array(["not", "a", "sound"]), 32_000)
    assert list(tmp_path.iterdir()) == []
