"""Letters about new work, on one's own terms."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from coop import clock
from coop.people.views import me_of
from tasks import alerts
from tasks.forms import ChooseAlerts


@never_cache
@login_required
def choose(request: HttpRequest) -> HttpResponse:
    """Show and change of which new work one wants letters, and when; none is what everybody begins with."""
    me = me_of(request)
    wish = alerts.of(me)
    chosen = {name: getattr(wish, name) for name in ChooseAlerts.base_fields}
    form = ChooseAlerts(request.POST if request.method == "POST" else None, initial=chosen)
    if form.is_valid():
        alerts.choose(me, **form.cleaned_data, by=me, at=clock.now())
        messages.success(request, _("Saved."))
        return redirect("tasks:alerts")
    return render(request, "tasks/work/alerts.html", {"form": form}, status=422 if form.errors else 200)
