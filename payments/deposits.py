"""Money that comes in: as the bank's statement has it, or as two officers say; never from what somebody says they sent.

What an officer writes down by hand is nobody's money yet. A second officer confirms it, or a line of a statement is
found to be it: then it is credited, once, however the two of them wrote its reference.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _

from coop.people import clients
from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from governance import offices
from governance.models import Office, Right
from payments import accounts, ledger
from payments.ledger import Kind, Line
from payments.models import Deposit, DepositProof, Fund, RailEvent, Transfer

# A bank's day begins earlier than ours in the east; who wrote money down before that day meant other money.
EARLIEST = timedelta(hours=14)
ALIKE = timedelta(days=31)


def refusal_of_office(by: Office, at: datetime) -> Refusal | None:
    """Say why somebody has no part in what the desk does at a moment; None if they have."""
    no = Refusal(_("This is done by the treasurer or the secretary."), "D8")
    return None if offices.handles_money(by, at) else no


def refusal(amount: Decimal, reference: str, *, by: Office, at: datetime) -> Refusal | None:
    """Say why this deposit cannot be recorded; None if it can."""
    if no := refusal_of_office(by, at):
        return no
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
    """Write down by hand that US dollars arrived; they are the client's once another officer or a statement says so.

    A gift is for the fund it names, one of Fund. Raises Refused out of office, for no amount, or for a reference that
    is recorded.
    """
    refuse_if(refusal(amount, reference, by=by, at=at))
    deposit = Deposit.objects.create(
        client=client, amount=amount, reference=reference, recorded_by=by, at=at, fund=fund
    )
    events.write("deposits.recorded", by=by.person, subject=f"deposit:{deposit.pk}", at=at)
    return deposit


def grant(
    client: Client, *, amount: Decimal, reference: str, by: Office, at: datetime, fund: str = Fund.TRAINING
) -> Deposit:
    """Write down by hand that money was given to a fund; `client` is who gave it."""
    return record(client, amount=amount, reference=reference, by=by, at=at, fund=fund)


def unproved() -> QuerySet[Deposit]:
    """Return the deposits that one officer wrote down and nothing else shows yet, the oldest first."""
    return Deposit.objects.filter(proofs=None).select_related("client", "recorded_by__person").order_by("pk")


def alike(deposit: Deposit) -> QuerySet[Deposit]:
    """Return what else came from its client with the same amount within a month: it may be the same money."""
    near = Deposit.objects.filter(client=deposit.client_id, amount=deposit.amount, currency=deposit.currency)
    return near.filter(at__range=(deposit.at - ALIKE, deposit.at + ALIKE)).exclude(pk=deposit.pk).order_by("pk")


def refusal_to_confirm(deposit: Deposit, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot confirm that a deposit arrived; None if they can."""
    if no := refusal_of_office(by, at):
        return no
    if deposit.proofs.exists():
        return Refusal(_("This deposit was found or confirmed already."), status=409)
    return refusal_of_second(deposit, by=by)


def refusal_of_second(deposit: Deposit, *, by: Office) -> Refusal | None:
    """Say why an officer is no second one, beside whoever wrote a deposit down; None if they are."""
    first = deposit.recorded_by
    if first and first.person_id == by.person_id:
        appeal = _("Ask the other officer, or read the bank's statement.")
        return Refusal(_("You wrote this deposit down; another officer confirms it."), "D8", appeal)
    both = [office.person_id for office in (first, by) if office]
    if not deposit.client.is_cooperative and clients.for_which_sat(both, since=deposit.at, among=[deposit.client]):
        words = _("Neither who writes a deposit down nor who confirms it has a seat in that organisation.")
        return Refusal(words, "D8", _("Ask an officer who has no seat there."))
    return None


@transaction.atomic
def confirm(deposit: Deposit, *, by: Office, at: datetime) -> None:
    """Say, as a second officer, that a deposit arrived; it is credited. Raises Refused as `refusal_to_confirm`."""
    refuse_if(refusal_to_confirm(deposit, by=by, at=at))
    DepositProof.objects.create(deposit=deposit, by=by, at=at)
    _credit(deposit, at)
    events.write("deposits.confirmed", by=by.person, subject=f"deposit:{deposit.pk}", at=at)


@transaction.atomic
def arrived(client: Client, *, line: RailEvent, reference: str, by: Office, at: datetime) -> Deposit:
    """Credit what a statement's line says that a client sent, once.

    A line that an officer wrote down before, under whatever reference, is that deposit and not another.
    """
    facts = {"amount": line.amount, "currency": line.currency, "reference": reference, "day": line.occurred_at}
    deposit = noted(sought([client]), client, **facts)
    if deposit is None:
        deposit = Deposit.objects.create(
            client=client, amount=line.amount, currency=line.currency, reference=reference, recorded_by=by, at=at
        )
        events.write("deposits.recorded", by=by.person, subject=f"deposit:{deposit.pk}", at=at)
    DepositProof.objects.create(deposit=deposit, line=line, at=at)
    _credit(deposit, at)
    return deposit


@transaction.atomic
def find(deposit: Deposit, *, line: RailEvent, by: Office, at: datetime) -> None:
    """Say that a statement's line, which bears no client's reference, is a deposit; it is credited, if it is not yet.

    The database refuses another amount, a line that is another deposit, and one that fitted (`deposits_are_proved_by_
    another`).
    """
    DepositProof.objects.create(deposit=deposit, line=line, by=by, at=at)
    _credit(deposit, at)
    events.write("deposits.found", by=by.person, subject=f"deposit:{deposit.pk}", at=at)


def like(line: RailEvent) -> QuerySet[Deposit]:
    """Return the deposits that a line may be: its amount and currency, on no line yet, the oldest first."""
    same = _sought().filter(Q(amount=line.amount), currency=line.currency)
    return same.select_related("client").order_by("pk") if line.incoming and not line.payout_id else same.none()


def _sought() -> QuerySet[Deposit]:
    """Return the deposits that are on no line yet and were not taken back."""
    ref = Concat(Value("deposit:"), Cast(OuterRef("pk"), TextField()))
    taken_back = Transfer.objects.filter(ref=ref, kind=Kind.DEPOSIT, reversed_by__isnull=False)
    on_a_line = DepositProof.objects.exclude(line=None).values("deposit")
    return Deposit.objects.exclude(pk__in=on_a_line).exclude(Exists(taken_back))


def sought(payers: Iterable[Client]) -> list[Deposit]:
    """Return what officers wrote down for these payers and was found on no statement yet, the oldest first."""
    return list(_sought().filter(client__in=payers).order_by("pk"))


def noted(
    among: Iterable[Deposit], client: Client, *, amount: Decimal, currency: str, reference: str, day: datetime,
    gift: bool = False,
) -> Deposit | None:  # fmt: skip
    """Return which of these, as `sought` has them, is the money that a client's bank booked on a day.

    Best the one with the bank's own reference, else the oldest: none that was written down before the money came. With
    `gift` one to a fund, else one that is the client's.
    """
    theirs = [
        one for one in among
        if (one.client_id, one.amount, one.currency, bool(one.fund)) == (client.pk, amount, currency, gift)
        and (one.reference == reference or one.at >= day - EARLIEST)
    ]  # fmt: skip
    return min(theirs, key=lambda one: (one.reference != reference, one.pk), default=None)


def _credit(deposit: Deposit, at: datetime) -> None:
    """Post a deposit (kind 1, bank:main to client:available or fund:<name>), once. Key `deposit:<reference>`."""
    target = accounts.fund(deposit.fund) if deposit.fund else accounts.client(deposit.client_id)
    key, ref = f"deposit:{deposit.reference}", f"deposit:{deposit.pk}"
    line = Line(Kind.DEPOSIT, accounts.BANK, target, deposit.amount, key, ref)
    ledger.post(line, journal=key, at=at, currency=deposit.currency)
