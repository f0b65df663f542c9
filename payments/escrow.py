"""The money behind the work: set aside by the client, locked behind each claim, paid on acceptance."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from coop.people.models import Client, Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from payments import accounts, ledger, rates
from payments.ledger import Kind, Line
from payments.models import Account, Fee, Transfer
from payments.money import from_micro, to_micro
from payments.templatetags.money import money

# An answer is sent back once, so it is checked twice at most (`tasks_checks_needed`).
CHECKS = 2
PAID_IN = (Kind.DEPOSIT, Kind.CHARGED_BACK, Kind.WON_BACK, Kind.BACK_ASKED, Kind.BACK_FAILED)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a job costs at most, in the rate's currency: all wages, the fee on them, all checks, and the sum.

    `floor` is the deposit for the hourly floor; `total` is what is set aside with it.
    """

    wages: Decimal
    fee: Decimal
    checks: Decimal
    floor: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class Acceptance:
    """An accepted assignment with the terms it was claimed on: amounts, and the fee whose shares divide `fee`.

    `parts` divides the pay among people where it is not all the one person's.
    """

    job_id: int
    person_id: int
    assignment_id: int
    pay: Decimal
    fee: Decimal
    fee_version: Fee
    parts: tuple[tuple[int, Decimal], ...] = ()


def quote(
    tasks: int, overlap: int, pay: Decimal, fee: Fee, *, check: Decimal = Decimal(0), share: int = 100,
    least: Decimal = Decimal(0), floor: Decimal = Decimal(0),
) -> Quote:  # fmt: skip
    """Return the price of a job: tasks x overlap x (pay + fee + two checks) + deposit, exact to the micro-unit.

    An answer is checked twice at most: once before it is sent back, once after. Where of 100 answers a `share` is, each
    brings its part of the two, rounded up; together they bring the `least`.
    """
    answers = tasks * overlap
    each = from_micro(-(-to_micro(check) * CHECKS * share // 100))
    wages, charge, checked = answers * pay, answers * rates.fee_on(pay, fee), max(answers * each, least)
    return Quote(wages, charge, checked, floor, wages + charge + checked + floor)


def available(client: Client, currency: str = "USD") -> Decimal:
    """Return a client's prepaid balance."""
    return ledger.balance(accounts.client(client.pk), currency)


def held(client: Client, currency: str = "USD") -> Decimal:
    """Return what a client has paid by card and is not settled: it funds nothing yet."""
    return ledger.balance(accounts.held(client.pk), currency)


def owed(client: Client, currency: str = "USD") -> Decimal:
    """Return what a client owes: what payers' banks took back after it was spent. Its next money repays it first."""
    return -ledger.balance(accounts.receivable(client.pk), currency)


def paid_in(client: Client, currency: str = "USD") -> QuerySet[Transfer]:
    """Return what a client paid in, what payers' banks took and gave back, and what it asked back; newest first."""
    theirs = [accounts.client(client.pk), accounts.receivable(client.pk)]
    own = list(Account.objects.filter(code__in=theirs, currency=currency).values_list("pk", flat=True))
    touched = Transfer.objects.filter(Q(debit__in=own) | Q(credit__in=own))
    known = touched.filter(Q(kind__in=PAID_IN) | Q(kind=Kind.REVERSAL, reverses__kind__in=PAID_IN))
    return known.select_related("debit", "credit").order_by("-id")


def set_aside(job_id: int, currency: str = "USD") -> Decimal:
    """Return a job's money that no claim has locked yet."""
    return ledger.balance(accounts.escrow(job_id), currency)


def deposited(job_id: int, currency: str = "USD") -> Decimal:
    """Return what a job's deposit for the hourly floor still holds."""
    return ledger.balance(accounts.deposit(job_id), currency)


def refusal_to_fund(client: Client, amount: Decimal) -> Refusal | None:
    """Say why a client's balance cannot fund this amount; None if it can."""
    short = amount - available(client)
    if amount <= 0:
        return Refusal(_("There is nothing to set aside."), status=409)
    if short > 0 and (debt := owed(client)):
        reason = _("%(owed)s are owed: a payment by card was taken back by the payer's bank after it was spent.")
        words = {"owed": money(debt, "USD")}
        return Refusal(
            reason % words, "E1", _("The next deposit repays it first; then jobs can be funded."), status=409
        )
    if short > 0:
        reason = _("The balance is %(short)s short of %(amount)s.")
        words = {"short": money(short, "USD"), "amount": money(amount, "USD")}
        return Refusal(reason % words, "E1", _("Send the money by bank transfer, or make the job smaller."), status=409)
    return None


def fund(
    job_id: int, amount: Decimal, client: Client, rev: int, *, by: Person | None, at: datetime, floor: bool = False
) -> Transfer:
    """Set a client's money aside for a job (kind 2, client:available to job:escrow, for the `floor` to job:floor).

    Revision `rev` once. Raises Refused if the balance is short. Key `publish:<job>:<rev>`, with `:floor` for the floor.
    """
    key, target = _aside(f"publish:{job_id}:{rev}", job_id, floor=floor)
    line = Line(Kind.FUND, accounts.client(client.pk), target, amount, key, f"job:{job_id}")
    try:
        with transaction.atomic():
            new = ledger.post_many([line], journal=key, at=at)
            if new:
                events.write("escrow.funded", by=by, subject=f"job:{job_id}", at=at, revision=rev)
    except IntegrityError:
        refuse_if(refusal_to_fund(client, amount))
        raise
    return new[0] if new else Transfer.objects.get(key=ledger.key_of(key), kind=Kind.FUND, ref=line.ref)


def commit(
    job_id: int, person_id: int, assignment_id: int, amount: Decimal, *, at: datetime, onboarding: bool = False
) -> Transfer:
    """Lock pay and fee behind a claim (kind 3, job:escrow or for onboarding fund:training to job:commit:person).

    Raises IntegrityError `account_above_its_floor` when that account has less. Key `claim:<assignment>`.
    """
    source = accounts.TRAINING if onboarding else accounts.escrow(job_id)
    target = accounts.commitment(job_id, person_id)
    key = f"claim:{assignment_id}"
    (transfer,) = ledger.post(Line(Kind.CLAIM, source, target, amount, key, _ref(assignment_id)), journal=key, at=at)
    return transfer


def restore(
    job_id: int, person_id: int, assignment_id: int, amount: Decimal, *, at: datetime, onboarding: bool = False
) -> Transfer:
    """Give back what stood behind a claim that ended without an answer (kind 4, the mirror of 3).

    Key `expire:<assignment>`.
    """
    source = accounts.commitment(job_id, person_id)
    target = accounts.TRAINING if onboarding else accounts.escrow(job_id)
    key = f"expire:{assignment_id}"
    (transfer,) = ledger.post(Line(Kind.RETURN, source, target, amount, key, _ref(assignment_id)), journal=key, at=at)
    return transfer


def release(
    job_id: int, person_id: int, assignment_id: int, pay: Decimal, fee: Decimal, fee_version: Fee, *, at: datetime
) -> list[Transfer]:
    """Pay an accepted answer: wage (5) to member:payable, fee (6) to coop:fee, its shares (7) to the funds.

    One journal, in one statement, all from job:commit:person. The same acceptance again changes nothing.
    Keys `acc:<kind>:<assignment>`.
    """
    accepted = Acceptance(job_id, person_id, assignment_id, pay, fee, fee_version)
    return ledger.post(*lines(accepted), journal=f"accept:{assignment_id}", at=at)


def release_many(acceptances: Iterable[Acceptance], *, at: datetime) -> int:
    """Pay many accepted answers in one statement, each as `release` does; return how many transfers are new.

    All of them touch the funds that have a share of the fee.
    """
    return ledger.post_early([line for one in acceptances for line in lines(one)], at=at)


def pay_onboarding(job_id: int, person_id: int, assignment_id: int, pay: Decimal, *, at: datetime) -> Transfer:
    """Pay a unit of onboarding, passed or not (kind 10, job:commit:person to member:payable).

    Key `onb:<assignment>`.
    """
    key = f"onb:{assignment_id}"
    source, target = accounts.commitment(job_id, person_id), accounts.payable(person_id)
    line = Line(Kind.TRAINING_PAY, source, target, pay, key, _ref(assignment_id))
    (transfer,) = ledger.post(line, journal=key, at=at)
    return transfer


def pay_reading(job_id: int, person_id: int, reading_id: int, pay: Decimal, *, at: datetime) -> list[Transfer]:
    """Pay the reading of a changed guide out of its job's money (kind 3, job:escrow to job:commit:person; kind 10).

    Keys `reading:<kind>:<id>`. Raises IntegrityError `account_above_its_floor` when the job has less.
    """
    source, between, target = (
        accounts.escrow(job_id),
        accounts.commitment(job_id, person_id),
        accounts.payable(person_id),
    )
    ref = f"reading:{reading_id}"
    parts = ((Kind.CLAIM, source, between), (Kind.TRAINING_PAY, between, target))
    lines = (Line(kind, debit, credit, pay, f"reading:{kind:d}:{reading_id}", ref) for kind, debit, credit in parts)
    return ledger.post(*lines, journal=ref, at=at)


def tip(client_id: int, assignment_id: int, parts: Iterable[tuple[int, Decimal]], *, at: datetime) -> list[Transfer]:
    """Move a client's tip for an accepted answer to who gave it (kind 12, client:available to member:payable).

    Keys `tip:<assignment>:<person>`. Raises IntegrityError `account_above_its_floor` when the client has less.
    """
    key = f"tip:{assignment_id}"
    lines = ledger.to_each(Kind.TIP, accounts.client(client_id), parts, key=key, ref=_ref(assignment_id))
    return ledger.post(*lines, journal=key, at=at)


def pay_hidden(client_id: int, found_id: int, amount: Decimal, *, at: datetime) -> Transfer:
    """Move what a client pays for content it did not name (kind 42, client:available to fund:care).

    Key `hidden:<id>`. Raises IntegrityError `account_above_its_floor` when the client has less available.
    """
    key = f"hidden:{found_id}"
    line = Line(Kind.CONCEALED, accounts.client(client_id), accounts.CARE, amount, key, key)
    return ledger.post(line, journal=key, at=at)[0]


def next_number(kind: Kind, job_id: int, number: int, *, floor: bool = False) -> int:
    """Return the first number from this one on that no `fund` (kind 2) or `refund` (18) of the job has; under its lock.

    A client's own money can be posted under the key of a number to come.
    """
    word = "publish" if kind == Kind.FUND else "refund"
    fact = lambda one: _aside(f"{word}:{job_id}:{one}", job_id, floor=floor)[0]  # noqa: E731
    return ledger.first_free(fact, number, kind=kind, ref=f"job:{job_id}")


def refund(job_id: int, amount: Decimal, client: Client, number: int, *, at: datetime, floor: bool = False) -> Transfer:
    """Give a client back what no claim has locked (kind 18, job:escrow, for the `floor` job:floor to client:available).

    Key `refund:<job>:<number>`, with `:floor` for the floor. Raises IntegrityError `account_above_its_floor` when there
    is less, and `deposits_stay_until_weeks_are_counted` for a deposit that somebody may still need.
    """
    key, source = _aside(f"refund:{job_id}:{number}", job_id, floor=floor)
    line = Line(Kind.REFUND, source, accounts.client(client.pk), amount, key, f"job:{job_id}")
    (transfer,) = ledger.post(line, journal=key, at=at)
    return transfer


def lines(one: Acceptance, *, advanced: bool = False) -> list[Line]:
    """Return the postings of an accepted answer; where the dispute fund `advanced` its wage, it is the fund's."""
    source, number = accounts.commitment(one.job_id, one.person_id), one.assignment_id
    coop, shares = rates.divide(one.fee, one.fee_version)
    parts = [
        *([(Kind.RECOVERED, accounts.DISPUTE, one.pay, f"acc:29:{number}")] if advanced else _wages(one)),
        (Kind.FEE, accounts.FEE, coop, f"acc:6:{number}"),
        *((Kind.LEVY, accounts.fund(name), amount, f"acc:7:{name}:{number}") for name, amount in shares.items()),
    ]
    return [
        Line(kind, source, target, amount, key, _ref(number), f"accept:{number}")
        for kind, target, amount, key in parts
        if amount
    ]


def _wages(one: Acceptance) -> list[tuple[Kind, str, Decimal, str]]:
    """Return the wage of an answer: one, or one for each of those who share it."""
    if not one.parts:
        return [(Kind.WAGE, accounts.payable(one.person_id), one.pay, f"acc:5:{one.assignment_id}")]
    return [
        (Kind.WAGE, accounts.payable(person), amount, f"acc:5:{one.assignment_id}:{person}")
        for person, amount in one.parts
    ]


def _aside(key: str, job_id: int, *, floor: bool) -> tuple[str, str]:
    """Return key and account of a job's money: for answers, or for the hourly floor."""
    return (f"{key}:floor", accounts.deposit(job_id)) if floor else (key, accounts.escrow(job_id))


def _ref(assignment_id: int) -> str:
    return f"assignment:{assignment_id}"
