"""The terminal interface: screens, widgets, keys; no science.

Comes in: a dataset folder, a session name, an ensemble file. Goes out: what a person sees
and hears. Numbers come from lower layers, asked in workers; models are reached through the
engine process only.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def run(
    data: Path | None = None,
    session: str = "default",
    ensemble: Path | None = None,
    debug: bool = False,
    files: Sequence[Path] = (),
) -> int:
    """Open the interface and stay until the user leaves it.

    Args:
        data: Dataset folder; None shows how to give one.
        session: Name of the session folder that keeps what is made.
        ensemble: Ensemble file for live predictions; None takes the default one.
        debug: Show tracebacks and write a detailed log.
        files: Sound files to open in Scope, inside the dataset or not.

    Returns:
        The exit code of the process.

    Raises:
        UsageError: the session can't be called that.
    """
    import gc

    from birdscope.session.names import checked_name

    checked_name(session)

    # nothing made before the first paint is garbage; the app turns collecting on after it
    gc.disable()
    from birdscope.tui.app import BirdscopeApp

    app = BirdscopeApp(data, files=files, session=session, ensemble=ensemble, debug=debug)
    app.run()
    return app.return_code or 0
