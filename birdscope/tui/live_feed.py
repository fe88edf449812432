"""What live input shows: scores of the last windows, blended; latency; news of recordings.

The feed owns the state and the workers, the screen draws. Everything slow happens in the
processes of the engine.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING

from textual.widget import Widget

from birdscope.core.errors import BirdscopeError, Cancelled
from birdscope.engine.live_messages import Kept, NotRecorded
from birdscope.engine.live_status import LiveStatus, LiveWindow
from birdscope.postprocess.live import live_settings

if TYPE_CHECKING:
    from pathlib import Path

    from birdscope.core.settings import Settings
    from birdscope.engine.live_client import LiveInput
    from birdscope.engine.live_windows import LiveWindows
    from birdscope.engine.messages import Blended
    from birdscope.tui.services import Services

FOLDER = "recordings"
# Latencies that are remembered: of five minutes.
_REMEMBERED = 60
# Before a blend is asked for again that the engine couldn't answer.
_PAUSE_S = 0.12


class LiveFeed:
    """Live input and what the ensemble says of it.

    Args:
        owner: The widget whose workers the feed uses.
        services: The app's.
        settings: Gives the stack that Scope shows; None before there is one.
        changed: Called with "levels" or "windows", as what is new.

    Attributes:
        windows: Raw scores; None before the first window.
        blended: Probabilities of `windows`; None before the first.
        newest: The window that was blended last; None before the first.
        rows: Columns of the best species of the last minute, best first.
        left_out: Steps of the settings that need the whole file.
        kept: The last recording that was finished; None before the first.
        problem: Why nothing can be shown of the windows; empty where it can.
    """

    def __init__(
        self,
        owner: Widget,
        services: Services,
        settings: Callable[[], Settings | None],
        changed: Callable[[str], None],
    ) -> None:
        self._owner = owner
        self._services = services
        self._settings = settings
        self._changed = changed
        self._dirty = asyncio.Event()
        self._latencies_s: deque[float] = deque(maxlen=_REMEMBERED)
        self._painted = -1
        self._closed = False
        self._forget: Callable[[], None] = lambda: None
        self.windows: LiveWindows | None = None
        self.blended: Blended | None = None
        self.newest: LiveWindow | None = None
        self.rows: tuple[int, ...] = ()
        self.left_out: tuple[str, ...] = ()
        self.kept: Path | None = None
        self.problem = ""
        self._last: LiveWindow | None = None

    @property
    def live(self) -> LiveInput:
        """The app's."""
        return self._services.live

    @property
    def status(self) -> LiveStatus:
        """Where live input is."""
        return self.live.status

    @property
    def latency_s(self) -> tuple[float, float] | None:
        """From the end of a window to its column on the screen: the last one, and the median."""
        if not self._latencies_s:
            return None
        return self._latencies_s[-1], median(self._latencies_s)

    def start(self) -> None:
        """Listen to the input that the session remembers."""
        self._app = self._owner.app
        self._forget = self.live.tell(self._received)
        self._owner.run_worker(
            self._blend_for_ever(), group="live-blend", exclusive=True, exit_on_error=False
        )
        self.listen(self._services.session.state.input_device)

    def listen(self, device: str) -> None:
        """Listen to an input, from the beginning."""
        session = self._services.session
        self.windows = self.blended = self.newest = self._last = None
        self._latencies_s.clear()
        self._painted = -1
        self.live.start(device, None if session.read_only else session.folder / FOLDER)

    async def use_device(self, device: str) -> None:
        """Listen to another input, and remember it; empty is the system's default."""
        await asyncio.to_thread(self._services.session.update, input_device=device)
        self.listen(device)

    def record(self) -> None:
        """Begin a recording, or end it."""
        self.live.record(self.status.recording is None)

    def painted(self, window: LiveWindow) -> None:
        """A window's column is on the screen."""
        if window.number > self._painted:
            self._painted = window.number
            self._latencies_s.append(monotonic() - window.ended_at)

    def close(self) -> None:
        """Listen no more; a recording under way is still told of once it is kept."""
        self._closed = True
        if self.status.recording is None:
            self._forget()
        self.live.stop()

    def _received(self, news: object) -> None:
        if self._closed:
            if isinstance(news, Kept):
                self._forget()
                self._tell_kept(news)
        elif isinstance(news, LiveStatus):
            self._changed("levels")
        elif isinstance(news, LiveWindow):
            self._take(news)
        elif isinstance(news, Kept):
            self.kept = news.path
            self._tell_kept(news)
        elif isinstance(news, NotRecorded):
            self._owner.notify(news.text, title="Recording", severity="error", markup=False)

    def _tell_kept(self, kept: Kept) -> None:
        text = f"{kept.path}" + (f"\n{kept.reason}" if kept.reason else "")
        self._app.notify(text, title="Recording kept", markup=False)

    def _take(self, window: LiveWindow) -> None:
        from birdscope.engine.live_windows import LiveWindows

        loaded = self._services.engine.loaded
        if loaded is None:
            return
        if self.windows is None or self.windows.checkpoints != loaded.checkpoints:
            self.windows = LiveWindows(loaded)
        self.windows.take(window)
        self._last = window
        self._dirty.set()

    async def _blend_for_ever(self) -> None:
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self._blend()
            except Cancelled:
                self._dirty.set()
                await asyncio.sleep(_PAUSE_S)
                continue
            except BirdscopeError as error:
                self.problem = str(error)
            self._changed("windows")

    async def _blend(self) -> None:
        from birdscope.engine.live_windows import best_lately

        windows, settings, last = self.windows, self._settings(), self._last
        if windows is None or settings is None:
            return
        kept, self.left_out = live_settings(settings)
        blended = await self._services.engine.questions.blend(
            windows.values, windows.checkpoints, windows.weights, kept
        )
        if windows is self.windows:
            self.blended, self.newest, self.problem = blended, last, ""
            self.rows = best_lately(blended.probabilities)
