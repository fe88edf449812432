from __future__ import annotations

import time
import traceback
from email.utils import formatdate
from pathlib import Path

import pytest

from birdscope.core.errors import Cancelled, NetworkError, UsageError
from birdscope.core.events import Event, Stop
from birdscope.dataset.xeno_canto.client import Client, Manners, RefusedError, TruncatedError
from tests.dataset.xeno_canto.conftest import MakeClient, sound
from tests.dataset.xeno_canto.server import KEY, FakeXenoCanto, entry

API = "/api/3/recordings"


class Sleeps:
    """Sleeps that take no time."""

    def __init__(self) -> None:
        self.total_s = 0.0

    def __call__(self, seconds: float) -> None:
        self.total_s += seconds


def test_a_page_is_asked_for_as_documented(server: FakeXenoCanto, make_client: MakeClient) -> None:
    server.entries, server.page_size = [entry(n) for n in range(1, 6)], 2
    page = make_client().page('gen:turdus q:">D"', 3)
    assert [one.number for one in page.recordings] == ["5"]
    assert (page.total, page.number, page.pages) == (5, 3, 3)
    assert server.requests == [
        (API, {"query": 'gen:turdus q:">D"', "page": "3", "per_page": "500", "key": KEY})
    ]


def test_a_wrong_key_is_explained_once_and_never_shown(
    server: FakeXenoCanto, make_client: MakeClient
) -> None:
    with pytest.raises(UsageError, match=r"refuses the key.*client_error.*401") as caught:
        make_client(key="wrong-key").page("gen:turdus")
    assert "wrong-key" not in str(caught.value)
    assert server.asked(API) == 1


def test_a_refused_query_is_not_repeated(server: FakeXenoCanto, make_client: MakeClient) -> None:
    with pytest.raises(RefusedError, match="missing_parameter: No query specified"):
        make_client().page("turdus")
    assert server.asked(API) == 1


@pytest.mark.parametrize("date", [False, True])
def test_retry_after_is_obeyed(date: bool, server: FakeXenoCanto, make_client: MakeClient) -> None:
    server.entries, sleeps = [entry(1)], Sleeps()
    after = formatdate(time.time() + 7, usegmt=True) if date else "7"
    server.faults[API] = [(429, after)]
    warnings: list[Event] = []
    assert make_client(sleep=sleeps, emit=warnings.append).page("gen:turdus").total == 1
    assert 5.0 <= sleeps.total_s <= 7.25
    assert "slow down (429)" in warnings[0].message


@pytest.mark.parametrize("fault", [500, 503, "drop", "html"])
def test_a_failure_of_the_server_is_tried_again_with_growing_waits(
    fault: object, server: FakeXenoCanto, make_client: MakeClient
) -> None:
    server.entries, sleeps = [entry(1)], Sleeps()
    server.faults[API] = [fault, fault]
    manners = Manners(pause_s=0.0, tries=3, backoff_s=1.0)
    assert make_client(sleep=sleeps, manners=manners).page("gen:turdus").total == 1
    assert sleeps.total_s == pytest.approx(1 + 2)


def test_it_gives_up_after_its_tries(server: FakeXenoCanto, make_client: MakeClient) -> None:
    server.faults[API] = [500] * 9
    with pytest.raises(NetworkError, match=r"problem of its own \(500\) \(3 tries\)"):
        make_client().page("gen:turdus")
    assert server.asked(API) == 3


def test_an_unreachable_server_is_told_without_the_key(make_client: MakeClient) -> None:
    with pytest.raises(NetworkError, match="can't be reached") as caught:
        make_client(base_url="http://127.0.0.1:9").page("gen:turdus")
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_requests_keep_their_distance(server: FakeXenoCanto, make_client: MakeClient) -> None:
    server.entries = [entry(1)]
    client = make_client(manners=Manners(pause_s=0.3, tries=1))
    begin = time.monotonic()
    for _ in range(3):
        client.page("gen:turdus")
    assert time.monotonic() - begin >= 0.55


def test_the_standard_pause_is_a_second() -> None:
    assert Manners().pause_s >= 1.0


def test_a_download_that_ends_early_is_fetched_again(
    server: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    server.sounds["/1/download"] = sound()
    server.faults["/1/download"] = ["cut"]
    make_client().download("/1/download", tmp_path / "1")
    assert (tmp_path / "1").read_bytes() == sound()
    assert server.asked("/1/download") == 2
    assert KEY not in str(server.requests)


def test_a_download_that_always_ends_early_leaves_nothing(
    server: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    server.sounds["/1/download"] = sound()
    server.faults["/1/download"] = ["cut"] * 3
    with pytest.raises(TruncatedError):
        make_client().download("/1/download", tmp_path / "1")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_or_huge_file_is_refused_at_once(
    server: FakeXenoCanto, make_client: MakeClient, tmp_path: Path
) -> None:
    server.sounds["/1/download"] = sound()
    small = Manners(pause_s=0.0, tries=3, most_bytes=1000)
    with pytest.raises(RefusedError, match="larger"):
        make_client(manners=small).download("/1/download", tmp_path / "1")
    with pytest.raises(RefusedError, match="404"):
        make_client().download("/2/download", tmp_path / "2")
    assert len(server.requests) == 2
    assert list(tmp_path.iterdir()) == []


def test_a_stop_ends_a_long_wait(server: FakeXenoCanto, make_client: MakeClient) -> None:
    stop = Stop()
    server.faults[API] = [(429, "3000")]
    client = make_client(stop=stop, sleep=lambda seconds: stop.set())
    with pytest.raises(Cancelled):
        client.page("gen:turdus")


def test_no_key_and_no_encryption_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BIRDSCOPE_XENO_CANTO_KEY", raising=False)
    with pytest.raises(UsageError, match="BIRDSCOPE_XENO_CANTO_KEY is not set"):
        Client.from_environment()
    with pytest.raises(UsageError, match="unencrypted"):
        Client(KEY, base_url="http://example.org")
