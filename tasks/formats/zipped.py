"""A ZIP that goes out as it is made, its directory kept on disk: the same memory however many files are in it.

Two versions with the same files are the same bytes: each file bears the moment it is given, not that of the writing.
Source: PKWARE, "APPNOTE.TXT: .ZIP File Format Specification" 6.3.10; the wide fields of ZIP64 where one is needed.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from struct import Struct
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import IO

PIECE = 1 << 20
LARGEST, MOST = 0xFFFF_FFFF, 0xFFFF
LOOK_IN_WIDE, COUNT_IN_WIDE = 0xFFFF_FFFF, 0xFFFF
PLAIN, WIDE, FROM_UNIX = 20, 45, 3 << 8
NAMES_ARE_UTF_8, DEFLATED, FOR_ALL_TO_READ = 1 << 11, 8, 0o100644 << 16
LOCAL, CENTRAL, PLACE = Struct("<4s5H3L2H"), Struct("<4s6H3L5H2L"), Struct("<2HQ")
END, WIDE_END, WHERE_WIDE_END = Struct("<4s4H2LH"), Struct("<4sQ2H2L4Q"), Struct("<4sLQL")

# A file's name in the ZIP, and what is in it, in pieces.
type Entry = tuple[str, Iterable[bytes]]


@dataclass(frozen=True, slots=True)
class _Packed:
    """What both of a file's heads say of it."""

    name: bytes
    moment: tuple[int, int]
    sums: tuple[int, int, int]

    def local(self) -> bytes:
        told = (b"PK\3\4", PLAIN, NAMES_ARE_UTF_8, DEFLATED, *self.moment, *self.sums, len(self.name), 0)
        return LOCAL.pack(*told) + self.name

    def central(self, place: int) -> bytes:
        wide = PLACE.pack(1, 8, place) if place >= LARGEST else b""
        needs, where = (WIDE, LOOK_IN_WIDE) if wide else (PLAIN, place)
        head = (b"PK\1\2", FROM_UNIX | needs, needs, NAMES_ARE_UTF_8, DEFLATED, *self.moment, *self.sums)
        told = CENTRAL.pack(*head, len(self.name), len(wide), 0, 0, 0, FOR_ALL_TO_READ, where)
        return told + self.name + wide


def packed(entries: Iterable[Entry], *, at: datetime) -> Iterator[bytes]:
    """Yield a ZIP of files in their order, one of them in memory at a time, or on disk where it is large.

    Names are each other's; a file of 4 GiB and more raises OverflowError.
    """
    moment, count, place = _moment(at), 0, 0
    with TemporaryFile() as directory:
        for count, (name, content) in enumerate(entries, 1):  # noqa: B007 - how many there were
            with SpooledTemporaryFile(PIECE) as body:
                one = _Packed(name.encode(), moment, _deflate(content, body))
                directory.write(one.central(place))
                head = one.local()
                place += len(head) + body.tell()
                body.seek(0)
                yield head + body.read(PIECE)
                yield from pieces(body)
        size = directory.tell()
        directory.seek(0)
        yield from pieces(directory)
    yield _end(count, size, place)


def _deflate(content: Iterable[bytes], into: IO[bytes]) -> tuple[int, int, int]:
    """Write what is in a file packed; return its CRC-32, how long it is packed, and how long it is."""
    packer, crc, size = zlib.compressobj(wbits=-zlib.MAX_WBITS), 0, 0
    for piece in content:
        crc, size = zlib.crc32(piece, crc), size + len(piece)
        into.write(packer.compress(piece))
    into.write(packer.flush())
    if max(size, into.tell()) >= LOOK_IN_WIDE:
        message = "A file in a ZIP has less than 4 GiB: the fields of its length are 32 bits wide. Split it."
        raise OverflowError(message)
    return crc, into.tell(), size


def pieces(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the rest of an open file in pieces of one megabyte."""
    while piece := file.read(PIECE):
        yield piece


def _moment(at: datetime) -> tuple[int, int]:
    """Return time and day as MS-DOS wrote them, in UTC."""
    it = at.astimezone(UTC)
    return it.hour << 11 | it.minute << 5 | it.second // 2, (it.year - 1980) << 9 | it.month << 5 | it.day


def _end(count: int, size: int, place: int) -> bytes:
    """Return what stands after a directory that begins at `place`."""
    plain = END.pack(
        b"PK\5\6", 0, 0, *(min(count, COUNT_IN_WIDE),) * 2, min(size, LOOK_IN_WIDE), min(place, LOOK_IN_WIDE), 0
    )
    if count < MOST and max(size, place) < LARGEST:
        return plain
    wide = WIDE_END.pack(b"PK\6\6", WIDE_END.size - 12, FROM_UNIX | WIDE, WIDE, 0, 0, count, count, size, place)
    return wide + WHERE_WIDE_END.pack(b"PK\6\7", 0, place + size, 1) + plain
