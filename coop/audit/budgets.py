"""The house's own money: each budget as its vote said, and bills within it, by two people, as the books have them."""

import json
from collections.abc import Iterator
from decimal import Decimal

from django.db.models import Sum

from coop.audit.findings import Finding, Tick, faults
from payments.models import FILLED, Budget, Outlay, Purpose, Raise
from payments.money import to_micro


def walk(tick: Tick) -> Iterator[Finding]:
    """Compare budgets with their votes, what was spent with both, and each posting with its bill or budget."""
    budgets = list(Budget.objects.select_related("mandate__proposal").order_by("period", "version"))
    for budget in budgets:
        tick(1)
        yield from _as_voted(budget)
    yield from _raises(tick)
    yield from _within({budget.period: budget for budget in budgets})
    yield from faults(
        """
        SELECT o.id, e.amount / 1e6 AS bill, coalesce(t.amount, 0) / 1e6 AS paid FROM payments_outlay o
        JOIN payments_expense e ON e.id = o.expense_id
        JOIN governance_office a ON a.id = e.asked_by_id JOIN governance_office b ON b.id = o.paid_by_id
        LEFT JOIN payments_transfer t ON t.ref = 'expense:' || e.id AND t.kind = 17
        WHERE t.amount IS DISTINCT FROM e.amount OR a.person_id = b.person_id""",
        "payments_outlay {id}",
        "paid {paid:f} for a bill of {bill:f}",
        "another officer pays what was put forward, whole",
    )
    yield from faults(
        """
        SELECT t.id, t.amount / 1e6 AS paid, payments_post_pay(o.id, split_part(t.ref, ':', 3)) / 1e6 AS voted
        FROM payments_transfer t
        LEFT JOIN governance_office o ON t.ref = 'office:' || o.id || ':' || split_part(t.ref, ':', 3)
        WHERE t.kind = 40 AND t.amount IS DISTINCT FROM payments_post_pay(o.id, split_part(t.ref, ':', 3))""",
        "payments_transfer {id}",
        "paid a post {paid:f}",
        "the budget in force when the month began said {voted}",
    )
    yield from faults(
        """
        SELECT t.id, t.ref FROM payments_transfer t LEFT JOIN payments_budget b ON t.ref = 'budget:' || b.id
        LEFT JOIN payments_outlay o ON t.ref = 'expense:' || o.expense_id
        LEFT JOIN payments_railevent e ON t.ref = 'rail_event:' || e.id AND e.outcome = 'fee' AND e.amount = t.amount
        WHERE (t.kind = 32 AND b.id IS NULL) OR (t.kind = 17 AND o.id IS NULL AND e.id IS NULL)""",
        "payments_transfer {id}",
        "speaks of {ref}, and there is none",
        "the house's money moves by a budget or a bill, or a bank took it",
    )


def _as_voted(budget: Budget) -> Iterator[Finding]:
    row, proposal = f"payments_budget {budget.pk}", budget.mandate.proposal
    if proposal is None or proposal.policy != "budget":
        yield Finding(row, f"stands on {budget.mandate}", "a vote on the budget makes it")
        return
    sums = {name: to_micro(getattr(budget, name)) for name in (*Purpose.values, *FILLED)}
    written = {"key": f"quarter:{budget.period}", "replaces": budget.version - 1, "posts": budget.posts, **sums}
    if written != {"posts": {}} | json.loads(proposal.payload):
        yield Finding(row, f"says {written}", f"vote {proposal.pk} said {proposal.payload}")


def _raises(tick: Tick) -> Iterator[Finding]:
    """Compare each raise from the reserve with its vote."""
    for raised in Raise.objects.select_related("mandate__proposal").order_by("pk"):
        tick(1)
        proposal = raised.mandate.proposal
        sums = {"amount": to_micro(raised.amount), "most": to_micro(raised.most)}
        written = {"key": f"work_type:{raised.work_type_id}", "period": raised.period, **sums, "replaces": 0}
        if proposal is None or proposal.policy != "reserve_raise" or written != json.loads(proposal.payload):
            should = "a vote on a raise from the reserve makes it, word for word"
            yield Finding(f"payments_raise {raised.pk}", f"says {written}", should)


def _within(latest: dict[str, Budget]) -> Iterator[Finding]:
    """Compare what was spent in each quarter with its latest budget; an earlier version may have allowed more."""
    spent = Outlay.objects.values_list("period", "expense__purpose").annotate(sum=Sum("expense__amount"))
    for period, purpose, total in spent.order_by("period", "expense__purpose"):
        known = Budget.objects.filter(period=period)
        most = max((budget.most(purpose) for budget in known), default=Decimal(0)) if period in latest else Decimal(0)
        if total > most:
            yield Finding(f"payments_outlay of {period}", f"{purpose} took {total:f}", f"{most:f} was voted at most")
