"""Content that may upset: named by its client before anybody accepts, taken by those who chose it, in bounded doses.

A job names its topics with how often each comes up; its card says so. A member takes such work only with topics that
they chose, for at most so many minutes of 24 hours, and after 50 minutes of it rests from it for 10. The rest is paid
with each answer: such a job pays a fifth more than the voted rate, by the same money as the rest of the pay (E6). What
counts as time is what engaged time counts; nothing else is kept. Checking such an answer counts from taking to deciding
it, a look at a rejected one up to what was found, three times the voted time at most. The database decides
(`tasks_exposure`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from governance import parameters
from payments.money import from_micro, to_micro
from payments.templatetags.money import money
from tasks.models import ContentChoice, Job, Share, Topic

RULE = "E6"
AFTER, REST = timedelta(minutes=50), timedelta(minutes=10)
CHECKS = "checks_of_what_upsets_have_their_cap"
LOOKS = "looks_at_what_upsets_have_their_cap"
GUARDS = frozenset({"upsetting_work_is_chosen", "exposure_has_its_cap", "rests_are_taken", "rests_are_paid"})


@dataclass(frozen=True, slots=True)
class Exposure:
    """How long a person worked at content that may upset in the last 24 hours, how long they may, and their rest.

    `rest_until` lies ahead only while they rest; `most` is their own cap, or the members' ceiling.
    """

    seen: timedelta
    most: timedelta
    rest_until: datetime | None


def refusal(content: Mapping[str, str], words: str) -> Refusal | None:
    """Say why a client cannot name its content like this, or nothing. The database asks the same."""
    if not set(content) <= set(Topic.values) or not set(content.values()) <= set(Share.values):
        return Refusal(_("Name topics of the list, each with how often it comes up."), status=400)
    if words.strip() and not content:
        return Refusal(_("Name the topic too: members choose by topics what they take."), status=400)
    if Topic.OTHER in content and not words.strip():
        return Refusal(_("Say in words what else may upset."), status=400)
    return None


def lacking(content: Mapping[str, str], shown: Mapping[str, str]) -> list[str]:
    """Return the topics of what is shown that a content does not name, or names as rarer than it comes up."""
    order = Share.values
    return [
        topic for topic, share in shown.items()
        if topic not in content or order.index(content[topic]) < order.index(share)
    ]  # fmt: skip


def with_rests(amount: Decimal, content: Mapping[str, str]) -> Decimal:
    """Return an amount of US dollars with the paid rest that content asks for: a fifth on top, rounded up."""
    return from_micro(-(-to_micro(amount) * 6 // 5)) if content else amount


def for_the_work(pay: Decimal, content: Mapping[str, str]) -> Decimal:
    """Return what of a pay is for the work itself, the paid rest taken off."""
    return pay * 5 / 6 if content else pay


def chosen(person: Person) -> ContentChoice:
    """Return what a person chose; the row with which everybody begins when they chose nothing yet (not saved)."""
    return ContentChoice.objects.filter(person=person).first() or ContentChoice(person=person)


@transaction.atomic
def choose(person: Person, topics: Iterable[str], minutes: int | None, *, by: Person, at: datetime) -> ContentChoice:
    """Keep with which topics a person takes work and for how many minutes of 24 hours. Raises Refused for others.

    No topic is the choice of whoever says nothing; no minutes mean the members' ceiling.
    """
    if by.pk != person.pk:
        raise Refused(Refusal(_("Only you choose what you look at.")))
    if minutes is not None and not 1 <= minutes <= (most := parameters.value("exposure_minutes", at)):
        raise Refused(Refusal(_("Choose 1 to %(most)s minutes.") % {"most": most}, RULE, status=422))
    facts = {"topics": sorted(set(topics)), "minutes": minutes, "at": at}
    choice, _made = ContentChoice.objects.update_or_create(person=person, defaults=facts)
    events.write("content.chosen", by=by, subject=f"person:{person.pk}", at=at)
    return choice


def exposure(person: Person) -> Exposure:
    """Return how much a person looked at such content; one query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT seconds, most, rest_until FROM tasks_exposure(%s)", [person.pk])
        seconds, most, rest_until = cursor.fetchone()
    return Exposure(timedelta(seconds=seconds), timedelta(seconds=most), rest_until)


def refusal_to_take(job: Job, *, by: Person, at: datetime) -> Refusal | None:
    """Say why a person cannot take work of this content now; None if they can. The database asks the same."""
    if missing := set(job.content) - set(chosen(by).topics):
        names = ", ".join(str(Topic(topic).label) for topic in Topic.values if topic in missing)
        reason = _("This job may show what you have not chosen to see: %(topics)s.") % {"topics": names}
        return Refusal(reason, RULE, _("Choose it in your settings, or see the other jobs: nothing asks you to."))
    found = exposure(by)
    if found.rest_until is not None and found.rest_until > at:
        reason = _("You rest from content that may upset until %(end)s UTC; the rest was paid with each answer.")
        words = {"end": f"{found.rest_until:%H:%M}"}
        return Refusal(reason % words, RULE, _("Other jobs are open to you meanwhile."), status=409)
    if found.seen >= found.most:
        reason = _("You have looked at content that may upset for %(minutes)s minutes of 24 hours: that is enough.")
        return Refusal(
            reason % {"minutes": found.most // timedelta(minutes=1)}, RULE, _("Other jobs are open to you."), status=409
        )
    return None


def refuse(job: Job, *, by: Person, at: datetime) -> None:
    """Raise Refused with the reason why the database let nobody take this work."""
    refuse_if(refusal_to_take(job, by=by, at=at))
    least = money(job.pay, "USD")
    raise Refused(Refusal(_("This job does not pay for its rests: %(pay)s.") % {"pay": least}, RULE, status=409))
