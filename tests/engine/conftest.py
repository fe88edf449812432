import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile

from birdscope.engine.client import Engine

CLASSES = ("one", "two", "three")


@pytest.fixture
async def engine(tmp_path):
    made = Engine(loader="tests.engine.fakes:load", log_folder=tmp_path / "logs")
    yield made
    made.close()


@pytest.fixture
def ensemble(tmp_path):
    """Write an ensemble file with a [fake] table."""

    def write(name="fake", **fake) -> Path:
        path = tmp_path / f"{name}.toml"
        lines = [f'name = "{name}"', "[fake]"]
        lines += [f"{key} = {_toml(value)}" for key, value in fake.items()]
        path.write_text("\n".join(lines))
        return path

    return write


@pytest.fixture
def numbered(tmp_path):
    """Write a recording whose samples in window w are w / 100."""

    def write(windows=12, name="numbered.wav") -> Path:
        path = tmp_path / name
        values = np.repeat(np.arange(windows, dtype=np.float32) / 100, 5 * 32_000)
        soundfile.write(path, values, 32_000, subtype="FLOAT")
        return path

    return write


async def until(condition, timeout_s=20.0):
    """Wait for a condition of the engine's state."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.01)


def _toml(value):
    if isinstance(value, bool):
        return str(value).lower()
    return repr(value) if isinstance(value, int | float) else f'"{value}"'
