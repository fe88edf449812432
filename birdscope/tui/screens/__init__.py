"""One module and one .tcss per tab, and the modal screens."""
