"""A mutant: one weakening, how it is put in place and taken back."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One weakening of `target`, a guard, function or constraint of the database or a function of Python.

    `name` says what is weakened and where, and stays the same as long as that place does. `words` are those by which
    tests speak of the target, `near` those of what it watches or stands in. `at_work` holds the mutant in place for the
    length of a block; it raises `Incompetent` when there is no such program.
    """

    name: str
    target: str
    words: frozenset[str]
    near: frozenset[str]
    at_work: Callable[[], AbstractContextManager[None]]


class Incompetent(Exception):  # noqa: N818 - mutation testing's own word
    """The mutant is no program: nothing can be said about it."""
