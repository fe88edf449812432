"""Colour tables for levels: a few control points each, spread to 256 RGB entries."""

from __future__ import annotations

from functools import lru_cache

Rgb = tuple[int, int, int]

# Evenly spaced control points sampled from matplotlib's tables (CC0); linear between them.
_POINTS: dict[str, str] = {
    "magma": "000004 0b0924 20114b 3b0f70 57157e 721f81 8c2981 a8327d c43c75 de4968 f1605d "
    "fa7f5e fe9f6d febf84 fddea0 fcfdbf",
    "viridis": "440154 481a6c 472f7d 414487 39568c 31688e 2a788e 23888e 1f988b 22a884 35b779 "
    "54c568 7ad151 a5db36 d2e21b fde725",
    "cividis": "00224e 00306f 2a3f6d 48526c 5e626e 727374 878479 9e9677 b6a971 d0be67 ead357 "
    "fee838",
    "grey": "000000 ffffff",
    "inverted grey": "ffffff 000000",
}
NAMES: tuple[str, ...] = tuple(_POINTS)
DEFAULT = "magma"


@lru_cache(maxsize=16)
def table(name: str, size: int = 256) -> tuple[Rgb, ...]:
    """The palette as `size` RGB entries, from the lowest level to the highest.

    Raises:
        KeyError: if there is no palette of that name.
    """
    points = [_rgb(text) for text in _POINTS[name].split()]
    return tuple(_at(points, index / (size - 1)) for index in range(size))


def following(name: str) -> str:
    """The palette after `name`, round and round."""
    return NAMES[(NAMES.index(name) + 1) % len(NAMES)]


def blend(first: Rgb, second: Rgb, share: float) -> Rgb:
    """`first` moved towards `second` by `share` (0 to 1)."""
    red, green, blue = (
        round(one + (other - one) * share) for one, other in zip(first, second, strict=True)
    )
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """Perceived brightness, 0 to 1."""
    red, green, blue = colour
    return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255


def _rgb(text: str) -> Rgb:
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


def _at(points: list[Rgb], position: float) -> Rgb:
    place = position * (len(points) - 1)
    index = min(int(place), len(points) - 2)
    return blend(points[index], points[index + 1], place - index)
