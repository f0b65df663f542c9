"""Questions with known answers, as they are written in a text: how an onboarding is put together without a program.

A block for each, with an empty line between: the question, its answers as lines that begin with `-`, the right one with
`*`, and a last line with `=`: why.
"""

from typing import NamedTuple

from django.utils.translation import gettext as _

LONGEST = 2_000
FEWEST_ANSWERS, MOST_ANSWERS = 2, 8


class Unclear(Exception):  # noqa: N818 - not a fault of ours: in words for whoever wrote it
    """A block is no question; the message says which and why."""


class Asked(NamedTuple):
    """One question: its words, its answers in their order, the right one, and why it is."""

    text: str
    labels: list[str]
    right: str
    why: str


def read(text: str) -> list[Asked]:
    """Return the questions of a text. Raise Unclear at the first that is none."""
    blocks = [block.splitlines() for block in text.replace("\r\n", "\n").split("\n\n") if block.strip()]
    return [_read(number, [line.strip() for line in block if line.strip()]) for number, block in enumerate(blocks, 1)]


def _read(number: int, lines: list[str]) -> Asked:
    words = " ".join(line for line in lines if line[0] not in "-*=")
    given = [(line[0], line[1:].strip()) for line in lines if line[0] in "-*="]
    labels = [said for mark, said in given if mark in "-*"]
    right = [said for mark, said in given if mark == "*"]
    why = " ".join(said for mark, said in given if mark == "=")
    if wrong := _wrong(words, labels, right, why):
        raise Unclear(_("Question %(number)d %(problem)s") % {"number": number, "problem": wrong})
    return Asked(words, labels, right[0], why)


def _wrong(words: str, labels: list[str], right: list[str], why: str) -> str:
    if not words or not why:
        return _("needs its words, and a line that begins with = and says why the answer is right.")
    if not FEWEST_ANSWERS <= len(set(labels)) == len(labels) <= MOST_ANSWERS or "" in labels:
        return _("needs 2 to 8 answers, each another, on lines that begin with - or *.")
    if len(right) != 1:
        return _("needs one right answer, on a line that begins with *.")
    return _("is longer than 2,000 characters.") if sum(map(len, [words, why, *labels])) > LONGEST else ""
