"""What works like a ban without being called one (7.11), found in the rows: whom a sign points at, and their cases.

The signs are views: `governance_sign` puts together what the assembly, the money and the work show. A case opens on a
sign alone, whoever writes it: the database looks again, and writes what it saw (`equivalents_stand_on_facts`).
"""

from datetime import datetime

from django.db import connection

from coop.due import each
from coop.people.models import Person
from governance import cases
from governance.models import Equivalent

AT_ONCE = 200
# Whoever had a case of the kind in the last 14 days has no second one; and a case is about candidates and members.
FOUND = """
SELECT DISTINCT s.person_id FROM governance_sign s WHERE s.ground = %(ground)s AND NOT EXISTS (
    SELECT FROM governance_case c WHERE c.person_id = s.person_id AND c.kind = 'equivalent' AND c.ground = %(ground)s
        AND c.opened_at > coop_now() - interval '336 hours'
) AND governance_status(s.person_id) IN ('candidate', 'member') ORDER BY s.person_id LIMIT %(most)s
"""


def found(ground: Equivalent) -> list[Person]:
    """Return the people whom a sign points at and who have no case of it yet, 200 at most; two queries."""
    with connection.cursor() as cursor:
        cursor.execute(FOUND, {"ground": ground, "most": AT_ONCE})
        numbers = [number for (number,) in cursor.fetchall()]
    return list(Person.objects.filter(pk__in=numbers).order_by("pk")) if numbers else []


def open_cases(*grounds: Equivalent, at: datetime) -> int:
    """Open a case for each person whom one of the signs points at, and return how many are new. Anybody may call it."""
    return sum(_open(one, at) for one in grounds)


def _open(ground: Equivalent, at: datetime) -> int:
    def opened(person: Person) -> bool:
        return cases.open_equivalent(person, kind=ground, at=at) is not None

    return each(opened, found(ground), failed="what points at person %s could not be followed")


def look(*, at: datetime) -> int:
    """Open a case for each member who was muted for a day without a decision, or pressed to leave; say how many."""
    return open_cases(Equivalent.MUTED, Equivalent.PRESSED_TO_LEAVE, at=at)
