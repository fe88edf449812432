"""Settings that are always there to compare with, whatever the ensemble."""

from __future__ import annotations

from collections.abc import Sequence

from birdscope.core.settings import LowRankPower, Settings, Smooth

NOTEBOOK = "notebook 0.88"
RAW_MEAN = "raw mean"
BLEND_ONLY = "blend only"
NAMES = (NOTEBOOK, RAW_MEAN, BLEND_ONLY)


def baselines(members: Sequence[str]) -> tuple[Settings, ...]:
    """The notebook's stack, the plain mean of the members, their weighted blend alone.

    Args:
        members: Member names in the ensemble's order. With one member the blend is the mean,
            and is left out.
    """
    found = [notebook(members), raw_mean(members)]
    if len(members) > 1:
        found.append(Settings(name=BLEND_ONLY, note="the ensemble's weights, no steps"))
    return tuple(found)


def notebook(members: Sequence[str]) -> Settings:
    """The stack of the public weighted blend of BirdCLEF+ 2025 (0.878–0.88), for other members.

    Low-rank power on the first member's checkpoints (there: nfnet), smoothing of each member,
    the blend by the ensemble's own weights (there: 0.247 and 0.753, see
    models/weighted-blend.toml). top_k stays the notebook's 30 of 206 classes; with 30 classes
    or fewer that step changes nothing.
    """
    first = members[0]
    return Settings(
        name=NOTEBOOK,
        note=f"the public notebook's stack: low-rank power on {first}, smoothing, the ensemble's "
        "weights",
        steps=(
            LowRankPower(at="checkpoint", members=(first,), top_k=30, exponent=2.0),
            Smooth(at="member", weight=0.2),
        ),
    )


def raw_mean(members: Sequence[str]) -> Settings:
    """Every member alike, no step."""
    return Settings(
        name=RAW_MEAN,
        note="every member alike, no steps",
        weights=dict.fromkeys(members, 1.0),
    )
