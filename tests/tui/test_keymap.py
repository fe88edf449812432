from __future__ import annotations

import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from birdscope.core import paths
from birdscope.tui import keymap
from birdscope.tui.commands import commands_of
from birdscope.tui.screens.browse import BrowsePane
from tests.tui.conftest import MakeApp, Until

Filled = Callable[[Pilot[None]], Awaitable[None]]


def written(folder: Path, *lines: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / keymap.FILE
    path.write_text("\n".join(["[keys]", *lines]) + "\n", encoding="utf-8")
    return path


def test_every_binding_has_an_id_and_a_tooltip() -> None:
    known = keymap.known()
    assert {"browse.filter", "app.quit", "tour.skip", "recordings.mark"} <= known.keys()
    for name, places in known.items():
        for one in places:
            assert one.binding.tooltip, f"{name} of {one.owner} has no tooltip"


def test_keys_are_read_and_named_as_textual_does(tmp_path: Path) -> None:
    path = written(tmp_path, '"browse.filter" = "?"', '"app.forward" = ["f9", "ctrl+f9"]',
                   '"app.help" = "f1"')  # fmt: skip
    keys = keymap.read([path])
    assert dict(keys.keymap) == {
        "browse.filter": "question_mark",
        "app.forward": "f9,ctrl+f9",
        "app.help": "f1",
    }
    assert not keys.problems


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('"browse.filtre" = "f9"', "browse.filter"),
        ('"browse.filter" = "s"', "browse.sort"),
        ('"browse.filter" = "q"', "app.quit"),
        ('"browse.filter" = ""', "no key"),
        ('"browse.filter" = 3', "browse.filter"),
    ],
)
def test_an_unknown_id_a_clash_and_nonsense_are_said_with_the_file(
    line: str, said: str, tmp_path: Path
) -> None:
    path = written(tmp_path, line)
    keys = keymap.read([path])
    assert not keys.keymap
    assert len(keys.problems) == 1
    assert str(path) in keys.problems[0] and said in keys.problems[0]


def test_two_actions_may_change_places(tmp_path: Path) -> None:
    keys = keymap.read([written(tmp_path, '"browse.sort" = "o"', '"browse.scope" = "s"')])
    assert dict(keys.keymap) == {"browse.sort": "o", "browse.scope": "s"}


def test_the_sessions_file_has_the_last_word(tmp_path: Path) -> None:
    first = written(tmp_path / "a", '"browse.sort" = "f7"', '"browse.scope" = "f8"')
    second = written(tmp_path / "b", '"browse.sort" = "f9"')
    keys = keymap.read([first, second])
    assert dict(keys.keymap) == {"browse.sort": "f9", "browse.scope": "f8"}


def test_the_template_changes_nothing_and_knows_every_id() -> None:
    text = keymap.template()
    assert tomllib.loads(text) == {"keys": {}}
    lines = [line.removeprefix("# ") for line in text.splitlines() if line.startswith('# "')]
    assert tomllib.loads("\n".join(lines)).keys() == keymap.known().keys()


async def test_a_changed_key_acts_and_is_shown_everywhere(
    make_app: MakeApp, tiny_dataset: Path, filled: Filled, until: Until
) -> None:
    path = written(paths.home(), '"browse.sort" = "f9"', '"browse.srot" = "x"')
    app = make_app(tiny_dataset)
    async with app.run_test(size=(80, 24)) as pilot:
        await filled(pilot)
        await until(pilot, lambda: any("browse.srot" in one.message for one in app._notifications))
        pane = app.query_one(BrowsePane)
        await pilot.press("s")
        assert pane.sort == "name"
        await pilot.press("f9")
        assert pane.sort == "count"
        keys = {one.help: one.keys for one in commands_of(app.screen)}
        assert keys["Sort species another way"].lower() == "f9"
        assert any(str(path) in one.message for one in app._notifications)
