"""Elections: which posts there are and who holds them, calls for candidates, standing, and putting them to the vote."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_list_or_404, get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from governance import elections
from governance.forms import Stand
from governance.models import Call, Post
from governance.views import me, reader


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the posts with their holders and rights, the calls, and the elections that there were."""
    at = clock.now()
    seats = elections.seats(at)
    calls = elections.named(elections.calls(), seats)
    shown = {
        "seats": seats,
        "open": [(name, call) for name, call in calls if call.closes_at > at],
        "past": [(name, call) for name, call in calls if call.closes_at <= at],
    }
    return render(request, "governance/elections.html", shown)


@require_POST
@login_required
def call(request: HttpRequest, post: str, seat: int) -> HttpResponse:
    """Call for candidates for a seat; any member may."""
    latest = get_list_or_404(Post.objects.order_by("-version"), name=post)[0]
    opened = elections.call(latest, seat, by=me(request), at=clock.now())
    messages.success(request, _("Called. Members can put themselves forward for a week."))
    return redirect("governance:call", opened.pk)


def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a call with those who stand, in the same room each; let a member put themselves forward."""
    found, at, person = get_object_or_404(Call, pk=pk), clock.now(), reader(request)
    refusal = elections.stand_refusal(found, by=person, at=at) if person else None
    form = Stand(request.POST or None)
    if person and request.method == "POST" and form.is_valid():
        elections.stand(found, statement=form.cleaned_data["statement"], by=person, at=at)
        messages.success(request, _("You stand. You can change your words until the call is over."))
        return redirect("governance:call", pk)
    shown = {"call": found, "standing": elections.standing_in(found), "vote": elections.election_of(found)}
    shown |= {"form": form, "refusal": refusal, "over": found.closes_at <= at}
    return render(request, "governance/call.html", shown)


@require_POST
@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw from a call."""
    elections.withdraw(get_object_or_404(Call, pk=pk), by=me(request), at=clock.now())
    messages.success(request, _("You have withdrawn."))
    return redirect("governance:call", pk)


@require_POST
@login_required
def put_to_vote(request: HttpRequest, pk: int) -> HttpResponse:
    """Put those who stand to the vote, once the call is over; any member may."""
    vote = elections.put_to_vote(get_object_or_404(Call, pk=pk), by=me(request), at=clock.now())
    return redirect("governance:proposal", vote.pk)
