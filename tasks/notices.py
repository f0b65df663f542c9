"""Telling by e-mail, in the person's language: of a look at a rejected answer, of one's own, and of a team."""

from django.conf import settings
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.people.models import Person
from governance import notices

TELL = "tasks.tell"


def tell(person: Person, about: str, number: int) -> None:
    """Have a person told; it stands or falls with the act around it. `about` is "drawn", "rejected" or "teamed"."""
    background.configure_task(TELL).defer(person_id=person.pk, about=about, number=number)


def words(about: str, number: int) -> tuple[str, str]:
    """Return subject and text in the active language. Nothing of the answer itself travels by mail."""
    if about == "drawn":
        text = _("The lot drew you to say whether an answer stands. It is paid, and yours for a day; then the next is.")
        return _("A rejected answer waits for your paid look"), f"{text}\n\n{settings.ORIGIN}/looks/{number}/\n"
    if about == "teamed":
        text = _("See at this address with whom, at which job and for which share of its pay. You say yes or no.")
        return _("You are asked to be in a team"), f"{text}\n\n{settings.ORIGIN}/jobs/{number}/team/\n"
    text = _("It is paid to you, and stays paid. See why it was rejected, who decides and until when, at this address.")
    return _("An answer of yours was rejected, and is paid"), f"{text}\n\n{settings.ORIGIN}/work/{number}/dispute/\n"


def deliver(person: Person, about: str, number: int) -> None:
    """Send one notice now."""
    notices.send(person, lambda: words(about, number))
