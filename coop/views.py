"""The house's own pages: the way in, how we decide, what is promised, and whether all is well."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from coop import frame as frames
from coop import health as checks
from coop.models import Cooperative
from coop.people.models import Person

DEMO_ADDRESSES = "@demo.workhall.example"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what the frame of every page shows (a context processor)."""
    return frames.of(request)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show the landing page, or what awaits a member."""
    return render(request, "house/landing.html")


@require_safe
def how_we_decide(request: HttpRequest) -> HttpResponse:
    """Show the rules in force."""
    return render(request, "house/how_we_decide.html")


@require_safe
def promises(request: HttpRequest) -> HttpResponse:
    """Show what no administrator can do, as the database itself lists it."""
    return render(request, "house/promises.html")


@never_cache
@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """Say for machines whether all is well; 503 when it is not."""
    found = checks.check()
    return JsonResponse(found, status=200 if found["ok"] else 503)


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of a demonstration's made-up people; a real cooperative has no such door."""
    email = request.POST.get("email", "")
    if not email.endswith(DEMO_ADDRESSES) or not Cooperative.objects.filter(simulated=True).exists():
        raise Http404
    login(request, get_object_or_404(Person, email=email), backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("home")
