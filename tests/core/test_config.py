from __future__ import annotations

from pathlib import Path

import pytest

from birdscope.core.config import load, parse
from birdscope.core.errors import ConfigError
from birdscope.core.settings import Settings, Smooth


def test_settings_come_from_toml(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('name = "mine"\n[[steps]]\nkind = "smooth"\nat = "member"\nweight = 0.1\n')
    settings = load(Settings, path)
    assert settings.steps == (Smooth(at="member", weight=0.1),)


def test_an_unknown_key_is_named_with_file_and_nearest_key(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('[[steps]]\nkind = "smooth"\nwieght = 0.1\n')
    with pytest.raises(ConfigError) as caught:
        load(Settings, path)
    assert "wieght" in str(caught.value)
    assert "did you mean 'weight'" in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_value_out_of_range_names_key_and_value() -> None:
    with pytest.raises(ConfigError, match=r"weight.*0\.9"):
        parse(Settings, {"steps": [{"kind": "smooth", "weight": 0.9}]})


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_text("a = \n")
    with pytest.raises(ConfigError, match="line 1"):
        load(Settings, path)


def test_a_missing_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file"):
        load(Settings, tmp_path / "none.toml")


@pytest.mark.parametrize(
    "body",
    [
        {"steps": [{"kind": "kernel", "taps": [0.5, 0.5]}]},
        {"steps": [{"kind": "neighbour_mean", "width": 2}]},
        {"steps": [{"kind": "smooth", "members": ["a"]}]},
        {"weights": {"a": 0.0}},
    ],
)
def test_settings_without_meaning_are_refused(body: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        parse(Settings, body)
