"""The assembly as its pages show it: threads, the latest first, messages with their corrections. Decides nothing."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models import DateTimeField, Func, OuterRef, Subquery
from django.db.models.functions import Coalesce
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from coop import markdown
from governance import deciders, folding
from governance.models import Message, Proposal, Thread, Withholding


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it is read now: its last words, the former ones, oldest first, and why it is folded if it is.

    While two officers withhold it, `withheld_until` says how long, `withheld_by` who they are, and no page shows its
    words.
    """

    message: Message
    latest: Message
    former: list[Message]
    folded: folding.Folded | None = None
    withheld_until: datetime | None = None
    withheld_by: deciders.Decided | None = None

    @property
    def html(self) -> SafeString:
        """Return the last words as clean HTML."""
        return markdown.html(self.latest.text)

    @property
    def before(self) -> list[tuple[Message, SafeString]]:
        """Return the former words as clean HTML."""
        return [(message, markdown.html(message.text)) for message in self.former]


@dataclass(frozen=True, slots=True)
class Talk:
    """A thread in a list, by its name."""

    thread: Thread
    name: str


def threads(topic: str = "") -> models.QuerySet[Thread]:
    """Return the threads of a topic, or all, those with the latest message first; with `latest_at` and `number`."""
    said = Message.objects.filter(thread=models.OuterRef("pk"))
    latest = said.order_by("-id").values("written_at")[:1]
    number = said.filter(corrects=None).order_by().values("thread").annotate(n=models.Count("pk")).values("n")
    known = Thread.objects.select_related("opened_by").annotate(
        latest_at=models.Subquery(latest), number=Coalesce(models.Subquery(number), 0)
    )
    return (known.filter(topic=topic) if topic else known).order_by(models.F("latest_at").desc(nulls_last=True), "-id")


def talks(found: list[Thread]) -> list[Talk]:
    """Return threads of `threads()` with their names; at most one query for all."""
    names = named(found)
    return [Talk(thread, thread.title or names[thread.subject]) for thread in found]


def messages(thread: Thread) -> models.QuerySet[Message]:
    """Return the messages of a thread in their order, with author, corrections and the decision that folds each."""
    corrections = models.Prefetch("corrections", Message.objects.order_by("id"))
    first = Message.objects.filter(thread=thread.pk, corrects=None).order_by("id")
    return (
        first.select_related("author", *deciders.WITHHOLDERS)
        .prefetch_related(corrections)
        .annotate(
            folded_by=folding.by_now(), withheld_until=withheld_until("pk"), public_since=Subquery(deciders.FIRST)
        )
    )


def withheld_until(*first: str) -> Subquery:
    """Return the expression for when the withholding of a message ends, or null when none runs.

    `first` names the fields that hold the number of the message, the first one that is not null counts.
    """
    outer = [OuterRef(name) for name in first]
    runs = Withholding.objects.filter(message=Coalesce(*outer) if len(outer) > 1 else outer[0])
    return Subquery(runs.filter(ends_at__gt=Func(function="coop_now", output_field=DateTimeField())).values("ends_at"))


def said(found: list[Message]) -> list[Said]:
    """Return messages of `messages()` as they are read now; two queries more when any of them is folded."""
    shown, why = [], folding.reasons(by for message in found if (by := getattr(message, "folded_by", None)))
    for message in found:
        every = [message, *message.corrections.all()]
        shown.append(Said(message, every[-1], every[:-1], why.get(getattr(message, "folded_by", None) or 0),
                          getattr(message, "withheld_until", None), _withheld(message)))  # fmt: skip
    return shown


def _withheld(message: Message) -> deciders.Decided | None:
    if getattr(message, "withheld_until", None) is None:
        return None
    since: datetime = getattr(message, "public_since")  # noqa: B009 - annotated
    return deciders.of_withholding(message.withholding, since)


def place(message: Message) -> int:
    """Return how many messages of the thread stand before this one, or before the one it corrects."""
    first = message.corrects_id or message.pk
    return Message.objects.filter(thread_id=message.thread_id, corrects=None, pk__lt=first).count()


def number_about(subject: str) -> int:
    """Return how many messages were written about a thing."""
    return Message.objects.filter(thread__subject=subject, corrects=None).count()


def name_of(thread: Thread) -> str:
    """Return what a thread is called: its title, or the thing it is about."""
    return thread.title or named([thread])[thread.subject]


def named(found: list[Thread]) -> dict[str, str]:
    """Return the names of the things that threads are about, by their subjects; one query for all."""
    parts = [(thread.subject, *thread.subject.split(":")) for thread in found if thread.subject]
    numbers = [int(number) for _subject, kind, number in parts if kind == "proposal"]
    titles = dict(Proposal.objects.filter(pk__in=numbers).values_list("pk", "title")) if numbers else {}
    names = {"proposal": _("Vote %(number)s: %(title)s"), "job": _("Job %(number)s")}
    return {
        subject: names[kind] % {"number": number, "title": titles.get(int(number), "")}
        for subject, kind, number in parts
    }


def all_names(found: list[Thread]) -> dict[int, str]:
    """Return what threads are called, by their numbers; at most one query for all."""
    names = named(found)
    return {thread.pk: thread.title or names[thread.subject] for thread in found}
