"""Fixtures for every test: real recordings where they are, a small synthetic dataset."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[1]

# Tests make many nets and use each for a moment: converting them all would take minutes.
# The other backend's own tests ask for it by name.
os.environ.setdefault("BIRDSCOPE_BACKEND", "torch")


# Tests that wait for sound devices, screens and other processes by the clock.
BY_THE_CLOCK = ("audio", "engine", "jobs", "tui")
MORE_TRIES = 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give tests that live by the clock another try: a busy machine may hold any process.

    A real fault fails every try, and pytest's summary counts each one that was repeated.
    """
    for item in items:
        folder = item.path.relative_to(PROJECT / "tests").parts[0]
        if folder in BY_THE_CLOCK or item.get_closest_marker("audio"):
            item.add_marker(pytest.mark.flaky(reruns=MORE_TRIES))


@pytest.hookimpl(optionalhook=True)
def pytest_handlecrashitem(crashitem: str) -> None:
    """Name the test that took its worker with it at once: the summary may never come."""
    print(f"\nthe worker died in {crashitem}", flush=True)


def _absent(what: str) -> None:
    """Skip, or fail where the real data must be there (BIRDSCOPE_REQUIRE_SHARED=1)."""
    if os.environ.get("BIRDSCOPE_REQUIRE_SHARED") == "1":
        pytest.fail(f"{what}, and BIRDSCOPE_REQUIRE_SHARED=1 asks for it")
    pytest.skip(what)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and references beside the project (or BIRDSCOPE_SHARED)."""
    given = os.environ.get("BIRDSCOPE_SHARED")
    folder = Path(given).expanduser() if given else PROJECT.parent / "shared"
    if not folder.is_dir():
        _absent(f"no real data: {folder} is not there (set BIRDSCOPE_SHARED)")
    return folder


@pytest.fixture(scope="session")
def calfrog32(shared: Path) -> Path:
    """Real recordings of 32 classes in BirdCLEF layout."""
    return _dataset(shared, "calfrog32")


@pytest.fixture(scope="session")
def esc10clef(shared: Path) -> Path:
    """Real recordings of 10 classes in BirdCLEF layout."""
    return _dataset(shared, "esc10clef")


def _dataset(shared: Path, name: str) -> Path:
    folder = shared / "data" / name
    if not (folder / "train.csv").is_file():
        _absent(f"no real data: {folder} is not there")
    return folder


@pytest.fixture(scope="session")
def tiny_dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A synthetic BirdCLEF folder: 24 clips, 3 + 2 + 2 soundscapes of 20 s. Never write into it."""
    from birdscope.dataset.demo import DemoCounts, make_demo_dataset

    root = tmp_path_factory.mktemp("data") / "tiny"
    counts = DemoCounts(clips=24, labelled=3, unlabelled=2, test=2, soundscape_s=20.0)
    make_demo_dataset(root, counts=counts)
    return root
