"""Hears what a null sink plays: parec on its monitor, with the time of every sample."""

from __future__ import annotations

import subprocess
import threading
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RATE_HZ = 48_000


@dataclass(frozen=True)
class Heard:
    """A recording of the sink.

    Attributes:
        samples: float64 [n] at 48 kHz.
        begin: `time.monotonic()` at which sample 0 was heard.
    """

    samples: npt.NDArray[np.float64]
    begin: float

    def at(self, sample: int) -> float:
        """`time.monotonic()` at which a sample was heard."""
        return self.begin + sample / RATE_HZ

    def envelope(self, block: int = 48) -> npt.NDArray[np.float64]:
        """Peak of each block of samples (1 ms)."""
        whole = len(self.samples) // block * block
        return np.abs(self.samples[:whole]).reshape(-1, block).max(axis=1)

    def onsets(self, threshold: float, apart_s: float = 0.1) -> list[int]:
        """First samples above a threshold after at least `apart_s` below it."""
        loud = np.flatnonzero(np.abs(self.samples) > threshold)
        if len(loud) == 0:
            return []
        new = np.insert(np.diff(loud) > apart_s * RATE_HZ, 0, True)
        return [int(sample) for sample in loud[new]]

    def frequency_hz(self, begin: int, end: int) -> float:
        """The strongest frequency between two samples."""
        part = self.samples[begin:end] * np.hanning(end - begin)
        spectrum = np.abs(np.fft.rfft(part, 1 << 18))
        return float(spectrum.argmax() * RATE_HZ / (1 << 18))


class Monitor:
    """Records from construction to `stop`."""

    def __init__(self, source: str):
        command = ["parec", "--raw", "--format=s16le", f"--rate={RATE_HZ}", "--channels=1"]
        command += ["--latency-msec=10", "--process-time-msec=5", "-d", source]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0)
        self._pieces: list[tuple[float, bytes]] = []
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        deadline = time.monotonic() + 10
        while not self._pieces and time.monotonic() < deadline:
            time.sleep(0.01)
        assert self._pieces, "parec records nothing"

    def stop(self) -> Heard:
        """End the recording, a little later so that the tail is in it."""
        time.sleep(0.1)
        self._process.terminate()
        self._process.wait(10)
        self._thread.join(10)
        counts = np.cumsum([len(data) // 2 for _, data in self._pieces])
        arrivals = np.array([at for at, _ in self._pieces])
        samples = np.frombuffer(b"".join(data for _, data in self._pieces), dtype="<i2") / 32768.0
        # a sample can't arrive before it is heard: the quickest arrival gives the clock
        return Heard(samples, float(np.min(arrivals - counts / RATE_HZ)))

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        odd = b""
        while data := stream.read(1 << 16):
            data = odd + data
            odd = data[len(data) // 2 * 2 :]
            self._pieces.append((time.monotonic(), data[: len(data) // 2 * 2]))
