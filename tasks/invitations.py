"""Asking somebody to be in a team by their e-mail address: a letter goes there, whether or not it has an account here.

Who asks learns nothing by it, and no row is looked up before the letter is read: the split stands in the link itself,
signed. Whoever reads the letter and signs in with that address proposes the team; all others of it then say yes.

What is counted stands in the record under names that nobody without our key can tell from any other.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.people.models import Person
from coop.record import events
from coop.record.models import Event
from coop.refusals import Refusal, Refused, refuse_if
from tasks import teams
from tasks.models import Job, Team

SEND = "tasks.invite"
SALT = "tasks.invitations"
OFF = "tasks.invitations.off"
LASTS = timedelta(days=14)
MOST = 20
# procrastinate notes each step of an errand, by the machine's clock.
OLD = """
DELETE FROM procrastinate_jobs j WHERE task_name = %(name)s AND status NOT IN ('todo', 'doing')
AND NOT EXISTS (SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at > %(before)s)
"""
# What a mail program makes a link of; 。 is a dot of addresses too, which NFKC leaves.
LIKE_AN_ADDRESS = re.compile(r"://|www[.。]|[.。][^\W\d_]{2}|\d\.\d+\.\d", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who asks whom, at which job, and for which split: the shares of those who are named, and of who reads it."""

    job: Job
    by: Person
    shares: dict[Person, int]
    address: str
    percent: int


def refusal(job: Job, shares: Mapping[Person, int], percent: int, *, by: Person, at: datetime) -> Refusal | None:
    """Say why a person cannot ask by letter for such a split, or nothing."""
    if by not in shares:
        return Refusal(_("A team is you and one to four others."), status=422)
    if no := teams.refusal_at(job) or teams.split_refusal([*shares.values(), percent]):
        return no
    if not _may_work(by, job):
        return Refusal(_("You cannot do this work at this moment."), "", _("The page of the job says why."), status=409)
    if Event.objects.filter(subject=_writes(by, at)).count() >= MOST:
        return Refusal(_("You wrote twenty such letters within a day."), appeal=_("Wait until tomorrow."), status=429)
    return None


def _may_work(person: Person, job: Job) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_may_work(%s, %s)", [person.pk, job.pk])
        return bool(cursor.fetchone()[0])


def _writes(by: Person, at: datetime) -> str:
    return _hidden("from", by.pk, at.date())


def _hidden(*said: object) -> str:
    """Return a subject for the record by which we alone find again what it is about."""
    named = salted_hmac(SALT, " ".join(map(str, said)), algorithm="sha256").hexdigest()
    return f"letter:{named[:32]}"


@transaction.atomic
def invite(
    job: Job, address: str, *, percent: int, shares: Mapping[Person, int], by: Person, at: datetime
) -> None:  # fmt: skip
    """Have a letter sent to an address about a split in which its reader has `percent`, and `shares` the others.

    Raises Refused for a job or a split that cannot be, for who may not do this work, and after twenty letters in a day
    (of UTC).
    """
    _one_at_a_time(_writes(by, at))
    refuse_if(refusal(job, shares, percent, by=by, at=at))
    events.write("teams.wrote", by=by, subject=_writes(by, at), at=at)
    said = [job.pk, by.pk, {str(who.pk): share for who, share in shares.items()}, address.lower(), percent]
    background.configure_task(SEND).defer(token=signing.dumps(said, salt=SALT))


def _one_at_a_time(subject: str) -> None:
    """Wait until nobody else counts what the record says of a subject, to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [subject])


@transaction.atomic
def deliver(token: str, *, at: datetime) -> None:
    """Send the letter, in the language of who asks, unless its address had one within two weeks or wants none."""
    asked = read(token)
    if not _goes(asked.address, at):
        return
    with translation.override(asked.by.spoken):
        link = settings.ORIGIN + reverse("tasks:team_letter", args=[asked.job.pk, token])
        off = off_link(asked.address)
        headers = {"List-Unsubscribe": f"<{off}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        no_more = f"{_('To get no such letter again, whoever asks:')}\n{off}"
        body = f"{_words(asked)}\n\n{link}\n\n{no_more}\n\n{about(asked)}\n"
        EmailMessage(_("You are asked to be in a team"), body, to=[asked.address], headers=headers).send()


def off_link(address: str) -> str:
    """Return the link by which an address asks for no more letters; it is good for good, and does not name it."""
    token = signing.dumps(_hidden("never", address), salt=OFF)
    return settings.ORIGIN + reverse("tasks:team_letters_off", args=[token])


def read_off(token: str) -> str:
    """Return for whom a link ends these letters, as the record names it; raise Refused for one that is not ours."""
    try:
        return str(signing.loads(token, salt=OFF))
    except signing.BadSignature as error:
        words = _("This link is not one of ours, or not the whole of it.")
        raise Refused(Refusal(words, appeal=_("Copy the whole link from the letter."), status=404)) from error


@transaction.atomic
def send_no_more(never: str, *, at: datetime) -> None:
    """Keep that an address, which only its hash names, wants no letters about teams; a second time changes nothing."""
    _one_at_a_time(never)
    if not Event.objects.filter(subject=never).exists():
        events.write("teams.no_more_letters", by=None, subject=never, at=at)


def _goes(address: str, at: datetime) -> bool:
    """Tell whether a letter may go to an address, and write it down; the record looks the same either way."""
    _one_at_a_time(_hidden("never", address))
    days = [_hidden("to", address, at.date() - timedelta(days=past)) for past in range(LASTS.days + 1)]
    goes = not Event.objects.filter(subject__in=[_hidden("never", address), *days]).exists()
    events.write("teams.letter", by=None, subject=days[0] if goes else _hidden("none", address, at), at=at)
    return goes


def _words(asked: Invitation) -> str:
    return _(
        "Somebody asks you to be in a team at a job of ours, for %(percent)d %% of its pay. Sign in with this address,"
        " or join with it, and see at this link who else is in it. You say yes or no; within two weeks."
    ) % {"percent": asked.percent}


def about(asked: Invitation) -> str:
    """Return what others wrote, after all of our own words: a letter that we sign says nothing in a stranger's."""
    who, job = _plain(str(asked.by), _("a member")), _plain(asked.job.title, _("a job"))
    return "\n".join([_("Who asks: %(who)s") % {"who": who}, _("Where: %(job)s") % {"job": job}])


def _plain(words: str, instead: str) -> str:
    """Return somebody's words on one line, or others in their place where a mail program would make a link of them."""
    line = unicodedata.normalize("NFKC", " ".join(words.split()))
    line = "".join(one for one in line if one.isprintable())
    return instead if LIKE_AN_ADDRESS.search(line) or not line.strip() else line


def forget(*, at: datetime) -> int:
    """Delete the errands of letters that ended two weeks ago or earlier, with the addresses in them; return how many.

    One whose letter went is deleted at once by the worker; this is for those that failed.
    """
    with connection.cursor() as cursor:
        cursor.execute(OLD, {"name": SEND, "before": at - LASTS})
        return int(cursor.rowcount)


def read(token: str) -> Invitation:
    """Return what a letter's link asks; raise Refused for one that is not ours, or too old."""
    try:
        job, by, shares, address, percent = signing.loads(token, salt=SALT, max_age=LASTS)
    except signing.BadSignature as error:
        words = _("This link is not one of ours, not the whole of it, or older than two weeks.")
        raise Refused(Refusal(words, appeal=_("Ask who wrote to you to send another."), status=404)) from error
    people = Person.objects.in_bulk([by, *map(int, shares)])
    named = {people[int(who)]: share for who, share in shares.items()}
    return Invitation(Job.objects.select_related("work_type").get(pk=job), people[by], named, address, percent)


def refusal_to_accept(asked: Invitation, *, by: Person) -> Refusal | None:
    """Say why a letter is not a person's to read and answer, or nothing."""
    if by.email.lower() != asked.address:
        words = _("This letter went to another address than yours.")
        return Refusal(words, appeal=_("Sign in with the address that it was sent to."), status=403)
    if by in asked.shares:
        words = _("You are named in this split already, with another share.")
        return Refusal(words, appeal=_("Ask who wrote to you to propose the team by your name alone."), status=409)
    if _is_open(asked, by):
        words = _("You have a team of the same people at this job.")
        return Refusal(words, appeal=_("Say yes or no to it on the team page of the job."), status=409)
    return None


def _is_open(asked: Invitation, by: Person) -> bool:
    people = {by, *asked.shares}
    return any({one.person for one in team.members.all()} == people for team in teams.of(by, asked.job))


@transaction.atomic
def accept(asked: Invitation, *, by: Person, at: datetime) -> Team:
    """Propose the team that a letter asks for, by who it was sent to; everybody else in it is asked to say yes.

    Raises Refused for who signs in with another address, who is in such a team or named already, and for what
    `teams.propose` refuses.
    """
    _one_at_a_time(_hidden("to", by.pk))
    refuse_if(refusal_to_accept(asked, by=by))
    return teams.propose(asked.job, shares={**asked.shares, by: asked.percent}, by=by, at=at)
