"""Numbers as people read them. Pure text formatting, no state."""

from __future__ import annotations

import re


def clock(seconds: float, *, tenths: bool = False) -> str:
    """Seconds as m:ss (or h:mm:ss past an hour), with tenths on request.

    >>> clock(67.43, tenths=True)
    '1:07.4'
    """
    seconds = max(0.0, seconds)
    whole, tenth = divmod(int(seconds * 10 + 0.5), 10) if tenths else (int(seconds), 0)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    text = f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
    return f"{text}.{tenth}" if tenths else text


def hertz(frequency_hz: float) -> str:
    """A frequency with its unit: 850 Hz, 3.2 kHz, 16 kHz."""
    if frequency_hz < 1000:
        return f"{frequency_hz:.0f} Hz"
    return f"{frequency_hz / 1000:.3g} kHz"


def duration(seconds: float) -> str:
    """A span of time in words short enough for a progress line: 8 s, 3 min 20 s, 2 h 5 min."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


def size(count: float) -> str:
    """Bytes as B, kB, MB or GB (powers of 1000)."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def parse_clock(text: str) -> float:
    """Seconds of `HH:MM:SS`, `MM:SS` or a plain number.

    Raises:
        ValueError: if the text is none of these.
    """
    text = text.strip()
    if not re.fullmatch(r"(\d+:){0,2}\d+(\.\d+)?", text):
        raise ValueError(f"not a time: {text!r} (use HH:MM:SS or seconds)")
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + float(part)
    return total
