"""Forming a team at a job, saying yes or no to one, leaving it, and talking in it about a task."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from coop import clock
from coop.people.models import Person
from coop.people.views import me_of
from coop.refusals import Refusal, Refused, refuse_if
from tasks import invitations, teams
from tasks.models import Assignment, Job, Team

OTHERS = range(1, teams.MOST)


class Propose(forms.Form):
    """Who is asked, and how the pay is split, in whole percents."""

    mine = forms.IntegerField(label=gettext_lazy("Your share, in percent"), min_value=1, max_value=99)

    def __init__(self, *args: Any, job: Job, by: Person, **kwargs: Any) -> None:
        """Make room for as many others as a team has."""
        super().__init__(*args, **kwargs)
        self.job, self.by = job, by
        self.written_to: tuple[str, int] | None = None
        for place in OTHERS:
            words = {"number": place}
            self.fields[f"who_{place}"] = forms.CharField(
                label=_("Member %(number)d: name or e-mail address") % words, required=place == 1, max_length=254
            )
            self.fields[f"percent_{place}"] = forms.IntegerField(
                label=_("Share of member %(number)d, in percent") % words, required=place == 1, min_value=1,
                max_value=99,
            )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Find the members, and ask what the act asks."""
        for place in OTHERS:
            who, percent = self.cleaned_data.get(f"who_{place}"), self.cleaned_data.get(f"percent_{place}")
            if who:
                self._find(place, who)
            if bool(who) != bool(percent) and place > 1:
                self.add_error(f"who_{place}", _("Say who, and for which share."))
        if not self.errors and (no := self._refusal()):
            self.add_error(None, str(no))
        return self.cleaned_data

    def _refusal(self) -> Refusal | None:
        if self.written_to:
            _address, percent = self.written_to
            return invitations.refusal(self.job, self.shares(), percent, by=self.by, at=clock.now())
        return teams.refusal(self.job, self.shares(), by=self.by)

    def _find(self, place: int, who: str) -> None:
        """Find a member by name; of an address nothing is looked up, so that nobody learns whether it is one here."""
        if "@" in who:
            self._write_to(place, who)
            return
        people = list(Person.objects.filter(name__iexact=who).exclude(pk=self.by.pk)[:2])
        if len(people) == 1 and people[0] not in self._others():
            self.cleaned_data[f"person_{place}"] = people[0]
            return
        words = _("Several are called that: write the e-mail address.") if people else _("Nobody else is called that.")
        self.add_error(f"who_{place}", words)

    def _write_to(self, place: int, address: str) -> None:
        try:
            validate_email(address)
        except forms.ValidationError:
            self.add_error(f"who_{place}", _("This is no e-mail address."))
        if self.written_to or address.lower() == self.by.email.lower():
            self.add_error(f"who_{place}", _("By e-mail you ask one other person; write the names of the rest."))
        self.written_to = (address, self.cleaned_data.get(f"percent_{place}") or 0)

    def _others(self) -> list[Person]:
        return [who for place in OTHERS if (who := self.cleaned_data.get(f"person_{place}"))]

    def shares(self) -> dict[Person, int]:
        """Return what `teams.propose` takes."""
        said = self.cleaned_data
        others = {said[f"person_{place}"]: said[f"percent_{place}"] for place in OTHERS if f"person_{place}" in said}
        return {self.by: said["mine"], **others}


def _job(number: int) -> Job:
    return get_object_or_404(Job.objects.select_related("work_type"), pk=number, opened_at__isnull=False)


@login_required
def at_job(request: HttpRequest, number: int) -> HttpResponse:
    """Show one's teams at a job, with what each would be paid; propose one."""
    job, me = _job(number), me_of(request)
    form = Propose(request.POST if request.method == "POST" else None, job=job, by=me)
    if form.is_valid():
        _ask(request, form)
        return redirect("tasks:team", number)
    mine = [
        {"team": team, "digest": teams.digest(team), "members": teams.places(team, job.pay), "me": me}
        for team in teams.of(me, job)
    ]
    shown = {"job": job, "mine": mine, "refusal": teams.refusal_at(job), "form": form}
    return render(request, "tasks/work/team.html", shown, status=400 if form.is_bound else 200)


def _ask(request: HttpRequest, form: Propose) -> None:
    """Ask those who are named; where an address is among them, by a letter to it that asks the others in turn."""
    if form.written_to is None:
        teams.propose(form.job, shares=form.shares(), by=form.by, at=clock.now())
        messages.success(request, _("Asked. Your team begins when everybody has said yes."))
        return
    address, percent = form.written_to
    invitations.invite(form.job, address, percent=percent, shares=form.shares(), by=form.by, at=clock.now())
    words = _("A letter went to %(address)s. When its reader says yes, you are asked for yours.")
    messages.success(request, words % {"address": address})


@login_required
def letter(request: HttpRequest, number: int, token: str) -> HttpResponse:
    """Show what a letter asks, and propose the team for who it was sent to."""
    asked = invitations.read(token)
    if asked.job.pk != number:
        raise Http404
    if request.method == "POST":
        invitations.accept(asked, by=me_of(request), at=clock.now())
        messages.success(request, _("Asked. Your team begins when everybody has said yes."))
        return redirect("tasks:team", number)
    refuse_if(invitations.refusal_to_accept(asked, by=me_of(request)))
    return render(request, "tasks/work/team_letter.html", {"asked": asked})


@csrf_exempt
@never_cache
def letters_off(request: HttpRequest, token: str) -> HttpResponse:
    """End letters about teams by the link in one; mail programs post here too (RFC 8058), a look does nothing."""
    never = invitations.read_off(token)
    if request.method == "POST":
        invitations.send_no_more(never, at=clock.now())
    return render(request, "tasks/work/team_letters_off.html", {"done": request.method == "POST"})


@login_required
@require_POST
def answer(request: HttpRequest, number: int, team: int) -> HttpResponse:
    """Say yes to a team as it was shown, or no; or leave it."""
    found = get_object_or_404(Team.objects.select_related("job"), pk=team, job=number, members__person=me_of(request))
    if "yes" in request.POST:
        teams.consent(found, digest=request.POST.get("digest", "")[:64], by=me_of(request), at=clock.now())
        messages.success(request, _("You said yes."))
    else:
        teams.end(found, by=me_of(request), at=clock.now())
        messages.success(request, _("This team takes nothing more. What it has taken stays everybody's."))
    return redirect("tasks:team", number)


@login_required
@require_POST
def say(request: HttpRequest, number: int) -> HttpResponse:
    """Say something to one's team about a task of theirs."""
    me = me_of(request)
    assignment = get_object_or_404(Assignment, teams.theirs(me), pk=number)
    words = request.POST.get("words", "").replace("\0", "")
    try:
        teams.say(assignment, words=words, by=me, at=clock.now())
    except Refused as refused:
        messages.error(request, str(refused.refusal))
    return redirect(reverse("tasks:task", args=[number]) + "?redo#team")
