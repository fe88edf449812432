"""The note of settings that were chosen on labels: written where they are, known again later.

Such settings look better on the same labels than elsewhere, so whoever shows a figure of them
must say so. The note is a line in the settings' file, and a person may read or delete it.
"""

from __future__ import annotations

from birdscope.core.settings import Settings

_CHOSEN_ON, _BY_HAND = "chosen on ", "changed by hand; before that "
_CHANGED = " changed"


def chosen_note(
    labels: str, baseline: str, badge: str, *, nested: float, gain: float, in_sample: float
) -> str:
    """What is kept with settings that were chosen on labels.

    Args:
        labels: What the labels are, such as "soundscape labels".
        baseline: Name of what the gain is taken to.
        badge: Of the gain.
        nested: Mean of the figures on folds that each choice did not see.
        gain: `nested` minus the baseline's.
        in_sample: The figure on the labels they were chosen on.
    """
    return (
        f"{_CHOSEN_ON}{labels} (nested {nested:.4f}, {badge}: {gain:+.4f} to {baseline}; "
        f"in-sample {in_sample:.4f}, overfit {in_sample - nested:+.4f})"
    )


def is_chosen(settings: Settings, labels: str | None = None) -> bool:
    """Whether the note says that settings were chosen on labels: on these, or on any."""
    note = settings.note.removeprefix(_BY_HAND)
    return note.startswith(f"{_CHOSEN_ON}{labels or ''}")


def after_hand(before: Settings, after: Settings) -> Settings:
    """Settings that a person made of others, under a name and a note that don't say too much."""
    if after.model_copy(update={"name": before.name, "note": before.note}) == before:
        return after
    name, note = after.name, after.note
    if name == before.name and not name.endswith(_CHANGED):
        name += _CHANGED
    if note == before.note and note.startswith(_CHOSEN_ON):
        note = _BY_HAND + note
    return after.model_copy(update={"name": name, "note": note})
