"""Ranking: two to eight answers put in order, the best first."""

import json
import random
from itertools import combinations
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.refusals import Text
from tasks.shapes import composing, material
from tasks.shapes.composing import ByParts
from tasks.shapes.shape import TEXT, Distance, Duel, Json, Shape, lacks, number, obj

MOST = 8
PLACES: Json = {
    "type": "array",
    "items": {"type": "integer", "minimum": 1, "maximum": MOST},
    "minItems": 2,
    "maxItems": MOST,
}


class Ranking(Shape):
    """Give each answer its place; two may share one only where the form says so.

    `ranks` follow the order of the client's data. The order in which a member saw them is drawn by the assignment's
    number and kept as `shown`.
    """

    name = "ranking"
    label = gettext_lazy("Put answers in order")
    picture = "M4 5h40M4 12h30M4 19h21M4 26h12"
    style = "tasks/kinds.css"
    asks = {"ties": {"type": "boolean"}}
    draws = frozenset({"answers", "systems"})

    def fields(self) -> dict[str, forms.Field]:
        """Return whether answers may share a place."""
        return {"ties": forms.BooleanField(label=gettext_lazy("Two answers may share a place"), required=False)}

    def data_problems(self, form: Json, data: Json) -> list[Text]:
        """Return a problem unless the task brings two to eight answers, each with the name of its system or none."""
        answers = {"type": "array", "items": TEXT, "minItems": 2, "maxItems": MOST}
        if wrong := lacks({"answers": answers}, data):
            return wrong
        systems: Any = data.get("systems", data["answers"])
        named = isinstance(systems, list) and all(isinstance(one, str) and one.strip() for one in systems)
        if named and len(systems) == len(data["answers"]):
            return []
        return [_("Where “systems” are named, each answer has one, in the same order.")]

    def duels(self, data: Json, value: Json) -> list[Duel]:
        """Return for each two systems which stands before the other."""
        placed = zip(data.get("systems", ()), value["ranks"], strict=False)
        return [
            Duel(one, other, 0.5 if rank == below else float(rank < below))
            for (one, rank), (other, below) in combinations(placed, 2)
            if one != other
        ]

    def schema(self, form: Json) -> Json:
        """Return the JSON Schema of a value."""
        return obj({"ranks": PLACES, "shown": PLACES}, optional=("shown",))

    def read(self, form: Json, data: Json, post: QueryDict) -> Json:
        """Return the places given, 0 for none; where answers may share one, without gaps."""
        count = len(data["answers"])
        ranks = [number(post.get(f"rank-{place}")) for place in range(1, count + 1)]
        if form.get("ties") and all(ranks):
            order = sorted(set(ranks))
            ranks = [order.index(rank) + 1 for rank in ranks]
        shown = [number(place) for place in post.get("shown", "").split()]
        return {"ranks": ranks, "shown": shown if sorted(shown) == [*range(1, count + 1)] else [*range(1, count + 1)]}

    def problems(self, form: Json, data: Json, value: Json) -> list[Text]:
        """Return what is missing or wrong in the places."""
        ranks, count = value["ranks"], len(data["answers"])
        shown = value.get("shown", [*range(1, count + 1)])
        if len(ranks) != count or 0 in ranks:
            return [_("Give each answer its place.")]
        if sorted(shown) != [*range(1, count + 1)] or set(ranks) != {*range(1, max(ranks) + 1)}:
            return [_("Places count from 1, without gaps.")]
        if len(set(ranks)) < count and not form.get("ties"):
            return [_("Each place goes to one answer.")]
        return []

    def agreement_key(self, value: Json) -> str:
        """Return the places, whatever order was shown."""
        return json.dumps(value["ranks"])

    def distance(self, form: Json) -> Distance:
        """Return the share of pairs that stand in another order; half a pair where one answer lets both share a place.

        M. G. Kendall's distance, with ties as R. Fagin and others, "Comparing and Aggregating Rankings with Ties" (PODS
        2004), p = 1/2. Of two tasks with more and fewer answers the places count that both have.
        """
        return Distance(_apart, gettext_lazy("how many pairs stand in another order (Kendall)"))

    def by_parts(self, form: Json) -> ByParts:
        """Return the place of each answer, named by its number, by the pairs that it won."""
        ties = bool(form.get("ties"))
        return ByParts(
            lambda values: {
                str(number): place
                for number, place in enumerate(composing.places([one["ranks"] for one in values], ties=ties), 1)
            },
            lambda said: {"ranks": [*said.values()]},
            gettext_lazy("the order by which of each two answers stands before the other (Bradley and Terry)"),
        )

    def page(self, form: Json, data: Json, value: Json, seed: int) -> Json:
        """Return the answers in the order drawn for this assignment, with their places; and in the order given."""
        count = len(data["answers"])
        order = random.Random(seed).sample(range(count), count)  # noqa: S311 - a lot that can be drawn again, no secret
        ranks = dict(enumerate(value.get("ranks", [])))
        texts = [material.text(text, markdown=bool(form.get("markdown"))) for text in data["answers"]]
        answers = [
            {"name": chr(65 + turn), "text": texts[n], "field": f"rank-{n + 1}", "chosen": ranks.get(n)}
            for turn, n in enumerate(order)
        ]
        return super().page(form, data, value, seed) | {
            "answers": answers, "places": range(1, count + 1), "shown": " ".join(str(n + 1) for n in order),
            "ordered": sorted(answers, key=lambda answer: answer["chosen"] or count), "ties": bool(form.get("ties")),
        }  # fmt: skip

    def columns(self, form: Json) -> list[str]:
        """Return the columns of a ranking."""
        return ["ranks", "shown"]

    def cells(self, form: Json, value: Json) -> list[str]:
        """Return the places in the order of the data, and the order shown, each joined by bars."""
        return ["|".join(map(str, value.get(name, []))) for name in ("ranks", "shown")]

    def parts(self, form: Json) -> dict[str, Text]:
        """Return the order."""
        return {"ranks": gettext_lazy("The order")}


def _apart(one: Json, other: Json) -> float:
    pairs = list(combinations(zip(one["ranks"], other["ranks"], strict=False), 2))
    return sum(abs(_order(a, b) - _order(c, d)) for (a, c), (b, d) in pairs) / 2 / len(pairs)


def _order(first: int, second: int) -> int:
    """Return -1 where the first stands before the second, 1 where after, 0 where both share a place."""
    return (first > second) - (first < second)
