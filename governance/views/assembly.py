"""The assembly: what members talk about, reading and writing in a thread."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from coop import clock
from coop.people import clients
from coop.people.models import Person
from coop.refusals import Refusal, refuse_if
from governance import assembly, reading, searching, turned_away
from governance.forms import OpenThread, Search, Write
from governance.models import Message, Proposal, Thread, Topic, TurnedFrom
from governance.views import me

THREADS, MESSAGES = 20, 20
LARGEST = 10**18


def _reader(request: HttpRequest) -> Person:
    """Return who reads; for the people of clients there is nothing here, applicants are told when it opens."""
    person, refusal = me(request), assembly.read_refusal(me(request))
    if refusal and clients.first_seat(person):
        raise Http404
    refuse_if(refusal)
    return person


def _kept(no: Refusal | None, person: Person, at: datetime) -> Refusal | None:
    """Return why somebody cannot write as it is, kept for them beside what stands in the way."""
    if no is not None:
        turned_away.note(person, TurnedFrom.SPEAK, rule=no.rule, at=at)
    return no


def _at(message: Message) -> str:
    """Return the address at which a message stands in its thread."""
    thread, page = reverse("governance:thread", args=[message.thread_id]), reading.place(message) // MESSAGES + 1
    return f"{thread}?page={page}#message-{message.corrects_id or message.pk}"


@require_safe
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Show the threads, those with the latest messages first; of one topic, or by words, when that is asked for."""
    if request.GET.get("q", "").strip():
        return _found(request)
    person, topic, at = _reader(request), request.GET.get("topic", ""), clock.now()
    found = Paginator(reading.threads(topic if topic in Topic.values else ""), THREADS)
    page = found.get_page(request.GET.get("page"))
    shown = {
        "topics": Topic,
        "topic": topic,
        "page_obj": page,
        "talks": reading.talks(list(page)),
        "refusal": _kept(assembly.write_refusal(person, at=at), person, at),
    }
    return render(request, "governance/assembly.html", shown)


def _found(request: HttpRequest) -> HttpResponse:
    """Show what was said with the words that are asked for."""
    _reader(request)
    form = Search(request.GET)
    if not form.is_valid():
        return render(request, "governance/found.html", {"form": form})
    words, page = form.cleaned_data["q"], form.cleaned_data["page"] or 1
    shown = {"form": form, "words": words, "found": searching.search(words, page=page), "page": page}
    return render(request, "governance/found.html", shown)


@login_required
def open_thread(request: HttpRequest) -> HttpResponse:
    """Open a thread of one's own."""
    person, form, at = _reader(request), OpenThread(request.POST or None), clock.now()
    if form.is_valid():
        with turned_away.noting(person, TurnedFrom.SPEAK, at=at):
            return redirect(_at(assembly.open_thread(**form.cleaned_data, by=person, at=at)))
    refusal = _kept(assembly.open_refusal(person, at=at), person, at)
    return render(request, "governance/open_thread.html", {"form": form, "refusal": refusal})


@login_required
def thread(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a thread, oldest message first, and take a new message."""
    person, found, form = _reader(request), get_object_or_404(Thread, pk=pk), Write(request.POST or None)
    at = clock.now()
    if form.is_valid():
        with turned_away.noting(person, TurnedFrom.SPEAK, at=at):
            return redirect(_at(assembly.write(found, form.cleaned_data["text"], by=person, at=at)))
    return _thread(request, found, form, at)


def _thread(request: HttpRequest, found: Thread, form: Write, at: datetime) -> HttpResponse:
    person = me(request)
    page = Paginator(reading.messages(found), MESSAGES).get_page(request.GET.get("page"))
    said = reading.said(list(page))
    if found.pk:
        ends = {"first": not page.has_previous(), "last": not page.has_next()}
        turned_away.note_unheard(found, [one.message.pk for one in said], **ends, at=at)
    shown = {
        "thread": found,
        "name": reading.name_of(found),
        "proposal": found.subject.removeprefix("proposal:") if found.subject.startswith("proposal:") else "",
        "page_obj": page,
        "said": said,
        "form": form,
        "refusal": _kept(assembly.write_refusal(person, at=at), person, at),
    }
    return render(request, "governance/thread.html", shown)


@login_required
def about(request: HttpRequest, kind: str, number: int) -> HttpResponse:
    """Lead to the thread about a thing, or begin it with a first message."""
    person, subject, form = _reader(request), f"{kind}:{number}", Write(request.POST or None)
    at = clock.now()
    if number >= LARGEST:
        raise Http404
    if kind == "proposal":
        get_object_or_404(Proposal.objects.exclude(published_at=None), pk=number)
    if form.is_valid():
        with turned_away.noting(person, TurnedFrom.SPEAK, at=at):
            return redirect(_at(assembly.write_about(subject, form.cleaned_data["text"], by=person, at=at)))
    found = assembly.about(subject)
    return redirect("governance:thread", found.pk) if found else _thread(request, Thread(subject=subject), form, at)


@require_safe
@login_required
def message(request: HttpRequest, pk: int) -> HttpResponse:
    """Lead to a message in its thread."""
    _reader(request)
    return redirect(_at(get_object_or_404(Message, pk=pk)))


@login_required
def correct(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct one's own message; the former words stay beside the new ones."""
    person, at = _reader(request), clock.now()
    first = get_object_or_404(Message.objects.filter(corrects=None).select_related("thread"), pk=pk)
    refuse_if(assembly.correct_refusal(first, by=person, at=at))
    [said] = reading.said([first])
    form = Write(request.POST or None, initial={"text": said.latest.text})
    if form.is_valid():
        assembly.correct(first, form.cleaned_data["text"], by=person, at=at)
        messages.success(request, _("Corrected. What you wrote before can still be opened beside it."))
        return redirect(_at(first))
    shown = {"form": form, "thread": first.thread, "name": reading.name_of(first.thread)}
    return render(request, "governance/correct.html", shown)
