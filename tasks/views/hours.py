"""One's own hours: each stretch of time of a week, from which anybody recomputes what it lacked to the floor."""

from datetime import UTC, datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from coop import clock
from coop.people.views import me_of
from tasks import engaged
from tasks.models import Assignment


@require_safe
@login_required
def week(request: HttpRequest, monday: str = "") -> HttpResponse:
    """Show when one worked at what one handed in within a week, else within this one; nobody else sees it."""
    try:
        first = datetime.strptime(monday, "%Y-%m-%d").replace(tzinfo=UTC) if monday else _this_monday()
        before = first.date() - timedelta(days=7)
    except (ValueError, OverflowError) as error:
        raise Http404 from error
    person = me_of(request)
    shown: dict[str, object] = {"first": first.date(), "stretches": engaged.stretches(person, first)}
    if Assignment.objects.filter(person=person, claimed_at__lt=first).exists():
        shown["before"] = before
    return render(request, "tasks/work/hours.html", shown)


def _this_monday() -> datetime:
    at = clock.now().astimezone(UTC)
    return (at - timedelta(days=at.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
