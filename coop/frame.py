"""What the frame of every page needs: whose cooperative, what time, and what the top bar offers."""

from types import SimpleNamespace
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Exists, QuerySet, Subquery
from django.http import HttpRequest

from coop import clock
from coop.database.kept import Given, Kept
from coop.demo import founding
from coop.models import Cooperative
from coop.people.models import ClientSeat, Person
from governance import offices
from governance.models import Office, Right, Standing, Status


def _house() -> QuerySet[Cooperative]:
    theirs = {"person": Given("person")}
    return Cooperative.objects.annotate(
        asked_at=clock.NOW,
        status=Subquery(Standing.objects.filter(**theirs).order_by("-id").values("status")[:1]),
        seated=Exists(ClientSeat.objects.filter(**theirs, ended_at=None)),
        in_office=Exists(Office.objects.filter(**theirs)),
    )


HOUSE = Kept(_house)
NO_HOUSE = SimpleNamespace(simulated=False, name="", asked_at=None, status=None, seated=False, in_office=False)


def of(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's context, asked of the database once per request.

    One query for a visitor and for most who are signed in; one more for seats, one for an office.
    """
    if not hasattr(request, "frame"):
        request.frame = _frame(getattr(request, "user", AnonymousUser()))  # type: ignore[attr-defined]
    return dict(request.frame)  # type: ignore[attr-defined]


def _seats(person: Person) -> list[ClientSeat]:
    return list(ClientSeat.objects.filter(person=person, ended_at=None).select_related("client").order_by("id"))


def _frame(person: Person | AnonymousUser) -> dict[str, Any]:
    house: Any = HOUSE.first(person=person.pk or 0) or NO_HOUSE
    shown = {"simulated": house.simulated, "coop_name": house.name, "coop_time": house.asked_at or clock.now()}
    if not isinstance(person, Person):
        return shown | {"demo_people": founding.CAST if house.simulated else []}
    applicant = house.status in {None, Status.APPLICANT}
    sits = _seats(person) if house.seated else []
    held = [seat for seat in sits if seat.accepted_at]
    rights = offices.rights_of(person, house.asked_at) if house.in_office else set()
    return shown | {
        "client_seats": held,
        "seat_offers": [seat for seat in sits if not seat.accepted_at],
        "client_only": bool(held) and applicant,
        "in_assembly": not applicant,
        "is_officer": bool(rights),
        "at_the_desk": Right.MONEY in rights,
        "checks_the_books": Right.BOOKS in rights,
        "asks_for_pauses": Right.PAUSES in rights,
        "reads_reports": Right.REPORTS in rights,
    }
