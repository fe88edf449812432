from __future__ import annotations

import json

import pytest

from birdscope.core.errors import Cancelled
from birdscope.core.events import Event, Stop


def test_an_event_is_one_json_line_and_comes_back() -> None:
    event = Event("metric", message="epoch 3", data={"macro_roc_auc": 0.91})
    line = event.to_json()
    assert "\n" not in line
    assert json.loads(line)["v"] == 1
    assert Event.from_json(line) == event


@pytest.mark.parametrize("line", ["{}", "[]", "garbage", '{"v": 99, "kind": "progress"}'])
def test_what_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(ValueError):
        Event.from_json(line)


@pytest.mark.parametrize(
    "field",
    ['"kind": "dance"', '"done": "x"', '"total": NaN', '"t": null', '"message": 3', '"data": []'],
)
def test_fields_of_another_type_make_no_event(field: str) -> None:
    with pytest.raises(ValueError):
        Event.from_json(f'{{"v": 1, "kind": "progress", {field}}}')


def test_fields_of_a_later_minor_version_are_passed_over() -> None:
    assert Event.from_json('{"v": 1, "t": 1.0, "kind": "progress", "new": 1}').t == 1.0


def test_stop_raises_only_when_asked() -> None:
    stop = Stop()
    stop.check()
    stop.set()
    with pytest.raises(Cancelled):
        stop.check()
