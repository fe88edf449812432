"""HTTP to Xeno-Canto: one polite request at a time, tried again where that may help.

The key goes to the API and nowhere else: not into files, events or messages.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

from birdscope import __version__
from birdscope.core.errors import NetworkError, UsageError
from birdscope.core.events import Emit, Event, Stop, silent
from birdscope.dataset.xeno_canto.records import Page, parse_page

if TYPE_CHECKING:
    import requests

KEY_VARIABLE = "BIRDSCOPE_XENO_CANTO_KEY"
URL_VARIABLE = "BIRDSCOPE_XENO_CANTO_URL"
BASE_URL = "https://xeno-canto.org"
PER_PAGE = 500
"""The API's maximum: the fewest requests."""
_API = "/api/3/recordings"
_TIMEOUT_S = (10.0, 60.0)
_LONGEST_WAIT_S = 3600.0
_CHUNK_BYTES = 1 << 16
_T = TypeVar("_T")
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Manners:
    """How the server is treated.

    Attributes:
        pause_s: At least this long between two requests; the server asks for one second.
        tries: Requests for the same thing before giving up.
        backoff_s: First wait after a failure of the server; doubles each time.
        most_bytes: Larger files are not fetched.
    """

    pause_s: float = 1.0
    tries: int = 5
    backoff_s: float = 2.0
    most_bytes: int = 200_000_000


class RefusedError(NetworkError):
    """The server says no, and would say so again."""


class TruncatedError(NetworkError):
    """A download ended before its end."""


class Client:
    """Asks Xeno-Canto.

    Args:
        key: Of the API.
        base_url: Another server, for tests.
        manners: Pauses and tries.
        emit: Hears of waits.
        stop: Ends a wait early.
        sleep: Waits so many seconds; given by tests.

    Raises:
        UsageError: there is no key, or the server would get it unencrypted.
    """

    def __init__(
        self,
        key: str,
        *,
        base_url: str = BASE_URL,
        manners: Manners | None = None,
        emit: Emit = silent,
        stop: Stop | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not key:
            raise UsageError(
                f"there is no key for Xeno-Canto's API: {KEY_VARIABLE} is not set",
                remedy="register at xeno-canto.org, take the key from your account page, "
                f"then: export {KEY_VARIABLE}=…",
            )
        where = urlsplit(base_url)
        if where.scheme != "https" and where.hostname not in _LOCAL:
            raise UsageError(
                f"{base_url} is not https: the key would be sent unencrypted",
                remedy=f"use https in {URL_VARIABLE}",
            )
        self._key = key
        self._base_url = base_url.rstrip("/")
        self._manners = manners or Manners()
        self._emit = emit
        self._stop = stop
        self._sleep = sleep
        self._last = -self._manners.pause_s
        self._session: requests.Session | None = None

    @classmethod
    def from_environment(cls, *, emit: Emit = silent, stop: Stop | None = None) -> Client:
        """A client with the key of BIRDSCOPE_XENO_CANTO_KEY.

        Raises:
            UsageError: it is not set.
        """
        base_url = os.environ.get(URL_VARIABLE) or BASE_URL
        key = os.environ.get(KEY_VARIABLE, "").strip()
        return cls(key, base_url=base_url, emit=emit, stop=stop)

    def page(self, query: str, number: int = 1) -> Page:
        """One page of a query's results.

        Raises:
            UsageError: the key is wrong.
            NetworkError: the query is refused, or the server can't be reached.
            Cancelled: if `stop` was set.
        """
        asked = {"query": query, "page": str(number), "per_page": str(PER_PAGE), "key": self._key}

        def read(response: requests.Response) -> Page:
            with suppress(ValueError):
                body = response.json()
                if isinstance(body, Mapping) and "error" not in body:
                    return parse_page(body)
                raise RefusedError(self._explain(body, response.status_code))
            raise _Later(NetworkError("Xeno-Canto's answer is no page of recordings"))

        return self._tried(f"{self._base_url}{_API}", asked, read)

    def download(self, url: str, target: Path) -> None:
        """Fetch a file into `target`, whole or not at all.

        Raises:
            NetworkError: it can't be had, is too large, or ended early each time.
            Cancelled: if `stop` was set.
        """
        part = target.with_name(f"{target.name}.part")

        def read(response: requests.Response) -> None:
            self._save(response, part)
            part.replace(target)

        try:
            self._tried(urljoin(f"{self._base_url}/", url), {}, read)
        finally:
            part.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            self._session.close()

    def _save(self, response: requests.Response, part: Path) -> None:
        """Stream to a file; what the header promised must arrive."""
        declared = response.headers.get("Content-Length", "")
        plain = not response.headers.get("Content-Encoding")
        expected = int(declared) if declared.isdigit() and plain else None
        most = self._manners.most_bytes
        got = 0
        with open(part, "wb") as file:
            for chunk in response.iter_content(_CHUNK_BYTES):
                self._check()
                got += file.write(chunk)
                if got > most or (expected or 0) > most:
                    raise RefusedError(f"the file is larger than {most // 1_000_000} MB")
            file.flush()
            os.fsync(file.fileno())
        if expected is not None and got != expected:
            raise TruncatedError(f"the download ended after {got} of {expected} bytes")
        if not got:
            raise TruncatedError("the download is empty")

    def _tried(
        self, url: str, asked: Mapping[str, str], read: Callable[[requests.Response], _T]
    ) -> _T:
        """Ask until it works, a refusal is final, or the tries are used up."""
        last: NetworkError | None = None
        for attempt in range(self._manners.tries):
            wait_s = self._manners.backoff_s * 2**attempt
            try:
                return self._once(url, asked, read)
            except _Later as later:
                last, wait_s = later.error, max(later.after_s, wait_s if later.failed else 0.0)
            except TruncatedError as error:
                last = error
            if attempt + 1 < self._manners.tries:
                self._emit(Event("warning", f"{last.what}; again in {wait_s:.0f} s"))
                self._wait(wait_s)
        assert last is not None
        raise type(last)(
            f"{last.what} ({self._manners.tries} tries)",
            remedy="run the command again later: it goes on where it was",
        )

    def _once(
        self, url: str, asked: Mapping[str, str], read: Callable[[requests.Response], _T]
    ) -> _T:
        import requests

        self._wait(self._last + self._manners.pause_s - time.monotonic())
        failure: NetworkError
        try:
            with self._open().get(url, params=asked, timeout=_TIMEOUT_S, stream=True) as response:
                self._judge(response)
                return read(response)
        # what requests says of a failure holds the address and with it the key: not repeated
        except requests.Timeout:
            failure = NetworkError("Xeno-Canto didn't answer in time")
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError):
            failure = TruncatedError("the download broke off")
        except requests.ConnectionError:
            failure = NetworkError("Xeno-Canto can't be reached")
        except requests.RequestException as error:
            raise RefusedError(f"the address can't be used ({type(error).__name__})") from None
        finally:
            self._last = time.monotonic()
        raise _Later(failure)

    def _judge(self, response: requests.Response) -> None:
        """Go on for a good answer; say whether to try again for another."""
        status = response.status_code
        if status == 429:
            raise _Later(
                NetworkError("Xeno-Canto asks to slow down (429)"), _retry_after_s(response)
            )
        if status >= 500:
            what = f"Xeno-Canto has a problem of its own ({status})"
            raise _Later(NetworkError(what), _retry_after_s(response))
        if status >= 400:
            body: Any = None
            with suppress(ValueError):
                body = response.json()
            said = self._explain(body, status)
            of_api = urlsplit(response.url).path.endswith(_API)
            if of_api and (status in (401, 403) or "key" in said.lower()):
                raise UsageError(
                    f"Xeno-Canto refuses the key: {said}",
                    remedy=f"check {KEY_VARIABLE}; the key is on your account page",
                )
            raise RefusedError(said)

    def _explain(self, body: Any, status: int) -> str:
        """What the server says of an error, in both forms that the API is known to use."""
        error = body.get("error") if isinstance(body, Mapping) else None
        if isinstance(error, Mapping):
            parts = (error.get("code"), error.get("message"))
        elif isinstance(body, Mapping):
            parts = (error, body.get("message"))
        else:
            parts = (None, None)
        said = ": ".join(str(part)[:200] for part in parts if part).replace(self._key, "…")
        return f"{said} ({status})" if said else f"the server refuses ({status})"

    def _wait(self, seconds: float) -> None:
        """Sleep in slices, so that a stop is heard."""
        left = min(seconds, _LONGEST_WAIT_S)
        while left > 0:
            self._check()
            self._sleep(min(left, 0.25))
            left -= 0.25
        self._check()

    def _check(self) -> None:
        if self._stop is not None:
            self._stop.check()

    def _open(self) -> requests.Session:
        if self._session is None:
            import requests

            self._session = requests.Session()
            self._session.headers["User-Agent"] = f"birdscope/{__version__}"
        return self._session


class _Later(Exception):  # noqa: N818 - a state of the server, not an error
    """The same request may work later."""

    def __init__(self, error: NetworkError, after_s: float = 0.0) -> None:
        super().__init__()
        self.error = error
        self.after_s = after_s
        self.failed = after_s == 0.0


def _retry_after_s(response: requests.Response) -> float:
    """Seconds of the Retry-After header (a number or a date); 0 where there is none."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    with suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    return 0.0
