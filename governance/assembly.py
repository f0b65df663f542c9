"""Talking to each other: threads, messages, corrections. No act here edits, hides or deletes what somebody said."""

from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext as _

from coop import markdown
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance import standing
from governance.models import Message, Status, Thread, Topic

# Against machines, not against opinions: the database counts the same (messages_are_no_flood, threads_are_no_flood).
HOUR = timedelta(hours=1)
MOST_MESSAGES, MOST_THREADS = 30, 10
SPEAKING = {Status.CANDIDATE, Status.MEMBER}
ABOUT = {"proposal": Topic.VOTES, "job": Topic.WORK}


def read_refusal(person: Person) -> Refusal | None:
    """Return why a person cannot read what members say, or None. Whoever was admitted once reads for good."""
    if standing.status(person) != Status.APPLICANT:
        return None
    return Refusal(
        _("What members say to each other is read by members and candidates."),
        rule="E10",
        appeal=_("It opens to you after the onboarding."),
    )


def write_refusal(person: Person, *, at: datetime) -> Refusal | None:
    """Return why a person cannot write now, or None.

    No pause, charge or officer's word stands in the way (D1, E8): only a panel's decision that stands, in its time.
    """
    status = standing.status(person)
    if status in SPEAKING:
        return standing.refusal(person, doing="speak", at=at) or _flood(
            Message.objects.filter(author=person, written_at__gt=at - HOUR), MOST_MESSAGES
        )
    if status == Status.APPLICANT:
        return read_refusal(person)
    return Refusal(_("You have left: you can read here, and members write."), rule="D1")


def open_refusal(person: Person, *, at: datetime) -> Refusal | None:
    """Return why a person cannot open a thread now, or None."""
    opened = Thread.objects.filter(opened_by=person, opened_at__gt=at - HOUR)
    return write_refusal(person, at=at) or _flood(opened, MOST_THREADS)


def _flood(recent: models.QuerySet[Thread] | models.QuerySet[Message], most: int) -> Refusal | None:
    if recent.count() < most:
        return None
    return Refusal(
        _("That was %(most)d in one hour, the most for anybody: this keeps machines out.") % {"most": most},
        appeal=_("Nothing is lost or held against you. Go on in a little while."),
        status=429,
    )


def open_thread(*, topic: str, title: str, text: str, by: Person, at: datetime) -> Message:
    """Open a free thread with its first message and return that. Raises Refused when this person cannot."""
    refuse_if(open_refusal(by, at=at))
    with transaction.atomic():
        title = " ".join(markdown.plain(title).split())
        thread = Thread.objects.create(topic=topic, title=title, opened_by=by, opened_at=at)
        events.write("assembly.opened", by=by, subject=f"thread:{thread.pk}", at=at, topic=topic)
        return write(thread, text, by=by, at=at)


def write_about(subject: str, text: str, *, by: Person, at: datetime) -> Message:
    """Write in the one thread about a thing ("proposal:3", "job:12"), the first time opening it; return the message.

    Raises Refused when this person cannot write.
    """
    with transaction.atomic():
        return write(about(subject) or _open_about(subject, by=by, at=at), text, by=by, at=at)


def about(subject: str) -> Thread | None:
    """Return the thread about a thing, or None when nobody has said anything yet."""
    return Thread.objects.filter(subject=subject).first()


def _open_about(subject: str, *, by: Person, at: datetime) -> Thread:
    refuse_if(open_refusal(by, at=at))
    topic = ABOUT[subject.partition(":")[0]]
    # Whoever comes second finds the thread of the first.
    Thread.objects.bulk_create(
        [Thread(topic=topic, subject=subject, opened_by=by, opened_at=at)], ignore_conflicts=True
    )
    thread = Thread.objects.get(subject=subject)
    events.write("assembly.opened", by=by, subject=f"thread:{thread.pk}", at=at, topic=topic, about=subject)
    return thread


def write(thread: Thread, text: str, *, by: Person, at: datetime) -> Message:
    """Write a message and return it; it stands for good. Raises Refused when this person cannot write."""
    refuse_if(write_refusal(by, at=at))
    with transaction.atomic():
        message = Message.objects.create(thread=thread, author=by, text=markdown.plain(text), written_at=at)
        events.write("assembly.wrote", by=by, subject=f"message:{message.pk}", at=at, thread=thread.pk)
    return message


def correct_refusal(message: Message, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a person cannot correct a message, or None."""
    if message.author_id != by.pk:
        return Refusal(_("Only its author corrects a message. Nobody, an officer neither, edits another's."), rule="E8")
    return write_refusal(by, at=at)


def correct(message: Message, text: str, *, by: Person, at: datetime) -> Message:
    """Put a correction in the place of one's own message and return it; the former words stay openable.

    Raises Refused when the message is another's.
    """
    first = message.corrects or message
    refuse_if(correct_refusal(first, by=by, at=at))
    with transaction.atomic():
        correction = Message.objects.create(
            thread_id=first.thread_id, author=by, text=markdown.plain(text), corrects=first, written_at=at
        )
        events.write("assembly.corrected", by=by, subject=f"message:{first.pk}", at=at, correction=correction.pk)
    return correction
