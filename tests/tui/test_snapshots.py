from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.conftest import MakeApp

Filled = Callable[[Pilot[None]], Awaitable[None]]
SIZES = {"small": (80, 24), "large": (160, 48)}


@pytest.mark.parametrize("size", SIZES)
def test_browse(
    size: str, snap_compare: Any, make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    assert snap_compare(make_app(tiny_dataset), terminal_size=SIZES[size], run_before=filled)


@pytest.mark.parametrize("size", SIZES)
def test_soundscapes_without_sound(
    size: str, snap_compare: Any, make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await filled(pilot)
        await pilot.press("g", "end", "tab")
        await pilot.pause(0.3)
        await filled(pilot)

    app = make_app(tiny_dataset, device_note="PortAudio is not installed")
    assert snap_compare(app, terminal_size=SIZES[size], run_before=before)


def test_welcome(snap_compare: Any, make_app: MakeApp) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await pilot.pause(0.3)

    assert snap_compare(make_app(None), terminal_size=SIZES["small"], run_before=before)


def test_help(snap_compare: Any, make_app: MakeApp, tiny_dataset: Path, filled: Filled) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await filled(pilot)
        await pilot.press("question_mark")

    app = make_app(tiny_dataset)
    assert snap_compare(app, terminal_size=SIZES["small"], run_before=before)


def test_without_colours(
    snap_compare: Any, make_app: MakeApp, tiny_dataset: Path, filled: Filled
) -> None:
    app = make_app(tiny_dataset, colours=None)
    assert snap_compare(app, terminal_size=SIZES["small"], run_before=filled)
