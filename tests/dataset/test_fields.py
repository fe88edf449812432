from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from birdscope.dataset.fields import parse_coordinate, parse_labels, parse_rating


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", ()),
        ("['']", ()),
        ("[]", ()),
        ("['grekis']", ("grekis",)),
        ("['65448', '22976', 'compau']", ("65448", "22976", "compau")),
        ("['a','b']", ("a", "b")),
        ('["a", "b"]', ("a", "b")),
        ("[1139490]", ("1139490",)),
        ("['', 'a']", ("a",)),
        ("a;b", ("a", "b")),
        ("['a'", None),
        ("[__import__('os')]", None),
        ("['a', ['b']]", None),
        ("{'a': 1}", None),
    ],
)
def test_labels_of_a_cell(text: str, labels: tuple[str, ...] | None) -> None:
    assert parse_labels(text) == labels


@given(st.lists(st.from_regex(r"[a-z0-9'\"\\]{1,8}", fullmatch=True)))
def test_a_printed_list_is_read_back(labels: list[str]) -> None:
    assert parse_labels(repr(labels)) == tuple(labels)


@pytest.mark.parametrize(
    ("text", "rating"), [("4.5", 4.5), ("0.0", 0.0), ("", 0.0), ("nan", 0.0), ("9", 0.0)]
)
def test_what_is_no_rating_is_unknown(text: str, rating: float) -> None:
    assert parse_rating(text) == rating


def test_coordinates_out_of_range_are_unknown() -> None:
    assert parse_coordinate("-74.2", 180) == -74.2
    assert parse_coordinate("120", 90) is None
    assert parse_coordinate("", 90) is None
