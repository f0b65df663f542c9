"""Writing the letters that were made, and sending them: claimed first, so that no worker sends what another does."""

import logging
from collections.abc import Iterable
from datetime import datetime
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Count
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from coop.due import each
from coop.people.middleware import zone
from coop.people.models import Person
from coop.record import log
from governance import letters, reading, voting, wishes
from governance.models import Letter, LetterKind, Message, Proposal, Thread

problems = logging.getLogger(__name__)
AT_ONCE = 100
LINES = 10


def send_all(at: datetime) -> int:
    """Send every letter that waits, each claimed in a transaction of its own; return how many went out."""
    sent = after = 0
    while claimed := claim(at, after=after):
        sent += each(lambda letter: send(letter, at=at), claimed, failed="letter %s could not be written")
        after = claimed[-1].pk
    return sent


def claim(at: datetime, *, after: int = 0) -> list[Letter]:
    """Claim letters that nobody has claimed and return them, by their numbers, from `after` on."""
    with transaction.atomic():
        waiting = Letter.objects.select_for_update(skip_locked=True).filter(claimed_at=None, sent_at=None, pk__gt=after)
        found = list(waiting.order_by("id").values_list("pk", flat=True)[:AT_ONCE])
        Letter.objects.filter(pk__in=found).update(claimed_at=at)
    return list(Letter.objects.filter(pk__in=found).select_related("person").order_by("id"))


def send(letter: Letter, *, at: datetime) -> bool:
    """Write and send one claimed letter; return whether it went out.

    What could not be written raises, and is tried again in the next round, as is what the mail server refused.
    """
    try:
        message = write(letter, at=at)
    except Exception:
        _unclaim(letter)
        raise
    if message is None:
        return False
    try:
        message.send()
    except (SMTPException, OSError):
        problems.exception("letter %s could not be sent", letter.pk)
        _unclaim(letter)
        return False
    Letter.objects.filter(pk=letter.pk).update(sent_at=at)
    return True


def _unclaim(letter: Letter) -> None:
    Letter.objects.filter(pk=letter.pk, sent_at=None).update(claimed_at=None)


def write(letter: Letter, *, at: datetime) -> EmailMessage | None:
    """Return a letter in its reader's language and time, or None when there is nothing to say any more."""
    person = letter.person
    with translation.override(person.spoken), timezone.override(zone(person.time_zone)):
        return WRITERS[LetterKind(letter.kind)](letter, at)


def _reminder(letter: Letter, at: datetime) -> EmailMessage | None:
    proposal = Proposal.objects.get(pk=letter.subject.removeprefix("proposal:"))
    # Between making and sending they may have voted: then there is nothing to remind of.
    if proposal.closes_at is None or proposal.closes_at <= at or voting.has_voted(proposal, letter.person):
        return None
    subject = _("Your vote is open: %(title)s") % {"title": proposal.title}
    return _letter(
        letter.person,
        subject,
        "reminder",
        {"proposal": proposal, "last": letter.kind == LetterKind.LAST_DAY},
        ["reminders"],
    )


def _voted(letter: Letter, at: datetime) -> EmailMessage | None:  # noqa: ARG001 - as the others
    proposal = Proposal.objects.get(pk=letter.subject.removeprefix("proposal:"))
    subject = _("Your ballot was counted: %(title)s") % {"title": proposal.title}
    return _letter(letter.person, subject, "voted", {"proposal": proposal}, [])


def _digest(letter: Letter, at: datetime) -> EmailMessage | None:  # noqa: ARG001 - likewise
    wish, begin, end = wishes.of(letter.person), letters.since(letter), letter.made_at - letters.SETTLED
    published = Proposal.objects.filter(published_at__gt=begin, published_at__lte=end).order_by("published_at")
    proposals = list(published[:LINES]) if wish.proposals else []
    replies = _replies(letter.person, begin, end) if wish.replies else []
    if not (proposals or replies):
        return None
    kinds = [kind for kind, lines in (("proposals", proposals), ("replies", replies)) if lines]
    said = {"proposals": proposals, "talks": reading.talks(replies)}
    return _letter(letter.person, _("What is new in the cooperative"), "digest", said, kinds)


def _replies(person: Person, begin: datetime, end: datetime) -> list[Thread]:
    """Return the threads in which others wrote after this person did, with the number of their messages."""
    mine = Message.objects.filter(author=person).values("thread")
    new = Message.objects.filter(thread__in=mine, written_at__gt=begin, written_at__lte=end).exclude(author=person)
    counts = dict(new.order_by().values_list("thread").annotate(Count("pk")))
    threads = list(Thread.objects.filter(pk__in=counts).order_by("-pk")[:LINES])
    for thread in threads:
        thread.number = counts[thread.pk]  # type: ignore[attr-defined]  # as reading.threads() has it
    return threads


WRITERS = {
    LetterKind.DIGEST: _digest, LetterKind.REMINDER: _reminder, LetterKind.LAST_DAY: _reminder,
    LetterKind.VOTED: _voted,
}  # fmt: skip


def _letter(person: Person, subject: str, name: str, said: dict[str, object], kinds: Iterable[str]) -> EmailMessage:
    """Return a letter with a link that ends each kind of it, the first also as mail programs know it (RFC 8058).

    It carries the head of the record: whoever keeps it is a witness of what had happened by then.
    """
    off = {kind: wishes.off_link(person.pk, kind) for kind in kinds}
    shown = said | {"person": person, "origin": settings.ORIGIN, "off": off, "head": log.head(batches=1)}
    headers = {"Auto-Submitted": "auto-generated"}
    if off:
        headers["List-Unsubscribe"] = f"<{next(iter(off.values()))}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    body = render_to_string(f"governance/letters/{name}.txt", shown)
    return EmailMessage(" ".join(subject.split()), body, to=[person.email], headers=headers)
