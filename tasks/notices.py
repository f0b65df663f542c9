"""Telling by e-mail, in the person's language: of rejected answers, of teams, and of questions about a guide."""

from django.conf import settings
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.people.models import Client, Person
from governance import notices

TELL = "tasks.tell"


def tell(person: Person, about: str, number: int) -> None:
    """Have a person told what is in `words`; it stands or falls with the act around it."""
    background.configure_task(TELL).defer(person_id=person.pk, about=about, number=number)


def words(about: str, number: int) -> tuple[str, str]:
    """Return subject and text in the active language. Nothing of the answer itself travels by mail."""
    subject, text, path = said(about, number)
    return subject, f"{text}\n\n{settings.ORIGIN}{path}\n"


def said(about: str, number: int) -> tuple[str, str, str]:
    """Return what is said of a look ("drawn"), a rejected answer, a team or a question, and at which address it is."""
    if about == "drawn":
        text = _("The lot drew you to say whether an answer stands. It is paid, and yours for a day; then the next is.")
        return _("A rejected answer waits for your paid look"), text, f"/looks/{number}/"
    if about == "teamed":
        text = _("See at this address with whom, at which job and for which share of its pay. You say yes or no.")
        return _("You are asked to be in a team"), text, f"/jobs/{number}/team/"
    if about == "asked":
        text = _("A member asks about the guide of your job. Your answer becomes a part of the guide, for everybody.")
        return _("A question about your job waits for an answer"), text, _client_guide(number)
    if about == "answered":
        text = _("It stands in the guide of the job now. Whoever worked by the older guide is paid for reading it.")
        return _("Your question about a guide was answered"), text, f"/jobs/{number}/guide/"
    text = _("It is paid to you, and stays paid. See why it was rejected, who decides and until when, at this address.")
    return _("An answer of yours was rejected, and is paid"), text, f"/work/{number}/dispute/"


def _client_guide(number: int) -> str:
    slug = Client.objects.values_list("slug", flat=True).get(jobs=number)
    return f"/c/{slug}/jobs/{number}/guide/"


def deliver(person: Person, about: str, number: int) -> None:
    """Send one notice now."""
    notices.send(person, lambda: words(about, number))
