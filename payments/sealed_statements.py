"""Members' statements, sealed: the hashes of a month's files are leaves of one tree, whose root is in the record.

Whoever kept their file shows with its proof that it is the one of that month; `check_statement.py` needs neither the
site nor its database. What the site would write as their file today is not asked: a later form of it has another hash.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import connection

from coop.database import moment
from coop.people.models import Person
from coop.record import tree
from coop.record.models import Event
from payments import monthly, open_ledger, sealing, statement_files
from payments.models import SealedStatement
from payments.open_ledger import Month

SCRIPT = Path(__file__).with_name("check_statement.py")
KIND = "statements.sealed"
WAIT = "SELECT payments_wait_for_postings()"
SEAL = "SELECT payments_seal_statements(%s, %s::bigint[], %s, %s)"


@dataclass(frozen=True, slots=True)
class Proof:
    """What shows that a file's hash is a leaf of its month's tree; hashes in hexadecimal, `event` the record's own.

    `nonce` is the member's alone: without it nobody tries files against the leaf, which stands in a neighbour's path.
    """

    month: str
    sha256: str
    nonce: str
    place: int
    size: int
    path: list[str]
    root: str
    event: int


def seal_due(at: datetime) -> int:
    """Seal the statements of every month that is over and not sealed, the oldest first; return how many months."""
    known = set(Event.objects.filter(kind=KIND).values_list("subject", flat=True))
    due = [month for month in open_ledger.months(Month.of(at)) if month.is_over(at) and _subject(month) not in known]
    for month in due:
        _seal(month)
    return len(due)


def _seal(month: Month) -> None:
    """Have the database keep each member's hash, with a nonce, and write the root over them into the record.

    Raises OperationalError where what is being posted does not end in two seconds: the next hour seals it.
    """
    with connection.cursor() as cursor:
        cursor.execute(WAIT)
    people = list(Person.objects.filter(pk__in=_members(month)))
    numbers = [person.pk for person in people]
    digests = [statement_files.digest(monthly.statement(person, month)) for person in people]
    nonces = [secrets.token_hex(16) for _person in people]
    with moment.no_limit() as cursor:
        cursor.execute(SEAL, [str(month), numbers, digests, nonces])


def _members(month: Month) -> list[int]:
    with moment.no_limit() as cursor:
        cursor.execute("SELECT payments_with_a_statement(%s)", [str(month)])
        return [number for (number,) in cursor.fetchall()]


def _subject(month: Month) -> str:
    return f"statements:{month}"


def _leaves(month: str) -> list[bytes]:
    """Return the leaves of a month's tree, as the script has them: the month, the hash of a file and its nonce."""
    kept = SealedStatement.objects.filter(month=month).order_by("place").values_list("month", "digest", "nonce")
    return [tree.leaf_hash(" ".join(filter(None, one)).encode()) for one in kept]


def _root(month: Month) -> str:
    return tree.root_of(_leaves(str(month))).hex()


def proof(person: Person, month: Month) -> Proof | None:
    """Return the proof of a member's sealed statement; None where there is none. Three queries."""
    mine = SealedStatement.objects.filter(person=person, month=str(month)).first()
    said = Event.objects.filter(kind=KIND, subject=_subject(month)).order_by("id").first()
    root = _said(said) if said else None
    if mine is None or said is None or root is None:
        return None
    leaves = _leaves(mine.month)
    path = [node.hex() for node in tree.inclusion(leaves, mine.place)]
    return Proof(mine.month, mine.digest, mine.nonce, mine.place, len(leaves), path, root, said.pk)


def unlike() -> list[str]:
    """Return the months whose hashes are not those that the record sealed; the first word on each counts.

    What is a seal of no month, which nothing of ours writes, is told by its subject.
    """
    said = _first_words()
    return [str(month or subject) for subject, (month, root) in said.items() if month is None or _root(month) != root]


def left_out(at: datetime) -> list[str]:
    """Return the months whose books were sealed more than a day ago without the statements of all who have one."""
    sealed = {month for month, _root in _first_words().values()}
    old = Event.objects.filter(kind=sealing.KIND, at__lt=at - timedelta(days=1)).order_by("id")
    months = {sealing.month_of(event.subject, "ledger"): None for event in old}
    return [str(month) for month in months if month and (month not in sealed or _lacks(month))]


def _lacks(month: Month) -> bool:
    """Tell whether somebody has a statement of a month and no hash of it was sealed."""
    known = SealedStatement.objects.filter(month=str(month)).values_list("person_id", flat=True)
    return not set(known).issuperset(_members(month))


def _first_words() -> dict[str, tuple[Month | None, str | None]]:
    said: dict[str, tuple[Month | None, str | None]] = {}
    for event in Event.objects.filter(kind=KIND).order_by("id"):
        said.setdefault(event.subject, (sealing.month_of(event.subject, "statements"), _said(event)))
    return said


def _said(event: Event) -> str | None:
    """Return the root that an event seals; None where it says none."""
    return event.data.get("root") if isinstance(event.data, dict) else None
