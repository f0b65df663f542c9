"""Reading a client's data set row by row, CSV or JSONL in UTF-8, with at most one row in memory.

Knows nothing of jobs: it turns bytes into rows and problems, each with the line it starts on.
"""

import csv
import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from django.utils.translation import gettext as _

FIELD_MAX_BYTES = 80_000
# So many characters fit into a field whatever they are: one takes four bytes at most.
SHORT = FIELD_MAX_BYTES // 4
ROW_MAX_BYTES = 256_000
COLUMNS_MAX = 100
NAME_MAX = 60
ID_MAX = 120
DEPTH_MAX = 10
# Of each row's id something is held in memory, to find the second of two; this bounds it to sixteen megabytes.
ROWS_MAX = 1_000_000
# A field may be as long as its row, so that the row's own bound is the one that is met.
csv.field_size_limit(ROW_MAX_BYTES)

type Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Row:
    """One task to be: the `line` it starts on, the client's own id (empty when none was given), its fields."""

    line: int
    external_id: str
    data: Json


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the row that starts on `line`, and what to do about it."""

    line: int
    words: str


class Unreadable(Exception):  # noqa: N818 - not a fault of ours: a row that cannot be read, in words for the client
    """A row cannot be read; the message says why and what to do."""


def read(file: BinaryIO) -> Iterator[Row | Problem]:
    """Yield every row of a CSV or JSONL file, or the problem with it, in order.

    A file that is no text in UTF-8 yields one problem and ends, as does the row after the millionth.
    """
    opening = file.read(4)
    file.seek(0)
    if words := _not_text(opening):
        yield Problem(1, words)
        return
    findings = _jsonl if _first_character(file) in b"{[" else _csv
    yield from no_more_than(ROWS_MAX, findings(_Lines(file)))


def no_more_than(most: int, findings: Iterator[Row | Problem]) -> Iterator[Row | Problem]:
    """Yield the first so many of them, and a problem instead of the next."""
    for count, found in enumerate(findings):
        if count == most:
            words = _("A data set has at most %(most)d rows. Send the rest as another one.")
            yield Problem(found.line, words % {"most": most})
            return
        yield found


def _not_text(opening: bytes) -> str:
    """Return what is wrong with a file that opens like this, or nothing."""
    if not opening:
        return _("The file is empty.")
    if opening[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in opening:
        return _("The file is in UTF-16. Save it again as UTF-8 (in a spreadsheet: “CSV UTF-8”).")
    if opening[:2] in {b"PK", b"\x1f\x8b"}:
        return _("The file is a spreadsheet or an archive. Save it as “CSV UTF-8”, not packed.")
    return ""


def _first_character(file: BinaryIO) -> bytes:
    opening = file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    file.seek(0)
    return opening[:1] or b" "


class _Lines(Iterator[str]):
    """The lines of a file as text. `number` counts them, `row_bytes` what the row being read has taken so far."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.number, self.row_bytes = file, 0, 0

    def __next__(self) -> str:
        raw = self.file.readline(ROW_MAX_BYTES + 1)
        if not raw:
            raise StopIteration
        self.number += 1
        self.row_bytes += len(raw)
        if self.row_bytes > ROW_MAX_BYTES:
            self._pass_over(raw)
            raise Unreadable(
                _("The row is longer than %(most)d bytes; or a quote that opens here is never closed.")
                % {"most": ROW_MAX_BYTES}
            )
        return self._text(raw.removeprefix(b"\xef\xbb\xbf") if self.number == 1 else raw)

    def start_row(self) -> int:
        """Begin a row and return the line it starts on."""
        self.row_bytes = 0
        return self.number + 1

    def _pass_over(self, raw: bytes) -> None:
        while raw and not raw.endswith(b"\n"):
            raw = self.file.readline(ROW_MAX_BYTES)

    @staticmethod
    def _text(raw: bytes) -> str:
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise Unreadable(
                _("Byte %(place)d of the line (hexadecimal %(byte)02X) is not UTF-8. Save the file again as UTF-8.")
                % {"place": error.start + 1, "byte": raw[error.start]}
            ) from error


def _findings[Item](
    lines: _Lines, source: Iterator[Item], parse: Callable[[Item], tuple[str, Json]]
) -> Iterator[Row | Problem]:
    """Yield a row or a problem for each item of `source`; a bad one does not end the reading."""
    while True:
        line = lines.start_row()
        try:
            item = next(source)
            if item:
                yield Row(line, *parse(item))
        except StopIteration:
            return
        except Unreadable as error:
            yield Problem(line, str(error))
        except csv.Error as error:
            yield Problem(line, _("The row is not well-formed CSV: %(error)s.") % {"error": error})


def _csv(lines: _Lines) -> Iterator[Row | Problem]:
    try:
        first = next(lines)
        reader = csv.reader(chain([first], lines), delimiter=_delimiter(first), strict=True)
        names = _names(next(reader))
    except (Unreadable, csv.Error) as error:
        yield Problem(1, _("The first line must name the columns. %(error)s") % {"error": error})
        return

    def parse(fields: list[str]) -> tuple[str, Json]:
        if len(fields) != len(names):
            counts = {"fields": len(fields), "names": len(names)}
            raise Unreadable(_("The row has %(fields)d fields; the first line names %(names)d.") % counts)
        return parts(dict(zip(names, fields, strict=True)))

    yield from _findings(lines, reader, parse)


def _delimiter(first: str) -> str:
    """Return the one of comma, semicolon and tab that gives the first line the most columns."""
    return max(",;\t", key=lambda mark: len(next(csv.reader([first], delimiter=mark))))


def _names(fields: list[str]) -> list[str]:
    """Return the names of the columns; raise Unreadable when they cannot name anything."""
    names = [field.strip() for field in fields]
    if not any(names):
        raise Unreadable(_("It is empty."))
    if len(names) > COLUMNS_MAX:
        raise Unreadable(_("It names more than %(most)d columns.") % {"most": COLUMNS_MAX})
    for number, name in enumerate(names, start=1):
        if not 0 < len(name) <= NAME_MAX or "\0" in name:
            words = _("Column %(number)d needs a name of 1 to %(most)d characters.")
            raise Unreadable(words % {"number": number, "most": NAME_MAX})
    if doubled := next((name for name in names if names.count(name) > 1), None):
        raise Unreadable(_("Two columns are called “%(name)s”.") % {"name": doubled})
    return names


def _jsonl(lines: _Lines) -> Iterator[Row | Problem]:
    return _findings(lines, _Stripped(lines), _parse_json)


class _Stripped(Iterator[str]):
    """Lines without the white space around them, so that an empty one is passed over."""

    def __init__(self, lines: _Lines) -> None:
        self.lines = lines

    def __next__(self) -> str:
        return next(self.lines).strip()


def _parse_json(text: str) -> tuple[str, Json]:
    try:
        row = DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = {"place": error.colno, "error": error.msg}
        raise Unreadable(_("The line is not JSON at character %(place)d: %(error)s.") % place) from error
    except (ValueError, RecursionError) as error:
        raise Unreadable(_("The line holds a number too long or lists too deep to be read.")) from error
    if not isinstance(row, dict):
        raise Unreadable(_("The line is not an object. Write one {…} with named fields on each line."))
    return parts(row)


def _no_double(pairs: list[tuple[str, object]]) -> Json:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise Unreadable(_("A field is there twice."))
    return row


def no_number(word: str) -> object:
    """Refuse NaN and the infinities."""
    raise Unreadable(_("%(word)s is not a number that JSON knows. Leave it out or write null.") % {"word": word})


def _number(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else no_number(text)  # type: ignore[return-value]


# One for all lines: json.loads would make another for each.
DECODER = json.JSONDecoder(object_pairs_hook=_no_double, parse_constant=no_number, parse_float=_number)


def parts(row: Json) -> tuple[str, Json]:
    """Return the client's id of a row and its other fields; raise Unreadable for what cannot be kept."""
    external_id = _external_id(row.pop("id", None))
    if not row:
        raise Unreadable(_("The row has no field beside its id."))
    if len(row) > COLUMNS_MAX:
        raise Unreadable(_("The row has more than %(most)d fields.") % {"most": COLUMNS_MAX})
    for name, value in row.items():
        _check(name, name, DEPTH_MAX)
        _check(name, value, DEPTH_MAX)
    return external_id, row


def _external_id(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Unreadable(_("The id must be text or a whole number."))
    words = str(value).strip()
    if len(words) > ID_MAX:
        raise Unreadable(_("The id is longer than %(most)d characters.") % {"most": ID_MAX})
    _check("id", words, DEPTH_MAX)
    return words


def _check(name: str, value: object, depth: int) -> None:
    """Raise Unreadable when a field holds what the database cannot keep or a page should not show."""
    if depth == 0:
        raise Unreadable(_("Field “%(name)s” is nested too deep.") % {"name": name[:NAME_MAX]})
    if isinstance(value, str):
        # What can be printed holds neither a NUL nor half a character; nearly all texts are done with here.
        if len(value) > SHORT or not value.isprintable():
            _check_text(name, value)
    elif isinstance(value, dict):
        for key, part in value.items():
            _check(name, key, depth - 1)
            _check(name, part, depth - 1)
    elif isinstance(value, list):
        for part in value:
            _check(name, part, depth - 1)


def _check_text(name: str, text: str) -> None:
    name = name[:NAME_MAX].encode(errors="replace").decode().replace("\0", "?")
    if "\0" in text:
        raise Unreadable(_("Field “%(name)s” holds a NUL byte. Take it out.") % {"name": name})
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise Unreadable(_("Field “%(name)s” holds half a character (a lone surrogate).") % {"name": name}) from error
    if size > FIELD_MAX_BYTES:
        sizes = {"name": name, "size": size, "most": FIELD_MAX_BYTES}
        raise Unreadable(_("Field “%(name)s” has %(size)d bytes; at most %(most)d are kept.") % sizes)
