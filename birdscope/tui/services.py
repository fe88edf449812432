"""What every pane of the app may use: the catalog, the player, the engine, spectrograms."""

from __future__ import annotations

import asyncio
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.signal import Signal

from birdscope.core import paths
from birdscope.tui.pictures import USUAL, Fine

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from textual.app import App

    from birdscope.audio.axes import Scale
    from birdscope.core.settings import Settings
    from birdscope.dataset.catalog import Catalog
    from birdscope.engine.client import Engine
    from birdscope.engine.live_client import LiveInput
    from birdscope.engine.study_client import Study
    from birdscope.jobs.manager import Jobs
    from birdscope.session.session import Session
    from birdscope.tui.jobs_watch import JobsWatch
    from birdscope.tui.pictures import Provider
    from birdscope.tui.playback import Playback


class Services:
    """Handed by the app to each pane; panes read it, only the app writes it.

    Attributes:
        catalog: The open dataset; None until it is there. `catalog_loaded` tells when.
        catalog_loaded: Signal published with the Catalog once it is open.
        playback: The one player of the app.
        spectrogram: `(path, start_s, end_s, columns, rows, scale)` → float32 [rows, columns]
            in dB, row 0 the highest frequency. Slow: call it in a thread worker.
        session_name: Name of the session folder.
        session_changed: Signal published with the Session once another one is in use.
        settings_changed: Signal published with the Settings once the session has others; None
            is the ensemble's own.
        ensemble: The ensemble file for live predictions, None for the default.
    """

    def __init__(
        self,
        app: App[None],
        playback: Playback,
        *,
        session_name: str,
        ensemble: Path | None = None,
        spectrogram: Provider | None = None,
        engine: Engine | None = None,
    ) -> None:
        self._app = app
        self.catalog: Catalog | None = None
        self.catalog_loaded: Signal[Catalog] = Signal(app, "catalog-loaded")
        self.playback = playback
        self.spectrogram: Provider = spectrogram or file_spectrogram
        self.session_name = session_name
        self.session_changed: Signal[Session] = Signal(app, "session-changed")
        self.settings_changed: Signal[Settings | None] = Signal(app, "settings-changed")
        self._session: Session | None = None
        self._opening = threading.Lock()
        self.ensemble = ensemble
        if engine is not None:
            self.__dict__["engine"] = engine

    @cached_property
    def engine(self) -> Engine:
        """The process that runs models; made (not started) on first use."""
        from birdscope.engine.client import Engine

        return Engine()

    @cached_property
    def study(self) -> Study:
        """The process behind Tune and Audition; made (not started) on first use."""
        from birdscope.engine.study_client import Study

        return Study()

    @cached_property
    def live(self) -> LiveInput:
        """Microphone or line input; made (not started) on first use."""
        from birdscope.engine.live_client import LiveInput

        return LiveInput(self.engine)

    @property
    def session(self) -> Session:
        """The session folder, opened on first use; any thread may ask."""
        with self._opening:
            if self._session is None:
                from birdscope.session.session import Session

                self._session = Session.open(paths.sessions(), self.session_name)
            return self._session

    def use_session(self, session: Session) -> None:
        """Take another session, and tell; the old one is the caller's to close."""
        self._session, self.session_name = session, session.name
        self.session_changed.publish(session)

    async def use_settings(self, settings: Settings | None) -> None:
        """Make post-processing the session's, and tell; None takes the ensemble's own."""
        await asyncio.to_thread(self.session.update, settings=settings)
        self.settings_changed.publish(settings)

    @property
    def engine_made(self) -> bool:
        """Whether somebody asked for the engine yet."""
        return "engine" in self.__dict__

    @cached_property
    def jobs(self) -> JobsWatch:
        """The session's background jobs; looked at once it is told to begin."""
        from birdscope.tui.jobs_watch import JobsWatch

        return JobsWatch(self._app, self._open_jobs)

    def _open_jobs(self) -> Jobs:
        """In a thread."""
        from birdscope.jobs.manager import Jobs

        return Jobs(paths.sessions() / self.session_name / "jobs")

    def close(self) -> None:
        """End the helper processes and give the session free."""
        if "live" in self.__dict__:
            self.live.close()
        if "engine" in self.__dict__:
            self.engine.close()
        if "study" in self.__dict__:
            self.study.close()
        if self._session is not None:
            self._session.close()


def file_spectrogram(
    path: Path,
    start_s: float,
    end_s: float,
    columns: int,
    rows: int,
    scale: str,
    fine: Fine = USUAL,
) -> npt.NDArray[np.float32]:
    """The default provider: birdscope.audio's, imported when first needed (it brings SciPy)."""
    from birdscope.audio import spectrogram

    return spectrogram.file_spectrogram(
        path,
        columns=columns,
        rows=rows,
        start_s=start_s,
        end_s=end_s,
        settings=spectrogram.SpectrogramSettings(
            fine.low_hz,
            fine.high_hz,
            cast("Scale", scale),
            fine.n_fft,
            overlap=fine.overlap,
            sampled=fine.sampled,
        ),
    )
