"""Pages of the money."""

from datetime import datetime

from django.http import HttpRequest

from coop.people.views import me_of
from governance.models import Office
from payments import deposits


def office_of(request: HttpRequest, at: datetime) -> Office:
    """Return the post by which who is signed in handles money; raise Refused if there is none."""
    return deposits.office_of(me_of(request), at)
