"""Messages that cross screens; a widget's own messages live in the widget."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.message import Message

from birdscope.core.types import Recording

if TYPE_CHECKING:
    from pathlib import Path

    from birdscope.core.settings import Settings
    from birdscope.dataset.catalog import Catalog
    from birdscope.tui.scope_stack import Pair


class CatalogLoaded(Message):
    """The dataset is open; posted to the app by its loader thread."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__()
        self.catalog = catalog


class CatalogFailed(Message):
    """The dataset can't be opened; `text` says why and what to do."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class OpenInScope(Message):
    """The user wants to see a recording with the ensemble."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self.recording = recording


class OpenFile(Message):
    """The user wants to see sound files by their paths in Scope."""

    def __init__(self, paths: Sequence[Path]) -> None:
        super().__init__()
        self.paths = tuple(paths)


class OpenInAudition(Message):
    """The user wants to listen to windows of a species.

    Args:
        label: The species.
        kind: Which queue, a `birdscope.metrics.queues.QueueKind`; empty keeps the present one.
        scores: Folder of scores to take the windows from; None takes the session's.
        settings: The stack that makes probabilities of them; None takes the session's.
        labels: File of labels for the queue of what costs most AUC; None takes the dataset's.
    """

    def __init__(
        self,
        label: str,
        kind: str = "",
        scores: Path | None = None,
        settings: Settings | None = None,
        labels: Path | None = None,
    ) -> None:
        super().__init__()
        self.label = label
        self.kind = kind
        self.scores = scores
        self.settings = settings
        self.labels = labels


class CompareInScope(Message):
    """The user wants to see in Scope what differs between two settings."""

    def __init__(self, pair: Pair) -> None:
        super().__init__()
        self.pair = pair


class OpenDataset(Message):
    """The user chose a dataset folder on the welcome screen."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
