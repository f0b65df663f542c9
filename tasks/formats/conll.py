"""CoNLL: one word a line with its tag (IOB2), an empty line between texts, as programs for named entities read it.

Source: E. Tjong Kim Sang and F. De Meulder, "Introduction to the CoNLL-2003 Shared Task". Words are those that members
mark; a mark that begins or ends inside a word takes the whole word. Where marks overlap, the first one counts. A line
that begins a document names the item: readers pass it over, and would take a comment for a word.
"""

from collections.abc import Iterator
from typing import Any

from tasks import releases
from tasks.formats import labels
from tasks.models import Release
from tasks.shapes import spans


def write(release: Release) -> Iterator[bytes]:
    """Yield the words of each item that has a result, with their tags."""
    for one in releases.items(release):
        if one["result"] is not None:
            yield f"-DOCSTART-\t{' '.join(one['id'].split())}\n".encode()
            yield "".join(f"{word}\t{tag}\n" for word, tag in tagged(one)).encode() + b"\n"


def tagged(one: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each word of an item with O, or B- or I- and its label."""
    marks = sorted(one["result"]["spans"], key=lambda mark: (mark["start"], -mark["end"]))
    before = None
    for start, end, word in spans.words(one["data"]["text"]):
        mark = next((mark for mark in marks if mark["start"] < end and start < mark["end"]), None)
        label = mark and labels.one_word(mark["label"])
        yield word, f"{'I' if mark is before else 'B'}-{label}" if mark else "O"
        before = mark
