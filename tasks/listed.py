"""The entries of a JSON list, or of an object's lists, one after the other as they are read: one of them in memory.

Ours because what parses JSON in pieces (ijson 3.6) keeps the path of what is open: a hundred kilobytes of brackets took
all memory of the machine.
"""

import codecs
import json
import re
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from django.utils.translation import gettext as _

from tasks.rows import DECODER, Unreadable

CHUNK_BYTES = 64_000
ENDS = frozenset(" \t\r\n,]}")
SPACE = re.compile(r"[ \t\r\n]*")
# The longest part of JSON that looks wrong only because its end is still to come: an escaped pair of surrogates.
UNFINISHED = 12


def entries(file: BinaryIO, most: int) -> Iterator[object]:
    """Yield each entry of a list in UTF-8; with none, nothing.

    Raise Unreadable where an entry is longer than `most` characters or holds what no row may, ValueError where the file
    is no such list, RecursionError where lists are too deep.
    """
    window = _Window(file, most)
    yield from _of_list(window)
    _end(window)


def members(file: BinaryIO, most: int) -> Iterator[tuple[str, Iterator[object]]]:
    """Yield each list of an object in UTF-8 by its name, as its entries; what is no list is passed over.

    Raise as `entries` does, ValueError also where a name comes twice.
    """
    window, seen = _Window(file, most), set[object]()
    mark = window.mark()
    if mark == "{" and window.peek() == "}":
        mark = window.mark()
    while mark and mark in "{,":
        name = window.value()
        if not isinstance(name, str) or name in seen or window.mark() != ":":
            message = f"the object has no name at its place, or one twice: {str(name)[:80]}"
            raise ValueError(message)
        seen.add(name)
        if window.peek() == "[":
            found = _of_list(window)
            yield name, found
            deque(found, maxlen=0)
        else:
            window.value()
        mark = window.mark()
    if mark != "}":
        message = "the object does not end as one"
        raise ValueError(message)
    _end(window)


def _of_list(window: "_Window") -> Iterator[object]:
    mark = window.mark()
    if mark == "[" and window.peek() == "]":
        mark = window.mark()
    while mark and mark in "[,":
        yield window.value()
        mark = window.mark()
    if mark != "]":
        message = "the list does not end as one"
        raise ValueError(message)


def _end(window: "_Window") -> None:
    if window.mark():
        message = "the file does not end there"
        raise ValueError(message)


class _Window:
    """What of a file is in memory, and where in it the reading stands."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self.file, self.most = file, most
        self.decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self.text, self.at = "", 0

    def peek(self) -> str:
        """Return the next character that is no white space; nothing at the end."""
        while True:
            self.at = SPACE.match(self.text, self.at).end()  # type: ignore[union-attr] # it matches nothing, too
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._more():
                return ""

    def mark(self) -> str:
        """Take that character."""
        found = self.peek()
        self.at += 1
        return found

    def value(self) -> object:
        """Take the next value."""
        self.peek()
        while True:
            start = self.at
            try:
                found, end = DECODER.raw_decode(self.text, start)
            except json.JSONDecodeError as error:
                self._go_on(error)
                continue
            # A number may go on beyond what is read, which ends in the middle of it: as "1" of "1.5", or "1" of "1e9".
            whole = self.text[end : end + 1] in ENDS or end < len(self.text) - UNFINISHED
            if whole or not self._more():
                self.at += end - start
                return found

    def _go_on(self, error: json.JSONDecodeError) -> None:
        """Read more where a value is wrong for want of its end."""
        if not error.msg.startswith("Unterminated") and error.pos < len(self.text) - UNFINISHED:
            raise error
        if len(self.text) - self.at > self.most:
            raise Unreadable(_("The entry is longer than %(most)d bytes.") % {"most": self.most}) from error
        if not self._more():
            raise error

    def _more(self) -> bool:
        """Read on, forgetting what was taken; tell whether there was anything."""
        raw = self.file.read(CHUNK_BYTES)
        self.text, self.at = self.text[self.at :] + self.decode(raw, final=not raw), 0
        return bool(raw)
