"""Money that comes in: recorded by an officer from the bank's statement, never from what somebody says they sent."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from governance import offices
from governance.models import Office, Right
from payments import accounts, ledger
from payments.ledger import Kind, Line
from payments.models import Deposit, Fund


def in_office(office: Office, at: datetime) -> bool:
    """Tell whether an office handles money and is held at a moment."""
    return offices.handles_money(office, at)


def refusal_of_office(by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot send money at a moment; None if they can."""
    return None if in_office(by, at) else Refusal(_("Money is sent by the treasurer or the secretary."), "D8")


def refusal(amount: Decimal, reference: str, *, by: Office, at: datetime) -> Refusal | None:
    """Say why this deposit cannot be recorded; None if it can."""
    if not in_office(by, at):
        return Refusal(_("Deposits are recorded by the treasurer or the secretary."), "D8")
    if amount <= 0:
        return Refusal(_("A deposit is more than nothing."), status=409)
    if Deposit.objects.filter(reference=reference).exists():
        appeal = _("Look at the deposits recorded: it may be there already.")
        return Refusal(_("A deposit with this bank reference is recorded."), appeal=appeal, status=409)
    return None


def office_of(person: Person, at: datetime) -> Office:
    """Return the post by which a person handles money at a moment; raise Refused if they hold none."""
    if office := offices.with_right(Right.MONEY, at).select_related("person").filter(person=person).first():
        return office
    raise Refused(
        Refusal(_("The desk is for the treasurer and the secretary."), "D8", _("Posts are given by a vote (rule N12)."))
    )


@transaction.atomic
def record(client: Client, *, amount: Decimal, reference: str, by: Office, at: datetime, fund: str = "") -> Deposit:
    """Record a client's deposit in US dollars (kind 1, bank:main to client:available). Key `deposit:<reference>`.

    A gift goes to the fund it names, one of Fund. Raises Refused out of office, for no amount, or for a reference that
    is recorded.
    """
    refuse_if(refusal(amount, reference, by=by, at=at))
    deposit = Deposit.objects.create(
        client=client, amount=amount, reference=reference, recorded_by=by, at=at, fund=fund
    )
    target = accounts.fund(fund) if fund else accounts.client(client.pk)
    key = f"deposit:{reference}"
    ledger.post(Line(Kind.DEPOSIT, accounts.BANK, target, amount, key, f"deposit:{deposit.pk}"), journal=key, at=at)
    events.write("deposits.recorded", by=by.person, subject=f"deposit:{deposit.pk}", at=at)
    return deposit


def grant(
    client: Client, *, amount: Decimal, reference: str, by: Office, at: datetime, fund: str = Fund.TRAINING
) -> Deposit:
    """Record money given to a fund (kind 1, bank:main to fund:<name>); `client` is who gave it."""
    return record(client, amount=amount, reference=reference, by=by, at=at, fund=fund)
