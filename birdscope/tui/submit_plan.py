"""What is going to be exported, and the commands that do it. Pure, but for the settings' folder."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from birdscope import __version__
from birdscope.core.types import Split
from birdscope.core.units import duration
from birdscope.tui.ensembles import none_fits, shown_name
from birdscope.tui.submit_parts import Part, Stack
from birdscope.tui.submit_precision import Computing
from birdscope.tui.tune_stack import fits
from birdscope.tui.widgets.submit_form import Entry

if TYPE_CHECKING:
    from birdscope.engine.messages import EnsembleInfo
    from birdscope.submission.budget import Speed
    from birdscope.tui.jobs_watch import JobView


@dataclass(frozen=True)
class SubmitPlan:
    """Everything that is chosen on the tab, and what is known of it.

    Attributes:
        session: Folder of the session.
        data: Folder of the dataset; None before one is open.
        dataset: Its name.
        dataset_fingerprint: Its fingerprint; empty until known.
        parts: What may be predicted of it, the usual first.
        part: The chosen one.
        ensemble_path: The ensemble file; None where there is none.
        ensemble: What it holds; None until known.
        stack: The post-processing.
        out: Where the CSV goes; None makes a name of date and time.
        kept: Recordings of the part whose scores are there.
        speed: How fast the ensemble was measured to be in that precision; None before.
        computing: Backend and precision, and what is known of their drift.
    """

    session: Path
    data: Path | None = None
    dataset: str = ""
    dataset_fingerprint: str = ""
    parts: tuple[Part, ...] = ()
    part: Part | None = None
    ensemble_path: Path | None = None
    ensemble: EnsembleInfo | None = None
    stack: Stack = field(default_factory=Stack)
    out: Path | None = None
    kept: int = 0
    speed: Speed | None = None
    computing: Computing = field(default_factory=Computing)

    @property
    def budget_folder(self) -> Path:
        """Where measured speeds are kept."""
        return self.session / "budget"

    @property
    def settings_folder(self) -> Path:
        """Where saved settings are."""
        return self.session / "settings"

    @property
    def is_debug(self) -> bool:
        """Whether it is not the test soundscapes that are predicted."""
        return self.part is not None and self.part.split != "test_soundscapes"

    def why_not(self) -> str:
        """Why nothing can be predicted as chosen; empty where it can."""
        return self.why_not_known() or self.computing.missing

    def why_not_known(self) -> str:
        """Why no ensemble can be run here at all; empty where one can."""
        if self.data is None:
            return "No dataset is open: 1 goes to Browse, where one is chosen."
        if self.part is None:
            return "This dataset has neither test_soundscapes nor train_soundscapes."
        if self.ensemble_path is None:
            return none_fits("enter on its line")
        if self.ensemble is None or not self.dataset_fingerprint:
            return "The ensemble and the dataset are still being looked at."
        return self.ensemble.problem or self._stack_problem()

    def why_not_predict(self) -> str:
        """Why no recording of the dataset can be predicted; empty where it can."""
        if self.data is None:
            return "No dataset is open."
        if self.ensemble_path is None:
            return none_fits("e on Scope")
        if self.ensemble is None or not self.dataset_fingerprint:
            return "The ensemble and the dataset are still being looked at."
        return self.ensemble.problem or self.computing.missing

    def _stack_problem(self) -> str:
        """Why the post-processing can't be used with the ensemble; empty where it can."""
        if self.stack.settings is None or self.ensemble is None:
            return ""
        if fits(self.stack.settings, [one.name for one in self.ensemble.members]):
            return ""
        return f"{self.stack.name} is for other members: enter on the line of settings chooses."

    def default_out(self, stamp: str) -> Path:
        """`submissions/<dataset>-<ensemble>-<stamp>.csv` in the session."""
        named = self.ensemble.name if self.ensemble is not None else "ensemble"
        return self.session / "submissions" / f"{slug(self.dataset)}-{slug(named)}-{stamp}.csv"

    def scores_folder(self, part: Part) -> Path:
        """Where jobs keep the scores of this part; other models, data or code have another."""
        from birdscope.session.session import job_scores_folder

        assert self.ensemble is not None
        dataset, ensemble = self.dataset_fingerprint, self.ensemble.fingerprint
        kept = job_scores_folder(self.session, dataset, ensemble) / __version__
        return kept / f"{part.name}{self.computing.suffix}"

    def export_argv(self, out: Path) -> list[str]:
        """`birdscope submit …` for what is chosen."""
        assert self.part is not None
        argv = ["submit", *self._common(), "--split", self.part.split]
        if self.part.count != self.part.of:
            argv += ["--debug-limit", str(self.part.count)]
        if self.stack.settings is not None:
            argv += ["--settings", str(settings_beside(out))]
        elif self.stack.path is not None:
            argv += ["--settings", str(self.stack.path)]
        return [*argv, "--scores", str(self.scores_folder(self.part)), "--out", str(out)]

    def predict_argv(self, part: Part) -> list[str]:
        """`birdscope predict …` for every recording of a part."""
        argv = ["predict", *self._common(), "--split", part.split]
        return [*argv, "--out", str(self.scores_folder(part))]

    def predict_listed_argv(self, split: Split, listed: Path, stamp: str) -> list[str]:
        """`birdscope predict …` for the recordings of a list, into a folder of their own."""
        part = Part(split, 0, 0)
        out = self.scores_folder(part).with_name(f"{split}-marked-{stamp}")
        argv = ["predict", *self._common(), "--split", split, "--list", str(listed)]
        return [*argv, "--out", str(out)]

    def measure_argv(self) -> list[str]:
        """`birdscope measure …` for the ensemble."""
        return ["measure", *self._common()]

    def parity_argv(self) -> list[str]:
        """`birdscope parity …` for the ensemble, on recordings of the dataset."""
        argv = ["parity", *self._on_soundscapes(), *self.computing.calibration_argv]
        return [*argv, "--keep", str(self.budget_folder)]

    def quantize_argv(self) -> list[str]:
        """`birdscope quantize …` for the ensemble, on recordings of the dataset."""
        return ["quantize", *self._on_soundscapes()]

    def _on_soundscapes(self) -> list[str]:
        split = "train_soundscapes"
        if not any(one.split == split for one in self.parts):
            split = "test_soundscapes"
        argv = ["--data", str(self.data), "--ensemble", str(self.ensemble_path)]
        return [*argv, "--split", split]

    def _common(self) -> list[str]:
        return [
            *("--data", str(self.data)),
            *("--ensemble", str(self.ensemble_path)),
            *("--speed", str(self.budget_folder)),
            *self.computing.argv,
        ]

    def entries(self) -> list[Entry]:
        """The lines of the form."""
        return [
            self._part_entry(),
            self._ensemble_entry(),
            Entry("settings", self.stack.name, role="bad" if self._stack_problem() else "text"),
            self.computing.entry(),
            Entry("file", self._out_text(), is_path=True),
            self._scores_entry(),
        ]

    def _part_entry(self) -> Entry:
        if self.data is None:
            return Entry("split", "no dataset is open", role="dim")
        if self.part is None:
            return Entry("split", "this dataset has no soundscapes", role="bad")
        if not self.is_debug:
            return Entry("split", self.part.text)
        empty = not any(one.split == "test_soundscapes" for one in self.parts)
        note = "debug: test_soundscapes is empty" if empty else "for debugging"
        return Entry("split", self.part.text, note, role="warn")

    def _ensemble_entry(self) -> Entry:
        if self.ensemble_path is None:
            return Entry("ensemble", "none for this dataset yet", "enter chooses one", role="dim")
        if self.ensemble is None:
            return Entry("ensemble", shown_name(self.ensemble_path), "…")
        if self.ensemble.problem:
            first = self.ensemble.problem.splitlines()[0]
            return Entry("ensemble", self.ensemble.name, first, role="bad")
        nets = sum(one.checkpoints for one in self.ensemble.members)
        members = ", ".join(one.name for one in self.ensemble.members)
        note = f"{nets} checkpoint{'' if nets == 1 else 's'}: {members}"
        return Entry("ensemble", self.ensemble.name, note)

    def _out_text(self) -> str:
        out = self.out or self.default_out("<date-time>")
        home = self.session.parent.parent
        return str(out.relative_to(home)) if out.is_relative_to(home) else str(out)

    def _scores_entry(self) -> Entry:
        if self.why_not() or self.part is None:
            return Entry("scores", "–", role="dim")
        missing = self.part.count - self.kept
        if missing <= 0:
            return Entry("scores", "all there", "an export takes seconds", role="dim")
        text = f"{self.kept:,} of {self.part.count:,} there"
        if self.speed is None:
            return Entry("scores", text, "e does the rest", role="dim")
        seconds = self.speed.start_s + missing * self.speed.soundscape_s
        return Entry("scores", text, f"needs {duration(seconds)}", role="dim")


def settings_beside(out: Path) -> Path:
    """Where settings without a file of their own are written: beside the CSV."""
    return out.with_suffix(".settings.toml")


def write_settings(plan: SubmitPlan, out: Path) -> None:
    """Give a job the settings it needs as a file; call it in a thread.

    Raises:
        SubmissionError: if the folder can't be written.
    """
    import tomlkit

    from birdscope.core.atomic import write_text
    from birdscope.core.errors import SubmissionError

    if plan.stack.settings is None:
        return
    body = plan.stack.settings.model_dump(mode="json", exclude_none=True)
    try:
        write_text(settings_beside(out), tomlkit.dumps(body))
    except OSError as error:
        raise SubmissionError(
            f"can't be written: {error.strerror or error}",
            path=settings_beside(out),
            remedy="make room or choose another folder",
        ) from error


def writer_of(views: Iterable[JobView], folder: Path) -> JobView | None:
    """The job that writes into a scores folder just now."""
    return next((one for one in views if one.job.live and str(folder) in one.job.spec.argv), None)


def again_argv(argv: Sequence[str], now: float) -> list[str]:
    """A finished export's command with another file to write: what was made stays as it is."""
    fresh = list(argv)
    if "--out" in fresh[:-1]:
        place = fresh.index("--out") + 1
        out = Path(fresh[place])
        stem = re.sub(r"-\d{8}-\d{6}$", "", out.stem)
        fresh[place] = str(out.with_name(f"{stem}-{stamp(now)}{out.suffix}"))
    return fresh


def slug(text: str) -> str:
    """A name that is good in a file's name."""
    return re.sub(r"[^\w.+-]+", "-", text).strip("-.") or "unnamed"


def stamp(now: float) -> str:
    """Date and time for a file's name."""
    return time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
