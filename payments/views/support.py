"""What members get out of the care fund, by rule, and out of the education fund, as two officers answer."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coop import clock
from coop.people.views import me_of
from coop.refusals import Refused
from governance import watching
from governance.models import Right
from payments import support
from payments.forms import AnswerSupport, AskCare, AskEducation
from payments.models import Supporting
from payments.views import office_of

FORMS = {Supporting.CARE: AskCare, Supporting.EDUCATION: AskEducation}


@require_safe
@login_required
def mine(request: HttpRequest) -> HttpResponse:
    """Show what one can ask of each fund, and what one asked."""
    person = me_of(request)
    given = {fund: support.terms(fund) for fund in Supporting}
    room = [(fund, support.left(person, fund), one.most, one.within.days) for fund, one in given.items()]
    return render(request, "payments/support.html", {"room": room, "asked": support.of(person)[:20]})


@login_required
def ask(request: HttpRequest, fund: str) -> HttpResponse:
    """Ask a fund."""
    if fund not in Supporting.values:
        raise Http404
    person, which = me_of(request), Supporting(fund)
    form = FORMS[which](request.POST or None)
    if form.is_valid():
        try:
            _ask(request, which, **form.cleaned_data)
        except Refused as refused:
            form.add_error("amount", str(refused.refusal))
        else:
            return redirect("payments:support")
    shown = {"form": form, "fund": which, "left": support.left(person, which)}
    return render(request, "payments/ask_support.html", shown)


def _ask(request: HttpRequest, which: Supporting, **said: object) -> None:
    """Ask the fund, and say what comes next."""
    person, at = me_of(request), clock.now()
    if which == Supporting.CARE:
        support.ask_care(**said, by=person, at=at)  # type: ignore[arg-type]  # as the form cleaned it
        messages.success(request, _("It is in your pay now."))
    else:
        support.ask_education(**said, by=person, at=at)  # type: ignore[arg-type]  # likewise
        messages.success(request, _("Asked. Two officers answer, and you read here what they say."))


@require_safe
@login_required
def desk(request: HttpRequest) -> HttpResponse:
    """Show officers what members asked of the education fund."""
    at = clock.now()
    office, waiting = office_of(request, at), list(support.waiting())
    whose = [one.person_id for one in waiting]
    watching.looked(whose, subject="desk", right=Right.MONEY, by=office.person, at=at)
    return render(request, "payments/support_desk.html", {"waiting": waiting})


@login_required
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a member who asked the education fund."""
    at = clock.now()
    office = office_of(request, at)
    asked = get_object_or_404(support.waiting(), pk=pk)
    form = AnswerSupport(request.POST or None)
    if form.is_valid():
        support.answer(asked, **form.cleaned_data, by=office, at=at)
        messages.success(request, _("Answered."))
        return redirect("payments:support_desk")
    watching.looked([asked.person_id], subject=f"support:{pk}", right=Right.MONEY, by=office.person, at=at)
    refusal = support.refusal_to_answer(asked, agrees=False, by=office, at=at)
    return render(request, "payments/answer_support.html", {"asked": asked, "form": form, "refusal": refusal})
