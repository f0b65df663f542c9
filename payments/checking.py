"""What a check of an answer pays, and its money: behind it when it is taken, paid when it is done (E6).

The share of the answer's pay is an instrument; the job sets the most it can come to aside before anybody works. No fee
is charged on it. The work above says when; its guards hold each posting to that.
"""

from datetime import datetime
from decimal import Decimal

from django.db import connection

from payments import accounts, ledger
from payments.ledger import Kind, Line
from payments.models import Transfer
from payments.money import from_micro, to_micro


def pay_for(work_type_id: int, pay: Decimal) -> Decimal | None:
    """Return what checking an answer that pays `pay` comes to now, in US dollars; None where none was ever voted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_check_pay(%s, %s)", [work_type_id, to_micro(pay)])
        (micro,) = cursor.fetchone()
    return None if micro is None else from_micro(micro)


def lock(job_id: int, person_id: int, check_id: int, pay: Decimal, *, at: datetime) -> Transfer:
    """Put a check's pay behind it (kind 3, job:escrow to job:commit:person). Key `check:3:<id>`."""
    return _post(Kind.CLAIM, accounts.escrow(job_id), accounts.commitment(job_id, person_id), check_id, pay, at)


def give_back(job_id: int, person_id: int, check_id: int, pay: Decimal, *, at: datetime) -> Transfer:
    """Give back what stood behind a check whose time ran out (kind 4, the mirror of 3). Key `check:4:<id>`."""
    return _post(Kind.RETURN, accounts.commitment(job_id, person_id), accounts.escrow(job_id), check_id, pay, at)


def pay_out(job_id: int, person_id: int, check_id: int, pay: Decimal, *, at: datetime) -> Transfer:
    """Pay a check to who made it (kind 9, job:commit:person to member:payable). Key `check:9:<id>`."""
    return _post(Kind.CHECK_PAY, accounts.commitment(job_id, person_id), accounts.payable(person_id), check_id, pay, at)


def _post(kind: Kind, source: str, target: str, check_id: int, pay: Decimal, at: datetime) -> Transfer:
    key = f"check:{kind:d}:{check_id}"
    return ledger.post(Line(kind, source, target, pay, key, f"check:{check_id}"), journal=key, at=at)[0]
