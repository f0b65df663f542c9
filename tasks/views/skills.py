"""Skills: what one has, how one got it, and the paid tests (B11); and the officers' page that puts them up."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop import clock, markdown
from coop.people.models import Client, Person
from coop.people.views import me_of
from coop.refusals import refuse_if
from payments import instruments, rates
from tasks import badges, cards, claims, onboarding, skills, testing
from tasks.forms import KnownQuestions
from tasks.models import Job, Skill


@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """Show each skill: whether one has it, how one got it, its test, and the jobs that ask for it."""
    me, at = me_of(request), clock.now()
    found, now = skills.standings(me, at=at), skills.terms()
    shown = {
        "standings": [(one, markdown.html(one.skill.says), _pays(one, now)) for one in found],
        "terms": now,
        "joined": badges.joined(me),
        "openings": instruments.openings(me),
    }
    return render(request, "tasks/work/skills.html", shown)


def _pays(standing: skills.Standing, terms: skills.Terms | None) -> Decimal:
    """Return what a whole go at the test that somebody may take pays, in US$; 0 where there is none."""
    return Decimal(terms.drawn * standing.test.pay) if terms and standing.test else Decimal(0)


@login_required
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Show a skill and its test: what it pays, what passes it, and what one answered in the latest go."""
    me, at = me_of(request), clock.now()
    skill = get_object_or_404(Skill, pk=number)
    found = skills.standing(me, skill, at=at)
    last = next(iter(found.sittings), None)
    test = found.test or skill.tests.filter(opened_at__isnull=False, closed_at=None).order_by("pk").first()
    shown = {
        "standing": found,
        "skill": skill,
        "meaning": markdown.html(skill.says),
        "terms": skills.terms(),
        "last": last,
        "steps": testing.steps(last) if last else [],
    }
    if test:
        shown |= _offer(test, me)
    return render(request, "tasks/work/skill.html", shown)


def _offer(test: Job, me: Person) -> dict[str, Any]:
    """Return a test's rate card, and why one cannot take it now."""
    rate = rates.current(test.work_type)
    words = cards.body(test, rate, rates.fee_now(), rates.measured_time(test.work_type, rate))
    return {
        "test": test,
        "card": cards.figures(words),
        "digest": cards.keep(words).pk,
        "refusal": claims.refusal(test, by=me, at=clock.now()),
        "guide": markdown.html(test.guide),
    }


def _about(label: Any, rows: int = 5) -> forms.CharField:  # noqa: ANN401 - lazy
    area = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=skills.LONGEST, widget=area, help_text=gettext_lazy("In Markdown."))


class Questions(KnownQuestions):
    """A test of a skill: what people read first, and the questions."""

    def refusal(self, count: int) -> str:
        """Say why a test cannot have so many questions."""
        return str(testing.refusal_to_open(count) or "")


class Define(Questions):
    """A skill in both languages, with its first test."""

    name = forms.CharField(label=gettext_lazy("Name, in English"), max_length=skills.LONGEST_NAME)
    about = _about(gettext_lazy("What it means, in English"))
    name_es = forms.CharField(label=gettext_lazy("Name, in Spanish"), max_length=skills.LONGEST_NAME)
    about_es = _about(gettext_lazy("What it means, in Spanish"))
    field_order = ("name", "about", "name_es", "about_es", "guide", "asked")


@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """Show officers the skills there are, and put up another with its test."""
    me, at = me_of(request), clock.now()
    refuse_if(skills.refusal_to_define(me, at))
    form = Define(request.POST if request.method == "POST" else None)
    if form.is_valid():
        said = form.cleaned_data
        worded = {name: said[name] for name in ("name", "about", "name_es", "about_es")}
        house = Client.objects.get(is_cooperative=True)
        _open(skills.define(house, **worded, by=me, at=at), said, me)
        messages.success(request, _("Open: whoever may work can take the test."))
        return redirect("tasks:skills_desk")
    shown = {
        "form": form, "skills": Skill.objects.order_by("pk"), "tested": set(skills.to_ask()),
        "left": onboarding.left(), "terms": skills.terms(),
    }  # fmt: skip
    return render(request, "tasks/work/skills_desk.html", shown, status=422 if form.is_bound else 200)


@login_required
def further(request: HttpRequest, number: int) -> HttpResponse:
    """Open a further test of a skill, with other questions."""
    me, at = me_of(request), clock.now()
    refuse_if(skills.refusal_to_define(me, at))
    skill = get_object_or_404(Skill, pk=number)
    form = Questions(request.POST if request.method == "POST" else None)
    if form.is_valid():
        _open(skill, form.cleaned_data, me)
        messages.success(request, _("Open: whoever may work can take the test."))
        return redirect("tasks:skills_desk")
    shown = {"form": form, "skill": skill}
    return render(request, "tasks/work/skill_further.html", shown, status=422 if form.is_bound else 200)


def _open(skill: Skill, said: dict[str, Any], me: Person) -> None:
    testing.open_test(skill, guide=said["guide"], questions=said["asked"], by=me, at=clock.now())
