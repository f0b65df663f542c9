"""An officer's post and its recall: who holds it, who asks for the recall, what the officer answers."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from coop import clock
from governance import offices, petitions, recalling
from governance.forms import AnswerRecall
from governance.models import Office
from governance.views import me, reader

KNOWN = Office.objects.select_related("person", "mandate__proposal", "end__mandate__proposal")


def office(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an office with the petition to recall its holder; let the holder answer."""
    found, at, person = get_object_or_404(KNOWN, pk=pk), clock.now(), reader(request)
    petition = petitions.to_recall(found, at)
    form = AnswerRecall(request.POST or None)
    if petition and person and request.method == "POST" and form.is_valid():
        recalling.answer(petition, text=form.cleaned_data["text"], by=person, at=at)
        messages.success(request, _("Your answer stands beside the question."))
        return redirect("governance:office", pk)
    shown: dict[str, Any] = {"office": found, "rights": offices.words(found, at), "form": form}
    shown |= {"petition": petition, "ends": petitions.ends_at(petition) if petition else None}
    shown |= {"signed": petitions.signed(petition) if petition else None}
    shown |= {"vote": petitions.called(petition) if petition else None, "answer": recalling.answer_to(petition)}
    if person:
        shown["refusal"] = petitions.recall_refusal(found, by=person, at=at)
        shown["answers"] = bool(petition and not recalling.answer_refusal(petition, by=person, at=at))
        shown["has_signed"] = bool(petition and petition.signatures.filter(person=person).exists())
    return render(request, "governance/office.html", shown)


@require_POST
@login_required
def sign(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign the petition to recall an officer; the last signature it needs publishes the vote."""
    petition = petitions.ask_to_recall(get_object_or_404(Office, pk=pk), by=me(request), at=clock.now())
    called = petitions.called(petition)
    messages.success(request, _("Signed. The vote is called.") if called else _("Signed."))
    return redirect("governance:proposal", called.pk) if called else redirect("governance:office", pk)
