"""A local server that speaks the JSON of Xeno-Canto's API version 3, with faults on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "s3cret-key"


def entry(number: int, **changes: Any) -> dict[str, Any]:
    """A recording object with the fields that the API documents."""
    return {
        "id": str(number),
        "gen": "Turdus",
        "sp": "merula",
        "ssp": "",
        "grp": "birds",
        "en": "Common Blackbird",
        "rec": f"Recordist {number % 3}",
        "cnt": "Poland",
        "loc": "Białowieża",
        "lat": "52.7000",
        "lon": "23.8667",
        "alt": "170",
        "type": "song",
        "sex": "male",
        "stage": "adult",
        "method": "field recording",
        "url": f"//xeno-canto.org/{number}",
        "file": f"/{number}/download",
        "file-name": f"XC{number}-song.mp3",
        "sono": {"small": "//xeno-canto.org/sono.png"},
        "osci": {"small": "//xeno-canto.org/osci.png"},
        "lic": "//creativecommons.org/licenses/by-nc-sa/4.0/",
        "q": "A",
        "length": "0:06",
        "time": "05:10",
        "date": "2020-05-01",
        "uploaded": "2020-05-02",
        "also": ["Erithacus rubecula", ""],
        "rmk": "",
        "animal-seen": "yes",
        "playback-used": "no",
        "temp": "",
        "regnr": "",
        "auto": "no",
        "dvc": "",
        "mic": "",
        "smp": "48000",
        **changes,
    }


class FakeXenoCanto:
    """What the server has and does.

    Attributes:
        entries: Every recording object.
        sounds: Path of a download → bytes.
        page_size: Recordings a page.
        faults: Path → how the next requests for it go wrong, in order: a status code, a
            (status, Retry-After) pair, "cut" (ends early), "drop" (no answer), "html".
        requests: (path, parameters) of every request.
    """

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.sounds: dict[str, bytes] = {}
        self.page_size = 100
        self.faults: dict[str, list[Any]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.url = ""

    def asked(self, path: str) -> int:
        """How often a path was asked for."""
        return sum(one == path for one, _ in self.requests)

    def page(self, parameters: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and body of a search."""
        if parameters.get("key") != KEY:
            return 401, {"error": "client_error", "message": "Missing or invalid key parameter"}
        if ":" not in parameters.get("query", ""):
            error = {"code": "missing_parameter", "message": "No query specified"}
            return 400, {"error": error}
        number = int(parameters.get("page", "1"))
        first = (number - 1) * self.page_size
        return 200, {
            "numRecordings": str(len(self.entries)),
            "numSpecies": str(len({(one.get("gen"), one.get("sp")) for one in self.entries})),
            "page": number,
            "numPages": -(-len(self.entries) // self.page_size),
            "recordings": self.entries[first : first + self.page_size],
        }


@contextmanager
def serving() -> Iterator[FakeXenoCanto]:
    """Run the server in a thread."""
    fake = FakeXenoCanto()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            where = urlsplit(self.path)
            parameters = {name: one[0] for name, one in parse_qs(where.query).items()}
            fake.requests.append((where.path, parameters))
            faults = fake.faults.get(where.path, [])
            fault = faults.pop(0) if faults else None
            if fault == "drop":
                self.close_connection = True
            elif isinstance(fault, tuple):
                self._send(fault[0], b"", {"Retry-After": fault[1]})
            elif isinstance(fault, int):
                self._send(fault, b"no")
            elif fault == "html":
                self._send(200, b"<html>maintenance</html>")
            elif where.path == "/api/3/recordings":
                status, body = fake.page(parameters)
                self._send(status, json.dumps(body).encode())
            elif where.path in fake.sounds:
                self._send(200, fake.sounds[where.path], cut=fault == "cut")
            else:
                self._send(404, b"not found")

        def _send(
            self,
            status: int,
            body: bytes,
            headers: dict[str, str] | None = None,
            cut: bool = False,
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if cut else body)

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
