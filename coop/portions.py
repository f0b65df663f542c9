"""Lists of things out of a stream, so that neither many nor heavy ones fill the memory."""

from collections.abc import Callable, Iterable, Iterator


def portions[Thing](
    things: Iterable[Thing], *, most: int, weight: Callable[[Thing], int], heaviest: int = 16_000_000
) -> Iterator[list[Thing]]:
    """Yield lists of at most `most` things, each ended by the thing with which it weighs `heaviest` or more."""
    some, weighs = list[Thing](), 0
    for thing in things:
        some.append(thing)
        weighs += weight(thing)
        if len(some) == most or weighs >= heaviest:
            yield some
            some, weighs = [], 0
    if some:
        yield some
