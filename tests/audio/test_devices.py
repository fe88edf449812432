from __future__ import annotations

import subprocess
import sys
import textwrap
import time

import pytest

from birdscope.audio import devices
from birdscope.audio.microphone import Microphone
from birdscope.core.errors import AudioDeviceError


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    ok, line = devices.audio_available()
    assert not ok
    assert "pip install sounddevice" in line
    with pytest.raises(AudioDeviceError) as caught:
        devices.portaudio()
    assert caught.value.remedy


def test_a_missing_library_is_named() -> None:
    code = """
        import ctypes.util, sys
        ctypes.util.find_library = lambda name: None
        class Gone:
            def find_spec(self, name, path=None, target=None):
                if name == "_sounddevice_data":
                    raise ImportError
        sys.meta_path.insert(0, Gone())
        from birdscope.audio.devices import audio_available
        ok, line = audio_available()
        assert not ok
        assert "PortAudio is not installed" in line and "libportaudio2" in line, line
        """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


@pytest.mark.audio
def test_a_device_by_a_wrong_name(sink: str) -> None:
    with pytest.raises(AudioDeviceError, match="trumpet"):
        devices.device_info("output", "trumpet")
    assert devices.device_info("input")["max_input_channels"] > 0


@pytest.mark.audio
def test_looking_again_spares_open_streams(sink: str) -> None:
    with Microphone() as microphone:
        devices.look_again()
        time.sleep(0.3)
        assert microphone.recording
        assert microphone.recorded_s > 0.1
