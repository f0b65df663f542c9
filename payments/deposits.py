"""Money that comes in: recorded by an officer from the bank's statement, never from what somebody says they sent."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from coop.people.models import Client
from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance.models import Office
from payments import accounts, ledger
from payments.ledger import Kind, Line
from payments.models import Deposit

POSTS = ("treasurer", "secretary")


def in_office(office: Office, at: datetime) -> bool:
    """Tell whether an office handles money and is held at a moment."""
    return office.post in POSTS and office.starts_at <= at < office.ends_at


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


def record(client: Client, *, amount: Decimal, reference: str, by: Office, at: datetime) -> Deposit:
    """Record a client's deposit in US dollars (kind 1, bank:main to client:available). Key `deposit:<reference>`.

    Raises Refused out of office, for no amount, or for a reference that is recorded.
    """
    return _record(client, accounts.client(client.pk), amount, reference, by, at)


def grant(client: Client, *, amount: Decimal, reference: str, by: Office, at: datetime) -> Deposit:
    """Record money given for training (kind 1, bank:main to fund:training); `client` is who gave it."""
    return _record(client, accounts.TRAINING, amount, reference, by, at)


@transaction.atomic
def _record(client: Client, target: str, amount: Decimal, reference: str, by: Office, at: datetime) -> Deposit:
    refuse_if(refusal(amount, reference, by=by, at=at))
    training = target == accounts.TRAINING
    deposit = Deposit.objects.create(
        client=client, amount=amount, reference=reference, recorded_by=by, at=at, to_training_fund=training
    )
    key = f"deposit:{reference}"
    ledger.post(Line(Kind.DEPOSIT, accounts.BANK, target, amount, key, f"deposit:{deposit.pk}"), journal=key, at=at)
    events.write("deposits.recorded", by=by.person, subject=f"deposit:{deposit.pk}", at=at)
    return deposit
