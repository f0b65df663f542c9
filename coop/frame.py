"""What the frame of every page needs: whose cooperative, what time, and what the top bar offers."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import DateTimeField, Exists, F, Func, Subquery
from django.http import HttpRequest

from coop import clock
from coop.demo import founding
from coop.models import Cooperative
from coop.people.models import ClientSeat, Person
from governance import offices
from governance.models import Office, Right, Standing, Status

NO_HOUSE: dict[str, Any] = {"simulated": False, "status": None, "seated": False, "in_office": False}


def of(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's context, asked of the database once per request.

    One query for a visitor and for most who are signed in; one more for seats, one for an office.
    """
    if not hasattr(request, "frame"):
        request.frame = _frame(getattr(request, "user", AnonymousUser()))  # type: ignore[attr-defined]
    return dict(request.frame)  # type: ignore[attr-defined]


def _frame(person: Person | AnonymousUser) -> dict[str, Any]:
    time = Func(function="coop_now", output_field=DateTimeField())
    theirs = {"person": person.pk or 0}
    seats = ClientSeat.objects.filter(**theirs, ended_at=None).select_related("client").order_by("id")
    latest = Standing.objects.filter(**theirs).order_by("-id").values("status")[:1]
    house = Cooperative.objects.values(
        "simulated", coop_name=F("name"), coop_time=time, status=Subquery(latest),
        seated=Exists(seats), in_office=Exists(Office.objects.filter(**theirs)),
    ).first()  # fmt: skip
    shown: dict[str, Any] = dict(house or NO_HOUSE | {"coop_time": clock.now()})
    applicant = shown.pop("status") in {None, Status.APPLICANT}
    seated, in_office = shown.pop("seated"), shown.pop("in_office")
    if not isinstance(person, Person):
        return shown | {"demo_people": founding.CAST if shown["simulated"] else []}
    sits = list(seats) if seated else []
    held = [seat for seat in sits if seat.accepted_at]
    rights = offices.rights_of(person, shown["coop_time"]) if in_office else set()
    return shown | {
        "client_seats": held,
        "seat_offers": [seat for seat in sits if not seat.accepted_at],
        "client_only": bool(held) and applicant,
        "in_assembly": not applicant,
        "is_officer": bool(rights),
        "at_the_desk": Right.MONEY in rights,
        "asks_for_pauses": Right.PAUSES in rights,
        "reads_reports": Right.REPORTS in rights,
    }
