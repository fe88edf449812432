"""Front ends that have a name, each with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from birdscope.core.errors import ConfigError, nearest
from birdscope.features.config import FrontEnd

PRESETS: Mapping[str, FrontEnd] = MappingProxyType(
    {
        # Public notebook of the weighted blend, member 1.
        "nfnet": FrontEnd(f_min_hz=40, f_max_hz=15_000),
        # The same member in the mission's text.
        "nfnet-mission": FrontEnd(f_min_hz=40, f_max_hz=16_000),
        # Public notebook, member 2; each real checkpoint brings its own in `cfg`.
        "seresnext": FrontEnd(
            f_min_hz=40, f_max_hz=15_000, pad_mode="constant", compression="db", normalisation="80"
        ),
        # The mission's feature extractor: ln(mel + 1e-9), normalized=True, 313 frames.
        "mission-extractor": FrontEnd(
            log_offset=1e-9, normalized=True, frames=313, normalisation="none"
        ),
        # Mel presets of the 2025 solutions: mels-n_fft-hop.
        "mel128-2048-512": FrontEnd(n_mels=128, n_fft=2048),
        "mel96-2048-512": FrontEnd(n_mels=96, n_fft=2048),
        "mel256-4096-1024": FrontEnd(n_mels=256, n_fft=4096, hop_length=1024),
        "mel224-4096-1252": FrontEnd(n_mels=224, n_fft=4096, hop_length=1252),
        "mel192-2048-768": FrontEnd(n_mels=192, n_fft=2048, hop_length=768),
        # Small nets on a CPU: half the frames and half the bands of "nfnet".
        "small": FrontEnd(n_mels=64, n_fft=2048, hop_length=1024, f_min_hz=40, f_max_hz=15_000),
    }
)


def preset(name: str) -> FrontEnd:
    """The front end of a name.

    Raises:
        ConfigError: if there is none of that name; says which there are.
    """
    if name in PRESETS:
        return PRESETS[name]
    raise ConfigError(
        f"there is no front end named {name!r}{nearest(name, PRESETS)}",
        remedy=f"use one of {', '.join(PRESETS)}, or a table of its parameters",
    )


def resolve(front_end: str | FrontEnd) -> FrontEnd:
    """A front end given by preset name or in full."""
    return preset(front_end) if isinstance(front_end, str) else front_end
