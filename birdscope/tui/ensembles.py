"""Which ensemble is meant when nobody has chosen one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core import paths

if TYPE_CHECKING:
    from birdscope.tui.services import Services


def default_ensemble(services: Services) -> Path | None:
    """The one asked for, the session's, the demo's, or the first there is; call it in a thread."""
    from birdscope.engine.live import ensemble_files

    if services.ensemble is not None:
        return services.ensemble
    remembered = services.session.state.ensemble
    if remembered and Path(remembered).is_file():
        return Path(remembered)
    found = ensemble_files(paths.models())
    return next((one for one in found if one.stem == "demo"), found[0] if found else None)
