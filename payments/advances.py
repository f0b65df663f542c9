"""The dispute fund: it advances the pay of a rejected answer, so that nobody waits, and pays who looks at it.

What the fund advanced the client pays when the answer stands; when it does not, the fund bears it: earned pay is never
taken back (E1, E3). The work above says when; its guards hold each posting to that.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from payments import accounts, escrow, ledger
from payments.escrow import Acceptance
from payments.ledger import Kind, Line
from payments.models import Rate, Transfer


def available() -> Decimal:
    """Return what the dispute fund holds, in US dollars."""
    return ledger.balance(accounts.DISPUTE)


def advance(assignment_id: int, parts: Iterable[tuple[int, Decimal]], *, at: datetime) -> list[Transfer]:
    """Pay a rejected answer at once to who gave it (kind 28, fund:dispute to member:payable).

    Keys `advance:<assignment>:<person>`.

    Raises IntegrityError `account_above_its_floor` or `advances_leave_peers_their_pay` when the fund is short.
    """
    key, ref = f"advance:{assignment_id}", f"assignment:{assignment_id}"
    lines = ledger.to_each(Kind.ADVANCE, accounts.DISPUTE, parts, key=key, ref=ref)
    return ledger.post(*lines, journal=key, at=at)


def recover(one: Acceptance, *, at: datetime) -> list[Transfer]:
    """Let the client pay an answer that stands: wage to the fund (29), fee (6) and its shares (7) as ever.

    One journal, all from job:commit:person. Keys `acc:<kind>:<assignment>`.
    """
    return ledger.post(*escrow.lines(one, advanced=True), journal=f"accept:{one.assignment_id}", at=at)


def give_back(job_id: int, person_id: int, assignment_id: int, amount: Decimal, *, at: datetime) -> Transfer:
    """Give the client back what stood behind an answer found wrong (kind 30). Key `rejected:<assignment>`."""
    source, target = accounts.commitment(job_id, person_id), accounts.escrow(job_id)
    key = f"rejected:{assignment_id}"
    line = Line(Kind.GIVEN_BACK, source, target, amount, key, f"assignment:{assignment_id}")
    return ledger.post(line, journal=key, at=at)[0]


def pay_peer(person_id: int, finding_id: int, amount: Decimal, *, at: datetime) -> Transfer:
    """Pay a member for having looked at a rejected answer (kind 31). Key `finding:<id>`."""
    key = f"finding:{finding_id}"
    return ledger.post(
        Line(Kind.PEER_PAY, accounts.DISPUTE, accounts.payable(person_id), amount, key, key), journal=key, at=at
    )[0]


def peer_pay() -> Decimal | None:
    """Return what a look at a rejected answer pays now by the members' vote; None where they have voted no rate."""
    latest = Rate.objects.filter(work_type__slug="dispute").order_by("-version")
    return latest.values_list("amount", flat=True).first()
