"""The house's own money: what the members let it spend in a quarter, and the bills that two officers pay from it.

Only fees of the running quarter are spent, so that no close leaves a debt; what is in the reserve goes into funds by
a budget alone. What people are owed by right (pauses, panels, contested answers, onboarding) is no matter of a budget.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from governance import offices
from governance.models import Mandate, Office
from payments import accounts, ledger, places
from payments.ledger import Kind, Line
from payments.models import FILLED, Budget, Expense, Outlay, Place, Purpose
from payments.money import from_micro
from payments.surplus import Quarter
from payments.templatetags.money import money

UNSPENT = "SELECT payments_unspent(payments_quarter(%s))"


@dataclass(frozen=True, slots=True)
class Spending:
    """A purpose in a quarter: the most the members voted for it, and what was spent, in US dollars."""

    purpose: Purpose
    voted: Decimal
    spent: Decimal

    @property
    def left(self) -> Decimal:
        """What the vote leaves to spend."""
        return self.voted - self.spent


def in_force(quarter: Quarter) -> Budget | None:
    """Return the latest budget of a quarter, with the vote behind it; None where none was voted."""
    versions = Budget.objects.filter(period=str(quarter)).select_related("mandate")
    return versions.order_by("-version").first()


def spending(quarter: Quarter) -> list[Spending]:
    """Return every purpose with what was voted and spent in a quarter; two queries."""
    budget, spent = in_force(quarter), dict.fromkeys(Purpose, Decimal(0))
    paid = Outlay.objects.filter(period=str(quarter)).values_list("expense__purpose", "expense__amount")
    for purpose, amount in paid:
        spent[Purpose(purpose)] += amount
    return [Spending(one, budget.most(one) if budget else Decimal(0), spent[one]) for one in Purpose]


def unspent(quarter: Quarter) -> Decimal:
    """Return what of a quarter's fees nobody has spent, in US dollars."""
    with connection.cursor() as cursor:
        cursor.execute(UNSPENT, [str(quarter)])
        (micro,) = cursor.fetchone()
    return from_micro(int(micro))


@transaction.atomic
def take_effect(budget: Budget, *, at: datetime) -> Budget:
    """Write down a budget and fill its funds (kind 32, reserve:collective to fund:<name>). Key `budget:<id>:<fund>`.

    Raises IntegrityError `budget_is_what_the_vote_said`, or `account_above_its_floor` when the reserve has less.
    """
    budget.save(force_insert=True)
    ref = f"budget:{budget.pk}"
    lines = [
        Line(Kind.FILLED, accounts.RESERVE, accounts.fund(fund), getattr(budget, fund), f"{ref}:{fund}", ref)
        for fund in FILLED
        if getattr(budget, fund)
    ]
    ledger.post_many(lines, journal=ref, at=at)
    events.write("budgets.in_force", by=None, subject=ref, at=at, period=budget.period)
    return budget


def refusal_to_ask(amount: Decimal, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot put a bill forward; None if they can."""
    if not offices.handles_money(by, at):
        return Refusal(_("Bills are put forward by the treasurer or the secretary."), "D8")
    return None if amount > 0 else Refusal(_("A bill is more than nothing."), status=409)


@transaction.atomic
def ask(purpose: Purpose, *, amount: Decimal, payee: str, by: Office, at: datetime) -> Expense:
    """Put a bill forward, to be paid by another officer."""
    refuse_if(refusal_to_ask(amount, by=by, at=at))
    expense = Expense.objects.create(purpose=purpose, amount=amount, payee=payee, asked_by=by, at=at)
    events.write("expenses.asked", by=by.person, subject=f"expense:{expense.pk}", at=at, purpose=purpose)
    return expense


def refusal_to_pay(expense: Expense, *, by: Office, at: datetime) -> Refusal | None:
    """Say why an officer cannot pay a bill now; None if they can. The database asks the same."""
    if not offices.handles_money(by, at) or by.person_id == expense.asked_by.person_id:
        reason = _("A bill is paid by another officer than the one who put it forward.")
        return Refusal(reason, "D8", _("Ask the other one who handles money."))
    quarter = Quarter.of(at)
    room = next(one for one in spending(quarter) if one.purpose == expense.purpose)
    if expense.amount > room.left:
        reason = _("The members voted %(voted)s for this in the quarter; %(left)s of it are left.")
        facts = {"voted": money(room.voted, "USD"), "left": money(room.left, "USD")}
        return Refusal(reason % facts, "N11", _("Propose a budget; until then it is not paid."), status=409)
    if expense.amount > (fees := unspent(quarter)):
        reason = _("Of the quarter's fees %(fees)s are left.") % {"fees": money(fees, "USD")}
        return Refusal(reason, "N11", _("It can be paid as more fees come in."), status=409)
    return places.refusal(Place.MAIN, expense.amount)


def pay(expense: Expense, *, reference: str, by: Office, at: datetime) -> Outlay:
    """Pay a bill (kind 17, coop:expense:<purpose> to bank:main), by another officer. Key `expense:<id>`.

    Raises Refused beyond what was voted for the quarter, beyond its fees, and for whoever put it forward.
    """
    refuse_if(refusal_to_pay(expense, by=by, at=at))
    try:
        return _pay(expense, reference=reference, by=by, at=at)
    except IntegrityError as error:
        if guard_of(error) == "house_spends_what_was_voted":  # another bill was faster
            refuse_if(refusal_to_pay(expense, by=by, at=at))
        raise Refused(Refusal(_("This bill or this bank reference is on the books already."), status=409)) from error


@transaction.atomic
def _pay(expense: Expense, *, reference: str, by: Office, at: datetime) -> Outlay:
    outlay = Outlay.objects.create(expense=expense, reference=reference, paid_by=by, at=at, period=str(Quarter.of(at)))
    ref, source = f"expense:{expense.pk}", accounts.expense(expense.purpose)
    ledger.post(Line(Kind.SPENT, source, accounts.BANK, expense.amount, ref, ref), journal=ref, at=at)
    events.write("expenses.paid", by=by.person, subject=ref, at=at, purpose=expense.purpose)
    return outlay


def set_from(payload: dict[str, Any], mandate: Mandate, period: str, at: datetime) -> Budget:
    """Return the budget that a payload in micro-units says, not saved."""
    sums = {name: from_micro(payload[name]) for name in (*Purpose.values, *FILLED)}
    posts = payload.get("posts", {})
    return Budget(period=period, version=payload["replaces"] + 1, mandate=mandate, at=at, posts=posts, **sums)
