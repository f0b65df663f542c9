"""Cases in which the cooperative still has to explain itself (7.11): who may, and where officers find them."""

from datetime import datetime

from django.db.models import QuerySet

from coop.people.models import Person
from governance import cases, offices
from governance.models import Case, CaseKind, Said


def of(person: Person, at: datetime) -> QuerySet[Case]:
    """Return the cases that a person may explain as an officer, first those whose time ends first; none for others."""
    if not offices.is_officer(person, at):
        return Case.objects.none()
    open_ones = Case.objects.filter(kind=CaseKind.EQUIVALENT, opened_at__gte=at - cases.EXPLAIN)
    explained = open_ones.filter(statements__kind=Said.EXPLANATION)
    return open_ones.exclude(person=person).exclude(pk__in=explained).select_related("person").order_by("opened_at")


def reads(case: Case, reader: Person, at: datetime) -> bool:
    """Tell whether a person reads a case because they may explain it now; once one officer has, the others do not."""
    return cases.say_refusal(case, Said.EXPLANATION, by=reader, at=at) is None
