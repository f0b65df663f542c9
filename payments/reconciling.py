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

from django.db.models import F, Func, JSONField, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext as _
from stdnum.iso7064 import mod_97_10

from coop.people import clients
from coop.people.models import Client, Person
from coop.record import events
from coop.record.events import Entry as Event
from governance.models import Office
from payments import accounts, deposits, exchange, ledger, payouts
from payments.ledger import Kind, Line
from payments.models import BankStatement, Deposit, GivenStatement, Outcome, Payout, PayoutState, RailEvent
from payments.rails.iso20022.camt053 import Entry
from payments.runs import account, payout_of

RAIL = "bank"
# A transfer that no statement has after so long is missing.
MISSING_AFTER = timedelta(days=5)
# A file that one officer brought holds up a payout no longer, counted from the first that has it.
HELD_FOR = timedelta(hours=72)
REFERENCE = re.compile(r"\bRF[0-9]{2} ?WH([0-9]{1,18})\b")
ENDS = {Outcome.SETTLED, Outcome.FAILED, Outcome.RETURNED}
STATES = {
    Outcome.SETTLED: PayoutState.SETTLED, Outcome.FAILED: PayoutState.FAILED, Outcome.RETURNED: PayoutState.FAILED,
}  # fmt: skip

# Which way each moves what the books hold; a fee is asked after all of these.
MOVES = {Outcome.DEPOSIT: 1, Outcome.RETURNED: 1, Outcome.SETTLED: -1}


@dataclass(frozen=True, slots=True)
class Read:
    """What came of reading a statement, and how many of each outcome."""

    statement: BankStatement
    found: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Compared:
    """What the books hold in US dollars, at the bank and with services, and the bank's last word."""

    books: Decimal
    statement: BankStatement | None

    @property
    def difference(self) -> Decimal:
        """How much more the books hold than the bank said, in US dollars."""
        said = self.statement.closing if self.statement and self.statement.currency == "USD" else Decimal(0)
        return self.books - said


def client_reference(client: Client) -> str:
    """Return what a client writes on a transfer, as "RF18WH7" (ISO 11649): its check digits find a slip of the pen."""
    body = f"WH{client.pk}"
    return f"RF{mod_97_10.calc_check_digits(body + 'RF')}{body}"


def client_of(words: str) -> Client | None:
    """Return the client whose reference stands in what a payer wrote, if it is one and right."""
    for found in REFERENCE.finditer(words.upper()):
        client = Client.objects.filter(pk=int(found[1])).first()
        if client and found[0].replace(" ", "") == client_reference(client):
            return client
    return None


def latest(account_number: str) -> BankStatement | None:
    """Return the statement of an account that was read last."""
    return BankStatement.objects.filter(number__startswith=f"{account_number}/").order_by("-id").first()


def carry_over(row: BankStatement, entries: Sequence[Entry], *, by: Office, at: datetime) -> Counter[str]:
    """Book what the lines of a statement say that two officers saw; return how many there are of each outcome."""
    known = _named(entries).select_for_update(no_key=True).in_bulk()
    # A line of nothing moves nothing.
    said = [event for event in _affordable(_asked(_heard(entries, row, known, at), by.person)) if event.amount]
    ledger.hold(pair for event in said for pair in _touched(event))
    # What came back after it had arrived comes last: it arrived first, maybe on this very statement.
    # Money in comes first: what the bank paid from it is on the same statement.
    first = ({Outcome.DEPOSIT}, {Outcome.SETTLED, Outcome.FAILED}, {Outcome.RETURNED})
    for outcomes in (*first, set(Outcome) - set().union(*first)):
        book([event for event in said if event.outcome in outcomes], by=by, at=at)
    return Counter(str(event.outcome) for event in said)


def _affordable(said: list[RailEvent]) -> list[RailEvent]:
    """Return what was said, the fees for which the books hold nothing in their currency as questions."""
    held = {event.currency: -ledger.balance(accounts.BANK, event.currency) for event in said}
    for event in said:
        held[event.currency] += event.amount * MOVES.get(Outcome(event.outcome), 0)
    for event in said:
        if event.outcome == Outcome.FEE and event.amount > held[event.currency]:
            # It says nothing of a payout that it was taken for: two officers decide no sooner by it.
            event.outcome, event.payout = Outcome.UNKNOWN, None
        elif event.outcome == Outcome.FEE:
            held[event.currency] -= event.amount
    return said


def foreseen(entries: Sequence[Entry], *, by: Person | None = None, at: datetime) -> list[RailEvent]:
    """Return what each line of a statement would be if somebody booked it now, in their order; nothing is written."""
    known = _named(entries).select_related("person").in_bulk()
    said = _heard(entries, BankStatement(), known, at)
    return _affordable(_asked(said, by) if by else said)


def is_own(event: RailEvent, person: Person) -> bool:
    """Tell whether a line moves somebody's own money: ends a payout of theirs, or is a deposit of their client's."""
    if event.outcome == Outcome.DEPOSIT and (client := client_of(event.words)):
        return not client.is_cooperative and clients.has_seat(client, person)
    return event.outcome in ENDS and event.payout is not None and event.payout.person_id == person.pk


def _asked(said: list[RailEvent], person: Person) -> list[RailEvent]:
    """Return what was said, with the lines that move somebody's own money as questions, which they do not decide."""
    for event in said:
        if is_own(event, person):
            event.outcome, event.payout = Outcome.UNKNOWN, None
    return said


def _named(entries: Iterable[Entry]) -> QuerySet[Payout]:
    """Return the payouts that a statement speaks of, in the order in which they are locked."""
    numbers = {number for entry in entries if (number := payout_of(entry.key))}
    return Payout.objects.order_by("pk").filter(rail=RAIL, pk__in=numbers).exclude(run=None)


def _heard(entries: Iterable[Entry], row: BankStatement, known: Mapping[int, Payout], at: datetime) -> list[RailEvent]:
    """Return what each entry of a statement says, those before it taken as done."""
    states = {number: payout.state for number, payout in known.items()}
    seen: set[str] = set()
    said = []
    for place, entry in enumerate(entries, start=1):
        # A charge that came back is no word about the payout that it was for.
        payout = None if entry.is_fee and entry.amount > 0 else known.get(payout_of(entry.key) or 0)
        outcome = _outcome(entry, payout, states[payout.pk]) if payout else _of_nobody(entry, seen)
        if payout and outcome in ENDS:
            states[payout.pk] = STATES[outcome]
        if outcome == Outcome.DEPOSIT:
            seen.add(entry.reference)
        event = RailEvent(
            rail=RAIL, event=f"{row.pk}/{place}/{entry.reference}"[:120], payout=payout, outcome=outcome,
            amount=abs(entry.amount), incoming=entry.amount > 0, currency=entry.currency, words=_words(entry),
            statement=row, occurred_at=_day(entry), noted_at=at,
        )  # fmt: skip
        said.append(event)
    return said


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


def _of_nobody(entry: Entry, seen: Collection[str]) -> Outcome:
    """Return what an entry says that belongs to no payout: a fee, a client's deposit, or nothing we know.

    `seen` are the references of deposits that stand before it on its statement.
    """
    if entry.is_fee and entry.amount < 0:
        return Outcome.FEE
    client = client_of(_words(entry))
    if entry.amount <= 0 or entry.is_fee or entry.came_back or entry.currency != "USD" or client is None:
        return Outcome.UNKNOWN
    again = not entry.reference or entry.reference in seen or _is_others(entry, client)
    return Outcome.REPEATED if again else Outcome.DEPOSIT


def _is_others(entry: Entry, client: Client) -> bool:
    """Tell whether an entry may be a gift, or bears the reference of a deposit which it is not."""
    known = Deposit.objects.filter(reference=entry.reference).first()
    noted = partial(
        deposits.noted, client, amount=entry.amount, currency=entry.currency, reference=entry.reference,
        day=_day(entry),
    )  # fmt: skip
    return noted(gift=True) is not None or (known is not None and known != noted())


def book(said: Sequence[RailEvent], *, by: Office | None, at: datetime) -> None:
    """Write what a rail said, and let the money move as it said: the payouts' ends, deposits and fees.

    One statement for each kind of row, however many there are. A second word about the same end is refused by the
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
    for event in written:
        if by and event.outcome == Outcome.DEPOSIT and (client := client_of(event.words)):
            deposits.arrived(client, line=event, reference=_reference(event), by=by, at=at)


def _reference(event: RailEvent) -> str:
    return event.event.split("/", 2)[2]


def _lines(event: RailEvent) -> list[tuple[str, Line]]:
    """Return the transfers that an event moves, each with its currency.

    Kinds 14 (clearing:out to bank:main), 15 (clearing:out to member:payable), 16 (bank:main to member:payable) and 17
    (coop:expense:banks to bank:main). Keys `payout:<id>:result`, `payout:<id>:return`, `rail_event:<id>`. What came
    back is exchanged back (kind 23).
    """
    if event.outcome == Outcome.FEE:
        ref = f"rail_event:{event.pk}"
        fee = Line(Kind.SPENT, accounts.RAIL_FEES, accounts.BANK, event.amount, ref, ref, journal=ref)
        return [(event.currency, fee)]
    if event.payout is None or event.outcome not in ENDS:
        return []
    ref, mine = f"payout:{event.payout_id}", accounts.payable(event.payout.person_id)
    kind, debit, credit, part = {
        Outcome.SETTLED: (Kind.PAID_OUT, accounts.CLEARING_OUT, accounts.BANK, "result"),
        Outcome.FAILED: (Kind.CAME_BACK, accounts.CLEARING_OUT, mine, "result"),
        Outcome.RETURNED: (Kind.LATE_RETURN, accounts.BANK, mine, "return"),
    }[Outcome(event.outcome)]
    key = f"{ref}:{part}"
    line = (event.currency, Line(kind, debit, credit, event.amount, key, ref, journal=key))
    if event.outcome == Outcome.SETTLED:
        return [line]
    return [line, *((currency, replace(one, journal=key)) for currency, one in exchange.back(event.payout))]


def _touched(event: RailEvent) -> set[tuple[str, str]]:
    """Return the accounts that an event moves, or that what it moves repays, each with its currency."""
    pairs = ledger.touched(_lines(event))
    if event.outcome == Outcome.DEPOSIT and (client := client_of(event.words)):
        theirs = accounts.client(client.pk), accounts.receivable(client.pk)
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
    """Return the numbers of the payouts for which a statement waits for its second officer; one query.

    None of which a file, confirmed by nobody, was brought 72 hours ago: nobody's payout hangs on one officer's word.
    """
    each = Func(F("lines"), function="jsonb_array_elements", output_field=JSONField())
    given = GivenStatement.objects.filter(statement=None)
    waits, held_long = set(), set()
    for key, no, since in given.values_list(KeyTextTransform("key", each), "turned_down_by", "given_at"):
        if number := payout_of(key or ""):
            waits |= {number} if no is None else set()
            held_long |= {number} if since + HELD_FOR <= at else set()
    return waits - held_long


def compared() -> Compared:
    """Return what our books say that all places hold together, beside what our account's last statement closed with."""
    ours = account()
    return Compared(-ledger.balance(accounts.BANK), latest(ours.number) if ours else None)


def in_words(found: Mapping[str, int]) -> str:
    """Return what came of reading a statement, in words."""
    parts = [f"{outcome.label}: {found[outcome]}" for outcome in Outcome if found.get(outcome)]
    return _("The statement is read. %(parts)s") % {"parts": "; ".join(parts) or _("Nothing moved.")}
