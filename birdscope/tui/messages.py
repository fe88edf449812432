"""Messages that cross screens; a widget's own messages live in the widget."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from birdscope.core.types import Recording

if TYPE_CHECKING:
    from birdscope.dataset.catalog import Catalog


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


class OpenDataset(Message):
    """The user chose a dataset folder on the welcome screen."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
