"""What pages ask for: a new rate to vote on, a payout, a deposit, a bank's reference."""

import uuid
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import permutations
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from coop.people.models import Client
from payments import rates
from payments.models import Fund, Place, Purpose, WorkType
from payments.money import plain
from payments.payouts import Way
from payments.rails import Rail

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from payments.at_services import Difference


def cents(label: "_StrPromise") -> forms.DecimalField:
    """Return a field for an amount in whole cents, above zero."""
    return forms.DecimalField(label=label, max_digits=12, decimal_places=2, min_value=Decimal("0.01"))


class NewRate(forms.Form):
    """A rate to propose: kind of work, pay for each unit, seconds it is meant for."""

    work_type = forms.ModelChoiceField(WorkType.objects.order_by("name"), label=_("Kind of work"), empty_label=None)
    amount = forms.DecimalField(
        label=_("New pay for each unit, in US$"), min_value=Decimal("0.000001"), max_digits=12, decimal_places=6
    )
    estimated_seconds = forms.IntegerField(
        label=_("Seconds a unit takes"),
        min_value=1,
        max_value=1_000_000,
        help_text=_("What the hourly figure is worked out from. If it takes longer for the same pay, that is a cut."),
    )

    def cleaned_payload(self) -> dict[str, object]:
        """Return the payload of a valid form: literal values, and the version of the rate that it replaces."""
        work_type: WorkType = self.cleaned_data["work_type"]
        rate = rates.current(work_type)
        return {
            "work_type": work_type.pk,
            "amount": plain(self.cleaned_data["amount"]),
            "currency": rate.currency,
            "estimated_seconds": self.cleaned_data["estimated_seconds"],
            "replaces": rate.version,
        }

    def title(self) -> str:
        """Return a title for the proposal of a valid form."""
        return str(_("A new rate for: %(work)s") % {"work": self.cleaned_data["work_type"].name})


class AskPayout(forms.Form):
    """How much of what is ready a member wants, and by which way."""

    amount = cents(_("How much, in US$"))
    rail = forms.ChoiceField(label=_("How"), widget=forms.RadioSelect)
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, most: Decimal, ways: Sequence[Way]) -> None:
        """Offer the largest payout and the person's ways, under a key of its own: sent twice, the form asks once."""
        super().__init__(data)
        self.fields["key"].initial = uuid.uuid4
        self.fields["amount"].initial = most
        how: forms.ChoiceField = self.fields["rail"]  # type: ignore[assignment]
        how.choices = [(way.rail.name, f"{way.rail.label}: {way.details.hint}") for way in ways]
        how.initial = ways[0].rail.name if ways else ""


class PayIn(forms.Form):
    """How much of what is ready a member pays into their capital."""

    amount = cents(_("How much, in US$"))
    known = forms.BooleanField(label=_("I know that it stays there until I leave."))


class Destination(forms.Form):
    """Where a person's money goes by one rail: the fields that the rail asks for."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, rail: Rail) -> None:
        """Ask for what the rail has to know."""
        super().__init__(data)
        for field in rail.fields:
            self.fields[field.name] = forms.CharField(
                label=str(field.label), help_text=str(field.hint), max_length=field.longest, required=not field.optional
            )


class RecordDeposit(forms.Form):
    """A line of the bank's statement: from whom, how much, the bank's own reference."""

    client = forms.ModelChoiceField(Client.objects.order_by("name"), label=_("From"), empty_label=None)
    amount = cents(_("Amount, in US$"))
    reference = forms.CharField(label=_("The bank's reference"), max_length=80)
    fund = forms.ChoiceField(
        label=_("What for"), choices=[("", _("The client's own work")), *Fund.choices], required=False
    )


class PayInByCard(forms.Form):
    """How much a client pays in by card, under a key of its own: sent twice, the form leads to one page."""

    amount = cents(_("Amount, in US$"))
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class AskBack(forms.Form):
    """How much of its money a client asks back, under a key of its own: sent twice, the form asks once."""

    amount = cents(_("Amount, in US$"))
    key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class SendPayout(forms.Form):
    """The bank's or the service's reference for money that was sent."""

    reference = forms.CharField(label=_("Reference"), max_length=80)


class SayWrong(forms.Form):
    """Why an officer calls a movement on the books wrong."""

    words = forms.CharField(label=_("Why it is wrong, and what shows it"), max_length=140)


class JudgePayout(forms.Form):
    """What an officer read on a service's statement of a payout."""

    arrived = forms.TypedChoiceField(
        label=_("What the statement says"),
        choices=[("yes", _("It arrived")), ("no", _("It never left, or came back"))],
        coerce=lambda said: said == "yes", widget=forms.RadioSelect,
    )  # fmt: skip
    words = forms.CharField(
        label=_("Which statement and line"), max_length=140, help_text=_("Or that no line is about it.")
    )


class AskCare(forms.Form):
    """How much help costs; nobody is asked why."""

    amount = cents(_("How much, in US$"))


class AskEducation(AskCare):
    """What is to be learnt, and how much it costs."""

    words = forms.CharField(label=_("What you want to learn, and where"), max_length=200)


class AnswerSupport(forms.Form):
    """An officer's answer; a no has its reason."""

    agrees = forms.TypedChoiceField(
        label=_("Answer"), choices=[("yes", _("Yes")), ("no", _("No"))], coerce=lambda said: said == "yes",
        widget=forms.RadioSelect,
    )  # fmt: skip
    words = forms.CharField(label=_("Why not"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """Refuse a no without its reason."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if said.get("agrees") is False and not said.get("words"):
            self.add_error("words", _("Say why not: the member reads it."))
        return said


class PutBillForward(forms.Form):
    """A bill: what for, to whom, how much."""

    purpose = forms.ChoiceField(label=_("What for"), choices=Purpose.choices)
    payee = forms.CharField(label=_("To whom"), max_length=80, help_text=_("And for what, as the bill says."))
    amount = cents(_("Amount, in US$"))


class ReadStatement(forms.Form):
    """A file of the bank's statements."""

    file = forms.FileField(label=_("Statement of the bank (camt.053)"), max_length=500)


class ReadList(forms.Form):
    """A file of a service's own list."""

    file = forms.FileField(
        label=_("Statement of the service (CSV)"), max_length=500,
        help_text=_("Of whole days that are over, as its own site saves it; days that another list has are left out."),
    )  # fmt: skip


class AnswerQuestion(forms.Form):
    """What became of something that fitted nothing."""

    words = forms.CharField(
        label=_("What became of it"), max_length=200, help_text=_("As: a bill of the host, paid by hand; see bill 7.")
    )


class NotePurchase(forms.Form):
    """Foreign money that was bought: how much of what, for how many US dollars, the bank's own reference."""

    currency = forms.ChoiceField(label=_("Currency"))
    bought = cents(_("How much of it"))
    paid = cents(_("What it cost, in US$"))
    reference = forms.CharField(label=_("The bank's reference"), max_length=80)

    def __init__(self, data: Mapping[str, Any] | None = None, *, currencies: Sequence[str]) -> None:
        """Offer the currencies that ways to be paid send."""
        super().__init__(data)
        which: forms.ChoiceField = self.fields["currency"]  # type: ignore[assignment]
        which.choices = [(one, one) for one in currencies]


class ExplainDifference(forms.Form):
    """Why a service's own list and our books differ about something."""

    # What differs now is asked by the act; the page offers what it shows.
    which = forms.CharField(label=_("What differs"), max_length=130, widget=forms.Select)
    words = forms.CharField(label=_("Why, and what shows it"), max_length=200)

    def offer(self, differences: "Sequence[Difference]") -> None:
        """Offer what a page shows."""
        select: forms.Select = self.fields["which"].widget
        select.choices = [(f"{one.currency} {one.key}", one.key or _("Before the first list")) for one in differences]

    def explanation(self) -> dict[str, str]:
        """Return what a valid form says, as `at_services.explain` takes it."""
        currency, _space, key = self.cleaned_data["which"].partition(" ")
        return {"currency": currency, "key": key, "words": self.cleaned_data["words"]}


def ways() -> list[tuple[str, str]]:
    """Return every way from one place of the cooperative to another, as "stripe-main", with its words."""
    return [(f"{one}-{other}", f"{one.label} → {other.label}") for one, other in permutations(Place, 2)]


def way_of(said: str) -> tuple[Place, Place]:
    """Return from where to where a way of `ways` leads."""
    one, _to, other = said.partition("-")
    return Place(one), Place(other)


class NoteMove(forms.Form):
    """Money that went from one place of the cooperative to another: how much, and by which reference."""

    way = forms.TypedChoiceField(label=_("From where to where"), choices=ways, coerce=way_of)
    currency = forms.ChoiceField(label=_("Currency"))
    amount = cents(_("How much of it"))
    reference = forms.CharField(label=_("The bank's or the service's reference"), max_length=80)
    arrived_as = forms.CharField(
        label=_("The reference where it went to"), max_length=80, required=False,
        help_text=_("Where that place has another of its own, as between two services."),
    )  # fmt: skip

    def __init__(self, data: Mapping[str, Any] | None = None, *, currencies: Sequence[str]) -> None:
        """Offer US dollars and the currencies that ways to be paid send."""
        super().__init__(data)
        which: forms.ChoiceField = self.fields["currency"]  # type: ignore[assignment]
        which.choices = [(one, one) for one in ("USD", *currencies)]

    def move(self) -> dict[str, Any]:
        """Return what a valid form notes, as `moves.note` takes it."""
        said = dict(self.cleaned_data)
        source, target = said.pop("way")
        return {"source": source, "target": target} | said
