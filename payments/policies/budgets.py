"""A quarter's budget, by a vote under N11: the most the house may spend, and what the reserve puts into funds."""

import json
from datetime import datetime
from decimal import Decimal
from typing import cast

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.models import Person
from coop.refusals import Refusal
from governance.models import Mandate
from governance.policy import Payload, Stale
from payments import budgets
from payments.models import FILLED, Purpose
from payments.money import from_micro
from payments.policies.forms import QuartersBudget
from payments.surplus import Quarter
from payments.templatetags.money import money


class BudgetVote:
    """A quarter's budget.

    Payload, in micro-units: {"key": "quarter:2027-Q1", "replaces": 0, "hosting": 0, "banks": 0, "advice": 0,
    "training": 0, "hearing": 0, "dispute": 0, "care": 0, "posts": {"treasurer": 0}}; the four before the posts go from
    the reserve into those funds at once, and a seat of each post is paid its sum for each month.
    """

    name = "budget"
    label = gettext_lazy("A quarter's budget")
    form_class = QuartersBudget

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed: the database knows what it may say."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT payments_budget_open(%s)", [json.dumps(payload)])
            (fits,) = cursor.fetchone()
        if fits:
            return []
        words = _("A budget names every purpose, for a quarter that is not over, and the version that it replaces.")
        return [Refusal(words, "N11")]

    def subject(self, payload: Payload) -> str:
        """Return whose money it is: everybody's."""
        return "everybody"

    def rule_key(self, payload: Payload) -> str:
        """Return the rule that decides it, whatever the sums."""
        return "N11"

    def describe(self, payload: Payload) -> str:
        """Return the budget in words."""
        words = _("The budget of %(quarter)s: at most %(spending)s. From the reserve into funds: %(filled)s.")
        spending = "; ".join(f"{Purpose(one).label} {_sum(payload[one])}" for one in Purpose.values)
        filled = "; ".join(f"{label} {_sum(payload[fund])}" for fund, label in FILLED.items() if payload[fund])
        budget = words % {"quarter": _quarter(payload).words, "spending": spending, "filled": filled or _("nothing")}
        return f"{budget} {_posts(payload)}"

    def impact(self, payload: Payload, at: datetime) -> dict[str, object]:
        """Return what it spends and takes from the reserve, beside what there is, in US dollars."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT payments_budget_impact(%s)::text", [json.dumps(payload)])
            found: dict[str, object] = json.loads(cursor.fetchone()[0])
        return found

    def impact_lines(self, impact: Payload) -> list[tuple[str, str]]:
        """Return those sums in words."""
        told = [
            (_("Spent at most, out of the quarter's fees"), _plain(impact["spent_at_most"])),
            (_("Taken from the reserve"), _plain(impact["from_reserve"])),
            (_("In the reserve now"), _plain(impact["reserve"])),
        ]
        if impact["last_income"] is not None:
            told.append((_("Fees of the last closed quarter"), _plain(impact["last_income"])))
        return told

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Return nothing of this person's own: it is the house's money."""
        return ""

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write the budget and fill its funds; raise Stale if another came before it or its quarter is over."""
        if self.problems(payload):
            message = f"the budget of {_quarter(payload)} was voted anew, or the quarter is over"
            raise Stale(message)
        said = {name: value for name, value in payload.items() if name != "key"}
        budgets.take_effect(budgets.set_from(said, mandate, str(_quarter(payload)), at), at=at)


def _quarter(payload: Payload) -> Quarter:
    return Quarter.named(str(payload["key"]).removeprefix("quarter:"))


def _posts(payload: Payload) -> str:
    """Return what seats are paid a month, in words."""
    posts = cast("dict[str, int]", payload.get("posts", {}))
    if not posts:
        return _("No post is paid.")
    pay = "; ".join(f"{name} {_sum(micro)}" for name, micro in sorted(posts.items()))
    return _("A month, for each seat: %(pay)s.") % {"pay": pay}


def _sum(micro: object) -> str:
    return money(from_micro(int(str(micro))), "USD")


def _plain(amount: object) -> str:
    return money(Decimal(str(amount)), "USD")
