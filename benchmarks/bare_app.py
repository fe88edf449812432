"""The least a Textual app with the same tabs needs: the yardstick for first paint."""

from textual.app import App, ComposeResult
from textual.widgets import Footer, TabbedContent, TabPane


class BareApp(App[None]):
    """Tabs and a footer, nothing in them."""

    def compose(self) -> ComposeResult:
        """Empty tabs, named as birdscope's are."""
        with TabbedContent():
            for name in ("Browse", "Scope", "Audition", "Tune", "Train", "Submit"):
                yield TabPane(name)
        yield Footer()


if __name__ == "__main__":
    BareApp().run()
