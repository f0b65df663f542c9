"""Reading what the bank says against what we say: each payout ends as its statement has it, each deposit is found.

What does not fit moves nothing and waits for an officer: another amount, the same thing twice, something unknown.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import partial

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from stdnum.iso7064 import mod_97_10

from coop.people import clients
from coop.people.models import Client
from coop.record import events
from coop.record.events import Entry as Event
from governance.models import Office
from payments import accounts, deposits, exchange, ledger, payouts, rails, unconfirmed
from payments.invariants import AT_BANK
from payments.ledger import Kind, Line
from payments.models import (
    BankStatement,
    Deposit,
    DepositProof,
    GivenStatement,
    Outcome,
    Payout,
    PayoutState,
    RailEvent,
)
from payments.money import from_micro
from payments.rails.statement import Entry
from payments.runs import payout_of

RAIL = "bank"
# A transfer that no statement has after so long is missing.
MISSING_AFTER = timedelta(days=5)
REFERENCE = re.compile(r"\bRF[0-9]{2} ?WH([0-9]{1,18})\b")
ENDS = {Outcome.SETTLED, Outcome.FAILED, Outcome.RETURNED}
STATES = {
    Outcome.SETTLED: PayoutState.SETTLED, Outcome.FAILED: PayoutState.FAILED, Outcome.RETURNED: PayoutState.FAILED,
}  # fmt: skip

# Which way each moves what the books hold, in the order in which a statement is booked.
MOVES = {Outcome.DEPOSIT: 1, Outcome.SETTLED: -1, Outcome.RETURNED: 1, Outcome.FEE: -1}
COMPARED = f"""
SELECT currency, held, opening, closing, unbooked, unshown FROM ({AT_BANK}) b ORDER BY currency
"""  # noqa: S608 - both pieces are ours


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading a statement, and how many of each outcome."""

    statement: BankStatement
    found: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Compared:
    """What the books say that lies at the bank in a currency, beside what its statements say (I14).

    `held` is `closing` less `opening`, which the first statement began with, less `unbooked`, lines that moved nothing
    at the bank, with `unshown`, which is in the books and on no line.
    """

    currency: str
    held: Decimal
    opening: Decimal
    closing: Decimal
    unbooked: Decimal
    unshown: Decimal


@dataclass(frozen=True, slots=True)
class Known:
    """What the lines of a statement speak of, looked up at once, however many they are.

    `payers` by the words of a line, `recorded` by the bank's reference; `sat_for` are the numbers of the clients for
    which one of the two officers sat since the statement was given. The cooperative's own officers speak for its house.
    """

    payouts: Mapping[int, Payout]
    payers: Mapping[str, Client]
    recorded: Mapping[str, Deposit]
    sought: Sequence[Deposit]
    sat_for: Collection[int]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """The lines of a statement, each with what it would be if it were booked now, in their order.

    `payees` are the numbers of whose payouts it ends, also where that is only a question for who looks.
    """

    lines: Sequence[tuple[Entry, RailEvent | None]]
    known: Known
    payees: Collection[int]


def client_reference(client: Client) -> str:
    """Return what a client writes on a transfer, as "RF18WH7" (ISO 11649): its check digits find a slip of the pen."""
    return _reference_of(client.pk)


def _reference_of(number: int) -> str:
    body = f"WH{number}"
    return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"


def clients_of(words: Iterable[str]) -> dict[str, Client]:
    """Return the client whose reference stands, right, in what a payer wrote, by those words; at most one query."""
    numbers = {said: _numbers_in(said) for said in words}
    known = Client.objects.in_bulk({number for found in numbers.values() for number in found})
    payers = {said: [known[number] for number in found if number in known] for said, found in numbers.items()}
    return {said: found[0] for said, found in payers.items() if found}


def _numbers_in(words: str) -> list[int]:
    found = [(one[0].replace(" ", ""), int(one[1])) for one in REFERENCE.finditer(words.upper())]
    return [number for reference, number in found if reference == _reference_of(number)]


def latest(account_number: str) -> BankStatement | None:
    """Return the statement of an account that was read last."""
    return BankStatement.objects.filter(number__startswith=f"{account_number}/").order_by("-id").first()


def carry_over(row: BankStatement, entries: Sequence[Entry], *, by: Office, at: datetime) -> Counter[str]:
    """Book what the lines of a statement say that two officers saw; return how many there are of each outcome."""
    assert row.given  # noqa: S101 - what one officer read alone was read before there were two
    known = _known(entries, _named(entries).select_for_update(no_key=True), row.given, by)
    # A line of nothing moves nothing.
    said = [event for event in _affordable(_asked(_heard(entries, row, known, at), known, by), known) if event.amount]
    ledger.hold(pair for event in said for pair in _touched(event, known.payers))
    # What came back after it had arrived comes last: it arrived first, maybe on this very statement.
    # Money in comes first: what the bank paid from it is on the same statement.
    first = ({Outcome.DEPOSIT}, {Outcome.SETTLED, Outcome.FAILED}, {Outcome.RETURNED})
    for outcomes in (*first, set(Outcome) - set().union(*first)):
        book([event for event in said if event.outcome in outcomes], by=by, at=at, payers=known.payers)
    return Counter(str(event.outcome) for event in said)


def _affordable(said: list[RailEvent], known: Known) -> list[RailEvent]:
    """Return what was said, as questions what by the books was not there to be paid: payouts that arrived, and fees."""
    held = {currency: -ledger.balance(accounts.BANK, currency) for currency in {event.currency for event in said}}
    unpaid: set[int | None] = set()
    there = _there_already(said, known)
    for outcome, way in MOVES.items():
        for event in [one for one in said if one.outcome == outcome]:
            never = outcome == Outcome.RETURNED and event.payout_id in unpaid
            if never or held[event.currency] + way * event.amount < 0:
                unpaid.add(event.payout_id)
                # It says nothing of a payout that it was taken for: two officers decide no sooner by it.
                event.outcome, event.payout = Outcome.UNKNOWN, None
            elif event.event not in there:
                held[event.currency] += way * event.amount
    return said


def _there_already(said: Iterable[RailEvent], known: Known) -> set[str]:
    """Return which lines are deposits that two officers credited by hand: the books hold them already."""
    proved = set(DepositProof.objects.filter(deposit__in=known.sought).values_list("deposit_id", flat=True))
    left, there = list(known.sought), set()
    for event in said:
        if event.outcome == Outcome.DEPOSIT and proved:
            facts = {"amount": event.amount, "currency": event.currency, "reference": _reference(event)}
            found = deposits.noted(left, known.payers[event.words], **facts, day=event.occurred_at)
            left = [one for one in left if one != found]
            if found and found.pk in proved:
                there.add(event.event)
    return there


def foreseen(entries: Sequence[Entry], *, given: GivenStatement, by: Office, at: datetime) -> Foreseen:
    """Return what each line of a statement would be if this officer booked it now; nothing is written.

    As many queries for a thousand lines as for one.
    """
    known = _known(entries, _named(entries).select_related("person"), given, by)
    heard = _heard(entries, BankStatement(), known, at)
    payees = {event.payout.person_id for event in heard if event.payout and event.outcome in ENDS}
    return Foreseen(list(zip(entries, _affordable(_asked(heard, known, by), known), strict=True)), known, payees)


def _asked(said: list[RailEvent], known: Known, by: Office) -> list[RailEvent]:
    """Return what was said, with the lines that move an officer's own money as questions, which they do not decide.

    That is whoever books a payout of theirs, and whichever of the two sits for the client whose deposit it is.
    """
    for event in said:
        mine = event.outcome in ENDS and event.payout and event.payout.person_id == by.person_id
        if mine or (event.outcome == Outcome.DEPOSIT and known.payers[event.words].pk in known.sat_for):
            event.outcome, event.payout = Outcome.UNKNOWN, None
    return said


def _known(entries: Sequence[Entry], payouts: QuerySet[Payout], given: GivenStatement, by: Office) -> Known:
    payers = clients_of(_words(entry) for entry in entries)
    theirs = {one for one in payers.values() if not one.is_cooperative}
    named = Deposit.objects.filter(reference__in={entry.reference for entry in entries if _words(entry) in payers})
    return Known(
        payouts.in_bulk(), payers, {one.reference: one for one in named}, deposits.sought(payers.values()),
        clients.for_which_sat([given.given_by.person_id, by.person_id], since=given.given_at, among=theirs),
    )  # fmt: skip


def _named(entries: Iterable[Entry]) -> QuerySet[Payout]:
    """Return the payouts that a statement speaks of, in the order in which they are locked."""
    numbers = {number for entry in entries if (number := payout_of(entry.key))}
    return Payout.objects.order_by("pk").filter(rail=RAIL, pk__in=numbers).exclude(run=None)


def _heard(entries: Iterable[Entry], row: BankStatement, known: Known, at: datetime) -> list[RailEvent]:
    """Return what each entry of a statement says, those before it taken as done."""
    states = {number: payout.state for number, payout in known.payouts.items()}
    seen: set[str] = set()
    said = []
    for place, entry in enumerate(entries, start=1):
        # A charge that came back is no word about the payout that it was for.
        payout = None if entry.is_fee and entry.amount > 0 else known.payouts.get(payout_of(entry.key) or 0)
        outcome = _outcome(entry, payout, states[payout.pk]) if payout else _of_nobody(entry, known, seen)
        if payout and outcome in ENDS:
            states[payout.pk] = STATES[outcome]
        if outcome == Outcome.DEPOSIT:
            seen.add(entry.reference)
        event = RailEvent(
            rail=RAIL, event=name(row, place, entry), payout=payout, outcome=outcome,
            amount=abs(entry.amount), incoming=entry.amount > 0, currency=entry.currency, words=_words(entry),
            statement=row, occurred_at=_day(entry), noted_at=at,
        )  # fmt: skip
        said.append(event)
    return said


def name(row: BankStatement, place: int, entry: Entry) -> str:
    """Return what a line is called among what rails said, as "5/2/NTRF-1": statement, place on it, the reference."""
    return f"{row.pk}/{place}/{entry.reference}"[:120]


def _words(entry: Entry) -> str:
    return (entry.reason or entry.words)[:140]


def _day(entry: Entry) -> datetime:
    return datetime.combine(entry.day, time(), UTC)


def _outcome(entry: Entry, payout: Payout, state: str) -> Outcome:
    """Return what an entry says of a payout that stands in this state."""
    if entry.is_fee and entry.amount < 0:
        return Outcome.FEE
    if (abs(entry.amount), entry.currency) != (payout.amount, payout.currency):
        return Outcome.PARTIAL
    going = state in {PayoutState.SENDING, PayoutState.SENT}
    if entry.amount < 0:
        return Outcome.SETTLED if going else Outcome.REPEATED
    if going:
        return Outcome.FAILED
    return Outcome.RETURNED if state == PayoutState.SETTLED else Outcome.REPEATED


def _of_nobody(entry: Entry, known: Known, seen: Collection[str]) -> Outcome:
    """Return what an entry says that belongs to no payout: a fee, a client's deposit, or nothing we know.

    `seen` are the references of deposits that stand before it on its statement.
    """
    if entry.is_fee and entry.amount < 0:
        return Outcome.FEE
    client = known.payers.get(_words(entry))
    if entry.amount <= 0 or entry.is_fee or entry.came_back or entry.currency != "USD" or client is None:
        return Outcome.UNKNOWN
    again = not entry.reference or entry.reference in seen or _is_others(entry, known, client)
    return Outcome.REPEATED if again else Outcome.DEPOSIT


def _is_others(entry: Entry, known: Known, client: Client) -> bool:
    """Tell whether an entry may be a gift, or bears the reference of a deposit which it is not."""
    recorded = known.recorded.get(entry.reference)
    noted = partial(
        deposits.noted, known.sought, client, amount=entry.amount, currency=entry.currency,
        reference=entry.reference, day=_day(entry),
    )  # fmt: skip
    return noted(gift=True) is not None or (recorded is not None and recorded != noted())


def book(
    said: Sequence[RailEvent], *, by: Office | None, at: datetime, payers: Mapping[str, Client] | None = None
) -> None:
    """Write what a rail said, and let the money move as it said: the payouts' ends, deposits and fees.

    `payers` are those of the deposits by their words, which only an officer's statement has. One statement for each
    kind of row, however many there are. A second word about the same end is refused by the
    database (`each_end_of_a_payout_is_said_once`, `rails_say_what_became_of_payouts`).
    """
    written = RailEvent.objects.bulk_create(said, batch_size=2_000)
    for outcome in ENDS:
        numbers = [event.payout.pk for event in written if event.payout and event.outcome == outcome]
        Payout.objects.filter(pk__in=numbers).update(state=STATES[outcome], settled_at=at)
    exchange.post([line for event in written for line in _lines(event)], at=at)
    ended = [event for event in written if event.outcome in ENDS]
    actor = by.person_id if by else None
    events.write_many(Event(f"payouts.{event.outcome}", actor, f"payout:{event.payout_id}", at) for event in ended)
    for event in ended:
        if event.outcome != Outcome.SETTLED and event.payout:
            payouts.have_told(event.payout, why=event.words)
    if by and payers:
        _credit([event for event in written if event.outcome == Outcome.DEPOSIT], payers, by, at)


def _credit(came: Sequence[RailEvent], payers: Mapping[str, Client], by: Office, at: datetime) -> None:
    for event in came:
        deposits.arrived(payers[event.words], line=event, reference=_reference(event), by=by, at=at)


def _reference(event: RailEvent) -> str:
    return event.event.split("/", 2)[2]


def _lines(event: RailEvent) -> list[tuple[str, Line]]:
    """Return the transfers that an event moves, each with its currency.

    Kinds 14 (clearing:out to bank:<place>), 15 (clearing:out to member:payable), 16 (bank:<place> to member:payable)
    and 17 (coop:expense:banks to bank:<place>), each of the place that the rail pays from. Keys `payout:<id>:result`,
    `payout:<id>:return`, `rail_event:<id>`. What came back is exchanged back (kind 23).
    """
    place = accounts.place(rails.place_of(event.rail))
    if event.outcome == Outcome.FEE:
        ref = f"rail_event:{event.pk}"
        fee = Line(Kind.SPENT, accounts.RAIL_FEES, place, event.amount, ref, ref, journal=ref)
        return [(event.currency, fee)]
    if event.payout is None or event.outcome not in ENDS:
        return []
    ref, mine = f"payout:{event.payout_id}", accounts.payable(event.payout.person_id)
    kind, debit, credit, part = {
        Outcome.SETTLED: (Kind.PAID_OUT, accounts.CLEARING_OUT, place, "result"),
        Outcome.FAILED: (Kind.CAME_BACK, accounts.CLEARING_OUT, mine, "result"),
        Outcome.RETURNED: (Kind.LATE_RETURN, place, mine, "return"),
    }[Outcome(event.outcome)]
    key = f"{ref}:{part}"
    line = (event.currency, Line(kind, debit, credit, event.amount, key, ref, journal=key))
    if event.outcome == Outcome.SETTLED:
        return [line]
    return [line, *((currency, replace(one, journal=key)) for currency, one in exchange.back(event.payout))]


def _touched(event: RailEvent, payers: Mapping[str, Client]) -> set[tuple[str, str]]:
    """Return the accounts that an event moves, or that what it moves repays, each with its currency."""
    pairs = ledger.touched(_lines(event))
    if event.outcome == Outcome.DEPOSIT:
        payer = payers[event.words].pk
        theirs = accounts.client(payer), accounts.receivable(payer)
        pairs |= {(event.currency, code) for code in (accounts.BANK, *theirs)}
    return pairs


def missing(*, at: datetime) -> QuerySet[Payout]:
    """Return the transfers that no statement has, days after the bank took them; nor one that waits for an officer."""
    late = Payout.objects.filter(rail=RAIL, state=PayoutState.SENT, sent_at__lte=at - MISSING_AFTER)
    return late.exclude(run=None).exclude(pk__in=unseen(at=at)).select_related("person").order_by("id")


def waiting() -> QuerySet[GivenStatement]:
    """Return the statements that no second officer has confirmed or turned down, in the order in which they came."""
    return GivenStatement.objects.filter(statement=None, turned_down_by=None).order_by("pk")


def unseen(*, at: datetime) -> set[int]:
    """Return the numbers of the payouts whose end waits for a statement's second officer (see `unconfirmed`)."""
    return unconfirmed.holding(sooner=MISSING_AFTER, at=at)


def compared() -> list[Compared]:
    """Return what our books say that lies at the bank beside its statements, by currency; one query."""
    with connection.cursor() as cursor:
        cursor.execute(COMPARED)
        return [Compared(currency, *(from_micro(int(sum_)) for sum_ in sums)) for currency, *sums in cursor.fetchall()]


def in_words(found: Mapping[str, int]) -> str:
    """Return what came of reading a statement, in words."""
    parts = [f"{outcome.label}: {found[outcome]}" for outcome in Outcome if found.get(outcome)]
    return _("The statement is read. %(parts)s") % {"parts": "; ".join(parts) or _("Nothing moved.")}
