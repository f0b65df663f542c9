"""One answer put together of parts, where whole answers differ: each part goes by what all answers say of it.

Every answer counts alike, and neither their order nor who gave them makes a difference. Where as many say one thing as
another a part is even: it says nothing, and so does the whole.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from coop.refusals import Text

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """What the answers say of one part, None where they leave it empty, and which share of them says it, from 0 to 1.

    Where they are `even` nothing is said, and the share is that of the most who agree.
    """

    said: Any
    share: float
    even: bool = False

    def row(self) -> Json:
        """Return the part as a JSON object: without a value where the answers are even."""
        return {**({} if self.even else {"value": self.said}), "confidence": round(self.share, 4)}


@dataclass(frozen=True, slots=True)
class ByParts:
    """How answers of a kind come to one part by part: their parts by name, the value these make, and in words how."""

    parts: Callable[[Sequence[Json]], Mapping[str, Part]]
    value: Callable[[Mapping[str, Any]], Json]
    goes_by: Text

    def whole(self, parts: Mapping[str, Part]) -> Json | None:
        """Return the value that the parts make; None where one of them is even."""
        if any(part.even for part in parts.values()):
            return None
        return self.value({name: part.said for name, part in parts.items()})


def most(said: Sequence[Hashable]) -> Part:
    """Return what is said more often than anything else."""
    (first, count), *others = Counter(said).most_common(2)
    even = any(other == count for _said, other in others)
    return Part(None if even else first, count / len(said), even)


def middle(said: Sequence[float | None]) -> Part:
    """Return the step or number in the middle of those said (the median), where both in the middle are the same.

    None is nothing said: so does the part where more than half say nothing.
    """
    # 1 and 1.0 are the same: the one that is written shorter stands first, in whatever order they came.
    numbers = sorted((one for one in said if one is not None), key=lambda one: (one, isinstance(one, float)))
    if 2 * len(numbers) <= len(said):
        return Part(None, (len(said) - len(numbers)) / len(said), even=2 * len(numbers) == len(said))
    low, high = numbers[(len(numbers) - 1) // 2], numbers[len(numbers) // 2]
    if low != high:
        return Part(None, max(Counter(numbers).values()) / len(said), even=True)
    return Part(next(one for one in numbers if one == low), numbers.count(low) / len(said))


def each(chosen: Sequence[Iterable[str]], options: Iterable[str]) -> dict[str, Part]:
    """Return of each option that anybody chose whether most did."""
    sets = [set(one) for one in chosen]
    return {name: most([name in one for one in sets]) for name in options if any(name in one for one in sets)}


def several(chosen: Sequence[Iterable[str]], options: Iterable[str]) -> Part:
    """Return which of the options most chose each, in their order; as sure as the least sure of them, None for none."""
    found = each(chosen, options)
    kept = [name for name, part in found.items() if part.said]
    even = any(part.even for part in found.values())
    return Part(None if even else kept or None, min((part.share for part in found.values()), default=1.0), even)


def places(orders: Sequence[Sequence[int]], *, ties: bool) -> list[Part]:
    """Return the place of each thing that several put in order, the first being 1; even where two share one unasked.

    By the model of R. A. Bradley and M. E. Terry (1952) for the pairs of all orders. Each pair was compared as often as
    any other, so that who is stronger is who won more pairs, a shared place being half a win (L. R. Ford, "Solution of
    a Ranking Problem from Binary Comparisons", 1957): nothing need be fitted. The share is that of the orders that put
    a thing and each other one as here, on average. A place is shared where most put it so; in a circle nobody did.
    """
    things = range(len(orders[0]))
    won = [sum(_win(order, one, other) for order in orders for other in things if other != one) for one in things]
    return [_place(won, one, _alike(orders, won, one), ties=ties) for one in things]


def _place(won: Sequence[int], one: int, share: float, *, ties: bool) -> Part:
    if won.count(won[one]) > 1 and (not ties or 2 * share <= 1):
        return Part(None, share, even=True)
    better = [count for count in won if count > won[one]]
    return Part(1 + len(set(better) if ties else better), share)


def _win(order: Sequence[int], one: int, other: int) -> int:
    """Return 2 where the one stands before the other, 1 where both share a place, 0 where after."""
    return 1 + (order[one] < order[other]) - (order[one] > order[other])


def _alike(orders: Sequence[Sequence[int]], won: Sequence[int], one: int) -> float:
    """Return the share of pairs with this thing that stand in the orders as they stand by the pairs won."""
    wanted = [-count for count in won]
    others = [other for other in range(len(won)) if other != one]
    same = sum(_win(order, one, other) == _win(wanted, one, other) for order in orders for other in others)
    return same / (len(orders) * len(others))
