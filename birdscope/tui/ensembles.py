"""Which ensemble is meant when nobody has chosen one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from birdscope.core import paths

if TYPE_CHECKING:
    from birdscope.tui.services import Services

_NONE_FITS = (
    "No ensemble for this dataset yet: {key} chooses one, "
    "`birdscope train small-cpu --data DIR --out models/NAME` makes one"
)


def none_fits(key: str) -> str:
    """What to do where no ensemble fits; `key` chooses one."""
    return _NONE_FITS.format(key=key)


def default_ensemble(services: Services) -> Path | None:
    """The one asked for, the session's, the demo's, or the first there is; call it in a thread.

    But for the one asked for, only what fits the open dataset: another would only fail.
    """
    from birdscope.engine.description import fits
    from birdscope.engine.live import ensemble_files

    if services.ensemble is not None:
        return services.ensemble
    catalog = services.catalog
    labels = catalog.taxonomy.labels if catalog is not None else None
    remembered = services.session.state.ensemble
    found = sorted(ensemble_files(paths.models()), key=lambda one: one.stem != "demo")
    wanted = [Path(remembered), *found] if remembered else found
    return next((one for one in wanted if one.is_file() and fits(one, labels)), None)


def shown_name(path: Path) -> str:
    """An ensemble's name before it is read: of a training, its folder's."""
    return path.parent.name if path.name == "ensemble.toml" else path.stem
