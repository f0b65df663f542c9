"""A client's unspent money goes back where it came from: asked by its people, sent by one officer, seen by another.

Only what is available can be asked back, never what is set aside, committed or owed: the money leaves the balance in
the act of asking, whose floor the database keeps. It is taken from the latest deposits first, and from each no more
than came by it and did not go back before, so that nobody's money leaves for a place it did not come from.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.people import clients
from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refusal, guard_of, refuse_if
from governance.models import Office
from payments import accounts, deposits, escrow, ledger, places
from payments.ledger import Kind, Line
from payments.models import CardPayment, Deposit, PayBack, PayBackState, Place
from payments.money import from_micro
from payments.templatetags.money import money

CENT = Decimal("0.01")
# The latest first; what has nothing left is not told.
SOURCES = """
SELECT deposit, card, left_of FROM (
    SELECT d.id AS deposit, NULL::bigint AS card, d.at, payments_left_to_go_back(d.id, NULL, d.client_id) AS left_of
    FROM payments_deposit d WHERE d.client_id = %(client)s
    UNION ALL
    SELECT NULL, p.id, p.at, payments_left_to_go_back(NULL, p.id, p.client_id)
    FROM payments_cardpayment p WHERE p.client_id = %(client)s
) came WHERE left_of > 0 ORDER BY at DESC, deposit DESC, card DESC
"""

# As `_may_go` asks of one: what was taken since, and what its client owes.
STAYS = """
SELECT p.id FROM payments_payback p WHERE p.state = 'requested' AND (
    EXISTS (SELECT FROM payments_account r WHERE r.currency = 'USD' AND r.balance < 0
        AND r.code = 'client:' || p.client_id || ':receivable')
    OR (payments_left_to_go_back(p.deposit_id, p.card_id, p.client_id) >= 0) IS NOT TRUE
) ORDER BY p.id DESC
"""
problems = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Source:
    """A deposit by bank or a payment by card, and how many US dollars, in whole cents, can still go back there."""

    deposit: int | None
    card: int | None
    left: Decimal


def sources(client: Client) -> list[Source]:
    """Return where a client's money came from and could go back to, the latest first; one query."""
    with connection.cursor() as cursor:
        cursor.execute(SOURCES, {"client": client.pk})
        return [Source(deposit, card, from_micro(left) // CENT * CENT) for deposit, card, left in cursor.fetchall()]


def most(client: Client) -> Decimal:
    """Return how many US dollars a client can ask back now, in whole cents; what is finer stays available."""
    came = sum((one.left for one in sources(client)), Decimal(0))
    return min(escrow.available(client), came) // CENT * CENT


def refusal(client: Client, amount: Decimal, *, by: Person) -> Refusal | None:
    """Say why somebody cannot ask this much of a client's money back; None if they can."""
    if not clients.has_seat(client, by):
        return Refusal(_("You have no seat in %(client)s.") % {"client": client.name})
    if not amount.is_finite() or amount <= 0 or amount != amount.quantize(CENT):
        return Refusal(_("Ask for an amount in whole cents."), status=400)
    return _too_much(client) if amount > most(client) else None


def _too_much(client: Client) -> Refusal:
    words = _("You can ask for up to %(largest)s back now.") % {"largest": money(most(client), "USD")}
    appeal = _("What is set aside for a job is available again once the job is closed.")
    return Refusal(words, "E1", appeal, status=409)


def asked_with(client: Client, key: UUID) -> list[PayBack]:
    """Return what a client asked back with this form, if it was sent before."""
    return list(PayBack.objects.filter(client=client, key=key).order_by("part"))


def of(client: Client) -> QuerySet[PayBack]:
    """Return what a client asked back, the newest first, each with where it goes."""
    return PayBack.objects.filter(client=client).select_related("deposit", "card").order_by("-id")


def ask(client: Client, *, amount: Decimal, key: UUID, by: Person, at: datetime) -> list[PayBack]:
    """Ask money back, in US dollars (kind 43, client:available to clearing:out): one for each deposit it goes back to.

    Keys `payback:<id>`. The same form `key` again returns the same. Raises Refused for anybody without a seat, for
    parts of a cent, and for more than is available or came in.
    """
    if standing := asked_with(client, key):
        return standing
    refuse_if(refusal(client, amount, by=by))
    try:
        return _ask(client, list(_split(sources(client), amount)), key, by, at)
    except IntegrityError as error:  # somebody with the same money or the same form was faster
        if standing := asked_with(client, key):
            return standing
        if guard_of(error) not in {"account_above_its_floor", "paybacks_are_asked_of_what_came_in"}:
            raise
        refuse_if(_too_much(client))
        raise


def _split(came: Sequence[Source], amount: Decimal) -> Iterator[tuple[Source, Decimal]]:
    """Yield of which deposits an amount is made, and how much of each."""
    for source in came:
        part = min(amount, source.left)
        if part > 0:
            yield source, part
        amount -= part


@transaction.atomic
def _ask(client: Client, parts: Sequence[tuple[Source, Decimal]], key: UUID, by: Person, at: datetime) -> list[PayBack]:
    made = PayBack.objects.bulk_create(
        PayBack(
            client=client, deposit_id=source.deposit, card_id=source.card, amount=amount, key=key, part=number,
            asked_by=by,
        )
        for number, (source, amount) in enumerate(parts, 1)
    )  # fmt: skip
    for one in made:
        _post(one, Kind.BACK_ASKED, accounts.client(client.pk), accounts.CLEARING_OUT, at)
        events.write("paybacks.asked", by=by, subject=f"payback:{one.pk}", at=at)
    return asked_with(client, key)


def refusal_to_call_off(payback: PayBack, *, by: Person) -> Refusal | None:
    """Say why somebody cannot take back that money was asked back; None if they can."""
    if not clients.has_seat(payback.client_id, by):
        return Refusal(_("This is another organisation's."), status=404)
    if payback.state != PayBackState.REQUESTED:
        return Refusal(_("It has been sent."), status=409)
    return None


@transaction.atomic
def call_off(payback: PayBack, *, by: Person, at: datetime) -> PayBack:
    """Let money that was asked back stay (kind 45, clearing:out to client:available). Key `payback:<id>:result`."""
    held = _locked(payback)
    refuse_if(refusal_to_call_off(held, by=by))
    return _fail(held, "paybacks.called_off", by, at)


def stay(*, at: datetime) -> int:
    """Let stay what was asked back and is not to be sent (kind 45, clearing:out to client:available); return how many.

    That is what the payer's bank took since, and what a client asked back that owes: the latest first, no more of each
    client's than it takes. What is owed is repaid from it. Keys `payback:<id>:result`. Asked again, it goes on: one
    that the database does not let stay now is told in the log, and holds up no other.
    """
    with connection.cursor() as cursor:
        cursor.execute(STAYS)
        numbers = [number for (number,) in cursor.fetchall()]
    return sum(_stays(number, at) for number in numbers)


def _stays(number: int, at: datetime) -> bool:
    try:
        return _stay(number, at)
    except DatabaseError:
        problems.exception("payback %s does not stay", number)
        return False


@transaction.atomic
def _stay(number: int, at: datetime) -> bool:
    held = _locked(PayBack(pk=number))
    if held.state != PayBackState.REQUESTED or _may_go(held) is None:
        return False
    _fail(held, "paybacks.stayed", None, at)
    return True


@transaction.atomic
def drop(deposit: Deposit | None, card: CardPayment | None, *, at: datetime) -> int:
    """Let stay what was asked back of money that never came, as two officers found (kind 45); return how many.

    It is for who takes that money back in the same transaction. Keys `payback:<id>:result`.
    """
    asked = PayBack.objects.filter(state=PayBackState.REQUESTED, deposit=deposit, card=card).order_by("pk")
    held = [_locked(one) for one in asked]
    ledger.hold(("USD", code) for one in held for code in _touched(one.client_id))
    for one in held:
        _fail(one, "paybacks.stayed", None, at)
    return len(held)


def _touched(client: int) -> tuple[str, ...]:
    """Return the accounts of a client's money that comes, stays or goes back."""
    both = accounts.BANK, accounts.STRIPE
    return *both, accounts.CLEARING_OUT, accounts.client(client), accounts.receivable(client)


def waiting() -> QuerySet[PayBack]:
    """Return what waits for an officer: to be sent, or to be seen at its end; the oldest first."""
    open_ones = PayBack.objects.filter(state__in=[PayBackState.REQUESTED, PayBackState.SENT])
    return open_ones.select_related("client", "deposit", "card", "sent_by__person").order_by("id")


def refusal_of_officer(payback: PayBack, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer has no part in this money, or nothing."""
    if out_of_office := deposits.refusal_of_office(by, at):
        return out_of_office
    if clients.has_seat(payback.client_id, by.person):
        return Refusal(
            _("Nobody sends money to an organisation of their own."), "D8", _("Ask an officer who has no seat there.")
        )
    return None


def refusal_to_send(payback: PayBack, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot send money back; None if they can."""
    if payback.state != PayBackState.REQUESTED:
        return Refusal(_("It has been sent, or was called off."), status=409)
    return _may_go(payback) or refusal_of_officer(payback, by=by, at=at)


def _may_go(payback: PayBack) -> Refusal | None:
    """Say why nobody sends this, whatever officer they are, or nothing."""
    appeal = _("It stays with its organisation within the hour, and repays what is owed.")
    if not _came(payback):
        words = _("The payer's bank took this money back since it was asked for.")
        return Refusal(words, appeal=appeal, status=409)
    if escrow.owed(payback.client):
        words = _("This organisation owes what a payer's bank took back, and nothing goes to it before.")
        return Refusal(words, appeal=appeal, status=409)
    return None


def _came(payback: PayBack) -> bool:
    """Tell whether what is asked back of its source came from there and stayed."""
    with connection.cursor() as cursor:
        source = [payback.deposit_id, payback.card_id, payback.client_id]
        cursor.execute("SELECT payments_left_to_go_back(%s, %s, %s) >= 0", source)
        return cursor.fetchone()[0] is True


@transaction.atomic
def send(payback: PayBack, *, reference: str, by: Office, at: datetime) -> PayBack:
    """Write down that money was sent back, with the bank's or the card service's reference."""
    held = _locked(payback)
    refuse_if(refusal_to_send(held, by=by, at=at))
    refuse_if(None if reference.strip() else Refusal(_("Write down its reference."), status=400))
    held.state, held.reference, held.sent_by = PayBackState.SENT, reference.strip(), by
    held.save(update_fields=["state", "reference", "sent_by"])
    events.write("paybacks.sent", by=by.person, subject=f"payback:{held.pk}", at=at)
    return held


def refusal_to_confirm(payback: PayBack, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot say what became of money that went back; None if they can."""
    if payback.state != PayBackState.SENT or payback.sent_by is None:
        return Refusal(_("Only what is on its way can be confirmed."), status=409)
    if payback.sent_by.person_id == by.person_id:
        return Refusal(_("You sent it; another officer confirms it."), "D8", _("Ask the other officer."))
    return refusal_of_officer(payback, by=by, at=at)


@transaction.atomic
def settle(payback: PayBack, *, by: Office, at: datetime) -> PayBack:
    """Confirm that it arrived (kind 44, clearing:out to bank:main, or bank:stripe). Key `payback:<id>:result`."""
    held = _locked(payback)
    place = Place.STRIPE if held.card_id else Place.MAIN
    refuse_if(refusal_to_confirm(held, by=by, at=at) or places.refusal(place, held.amount))
    held.state, held.settled_by = PayBackState.SETTLED, by
    held.save(update_fields=["state", "settled_by"])
    _post(held, Kind.BACK_ARRIVED, accounts.CLEARING_OUT, accounts.place(place), at, ":result")
    events.write("paybacks.settled", by=by.person, subject=f"payback:{held.pk}", at=at)
    return held


@transaction.atomic
def fail(payback: PayBack, *, by: Office, at: datetime) -> PayBack:
    """Confirm that it came back (kind 45, clearing:out to client:available). Key `payback:<id>:result`."""
    held = _locked(payback)
    refuse_if(refusal_to_confirm(held, by=by, at=at))
    held.settled_by = by
    return _fail(held, "paybacks.failed", by.person, at)


def _fail(held: PayBack, kind: str, by: Person | None, at: datetime) -> PayBack:
    held.state = PayBackState.FAILED
    held.save(update_fields=["state", "settled_by"])
    _post(held, Kind.BACK_FAILED, accounts.CLEARING_OUT, accounts.client(held.client_id), at, ":result")
    events.write(kind, by=by, subject=f"payback:{held.pk}", at=at)
    return held


def _locked(payback: PayBack) -> PayBack:
    found = PayBack.objects.select_for_update(of=("self",)).select_related("client", "sent_by")
    return found.get(pk=payback.pk)


def _post(payback: PayBack, kind: Kind, debit: str, credit: str, at: datetime, part: str = "") -> None:
    ref = f"payback:{payback.pk}"
    ledger.post(Line(kind, debit, credit, payback.amount, f"{ref}{part}", ref), journal=f"{ref}{part}", at=at)
