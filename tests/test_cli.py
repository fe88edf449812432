from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from birdscope import __version__
from birdscope.cli import COMMANDS, _without_files, main

HEAVY = ("torch", "torchaudio", "timm", "pandas", "sklearn", "scipy")


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_help_imports_nothing_heavy(command: str | None) -> None:
    words = [command, "--help"] if command else ["--help"]
    code = (
        "import sys\nfrom birdscope.cli import main\n"
        f"try: main({words!r})\nexcept SystemExit as end: assert end.code == 0\n"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "usage: birdscope" in done.stdout


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert __version__ in capsys.readouterr().out


def test_an_error_is_told_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["scan", "--data", str(tmp_path / "nowhere")])
    err = capsys.readouterr().err
    assert code == 3
    assert "nowhere" in err and "→" in err and "Traceback" not in err


def test_a_name_that_is_also_a_command_does_not_confuse(tmp_path: Path) -> None:
    code = main(["--session", "train", "scan", "--data", str(tmp_path / "demo")])
    assert code == 3


def test_files_are_told_from_options_and_commands(tmp_path: Path) -> None:
    first, second = tmp_path / "a.wav", tmp_path / "demo"
    for path in (first, second):
        path.touch()
    words = ["--data", str(first), str(first), "--session", "x", str(second)]
    rest, files = _without_files(words)
    assert rest == ["--data", str(first), "--session", "x"]
    assert files == [first, second]
    assert _without_files(["demo", str(first)]) == (["demo", str(first)], [])
    assert _without_files(["nowhere.wav"]) == (["nowhere.wav"], [])


def test_a_file_before_a_command_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.wav"
    path.touch()
    assert main([str(path), "doctor"]) != 0
    assert "stands before the command doctor" in capsys.readouterr().err
