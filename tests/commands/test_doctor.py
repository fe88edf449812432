from __future__ import annotations

import json
import socket

import pytest

from birdscope.cli import main
from birdscope.commands import doctor
from birdscope.core.cpu import CpuFeatures


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError("network is unreachable")

    monkeypatch.setattr(socket, "create_connection", refuse)


def test_every_subject_is_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert {"python", "packages", "sound", "colours", "models", "sessions", "hub"} <= {
        finding["subject"] for finding in findings
    }


def test_what_is_missing_has_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLORTERM", raising=False)
    monkeypatch.setattr(
        "birdscope.audio.player.audio_available",
        lambda: (False, "PortAudio is not installed\n→ install libportaudio2"),
    )
    findings = [finding for check in doctor.CHECKS for finding in check()]
    lacking = [finding for finding in findings if finding.level != "ok"]
    assert {"sound", "colours", "hub"} <= {finding.subject for finding in lacking}
    assert all(finding.remedy for finding in lacking)


def test_a_missing_package_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(doctor, "PACKAGES", (*doctor.PACKAGES, "no-such-package-anywhere"))
    assert main(["doctor"]) == 1
    assert "no-such-package-anywhere" in capsys.readouterr().out


def test_it_says_what_runs_the_nets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("birdscope.core.cpu.usual_backend", lambda: "torch")
    monkeypatch.delenv("BIRDSCOPE_BACKEND", raising=False)
    monkeypatch.setattr(doctor.util, "find_spec", lambda name: None)
    (finding,) = doctor._nets()
    assert finding.level == "note" and "OpenVINO" in finding.text and finding.remedy
    monkeypatch.setenv("BIRDSCOPE_BACKEND", "torch")
    monkeypatch.setattr("birdscope.core.cpu.cpu_features", lambda: CpuFeatures(True, False))
    (finding,) = doctor._nets()
    assert "as BIRDSCOPE_BACKEND says" in finding.text
    assert "bfloat16 (precision fast): yes" in finding.text and "(VNNI): no" in finding.text
