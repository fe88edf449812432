"""Everything about one job: state, report, metrics, files, the end of its log."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static


class JobDetail(VerticalScroll):
    """A text that scrolls; one that grows is followed where its end was in sight."""

    DEFAULT_CSS = """
    JobDetail { scrollbar-size-vertical: 1; scrollbar-gutter: stable; padding: 0 0 0 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._subject = ""
        self._content = Content()

    @property
    def content(self) -> Content:
        """What is shown."""
        return self._content

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(id="job-detail-text")

    def show(self, subject: str, content: Content) -> None:
        """Show a text; another subject begins at its top."""
        if subject == self._subject and content == self._content:
            return
        if subject != self._subject:
            self.scroll_home(animate=False)
        self._subject, self._content = subject, content
        static = self.query_one("#job-detail-text", Static)
        # laying the whole screen out again costs more than all the rest
        height = content.get_height({}, max(static.size.width, 1))
        static.update(content, layout=height != static.size.height)
