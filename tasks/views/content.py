"""Content that may upset, on one's own terms: which topics one takes, and for how long of a day."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from coop import clock
from coop.people.views import me_of
from tasks import content
from tasks.forms import ChooseContent


@never_cache
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Show and change with which topics one takes work, and what one has looked at in the last 24 hours."""
    me, at = me_of(request), clock.now()
    choice, found = content.chosen(me), content.exposure(me)
    sent = request.POST if request.method == "POST" else None
    form = ChooseContent(sent, initial={"topics": choice.topics, "minutes": choice.minutes}, at=at)
    if form.is_valid():
        content.choose(me, **form.cleaned_data, by=me, at=at)
        messages.success(request, _("Saved."))
        return redirect("tasks:content")
    shown = {"form": form, "found": found, "rests": found.rest_until is not None and found.rest_until > at}
    return render(request, "tasks/work/content.html", shown, status=422 if form.errors else 200)
