import contextlib
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from coop import door

type Serve = Callable[[bytes], str]

HERE = ["127.0.0.1/32"]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that serves these bytes to whoever connects, at an address of this machine."""
    with contextlib.ExitStack() as opened:

        def start(answer: bytes, pause: float = 0) -> str:
            listening = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
            threading.Thread(target=_serve, args=(listening, answer, pause), daemon=True).start()
            return f"http://127.0.0.1:{listening.getsockname()[1]}/hook"

        yield start


def _serve(listening: socket.socket, answer: bytes, pause: float) -> None:
    with contextlib.suppress(OSError):
        while True:
            connection, _address = listening.accept()
            with connection:
                connection.recv(65536)
                pieces = [answer[n : n + 1] for n in range(len(answer))] if pause else [answer]
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(pause)


def fetched(address: str, most: int = 1_000) -> bytes:
    out = io.BytesIO()
    door.fetch(address, out, most=most, seconds=5)
    return out.getvalue()


def ok(content: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nContent-Type: text/plain\r\n\r\n" % len(content) + content


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:7f00:1::", "2002:a00:1::",
        "2001:0:4136:e378:8000:63bf:f5ff:fffe", "0.0.0.0",  # noqa: S104 - looked at, not bound
    ],
)  # fmt: skip
def test_no_address_of_ours_is_open(address: str) -> None:
    assert not door.is_open(address)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_open(address: str) -> None:
    assert door.is_open(address)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://localhost/", "private"), ("http://127.1/", "private"), ("http://2130706433/", "private"),
        ("http://0x7f.1/", "private"), ("http://[::1]/", "private"), ("http://[::ffff:7f00:1]/", "private"),
        ("https://169.254.169.254/latest/meta-data/", "private"), ("http://0177.0.0.1/", "address"),
        ("http://nobody.invalid/", "unknown"), ("ftp://example.com/", "scheme"), ("file:///etc/passwd", "address"),
        ("gopher://example.com/", "scheme"), ("http://user:word@example.com/", "address"), ("", "address"),
        ("http:///", "address"), ("http://example.com:25/", "port"), ("http://example.com:22/", "port"),
        ("http://" + "a" * 3000, "address"), ("http://exa mple.com/", "unknown"), ("http://example.com:99999/", "port"),
        ("//example.com/", "scheme"), ("javascript:alert(1)", "address"),
    ],
)  # fmt: skip
def test_the_door_stays_closed(address: str, why: str) -> None:
    with pytest.raises(door.Closed) as closed:
        fetched(address)
    assert closed.value.why == why


def test_a_name_that_leads_to_an_address_of_ours_too_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, 80)) for place in ("1.1.1.1", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_kwargs: answers)
    with pytest.raises(door.Closed, match="private"):
        door.places("rebind.example", 80, time.monotonic() + 5)


def test_a_name_is_looked_up_once_and_what_was_looked_at_is_connected_to(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, serve: Serve
) -> None:
    settings.OUTGOING_ALSO_TO = HERE
    port = int(serve(ok(b"in")).split(":")[2].split("/")[0])
    asked: list[str] = []

    def look_up(host: str, *args: object, **kwargs: object) -> list[object]:
        # The first answer is harmless, any later one is not: what a rebinding server does.
        asked.append(host)
        place = "127.0.0.1" if host == "127.0.0.1" or len(asked) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (place, port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    assert fetched(f"http://rebind.example:{port}/") == b"in"
    assert asked.count("rebind.example") == 1


def test_what_stands_there_is_fetched(settings: Settings, serve: Serve) -> None:
    settings.OUTGOING_ALSO_TO = HERE
    out = io.BytesIO()
    answer = door.fetch(serve(ok(b"a picture")), out, most=9, seconds=5)
    assert (out.getvalue(), answer.status, answer.headers["content-type"]) == (b"a picture", 200, "text/plain")


def test_more_than_was_agreed_is_cut_off(settings: Settings, serve: Serve) -> None:
    settings.OUTGOING_ALSO_TO = HERE
    with pytest.raises(door.Closed, match="large"):
        fetched(serve(ok(b"x" * 2_000_000)), most=1_000_000)


def test_a_redirect_to_an_address_of_ours_is_not_followed(settings: Settings, serve: Serve) -> None:
    settings.OUTGOING_ALSO_TO = HERE
    away = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:80/\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(door.Closed, match="private"):
        fetched(serve(away))
    with pytest.raises(door.Closed, match="address"):
        fetched(serve(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"))


def test_redirects_end(settings: Settings, serve: Serve) -> None:
    settings.OUTGOING_ALSO_TO = HERE
    with pytest.raises(door.Closed, match="redirects"):
        fetched(serve(b"HTTP/1.1 307 Again\r\nLocation: /hook\r\nContent-Length: 0\r\n\r\n"))


def test_who_sends_a_byte_now_and_then_is_not_waited_for(settings: Settings, serve: Callable[..., str]) -> None:
    settings.OUTGOING_ALSO_TO = HERE
    with pytest.raises(door.Closed, match="late"):
        door.post(serve(ok(b"x" * 200), pause=0.05), b"{}", {}, seconds=0.5)


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Let no name be found before the event is set."""
    found, known = threading.Event(), socket.getaddrinfo

    def look_up(_host: str, *more: Any, **said: Any) -> Any:
        found.wait(20)
        return known("127.0.0.1", *more, **said)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    yield found
    found.set()


def late(seconds: float, name: str = "slow.example") -> float:
    """Ask a name that nobody answers for; return how long it took to say so."""
    began = time.monotonic()
    with pytest.raises(door.Closed, match="late"):
        door.post(f"https://{name}/", b"", {}, seconds=seconds)
    return time.monotonic() - began


def test_a_name_that_is_not_found_in_time_is_not_waited_for(slow_names: threading.Event) -> None:
    assert late(0.5) < 2, "and not as long as the system looks"
    assert not slow_names.is_set()


def test_look_ups_that_nobody_waits_for_are_counted_and_end(
    slow_names: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "LOOK_UPS", threading.BoundedSemaphore(2))
    for _time in range(4):
        late(0.1, "counted.example")
    named = [one for one in threading.enumerate() if one.name == "door: counted.example"]
    assert len(named) == 2
    slow_names.set()
    for one in named:
        one.join(10)
    assert [door.LOOK_UPS.acquire(timeout=5) for _free in range(2)] == [True, True]


def test_where_no_thread_can_be_had_the_place_is_free_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_thread: threading.Thread) -> None:
        message = "can't start new thread"
        raise RuntimeError(message)

    monkeypatch.setattr(door, "LOOK_UPS", threading.BoundedSemaphore(1))
    monkeypatch.setattr(threading.Thread, "start", none_left)
    for _time in range(3):
        assert late(5) < 2
    assert door.LOOK_UPS.acquire(timeout=0)


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", b"HTTP/1.1 200 OK\r\nX"]
)
def test_broken_answers_are_no_answers(settings: Settings, serve: Serve, answer: bytes) -> None:
    settings.OUTGOING_ALSO_TO = HERE
    with pytest.raises(door.Closed) as closed:
        fetched(serve(answer))
    assert closed.value.why in {"broken", "no_answer"}


def test_nobody_listening_is_no_answer(settings: Settings) -> None:
    settings.OUTGOING_ALSO_TO = HERE
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(door.Closed, match="no_answer"):
        door.post(f"http://127.0.0.1:{port}/", b"{}", {}, seconds=5)


def test_headers_of_ours_cannot_be_split(settings: Settings, serve: Serve) -> None:
    settings.OUTGOING_ALSO_TO = HERE
    with pytest.raises(door.Closed, match="broken"):
        door.post(serve(ok(b"")), b"{}", {"X-Name": "a\r\nX-Other: b"}, seconds=5)
