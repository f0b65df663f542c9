"""Reports: making one, mine, and the officers' list. Author and reporter read what officers did, others nothing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from coop import clock
from coop.people.models import Person
from coop.refusals import refuse_if
from governance import assembly, deciders, offices, reporting
from governance.forms import AnswerReport, ReportMessage
from governance.models import Message, MessageReport, Right
from governance.views import me

MOST = 50


@login_required
def make(request: HttpRequest, pk: int) -> HttpResponse:
    """Report a message to the officers for reports."""
    refuse_if(assembly.read_refusal(me(request)))
    message = get_object_or_404(Message.objects.filter(corrects=None).select_related("author"), pk=pk)
    refuse_if(reporting.report_refusal(message, by=me(request), at=clock.now()))
    form = ReportMessage(request.POST or None, message=message)
    if form.is_valid():
        made = reporting.report(message, **form.cleaned_data, by=me(request), at=clock.now())
        messages.success(request, _("Reported. You are told what an officer answers."))
        return redirect("governance:report", made.pk)
    return render(request, "governance/report_message.html", {"form": form, "message": message})


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the reports by me and about my words; to officers what waits for them."""
    at, person = clock.now(), me(request)
    rights = offices.rights_of(person, at)
    shown = {
        "mine": reporting.of(person)[:MOST],
        "waiting": reporting.waiting()[:MOST] if Right.REPORTS in rights else [],
        "to_confirm": reporting.to_confirm(at)[:MOST] if Right.PAUSES in rights else [],
        "reads_reports": Right.REPORTS in rights,
    }
    return render(request, "governance/reports.html", shown)


def _found(pk: int) -> MessageReport:
    withheld = (f"message__{name}" for name in deciders.WITHHOLDERS)
    known = MessageReport.objects.select_related("message__author", "reporter", "answer__office__person", *withheld)
    return get_object_or_404(known, pk=pk)


def _may_look(report: MessageReport, person: Person) -> bool:
    return reporting.look_refusal(report, by=person, at=clock.now()) is None


@login_required
def one(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a report to its two sides, and to an officer, whose look is written down; the officer answers here."""
    report, person, at = _found(pk), me(request), clock.now()
    party = reporting.is_party(report, person)
    if not party and not _may_look(report, person):
        raise Http404
    form = None if party or hasattr(report, "answer") else AnswerReport(request.POST or None, report=report)
    if form is not None and form.is_valid():
        reporting.answer(report, **form.cleaned_data, by=person, at=at)
        messages.success(request, _("Answered; both sides are told."))
        return redirect("governance:reports")
    if not party:
        reporting.look(report, by=person, at=at)
    return _one(request, report, form)


def _one(request: HttpRequest, report: MessageReport, form: AnswerReport | None) -> HttpResponse:
    person, at = me(request), clock.now()
    party = reporting.is_party(report, person)
    withheld = getattr(report.message, "withholding", None)
    shown = {
        "report": report, "form": form, "officer": not party, "reporter": report.reporter_id == person.pk,
        "looks": reporting.looks(report), "answer": getattr(report, "answer", None),
        "withheld": withheld, "withheld_by": withheld and deciders.of_withholding(withheld, deciders.public_since()),
        "waits": not party and reporting.confirmable(report, at),
        "refusal": reporting.withhold_refusal(report, by=person, at=at),
    }  # fmt: skip
    return render(request, "governance/report.html", shown)


@require_POST
@login_required
def withhold(request: HttpRequest, pk: int) -> HttpResponse:
    """Withhold a message as the second officer."""
    report = _found(pk)
    if not reporting.is_party(report, me(request)) and not _may_look(report, me(request)):
        raise Http404
    reporting.withhold(report, by=me(request), at=clock.now())
    messages.success(request, _("Withheld. It can be read again by itself in 72 hours."))
    return redirect("governance:reports")
