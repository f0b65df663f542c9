"""A list is read entry by entry as JSON says, wherever the reading stops in between; hostile ones fill no memory."""

import io
import json
import tracemalloc
from collections import deque
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks import listed
from tasks.rows import Unreadable

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=10,
)  # fmt: skip


def entries(content: bytes, most: int = 64_000) -> list[object]:
    return list(listed.entries(io.BytesIO(content), most))


# How fast it draws is the machine's affair.
SLOW = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)


@SLOW
@given(st.lists(ANY), st.integers(1, 40), st.booleans(), st.sampled_from([None, 1]))
def test_it_reads_what_json_reads(said: list[object], chunk: int, ascii_only: bool, indent: int | None) -> None:  # noqa: FBT001 - drawn
    content = json.dumps(said, ensure_ascii=ascii_only, indent=indent).encode()
    with patch.object(listed, "CHUNK_BYTES", chunk):
        assert entries(content) == said
        assert entries(b"\xef\xbb\xbf \n" + content + b"\r\n") == said


@SLOW
@given(
    st.dictionaries(st.text('aé\\"', max_size=4), st.lists(st.integers() | st.just({"a": []})) | ANY),
    st.integers(1, 40),
)
def test_the_lists_of_an_object_are_read_by_their_names(said: dict[str, object], chunk: int) -> None:
    file = io.BytesIO(json.dumps(said).encode())
    with patch.object(listed, "CHUNK_BYTES", chunk):
        found = {name: list(entries) for name, entries in listed.members(file, 64_000)}
    assert found == {name: value for name, value in said.items() if isinstance(value, list)}


@pytest.mark.parametrize(
    "content", [b"", b"{", b'{"a"}', b'{"a": [}', b'{"a": [],}', b'{"a": [] "b": 1}', b"[]", b"{1: []}"]
)
def test_what_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        deque(listed.members(io.BytesIO(content), 64_000))


@pytest.mark.parametrize(
    "content",
    [
        b"", b"[", b"[1", b"[1,", b"[1,]", b"[,1]", b"[1 2]", b"[1] x", b"[1][2]", b"{}", b"[tru]", b'["a]', b"[1}",
        b"[]]", b'["\\q"]', b'["\xff"]', b"[1e400]", b"[NaN]", b'[{"a":1,"a":2}]', b"[" + b"9" * 5000 + b"]",
        b"[" * 100_000,
        b'[{"a":' * 20_000, b"[" + b" " * 1_000_000, b'["' + b"x" * 1_000_000 + b'"]', b"[[" + b"1," * 500_000 + b"1]]",
    ],
)  # fmt: skip
def test_what_is_no_list_or_too_long_is_refused_in_little_memory(content: bytes) -> None:
    tracemalloc.start()
    with pytest.raises((ValueError, RecursionError, Unreadable)):
        entries(content)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 8_000_000


@pytest.mark.parametrize("opening", [b"[1x", b'["a"x', "[1\U0001f600".encode(), b"[{}1"])
def test_what_follows_no_end_is_not_read_through(opening: bytes) -> None:
    file = io.BytesIO(opening + b"x" * 2_000_000)
    with pytest.raises(ValueError, match="does not end"):
        list(listed.entries(file, 64_000))
    assert file.tell() <= 2 * listed.CHUNK_BYTES


def test_what_is_broken_early_is_found_without_reading_on() -> None:
    file = io.BytesIO(b'[{"a" 1' + b" " * 60 + b"}" + b", 1" * 1_000_000 + b"]")
    with pytest.raises(ValueError, match="delimiter"):
        list(listed.entries(file, 64_000))
    assert file.tell() <= listed.CHUNK_BYTES
