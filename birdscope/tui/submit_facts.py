"""What the tab Submit knows: gathered in threads, one look at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.widget import Widget

from birdscope.core import paths
from birdscope.core.cpu import usual_backend
from birdscope.core.errors import BirdscopeError
from birdscope.core.types import Split
from birdscope.core.windows import SOUNDSCAPE_S, window_count
from birdscope.tui.ensembles import default_ensemble
from birdscope.tui.submit_parts import Stack, parts_of, stacks_of
from birdscope.tui.submit_plan import SubmitPlan
from birdscope.tui.submit_precision import Computing

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog
    from birdscope.engine.messages import EnsembleInfo
    from birdscope.submission.budget import Budget, Speed
    from birdscope.tui.services import Services

_SPLITS: tuple[Split, ...] = ("test_soundscapes", "train_soundscapes")


class Facts:
    """The plan, and everything that has to be looked up for it.

    Args:
        owner: The widget whose workers are used.
        services: The app's.
        changed: Called in the interface's thread when something is known anew.

    Attributes:
        plan: What is chosen and known.
    """

    def __init__(self, owner: Widget, services: Services, changed: Callable[[], None]) -> None:
        self._owner = owner
        self._services = services
        self._changed = changed
        self._catalog: Catalog | None = None
        self._wanted = asyncio.Event()
        self._speeds: tuple[tuple[Speed, Budget], ...] = ()
        self._chosen_ensemble = self._chosen_stack = False
        computing = Computing(usual_backend())
        self.plan = SubmitPlan(paths.sessions() / services.session_name, computing=computing)

    def open(self, catalog: Catalog) -> None:
        """Take another dataset."""
        self._catalog = catalog
        self.plan = replace(
            self.plan, data=catalog.root.resolve(), dataset=catalog.name,
            dataset_fingerprint="", parts=(), part=None, kept=0,
        )  # fmt: skip
        self.look()

    def choose(self, **changes: Any) -> None:
        """Take a choice of the user's: fields of the plan."""
        self.plan = replace(self.plan, **changes)
        self._chosen_ensemble |= "ensemble_path" in changes
        self._chosen_stack |= "stack" in changes
        self._changed()
        self.look()

    def compute_in(self, precision: str) -> None:
        """Take another precision; what is known of it is looked up."""
        now = self.plan.computing
        self.choose(computing=Computing(now.backend, precision, calibrated=now.calibrated))

    def accept_drift(self) -> None:
        """Keep that the user accepts the drift as it is known; call it in a thread.

        Raises:
            SubmissionError: if the session can't be written.
        """
        from birdscope.submission.parity import accept

        plan, computing = self.plan, self.plan.computing
        if plan.ensemble is not None and computing.objection:
            accept(
                plan.budget_folder,
                plan.ensemble.fingerprint,
                computing.precision,
                computing.measured,
                computing.numbers,
            )

    def use_session(self) -> None:
        """Another session is in use: its settings, its scores, its files."""
        self._chosen_ensemble = self._chosen_stack = False
        folder = paths.sessions() / self._services.session_name
        self.plan = replace(self.plan, session=folder, stack=Stack(), out=None, kept=0)
        self.look()

    def begin(self) -> None:
        """Start looking; before, wishes are only noted."""
        work = self._look_for_ever()
        self._owner.run_worker(work, group="submit-facts", exit_on_error=False)

    def look(self) -> None:
        """Have everything looked up again; many wishes in a moment are one."""
        self._wanted.set()

    def ensemble_files(self) -> list[Path]:
        """The ensemble files there are; call it in a thread."""
        from birdscope.engine.live import ensemble_files

        given = self._services.ensemble
        found = ensemble_files(paths.models())
        return [given, *found] if given is not None and given not in found else found

    async def describe(self, ensemble: Path) -> EnsembleInfo:
        """What an ensemble file holds; its problems are in the answer."""
        return await self._services.engine.questions.describe(ensemble)

    def stacks(self) -> list[tuple[Stack, str]]:
        """The post-processing there is, with what is wrong with each; call it in a thread."""
        own = [Stack()]
        if (settings := self._services.session.state.settings) is not None:
            own.insert(0, Stack(f"the session's: {settings.name}", settings=settings))
        return [*((one, "") for one in own), *stacks_of(self.plan.settings_folder)]

    def wrong_path(self, path: Path) -> str:
        """Why a CSV can't be written there; empty where it can."""
        data = self.plan.data
        if data is not None and path.resolve().is_relative_to(data):
            return "this lies in the dataset folder, where nothing is written"
        if path.is_dir():
            return "this is a folder: give it a file name"
        if path.suffix != ".csv":
            return "the name must end with .csv"
        return ""

    def budget(self) -> tuple[tuple[tuple[Speed, Budget], ...], str, float]:
        """What the budget meter shows: speeds, or why there are none, and a rough guess."""
        if self._speeds:
            return self._speeds, "", 0.0
        if self.plan.ensemble is None or self.plan.ensemble.problem:
            return (), "Without an ensemble there is nothing to measure.", 0.0
        return (), "Not measured yet.", self._live_estimate_s()

    def _live_estimate_s(self) -> float:
        """From Scope's seconds per window, where it runs the same ensemble."""
        from birdscope.submission.budget import HIDDEN_SOUNDSCAPES

        engine = self._services.engine
        if engine.loaded is None or engine.loaded.path != self.plan.ensemble_path:
            return 0.0
        return engine.status.window_s * window_count(SOUNDSCAPE_S) * HIDDEN_SOUNDSCAPES

    async def _look_for_ever(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                await self._look()
            except (BirdscopeError, OSError) as error:
                self._owner.notify(str(error), title="Submit", severity="error", markup=False)

    async def _look(self) -> None:
        await self._look_at_dataset()
        await self._look_at_ensemble()
        if not self._chosen_stack:
            stacks = await asyncio.to_thread(self.stacks)
            if not self._chosen_stack:
                self.plan = replace(self.plan, stack=stacks[0][0])
        speeds, kept = await asyncio.to_thread(_look_at_files, self.plan)
        computing = await asyncio.to_thread(_look_at_parity, self.plan)
        if computing.precision == self.plan.computing.precision:
            self.plan = replace(self.plan, computing=computing)
        self._speeds = speeds
        alike = [one for one, _ in speeds if one.precision == self.plan.computing.precision]
        self.plan = replace(self.plan, kept=kept, speed=alike[0] if alike else None)
        self._changed()

    async def _look_at_dataset(self) -> None:
        catalog = self._catalog
        if catalog is None or self.plan.dataset_fingerprint:
            return
        counts = await asyncio.to_thread(
            lambda: {split: len(catalog.recordings(split)) for split in _SPLITS}
        )
        parts = parts_of(counts)
        if catalog is self._catalog:
            self.plan = replace(self.plan, parts=parts, part=parts[0] if parts else None)
            self._changed()
        fingerprint = await asyncio.to_thread(catalog.fingerprint)
        if catalog is self._catalog:
            self.plan = replace(self.plan, dataset_fingerprint=fingerprint)

    async def _look_at_ensemble(self) -> None:
        path = self.plan.ensemble_path if self._chosen_ensemble else None
        if path is None:
            path = await asyncio.to_thread(default_ensemble, self._services)
        if path is None:
            self.plan = replace(self.plan, ensemble_path=None, ensemble=None)
            return
        path = path.absolute()
        if path != self.plan.ensemble_path:
            self.plan = replace(self.plan, ensemble_path=path, ensemble=None)
            self._changed()
        info = await self.describe(path)
        if path == self.plan.ensemble_path:
            self.plan = replace(self.plan, ensemble=info)


def _is_of(speed: Speed, plan: SubmitPlan) -> bool:
    """Whether a speed is one of the backend and precision that are chosen."""
    chosen = plan.computing
    return (speed.backend, speed.precision) == (chosen.backend, chosen.precision)


def _look_at_files(plan: SubmitPlan) -> tuple[tuple[tuple[Speed, Budget], ...], int]:
    """In a thread: measured speeds, and how many recordings are predicted already."""
    from birdscope.submission.budget import kept_speeds, project
    from birdscope.submission.kept import predicted_already

    if plan.ensemble is None or not plan.ensemble.fingerprint:
        return (), 0
    speeds = kept_speeds(plan.budget_folder, plan.ensemble.fingerprint)
    speeds.sort(key=lambda one: not _is_of(one, plan))
    known = plan.part is not None and plan.dataset_fingerprint
    kept = predicted_already(plan.scores_folder(plan.part)) if known and plan.part else 0
    return tuple((one, project(one)) for one in speeds), kept


def _look_at_parity(plan: SubmitPlan) -> Computing:
    """In a thread: what was measured of the precision, and whether it was accepted."""
    from birdscope.core.int8 import kept_calibrated
    from birdscope.submission.parity import is_accepted, kept_parity

    chosen = Computing(plan.computing.backend, plan.computing.precision)
    if plan.ensemble is None or not plan.ensemble.fingerprint:
        return chosen
    folder, fingerprint = plan.budget_folder, plan.ensemble.fingerprint
    calibrated = kept_calibrated(fingerprint, plan.dataset_fingerprint)
    chosen = replace(chosen, calibrated=calibrated)
    numbers = chosen.numbers
    measured = kept_parity(folder, fingerprint, chosen.precision, numbers)
    accepted = is_accepted(folder, fingerprint, chosen.precision, measured, numbers)
    return replace(chosen, measured=measured, accepted=accepted)
