"""A raise that the reserve pays, by a vote of all under N10."""

import json
from datetime import datetime, timedelta
from decimal import Decimal

from django import forms
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop import clock
from coop.people.models import Person
from coop.refusals import Refusal
from governance.models import Mandate
from governance.policy import Payload, Stale
from payments import founding, raises
from payments.models import WorkType
from payments.money import from_micro, to_micro
from payments.policies import spreads
from payments.surplus import Quarter
from payments.templatetags.money import money

WINDOW = timedelta(days=91)


class NewRaise(forms.Form):
    """A raise to propose, in US dollars."""

    work_type = forms.ModelChoiceField(
        founding.for_clients().order_by("name"), label=gettext_lazy("Kind of work"),
        empty_label=None,
    )  # fmt: skip
    quarter = forms.ChoiceField(label=gettext_lazy("Quarter"))
    amount = forms.DecimalField(
        label=gettext_lazy("On top of the pay of each answer, in US$"), min_value=Decimal("0.000001"), max_value=100,
        decimal_places=6,
    )  # fmt: skip
    most = forms.DecimalField(
        label=gettext_lazy("For all answers together, in US$"), min_value=Decimal("0.000001"), max_value=1_000_000,
        decimal_places=6,
        help_text=gettext_lazy("Set aside from the reserve at once. More answers share it; what is left returns."),
    )  # fmt: skip

    def __init__(self, *args: object, **kwargs: object) -> None:
        """Offer the running quarter and the next."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # as Django's forms take them
        running = Quarter.of(clock.now())
        coming = [running, Quarter.of(running.after)]
        self.fields["quarter"].choices = [(str(one), one.words) for one in coming]  # type: ignore[attr-defined]

    def cleaned_payload(self) -> dict[str, object]:
        """Return the payload of a valid form, in micro-units."""
        said = self.cleaned_data
        sums = {name: to_micro(said[name]) for name in ("amount", "most")}
        return {"key": f"work_type:{said['work_type'].pk}", "period": said["quarter"], **sums, "replaces": 0}

    def title(self) -> str:
        """Return a title for the proposal of a valid form."""
        return str(_("A raise from the reserve: %(work)s")) % {"work": self.cleaned_data["work_type"]}


class ReserveRaise:
    """A raise for a kind of work in a quarter, paid by the reserve when the quarter is over.

    Payload, in micro-units: {"key": "work_type:3", "period": "2027-Q1", "amount": 20000, "most": 50000000,
    "replaces": 0}.
    """

    name = "reserve_raise"
    label = gettext_lazy("A raise that the reserve pays")
    form_class = NewRaise

    def problems(self, payload: Payload) -> list[Refusal]:
        """Return what makes a payload unfit to be proposed: the database knows what it may say."""
        if _ask("SELECT payments_raise_open(%s)", payload):
            return []
        words = _(
            "A raise names a kind of clients' work, this quarter or the next in which it has none yet, and no more than"
            " the reserve has."
        )
        return [Refusal(words, "N10", _("See the reserve on the open ledger."))]

    def subject(self, payload: Payload) -> str:
        """Return whose money it is: everybody's."""
        return "everybody"

    def rule_key(self, payload: Payload) -> str:
        """Return the rule that decides it, whatever the sums."""
        return "N10"

    def describe(self, payload: Payload) -> str:
        """Return the raise in words."""
        words = _(
            "%(work)s: %(amount)s on top for each answer paid in %(quarter)s, out of the reserve, %(most)s at most for"
            " all together; paid when the quarter is over."
        )
        return words % {
            "work": str(_work_type(payload)), "amount": _sum(payload["amount"]), "most": _sum(payload["most"]),
            "quarter": _quarter(payload).words,
        }  # fmt: skip

    def impact(self, payload: Payload, at: datetime) -> dict[str, object]:
        """Return what it takes from the reserve and what it would have cost in the last 91 days, in US dollars."""
        found: dict[str, object] = json.loads(str(_ask("SELECT payments_raise_impact(%s)::text", payload)))
        return found

    def impact_lines(self, impact: Payload) -> list[tuple[str, str]]:
        """Return those sums in words."""
        return [
            (_("Set aside from the reserve"), _plain(impact["most"])),
            (_("In the reserve now"), _plain(impact["reserve"])),
            (_("Answers that get the whole of it"), str(impact["reaches"])),
            (_("Answers of the last 91 days"), str(spreads.UNTOLD if impact["units"] is None else impact["units"])),
            (_("What it would have come to for those"), _plain(impact["cost"])),
        ]

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Return what it would have been for this person's last 91 days; empty if they did none of it."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT units FROM payments_raise_units(%s, tstzrange(%s, %s)) WHERE person_id = %s",
                [_work_type(payload).pk, at - WINDOW, at, person.pk],
            )
            row = cursor.fetchone()
        if row is None:
            return ""
        more = _sum(row[0] * int(str(payload["amount"])))
        return _("%(sum)s more for all that you did in the last 91 days.") % {"sum": more}

    def enact(self, mandate: Mandate, payload: Payload, at: datetime) -> None:
        """Write the raise and set its money aside; raise Stale if there is one already or the quarter is over."""
        if self.problems(payload):
            message = f"a raise in {payload['period']} cannot be paid any more"
            raise Stale(message)
        raises.take_effect(raises.set_from(dict(payload), _work_type(payload).pk, mandate=mandate, at=at), at=at)


def _ask(question: str, payload: Payload) -> object:
    """Return what the database answers about a payload."""
    with connection.cursor() as cursor:
        cursor.execute(question, [json.dumps(payload)])
        return cursor.fetchone()[0]


def _work_type(payload: Payload) -> WorkType:
    return WorkType.objects.get(pk=int(str(payload["key"]).removeprefix("work_type:")))


def _quarter(payload: Payload) -> Quarter:
    return Quarter.named(str(payload["period"]))


def _sum(micro: object) -> str:
    return money(from_micro(int(str(micro))), "USD")


def _plain(amount: object) -> str:
    return str(spreads.UNTOLD) if amount is None else money(Decimal(str(amount)), "USD")
