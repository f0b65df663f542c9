"""The guarded door: the one way out to an address that a client named, for webhooks, attachments and models.

Whoever names an address could name one of ours: the database, a neighbour on the network, the metadata of a cloud. So
the name is looked up here, every address behind it must be a public one (IANA's registries, by `ipaddress`), and the
connection goes to the very address that was looked at. A redirect is looked at like the first address. Time is bounded
for the whole exchange, to the second; size while it arrives. Proxies of the environment are not asked.
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, BinaryIO

import httpcore
import httpx
from django.conf import settings

USER_AGENT = b"Workhall"
# Mail servers and the like stand below; whoever serves files or takes webhooks has one of these, or a high one.
PORTS = {80, 443}
FIRST_FREE_PORT, LAST_PORT = 1024, 65_535
LONGEST_ADDRESS = 2_000
MOST_REDIRECTS = 3
REDIRECTS = {301, 302, 303, 307, 308}
# Of an answer to a webhook only so much is read; nobody looks at it.
ANSWER = 64_000
# Look-ups of names at once in a process, also of those that nobody waits for any more.
MOST_LOOK_UPS = 32
LOOK_UPS = threading.BoundedSemaphore(MOST_LOOK_UPS)
# An IPv6 address that leads to an IPv4 one by a translator (RFC 6052).
TRANSLATED = ipaddress.ip_network("64:ff9b::/96")

type Place = ipaddress.IPv4Address | ipaddress.IPv6Address


class Why(StrEnum):
    """Why nothing came back through the door."""

    ADDRESS = "address"
    SCHEME = "scheme"
    PORT = "port"
    UNKNOWN = "unknown"
    PRIVATE = "private"
    NO_ANSWER = "no_answer"
    LATE = "late"
    BROKEN = "broken"
    LARGE = "large"
    STATUS = "status"
    REDIRECTS = "redirects"


class Closed(Exception):  # noqa: N818 - reads as the sentence it is
    """The door stays closed, or nothing came back through it; `why` says which."""

    def __init__(self, why: Why) -> None:
        """Say why."""
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the status, and the headers in small letters."""

    status: int
    headers: Mapping[str, str]


def post(address: str, content: bytes, headers: Mapping[str, str], *, seconds: float) -> Answer:
    """Send content to an https (or http) address and return what it answered; a redirect is an answer.

    Raises Closed for an address that is not public, one that does not answer within `seconds`, and a broken answer.
    """
    with _asked("POST", _url(address), headers, content, time.monotonic() + seconds) as response:
        for _piece in _pieces(response, ANSWER):
            pass
        return _answer(response)


def ask(
    address: str, content: bytes | None, headers: Mapping[str, str], *, most: int, seconds: float
) -> tuple[Answer, bytes]:
    """Send content (or, with None, ask for what stands there) and return what it answers with its body.

    A redirect is an answer. Raises Closed as `post` does, and for a body of more than `most` bytes.
    """
    verb = "GET" if content is None else "POST"
    with _asked(verb, _url(address), headers, content or b"", time.monotonic() + seconds) as response:
        return _answer(response), b"".join(_pieces(response, most))


def fetch(address: str, out: BinaryIO, *, most: int, seconds: float) -> Answer:
    """Write what stands at an address into `out`, at most `most` bytes, following up to three redirects.

    Raises Closed as `post` does; for more bytes than that; and for any status but 200.
    """
    url, until = _url(address), time.monotonic() + seconds
    for _turn in range(MOST_REDIRECTS + 1):
        with _asked("GET", url, {}, b"", until) as response:
            if response.status not in REDIRECTS:
                return _written(response, out, most)
            url = _next(url, _answer(response).headers.get("location", ""))
    raise Closed(Why.REDIRECTS)


def refusal(address: str) -> Why | None:
    """Say why the door is closed to an address by its look alone, or nothing; nobody is asked."""
    try:
        _url(address)
    except Closed as closed:
        return closed.why
    return None


def is_of_the_house(address: str) -> bool:
    """Tell whether an address is a numeric one in a network of OUTGOING_ALSO_TO: what goes there stays in the house."""
    try:
        place = ipaddress.ip_address(_url(address).host)
    except (Closed, ValueError):
        return False
    return _is_named(place)


def _written(response: httpcore.Response, out: BinaryIO, most: int) -> Answer:
    if response.status != 200:  # noqa: PLR2004 - HTTP's OK
        raise Closed(Why.STATUS)
    out.writelines(_pieces(response, most))
    return _answer(response)


def _next(url: httpx.URL, location: str) -> httpx.URL:
    following = _url(str(url.join(location)) if location else "")
    if url.scheme == "https" and following.scheme != "https":
        raise Closed(Why.SCHEME)
    return following


def _url(address: str) -> httpx.URL:
    """Return an address that may be asked, by its look."""
    try:
        url = httpx.URL(address.strip())
    except (httpx.InvalidURL, ValueError) as error:
        raise Closed(Why.ADDRESS) from error
    if not url.host or url.userinfo or len(address) > LONGEST_ADDRESS:
        raise Closed(Why.ADDRESS)
    if url.scheme not in {"http", "https"}:
        raise Closed(Why.SCHEME)
    if url.port is not None and url.port not in PORTS and not FIRST_FREE_PORT <= url.port <= LAST_PORT:
        raise Closed(Why.PORT)
    return url.copy_with(fragment=None)


@contextmanager
def _asked(
    verb: str, url: httpx.URL, headers: Mapping[str, str], content: bytes, until: float
) -> Iterator[httpcore.Response]:
    """Ask, over a connection of its own, and close it."""
    sent = [(b"Host", url.netloc), (b"User-Agent", USER_AGENT), (b"Accept-Encoding", b"identity")]
    sent += [(b"Content-Length", str(len(content)).encode())] if verb == "POST" else []
    sent += [(name.encode("ascii"), value.encode("ascii")) for name, value in headers.items()]
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    with (
        _said(),
        httpcore.ConnectionPool(_trusted(), network_backend=_Outside(until)) as pool,
        pool.stream(verb, target, headers=sent, content=content) as response,
    ):
        yield response


@contextmanager
def _said() -> Iterator[None]:
    """Say what went wrong as a Why."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise Closed(Why.LATE) from error
    except (httpcore.NetworkError, ssl.SSLError) as error:
        raise Closed(Why.NO_ANSWER) from error
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol) as error:
        raise Closed(Why.BROKEN) from error


@cache
def _trusted() -> ssl.SSLContext:
    return httpcore.default_ssl_context()


def _pieces(response: httpcore.Response, most: int) -> Iterator[bytes]:
    seen = 0
    for piece in response.iter_stream():
        seen += len(piece)
        if seen > most:
            raise Closed(Why.LARGE)
        yield piece


def _answer(response: httpcore.Response) -> Answer:
    named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    return Answer(response.status, named)


def places(host: str, port: int, until: float) -> list[str]:
    """Return the addresses of a host, each of them public. Raises Closed where one is not, or none is known in time."""
    addresses = _looked_up(host.strip("[]"), port, until)
    if not addresses or not all(map(is_open, addresses)):
        raise Closed(Why.PRIVATE)
    return addresses


def _looked_up(host: str, port: int, until: float) -> list[str]:
    """Return what a name leads to, looked up in a thread of its own: the system's look-up takes no bound of time.

    One that nobody waits for any more ends by itself. There are so many at once and no more: others wait for one's end.
    """
    found: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()
    free = LOOK_UPS
    if not free.acquire(timeout=_left(until)):
        raise Closed(Why.LATE)
    facts = (host, port, found, free)
    try:
        threading.Thread(target=_look_up, args=facts, name=f"door: {host[:60]}", daemon=True).start()
    except RuntimeError as error:  # the system has no thread left
        free.release()
        raise Closed(Why.LATE) from error
    try:
        said = found.get(timeout=_left(until))
    except queue.Empty:
        raise Closed(Why.LATE) from None
    if isinstance(said, Exception):
        raise Closed(Why.UNKNOWN) from said
    return said


def _look_up(
    host: str, port: int, found: "queue.SimpleQueue[list[str] | Exception]", free: threading.BoundedSemaphore
) -> None:
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        found.put([str(address[0]) for *_kind, address in answers])
    except (OSError, UnicodeError) as error:
        found.put(error)
    finally:
        free.release()


def is_open(address: str) -> bool:
    """Tell whether the door opens to a numeric address: a public one, or one of OUTGOING_ALSO_TO."""
    place = ipaddress.ip_address(address)
    return _is_named(place) or all(one.is_global and not one.is_multicast for one in (place, *_inside(place)))


def _is_named(place: Place) -> bool:
    return any(place in ipaddress.ip_network(known) for known in settings.OUTGOING_ALSO_TO)


def _inside(place: Place) -> Iterator[Place]:
    """Yield the IPv4 addresses that an IPv6 address stands for."""
    if not isinstance(place, ipaddress.IPv6Address):
        return
    yield from (one for one in (place.ipv4_mapped, place.sixtofour, *(place.teredo or ())) if one)
    if place in TRANSLATED:
        yield ipaddress.IPv4Address(int(place) & 0xFFFFFFFF)


class _Outside(httpcore.NetworkBackend):
    """Connects to public addresses alone, each to the one that was looked at, and to none after `until`."""

    def __init__(self, until: float) -> None:
        self.until = until

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection to the first of a host's addresses that answers."""
        last: Exception = Closed(Why.NO_ANSWER)
        for place in places(host, port, self.until):
            try:
                stream = httpcore.SyncBackend().connect_tcp(place, port, _left(self.until), None, socket_options)
                return _Hurried(stream, self.until)
            except httpcore.NetworkError as error:
                last = error
        raise last


class _Hurried(httpcore.NetworkStream):
    """A connection whose every wait ends at one moment: who sends a byte a minute gains nothing."""

    def __init__(self, stream: httpcore.NetworkStream, until: float) -> None:
        self.stream, self.until = stream, until

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _left(self.until))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _left(self.until))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Hurried(self.stream.start_tls(ssl_context, server_hostname, _left(self.until)), self.until)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's own
        return self.stream.get_extra_info(info)


def _left(until: float) -> float:
    """Return the seconds that are left; raise where there are none."""
    left = until - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left
