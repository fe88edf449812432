from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
import soundfile

from birdscope.dataset.xeno_canto.client import Client, Manners
from tests.dataset.xeno_canto.server import KEY, FakeXenoCanto, serving

MakeClient = Callable[..., Client]


def sound(
    seed: int = 0, seconds: float = 6.0, gain: float = 1.0, form: str = "MP3", rate: int = 48_000
) -> bytes:
    """A stereo file of calls over noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    calls = (time % 1 < 0.4) * np.sin(2 * np.pi * (2500 + 200 * seed) * time)
    wave = gain * (0.3 * calls + 0.005 * rng.normal(size=len(time)))
    file = io.BytesIO()
    soundfile.write(file, np.stack([wave, wave], axis=1), rate, format=form)
    return file.getvalue()


@pytest.fixture
def server() -> Iterator[FakeXenoCanto]:
    with serving() as fake:
        yield fake


@pytest.fixture
def make_client(server: FakeXenoCanto) -> MakeClient:
    """`make_client(sleep=…, stop=…)`: no waits unless asked."""

    def make(**options: object) -> Client:
        manners = Manners(pause_s=0.0, tries=3, backoff_s=0.01)
        return Client(**{"key": KEY, "base_url": server.url, "manners": manners, **options})  # type: ignore[arg-type]

    return make
