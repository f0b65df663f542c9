"""ZIPs of any number of files, read back by Python's own reader, which compares every sum."""

import io
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest

from tasks.formats import zipped
from tasks.formats.zipped import Entry

AT = datetime(2026, 3, 4, 5, 6, 8, tzinfo=UTC)
MANY = 70_000


def numbered(count: int) -> Iterator[Entry]:
    for number in range(count):
        yield f"label_2/{number:06d}.txt", [b"car 0.00 ", b"%d\n" % number]


def read(entries: list[Entry]) -> ZipFile:
    found = ZipFile(io.BytesIO(b"".join(zipped.packed(entries, at=AT))))
    assert found.testzip() is None
    return found


def test_files_come_back_with_their_names_and_their_moment() -> None:
    long = bytes(range(256)) * 20_000
    found = read([("días/ñ.txt", [b"one ", b"two"]), ("empty.txt", []), ("long", [long, long])])
    assert found.namelist() == ["días/ñ.txt", "empty.txt", "long"]
    assert [found.read(name) for name in found.namelist()] == [b"one two", b"", long + long]
    assert {one.date_time for one in found.infolist()} == {(2026, 3, 4, 5, 6, 8)}
    assert read([]).namelist() == []


def test_the_same_files_are_the_same_bytes() -> None:
    first, again = (b"".join(zipped.packed(numbered(3), at=AT)) for _time in range(2))
    assert first == again


def test_what_lies_beyond_the_narrow_fields_is_found_by_the_wide_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "LARGEST", 100)
    found = read(list(numbered(5)))
    assert [found.read(name) for name in found.namelist()] == [b"car 0.00 %d\n" % number for number in range(5)]
    assert [one.extract_version for one in found.infolist()] == [20, 20, 45, 45, 45]


def test_memory_stays_the_same_however_many_files_there_are(tmp_path: Path) -> None:
    """More files than the narrow field of their number can tell."""
    path = tmp_path / "all.zip"
    tracemalloc.start()
    with path.open("wb") as file:
        for piece in zipped.packed(numbered(MANY), at=AT):
            file.write(piece)
    _now, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 5_000_000
    with ZipFile(path) as found:
        assert len(found.namelist()) == MANY
        assert found.read(f"label_2/{MANY - 1:06d}.txt") == b"car 0.00 %d\n" % (MANY - 1)


def test_a_file_too_large_for_its_fields_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "LOOK_IN_WIDE", 10)
    with pytest.raises(OverflowError, match="less than 4 GiB"):
        list(zipped.packed([("large", [b"0123456789"])], at=AT))
