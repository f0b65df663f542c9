"""The house's own pages: the way in, how we decide, what is promised, and whether all is well."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from coop import clock, constitution, data_places, fairwork, own_data
from coop import frame as frames
from coop import health as checks
from coop import home as first_page
from coop import promises as kept
from coop.models import Cooperative
from coop.people import clients
from coop.people.models import Person
from governance import data_uses, resigning, standing
from governance.models import Decides, Status
from payments import due

DEMO_ADDRESSES = "@demo.workhall.example"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return what the frame of every page shows (a context processor)."""
    return frames.of(request)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show visitors the cooperative, members what awaits them; send applicants on to their start."""
    at, person = clock.now(), request.user
    if not isinstance(person, Person):
        shown = {"paid": first_page.paid(at), "offers": first_page.open_now()}
        return render(request, "house/landing.html", shown)
    status = standing.status(person)
    if status == Status.APPLICANT:
        seat = clients.first_seat(person)
        return redirect("tasks:client", seat.client.slug) if seat else redirect("tasks:start")
    due.settle(person, at=at)
    shown = {"awaiting": first_page.awaiting(person, at), "status": status, "notice": resigning.running(person)}
    return render(request, "house/home.html", shown)


@require_safe
def how_we_decide(request: HttpRequest) -> HttpResponse:
    """Show the rules: those in force by vote with their numbers, and those that no vote can touch."""
    shown = {"parts": constitution.PARTS, "by_vote": constitution.BY_VOTE, "rules": constitution.in_force()}
    return render(request, "house/how_we_decide.html", shown)


@require_safe
def promises(request: HttpRequest) -> HttpResponse:
    """Show what no administrator can do, as the database itself lists it: by what it is about."""
    deletable, tables = kept.deletable()
    standing = kept.standing()
    shown = {"number": len(standing), "topics": kept.by_topic(standing), "deletable": deletable, "tables": tables}
    return render(request, "house/promises.html", shown)


@require_safe
def promises_about(request: HttpRequest, topic: str) -> HttpResponse:
    """Show the promises of one matter."""
    topics = kept.by_topic(kept.standing())
    shown = next((it for it in topics if it.name == topic), None)
    if shown is None:
        raise Http404
    return render(request, "house/promises_about.html", {"topic": shown, "topics": topics})


@require_safe
def promise(_request: HttpRequest, name: str) -> HttpResponse:
    """Lead to the line of one promise."""
    for topic in kept.by_topic(kept.standing()):
        if any(it.name == name for it in topic.every):
            return redirect(f"{reverse('promises_about', args=[topic.name])}#{name}")
    raise Http404


@require_safe
def fair_work(request: HttpRequest) -> HttpResponse:
    """Show the ten points of Fairwork: what holds, what keeps and tests it, and what is not met yet."""
    return render(request, "house/fairwork.html", {"principles": fairwork.PRINCIPLES})


@require_safe
def fair_work_test(request: HttpRequest, name: str) -> HttpResponse:
    """Show the lines of a test behind one of the ten points."""
    source = fairwork.source(name)
    if source is None:
        raise Http404
    return render(request, "house/fairwork_test.html", {"name": name, "source": source})


@require_safe
def data_use(request: HttpRequest) -> HttpResponse:
    """Show what is done with data about people, by which vote, and in which columns the data lie."""
    known = data_uses.known(clock.now())
    machine = [use for use in known if use.shown.in_use and use.shown.decides != Decides.NOTHING]
    uses = [(use, data_places.PLACES.get(use.key, {})) for use in known]
    return render(request, "house/data_use.html", {"uses": uses, "machine": machine})


@never_cache
@require_safe
def health(_request: HttpRequest) -> JsonResponse:
    """Say for machines whether all is well; 503 when it is not."""
    found = checks.check()
    return JsonResponse(found, status=200 if found["ok"] else 503)


@never_cache
@require_safe
@login_required
def my_data(request: HttpRequest) -> JsonResponse:
    """Answer everything we keep about the person who asks, as a file."""
    person = get_object_or_404(Person, pk=request.user.pk)
    answer = JsonResponse(own_data.of(person), json_dumps_params={"indent": 1, "ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return answer


@require_POST
def demo_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in as one of a demonstration's made-up people; a real cooperative has no such door."""
    email = request.POST.get("email", "")
    if not email.endswith(DEMO_ADDRESSES) or not Cooperative.objects.filter(simulated=True).exists():
        raise Http404
    login(request, get_object_or_404(Person, email=email), backend=settings.AUTHENTICATION_BACKENDS[0])
    return redirect("home")


@require_safe
def robots(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - every view is given its request
    """Ask crawlers to stay on the public pages; also the emptiest page there is, which the benchmark measures by."""
    return HttpResponse("User-agent: *\nDisallow: /me/\nDisallow: /work/\n", content_type="text/plain")
