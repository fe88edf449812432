from __future__ import annotations

import pytest

from birdscope.commands._predicting import heeding
from birdscope.core.errors import Cancelled
from birdscope.core.events import Event, Stop


def test_a_stop_is_heeded_at_the_next_event() -> None:
    heard: list[Event] = []
    stop = Stop()
    emit = heeding(heard.append, stop)
    emit(Event("progress", "loading a"))
    stop.set()
    with pytest.raises(Cancelled):
        emit(Event("progress", "loading b"))
    assert [one.message for one in heard] == ["loading a"]
