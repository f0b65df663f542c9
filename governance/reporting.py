"""Reports of what the law forbids, and what officers can do about one: look, answer, and withhold one message (part 6).

Each look is an event that the author and the reporter see. Disagreeing is no ground, and speaking is protected (7.9).
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, Q, QuerySet, Value, When
from django.utils.translation import gettext as _

from coop import markdown
from coop.people.models import Person
from coop.record import events
from coop.record.models import Event
from coop.refusals import Refusal, refuse_if
from governance import notices, offices, standing
from governance.models import Message, MessageReport, Office, Outcome, ReportAnswer, ReportGround, Right, Status
from governance.models import Withholding as Withheld

HOUR, DAY = timedelta(hours=1), timedelta(hours=24)
MOST_REPORTS, MOST_AT_ONCE = 10, 5


def report_refusal(message: Message, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a person cannot report a message, or None."""
    if standing.status(by) not in {Status.CANDIDATE, Status.MEMBER}:
        return Refusal(_("Members and candidates report here."), rule="part 6")
    if message.author_id == by.pk:
        return Refusal(_("This is your own message; you can correct it."), rule="part 6")
    if MessageReport.objects.filter(message=message, reporter=by).exists():
        return Refusal(_("You have reported this message; it is being looked at."), rule="part 6", status=409)
    if MessageReport.objects.filter(reporter=by, reported_at__gt=at - HOUR).count() >= MOST_REPORTS:
        return Refusal(_("That was ten reports in one hour, the most for anybody."), rule="part 6", status=429)
    return None


def quotes(message: Message, quote: str) -> bool:
    """Tell whether words stand in a message or in a correction of it; the database looks again."""
    said = Message.objects.filter(Q(pk=message.pk) | Q(corrects=message.pk)).values_list("text", flat=True)
    return any(quote in text for text in said)


def report(message: Message, *, ground: str, quote: str, words: str, by: Person, at: datetime) -> MessageReport:
    """Report a first message to the officers for reports, and return the report. Raises Refused.

    `ground` is one of ReportGround, `quote` stands in the message. The author is told, and not by whom.
    """
    refuse_if(report_refusal(message, by=by, at=at))
    with transaction.atomic():
        made = MessageReport.objects.create(
            message=message, reporter=by, ground=ground, quote=quote, words=markdown.plain(words), reported_at=at
        )
        events.write("assembly.reported", by=by, subject=_subject(made), at=at)
        notices.tell_of_report(message.author, "reported", made.pk)
    return made


def _subject(report: MessageReport) -> str:
    return f"message:{report.message_id}"


def waiting() -> QuerySet[MessageReport]:
    """Return the reports that nobody has answered, what is gravest first, then the oldest."""
    unanswered = MessageReport.objects.filter(answer=None).select_related("message")
    grave = (ReportGround.CHILD_ABUSE, ReportGround.THREAT)
    order = Case(*(When(ground=ground, then=Value(n)) for n, ground in enumerate(grave)), default=Value(len(grave)))
    return unanswered.order_by(order, "pk")


def of(person: Person) -> QuerySet[MessageReport]:
    """Return the reports by a person and about what they wrote, newest first."""
    theirs = Q(reporter=person) | Q(message__author=person)
    return MessageReport.objects.filter(theirs).select_related("message", "answer").order_by("-pk")


def is_party(report: MessageReport, person: Person) -> bool:
    """Tell whether a person wrote the message or reported it."""
    return person.pk in {report.reporter_id, report.message.author_id}


def look_refusal(report: MessageReport, *, by: Person, at: datetime) -> Refusal | None:
    """Return why an officer cannot look at a report, or None; nobody looks as an officer at one about themselves."""
    if is_party(report, by):
        return Refusal(_("Another officer looks at this: you wrote the message or reported it."), rule="part 6")
    second = Right.PAUSES if confirmable(report, at) else Right.REPORTS
    return None if offices.may(by, second, at) else offices.right_refusal(by, Right.REPORTS, at)


def look(report: MessageReport, *, by: Person, at: datetime) -> None:
    """Write down that an officer looked at a report; its author and reporter see it. Raises Refused."""
    refuse_if(look_refusal(report, by=by, at=at))
    events.write("assembly.looked", by=by, subject=_subject(report), at=at, report=report.pk)


def looks(report: MessageReport) -> list[Event]:
    """Return who looked at a report as an officer and when, oldest first."""
    seen = Event.objects.filter(kind="assembly.looked", subject=_subject(report), data__report=report.pk)
    return list(seen.select_related("actor").order_by("pk"))


def answer_refusal(report: MessageReport, outcome: str, *, by: Person, at: datetime) -> Refusal | None:
    """Return why an officer cannot answer a report so, or None."""
    if hasattr(report, "answer"):
        return Refusal(_("This report is answered."), rule="part 6", status=409)
    if outcome == Outcome.WITHHOLD and report.ground != ReportGround.CHILD_ABUSE:
        return Refusal(
            _("Officers withhold nothing but material of child abuse. For everything else a panel decides."),
            rule="part 6", appeal=_("Bring a charge; a panel may fold the message."),
        )  # fmt: skip
    if is_party(report, by):
        return look_refusal(report, by=by, at=at)
    return offices.right_refusal(by, Right.REPORTS, at)


def answer(report: MessageReport, *, outcome: str, words: str, by: Person, at: datetime) -> ReportAnswer:
    """Answer a report as an officer for reports, for good, and return the answer; both sides are told. Raises Refused.

    To withhold needs a second officer within a day (`withhold`); until then the message is read as before.
    """
    refuse_if(answer_refusal(report, outcome, by=by, at=at))
    office = offices.with_right(Right.REPORTS, at).filter(person=by)[0]
    with transaction.atomic():
        given = ReportAnswer.objects.create(
            report=report, office=office, outcome=outcome, words=markdown.plain(words), answered_at=at
        )
        events.write("assembly.answered", by=by, subject=_subject(report), at=at, outcome=outcome)
        for reader in (report.reporter, report.message.author):
            notices.tell_of_report(reader, "report_answered", report.pk)
    return given


def confirmable(report: MessageReport, at: datetime) -> bool:
    """Tell whether a report waits for a second officer to withhold its message."""
    given = getattr(report, "answer", None)
    if given is None or given.outcome != Outcome.WITHHOLD or at >= given.answered_at + DAY:
        return False
    return not Withheld.objects.filter(message=report.message_id).exists()


def to_confirm(at: datetime) -> QuerySet[MessageReport]:
    """Return the reports that wait for a second officer, oldest first."""
    asked = MessageReport.objects.filter(answer__outcome=Outcome.WITHHOLD, answer__answered_at__gt=at - DAY)
    return asked.filter(message__withholding=None).select_related("message").order_by("pk")


def withhold_refusal(report: MessageReport, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a person cannot withhold a message as the second officer, or None."""
    if not confirmable(report, at):
        return Refusal(_("Nothing waits for a second officer here: it was not asked for, or it is over."),
                       rule="part 6", status=409)  # fmt: skip
    if is_party(report, by) or not _seconds(report, by, at):
        return Refusal(
            _("A second officer withholds: another person, with another post, and not one it is about."), rule="part 6"
        )
    running = Withheld.objects.filter(ends_at__gt=at).values("message__author").distinct()
    if running.count() >= MOST_AT_ONCE:
        return Refusal(_("Messages of five members are withheld already; no more at once."), rule="part 6", status=409)
    return None


def _seconds(report: MessageReport, by: Person, at: datetime) -> list[Office]:
    first = report.answer.office
    others = offices.with_right(Right.PAUSES, at).filter(person=by).exclude(post=first.post)
    return list(others.exclude(person=first.person_id))


def withhold(report: MessageReport, *, by: Person, at: datetime) -> Withheld:
    """Withhold one message as the second officer and return it; it can be read again after 72 hours. Raises Refused."""
    refuse_if(withhold_refusal(report, by=by, at=at))
    with transaction.atomic():
        withheld = Withheld.objects.create(
            answer=report.answer, message=report.message, second_officer=_seconds(report, by, at)[0],
            starts_at=at, ends_at=at + HOUR,
        )  # fmt: skip
        withheld.refresh_from_db()
        events.write("assembly.withheld", by=by, subject=_subject(report), at=at, ends_at=withheld.ends_at)
        for reader in (report.reporter, report.message.author):
            notices.tell_of_report(reader, "withheld", report.pk)
    return withheld
