"""Post-processing of sound that has no end yet: what can be done without the whole file."""

from __future__ import annotations

from birdscope.core.settings import Settings

# These rank, scale or judge a window by other windows of its file, however far away.
WHOLE_FILE_STEPS = {
    "low_rank_power": "low-rank power",
    "file_peak": "file peak",
    "min_max": "min-max",
    "low_confidence_shift": "low-confidence shift",
}


def live_settings(settings: Settings) -> tuple[Settings, tuple[str, ...]]:
    """A stack without the steps that need the whole file, and what these are called.

    Steps that look at neighbouring windows stay: a window's number settles once the windows
    after it are there.
    """
    kept = tuple(one for one in settings.steps if one.kind not in WHOLE_FILE_STEPS)
    left = [
        WHOLE_FILE_STEPS[one.kind]
        for one in settings.steps
        if one.enabled and one.kind in WHOLE_FILE_STEPS
    ]
    return settings.model_copy(update={"steps": kept}), tuple(dict.fromkeys(left))
