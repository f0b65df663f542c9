"""A mutant: one weakening, how it is put in place and taken back."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

# How a change is held in place: the statement that makes it and the one that takes it back.
type Hold = Callable[[str, str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One weakening of `target`, a guard, function, constraint or row of the database or a function of Python.

    `name` says what is weakened and where, and stays the same as long as that place does. `words` are those by which
    tests speak of the target, `near` those of what it watches or stands in, `runs` what a test runs that comes by here
    (as `traces` says it; none if every test may). `at_work` holds the mutant in place for the length of a block; it
    raises `Incompetent` when there is no such program.
    """

    name: str
    target: str
    words: frozenset[str]
    near: frozenset[str]
    runs: frozenset[str]
    at_work: Callable[[], AbstractContextManager[None]]


class Incompetent(Exception):  # noqa: N818 - mutation testing's own word
    """The mutant is no program: nothing can be said about it."""
