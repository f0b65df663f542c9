"""Telling a person by e-mail what happened in a case of theirs, in their own language; sent in the background."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.people.models import Person
from governance import offices
from governance.models import Case, CaseKind

TELL = "governance.tell"
DAY = timedelta(hours=24)


def tell(person: Person, about: str, case: Case | None = None) -> None:
    """Have a person told by e-mail; it stands or falls with the act around it. `about` is a key of `words`."""
    background.configure_task(TELL).defer(person_id=person.pk, about=about, case_id=case.pk if case else 0)


def tell_officers(case: Case, *, at: datetime) -> None:
    """Have the officers whom a case is not about told that the cooperative has to explain itself in it; as `tell`.

    Once in 24 hours, for the first such case: their page lists every one.
    """
    if Case.objects.filter(kind=CaseKind.EQUIVALENT, opened_at__gt=at - DAY).exclude(pk=case.pk).exists():
        return
    for officer in Person.objects.filter(pk__in=offices.held(at).values("person")).exclude(pk=case.person_id):
        tell(officer, "explain", case)


def tell_of_report(person: Person, about: str, report: int) -> None:
    """Have a person told by e-mail of a report about their message or by them; as `tell`."""
    background.configure_task(TELL).defer(person_id=person.pk, about=about, case_id=report)


def words(about: str, case: int) -> tuple[str, str]:
    """Return subject and text of a notice in the active language; `case` is the number of the case or report.

    Nothing of the case itself travels by mail.
    """
    if about in (reports := _reports()):
        return reports[about], f"{_of_a_report()}\n\n{settings.ORIGIN}/reports/{case}/\n"
    subjects = {
        "opened": _("Case %(number)s is about you: please read it"),
        "said": _("Something new was written in case %(number)s"),
        "seated": _("You were drawn by lot for the panel of case %(number)s"),
        "decided": _("Case %(number)s was decided"),
        "appealed": _("Case %(number)s was appealed: nothing takes effect meanwhile"),
        "voided": _("Case %(number)s was not decided in time: it is void for good"),
    }
    text = _(
        "Read everything, see who decides and until when you can answer, at the address below. Nothing happens to your"
        " pay, payouts and votes. A named person has to answer for every decision, and you can appeal."
    )
    if about == "leaving":
        return _("You leave the cooperative in seven days"), f"{_leaving()}\n\n{settings.ORIGIN}/standing/\n"
    if about == "left":
        return _("You have left the cooperative"), f"{_left()}\n\n{settings.ORIGIN}/standing/\n"
    if about == "back":
        return _("You are back in the cooperative"), f"{_back()}\n\n{settings.ORIGIN}/standing/\n"
    if about == "explain":
        return _("Case %(number)s waits for an officer's explanation") % {"number": case}, _explaining()
    return subjects[about] % {"number": case}, f"{text}\n\n{settings.ORIGIN}/cases/{case}/\n"


def _reports() -> dict[str, str]:
    return {
        "reported": _("A message of yours was reported to an officer"),
        "report_answered": _("A report was answered"),
        "withheld": _("Two officers withheld a message for 72 hours"),
    }


def _of_a_report() -> str:
    return _(
        "Read what was reported, which officers looked at it, and what they answered, at the address below. Speaking is"
        " protected: a report changes nothing about your work, pay, payouts and votes."
    )


def _leaving() -> str:
    return _(
        "You gave notice, or somebody did in your name. If it was not your wish, or somebody pressed you, take it back"
        " at the address below. Your pay stays yours."
    )


def _left() -> str:
    return _(
        "Seven days ago you gave notice, or somebody did in your name. If it was not your wish, or is no more, come"
        " back at the address below: you are at once what you were. Within a week your vote comes with it, later a week"
        " after that. Your pay stays yours."
    )


def _back() -> str:
    return _(
        "You came back, or somebody did in your name. If it was not you, give notice at the address below, and tell the"
        " cooperative: you vote again in a week at the latest, and nobody should in your place."
    )


def _explaining() -> str:
    words = _(
        "Something happened to a member that works like a ban, and the cooperative has seven days to explain it. You"
        " hold a post: read at the address below what waits and until when. This letter comes once in 24 hours at most."
    )
    return f"{words}\n\n{settings.ORIGIN}/cases/\n"


def deliver(person: Person, about: str, case: int) -> None:
    """Send one notice of a case now."""
    send(person, lambda: words(about, case))


def send(person: Person, said: Callable[[], tuple[str, str]]) -> None:
    """Mail a subject and a text, said in the person's language; in the site's when theirs is not spoken here."""
    with translation.override(person.spoken):
        subject, text = said()
    send_mail(subject, text, None, [person.email])
