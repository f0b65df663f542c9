"""The bank's statements: one officer gives a file, another sees the same at the bank, and only then does money move.

The database cannot see the bank. So nothing of a statement is booked by the word of whoever brought the file. Services'
own lists of what moved go the same way.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from coop.people.models import Client
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from governance.models import Office
from payments import at_services, deposits, reconciling
from payments.models import BankStatement, GivenStatement, Outcome, Place, RailEvent
from payments.rails.iso20022 import camt053
from payments.rails.iso20022.schemas import Unreadable
from payments.rails.statement import Entry, Statement
from payments.reconciling import Foreseen, Known, Read
from payments.runs import account
from payments.templatetags.money import money


def waiting() -> QuerySet[GivenStatement]:
    """Return the statements that no second officer has confirmed or turned down, in the order in which they came.

    Their lines, which may be many, are fetched where they are read.
    """
    return reconciling.waiting().select_related("given_by__person").defer("lines")


def give(content: bytes, *, by: Office, at: datetime) -> list[GivenStatement]:
    """Keep what a file of our account's statements says, each following on the last; nothing moves by it.

    Raises Refused out of office, for a file that is no statement or was given, and for one that does not add up.
    """
    refuse_if(deposits.refusal_of_office(by, at))
    try:
        statements = camt053.read(content)
    except Unreadable as error:
        raise Refused(Refusal(_("This file cannot be read: %(why)s") % {"why": error}, status=400)) from error
    return keep(statements, Place.MAIN, digest=hashlib.sha256(content).hexdigest(), by=by, at=at)


def keep(
    statements: Sequence[Statement], place: Place, *, digest: str, by: Office, at: datetime
) -> list[GivenStatement]:
    """Keep what a place says, all or nothing. Raises Refused for what was given or does not follow on."""
    try:
        with transaction.atomic():
            return [_keep(statement, place, digest, by, at) for statement in statements]
    except IntegrityError:  # somebody gave the same at the same time and was faster
        for statement in statements:
            refuse_if(_refusal(statement, place))
        raise


def _keep(statement: Statement, place: Place, digest: str, by: Office, at: datetime) -> GivenStatement:
    refuse_if(_refusal(statement, place))
    given = GivenStatement.objects.create(
        place=place, number=_number(statement), digest=digest, currency=statement.currency, opening=statement.opening,
        closing=statement.closing, lines=[_line(entry) for entry in statement.entries], given_by=by, given_at=at,
    )  # fmt: skip
    events.write("statements.given", by=by.person, subject=f"given_statement:{given.pk}", at=at)
    return given


def _number(statement: Statement) -> str:
    return f"{statement.account}/{statement.number}"


def _line(entry: Entry) -> dict[str, object]:
    return asdict(entry) | {"amount": str(entry.amount), "day": entry.day.isoformat(), "words": entry.words[:140]}


def entries(given: GivenStatement) -> list[Entry]:
    """Return the lines of a statement as its file had them."""
    return [
        Entry(**line | {"amount": Decimal(line["amount"]), "day": date.fromisoformat(line["day"])})
        for line in given.lines
    ]


def sums(said: Sequence[Entry]) -> tuple[Decimal, Decimal]:
    """Return what came in and what went out by these lines, both above zero."""
    came, gone = ([entry.amount for entry in said if (entry.amount > 0) == way] for way in (True, False))
    return sum(came, Decimal(0)), -sum(gone, Decimal(0))


def _refusal(statement: Statement, place: Place) -> Refusal | None:
    if BankStatement.objects.filter(number=_number(statement)).exists():
        return Refusal(_("Statement %(number)s was read.") % {"number": statement.number}, status=409)
    if waiting().filter(number=_number(statement)).exists():
        words = _("Statement %(number)s waits for another officer to confirm it.")
        return Refusal(words % {"number": statement.number}, status=409)
    if not statement.adds_up:
        words = _("Statement %(number)s does not add up: its entries do not lead from the first balance to the last.")
        return Refusal(words % {"number": statement.number}, appeal=_("Ask the bank for it again."), status=409)
    last = waiting().filter(number__startswith=f"{statement.account}/").last()
    ours = _not_ours(statement) if place == Place.MAIN else None
    return ours or _not_next(statement, last or reconciling.latest(statement.account))


def _not_ours(statement: Statement) -> Refusal | None:
    ours = account()
    if ours is None:
        return Refusal(_("The cooperative's account is not set: see BANK_ACCOUNT in the operating guide."), status=409)
    if statement.account != ours.number:
        words = _("Statement %(number)s is of the account %(account)s, which is not ours.")
        return Refusal(words % {"number": statement.number, "account": statement.account}, status=409)
    return None


def _not_next(this: Statement | GivenStatement, last: GivenStatement | BankStatement | None) -> Refusal | None:
    if last is None or (last.closing, last.currency) == (this.opening, this.currency):
        return None
    words = _("Statement %(number)s does not follow on: it opens with %(opening)s, the last closed with %(closing)s.")
    said = {
        "number": this.number, "opening": money(this.opening, this.currency),
        "closing": money(last.closing, last.currency),
    }  # fmt: skip
    at_bank = not isinstance(this, GivenStatement) or this.place == Place.MAIN
    appeal = _("Read the statements between them first.") if at_bank else _("Turn it down and ask again.")
    if isinstance(last, GivenStatement):
        appeal = _("Statement %(number)s waits before it. If the bank shows something else, turn that one down first.")
    return Refusal(words % said, appeal=appeal % {"number": last.number.partition("/")[2]}, status=409)


def refusal(given: GivenStatement, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer can neither confirm this statement nor turn it down; None if they can do one of them."""
    if no := deposits.refusal_of_office(by, at):
        return no
    if not waiting().filter(pk=given.pk).exists():
        return Refusal(_("This statement was confirmed or turned down."), status=409)
    return None


def foreseen(given: GivenStatement, *, by: Office, at: datetime) -> Foreseen:
    """Return what each line of a statement would be if this officer confirmed it now; nothing is written."""
    if given.place != Place.MAIN:
        return _listed(given, at)
    return reconciling.foreseen(entries(given), given=given, by=by, at=at)


def _listed(given: GivenStatement, at: datetime) -> Foreseen:
    """Return what each line of a service's list would be: a fee that is booked, or only compared with our books."""
    row = BankStatement(place=given.place, currency=given.currency)
    return Foreseen(at_services.heard(row, entries(given), at=at), Known({}, {}, {}, [], set()), set())


def refusal_to_confirm(
    given: GivenStatement, *, by: Office, at: datetime, seen: Foreseen | None = None
) -> Refusal | None:
    """Say why an officer cannot confirm that the bank shows this statement; None if they can.

    `seen` is what they foresee, where that was worked out.
    """
    if no := refusal(given, by=by, at=at):
        return no
    if given.given_by.person_id == by.person_id:
        appeal = _("Ask the other officer.")
        return Refusal(_("You brought this statement; another officer looks at the bank."), "D8", appeal)
    last = reconciling.latest(given.number.partition("/")[0])
    if no := _not_next(given, last):
        return no
    if given.place != Place.MAIN:
        return at_services.refusal_of_fees(Place(given.place), given.currency, entries(given))
    return _own(given, by, seen or foreseen(given, by=by, at=at))


def _own(given: GivenStatement, by: Office, seen: Foreseen) -> Refusal | None:
    """Refuse whoever is paid by it, where who gave it is not: then they can change places."""
    if given.given_by.person_id in seen.payees or by.person_id not in seen.payees:
        return None
    appeal = _("Turn it down and bring it yourself; the other officer confirms it.")
    return Refusal(_("A payout of yours is on this statement."), "D8", appeal)


def becomes(event: RailEvent | None, payers: Mapping[str, Client]) -> str:
    """Return in words what a line becomes once it is booked, as "Deposit of Orbit"; `payers` by a line's words."""
    if event is None:
        return _("Nothing: it is compared with our books")
    if event.outcome == Outcome.DEPOSIT:
        return _("Deposit of %(client)s") % {"client": payers[event.words].name}
    if event.outcome == Outcome.FEE or event.payout is None:
        words = "%(what)s" if event.outcome == Outcome.FEE else _("A question: %(what)s")
        return words % {"what": event.get_outcome_display()}
    words = _("Payout %(number)s to %(person)s: %(what)s")
    facts = {"number": event.payout.pk, "person": event.payout.person.name, "what": event.get_outcome_display()}
    return words % facts


def confirm(given: GivenStatement, *, by: Office, at: datetime) -> Read:
    """Say that the bank itself shows this statement, and book what it says: all or nothing.

    A payout is settled (kind 14), failed (15) or came back late (16); a transfer with a client's reference is a deposit
    (kind 1). Raises Refused as `refusal_to_confirm`, and where the bank paid more than our books hold.
    """
    try:
        with transaction.atomic():
            held = _locked(given)
            refuse_if(refusal_to_confirm(held, by=by, at=at))
            return _read(held, by, at)
    except IntegrityError as error:
        if guard_of(error) != "account_below_its_ceiling":
            refuse_if(refusal_to_confirm(given, by=by, at=at))  # somebody else was faster
        if no := _refused_by(guard_of(error)):
            raise Refused(no) from error
        raise


def _refused_by(guard: str | None) -> Refusal | None:
    """Return in words what the database alone can say of a statement."""
    if guard == "account_below_its_ceiling":
        words = _("By this file the bank paid more than our books hold in that currency.")
        appeal = _("Write down first what came in that is missing, or what was bought.")
        return Refusal(words, appeal=appeal, status=409)
    if guard == "statements_follow_on":
        words, appeal = _("A list that was confirmed has days of this one."), _("Turn it down and ask again.")
        return Refusal(words, appeal=appeal, status=409)
    return None


def _read(held: GivenStatement, by: Office, at: datetime) -> Read:
    row = BankStatement.objects.create(
        given=held, place=held.place, number=held.number, digest=held.digest, currency=held.currency,
        opening=held.opening, closing=held.closing, read_by=by, read_at=at,
    )  # fmt: skip
    carry_over = reconciling.carry_over if row.place == Place.MAIN else at_services.book
    found = carry_over(row, entries(held), by=by, at=at)
    events.write("statements.read", by=by.person, subject=f"statement:{row.pk}", at=at, entries=found.total())
    return Read(row, found)


@transaction.atomic
def turn_down(given: GivenStatement, *, by: Office, at: datetime) -> None:
    """Say that the bank shows something else: nothing of this file is ever booked. Whoever brought it may say so too.

    Raises Refused as `refusal`.
    """
    held = _locked(given)
    refuse_if(refusal(held, by=by, at=at))
    held.turn_down(by=by, at=at)
    events.write("statements.turned_down", by=by.person, subject=f"given_statement:{held.pk}", at=at)


def _locked(given: GivenStatement) -> GivenStatement:
    return GivenStatement.objects.select_for_update(of=("self",)).select_related("given_by__person").get(pk=given.pk)
