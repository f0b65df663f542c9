"""What becomes of a quarter's surplus, by a vote under N11: reserve, education, and members by their paid work."""

import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.models import Person
from coop.refusals import Refusal
from governance.models import Mandate
from governance.policy import Payload, Stale
from payments import surplus
from payments.models import Close
from payments.money import from_micro
from payments.policies import spreads
from payments.policies.forms import SurplusShares
from payments.surplus import Quarter
from payments.templatetags.money import money, per_cent

INTEREST = "SELECT amount FROM payments_interest_due(%s, %s) WHERE person_id = %s"


class SurplusDivision:
    """A quarter's surplus, divided.

    Payload, in basis points: {"key": "quarter:2026-Q4", "reserve": 4000, "education": 1000, "members": 5000,
    "cash": 3000, "interest": 400, "replaces": 0}; `cash` is what of the members' part is paid at once, the rest is
    their capital; `interest` a year on capital comes first, 800 at most. A vote from before says nothing of it: none.
    """

    name = "surplus"
    label = gettext_lazy("What becomes of a surplus")
    form_class = SurplusShares

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed: the database knows what it may say."""
        if not _ask("SELECT payments_surplus_can_say(%s)", payload):
            words = _(
                "A surplus is divided whole, a fifth of the members' part at least is paid out, and interest on capital"
                " is 8 % a year at most."
            )
            return [Refusal(words, "N11")]
        if not _ask("SELECT payments_surplus_open(%s)", payload):
            words = _("This quarter is not closed yet, left nothing over, or its surplus is divided already.")
            return [Refusal(words, "N11", _("See the open ledger."), status=409)]
        return []

    def subject(self, payload: Payload) -> str:
        """Return whose money it is: everybody's."""
        return "everybody"

    def rule_key(self, payload: Payload) -> str:
        """Return the rule that decides it, whatever the shares."""
        return "N11"

    def describe(self, payload: Payload) -> str:
        """Return the division in words."""
        words = _(
            "The surplus of %(quarter)s: %(reserve)s to the reserve, %(education)s for education, %(members)s to"
            " members by their paid work; of that %(cash)s at once, the rest as their capital."
        )
        shares = {part: per_cent(_number(payload[part])) for part in ("reserve", "education", "members", "cash")}
        said = words % {"quarter": _quarter(payload).words, **shares}
        if interest := _number(payload.get("interest", 0)):
            said += " " + _("First, interest of %(share)s a year on members' capital.") % {"share": per_cent(interest)}
        return said

    def impact(self, payload: Payload, at: datetime) -> dict[str, object]:
        """Return the sums in US dollars, among how many, and how they spread over ten people and more."""
        found: dict[str, object] = json.loads(str(_ask("SELECT payments_surplus_impact(%s)::text", payload)))
        return found

    def impact_lines(self, impact: Payload) -> list[tuple[str, str]]:
        """Return those sums in words."""
        people = impact["people"]
        return [
            (_("What the quarter left over"), _sum(impact["surplus"])),
            (_("Interest on members' capital"), _sum(impact.get("interest", 0))),
            (_("To the reserve, which nobody can take out for themselves"), _sum(impact["reserve"])),
            (_("For education"), _sum(impact["education"])),
            (_("To members, paid at once"), _sum(impact["cash"])),
            (_("To members, as capital that is paid out when they leave"), _sum(impact["capital"])),
            (_("Members whose work of the quarter was paid"), str(spreads.FEW if people is None else people)),
            *_spread(impact),
        ]

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Return what would be this person's; empty when nothing."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT cash, capital FROM payments_surplus_of(%s, %s)", [json.dumps(payload), person.pk])
            cash, capital = cursor.fetchone() or (0, 0)
            cursor.execute(INTEREST, [str(_quarter(payload)), _number(payload.get("interest", 0)), person.pk])
            (interest,) = cursor.fetchone() or (0,)
        if not cash + capital + interest:
            return ""
        sums = {"cash": cash, "capital": capital + interest}
        return _("%(cash)s would be paid to you at once, %(capital)s kept for you as capital.") % {
            name: money(from_micro(int(part)), "USD") for name, part in sums.items()
        }

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Divide the surplus by the mandate; raise Stale if another vote has done so."""
        closed = Close.objects.get(period=str(_quarter(payload)))
        if not surplus.to_divide().filter(pk=closed.pk).exists():
            message = f"the surplus of {closed} was divided before"
            raise Stale(message)
        surplus.divide(closed, mandate, at=at)


def _spread(impact: Payload) -> list[tuple[str, str]]:
    sums = impact["quarters"]
    said = spreads.quarters([_sum(one) for one in sums]) if isinstance(sums, Sequence) else ""
    return [(_("For each of them"), said)] if said else []


def _ask(question: str, payload: Payload) -> object:
    """Return what the database answers about a payload."""
    with connection.cursor() as cursor:
        cursor.execute(question, [json.dumps(payload)])
        (answer,) = cursor.fetchone()
    return answer


def _quarter(payload: Payload) -> Quarter:
    return Quarter.named(str(payload["key"]).removeprefix("quarter:"))


def _sum(amount: object) -> str:
    return money(Decimal(str(amount)), "USD")


def _number(value: object) -> int:
    return int(str(value))
