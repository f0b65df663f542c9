"""Telling by e-mail, in the person's language: of rejected answers, teams, questions about a guide, and deletions."""

from collections.abc import Callable

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app as background

from coop.people.models import Client, Person
from governance import notices
from tasks.models import Job

TELL = "tasks.tell"


def tell(person: Person, about: str, number: int) -> None:
    """Have a person told what is in `words`; it stands or falls with the act around it."""
    background.configure_task(TELL).defer(person_id=person.pk, about=about, number=number)


def words(about: str, number: int) -> tuple[str, str]:
    """Return subject and text in the active language. Nothing of the answer itself travels by mail."""
    subject, text, path = said(about, number)
    return subject, f"{text}\n\n{settings.ORIGIN}{path}\n"


def said(about: str, number: int) -> tuple[str, str, str]:
    """Return what is said of a look ("drawn"), a rejected answer, a team, a question or a deletion, and its address."""
    if about in DELETIONS:
        return DELETIONS[about](Job.objects.select_related("client").get(pk=number))
    return OTHERS.get(about, _rejected)(number)


def _drawn(number: int) -> tuple[str, str, str]:
    text = _("The lot drew you to say whether an answer stands. It is paid, and yours for a day; then the next is.")
    return _("A rejected answer waits for your paid look"), text, f"/looks/{number}/"


def _teamed(number: int) -> tuple[str, str, str]:
    text = _("See at this address with whom, at which job and for which share of its pay. You say yes or no.")
    return _("You are asked to be in a team"), text, f"/jobs/{number}/team/"


def _asked(number: int) -> tuple[str, str, str]:
    text = _("A member asks about the guide of your job. Your answer becomes a part of the guide, for everybody.")
    return _("A question about your job waits for an answer"), text, _client_guide(number)


def _answered(number: int) -> tuple[str, str, str]:
    text = _("It stands in the guide of the job now. Whoever worked by the older guide is paid for reading it.")
    return _("Your question about a guide was answered"), text, f"/jobs/{number}/guide/"


def _rejected(number: int) -> tuple[str, str, str]:
    text = _("It is paid to you, and stays paid. See why it was rejected, who decides and until when, at this address.")
    return _("An answer of yours was rejected, and is paid"), text, f"/work/{number}/dispute/"


def _client_guide(number: int) -> str:
    slug = Client.objects.values_list("slug", flat=True).get(jobs=number)
    return f"/c/{slug}/jobs/{number}/guide/"


def _drafts_go(number: int) -> tuple[str, str, str]:
    client = Client.objects.get(pk=number)
    text = _(
        "Nobody at %(client)s has touched them for ninety days. In two weeks what was written in them is deleted, with"
        " their tasks and files. To keep one, open it from this address and save any of its steps."
    )
    return _("Jobs you began to write are deleted soon"), text % {"client": client}, f"/c/{client.slug}/jobs/new/"


def _will_go(job: Job) -> tuple[str, str, str]:
    subject = _("On %(day)s what is in your job %(number)s is deleted")
    text = _(
        "The job opened with this day, which stands now: members took tasks with it in view. On it the tasks, their"
        " files and the answers are deleted here, in versions too; two weeks before it the job closes. What you"
        " downloaded stays with you. If none of you named the day, look who holds keys of yours, and end theirs."
    )
    return subject % _of(job), text, f"/client/{job.client.slug}/keys/"


def _goes_soon(job: Job) -> tuple[str, str, str]:
    subject = _("Download it: on %(day)s what is in your job %(number)s is deleted")
    text = _(
        "The job is closed. On this day its tasks, their files and the answers are deleted here, in versions too."
        " Download now what you need. It waits for an answer that is checked, or disputed, or that a case is about,"
        " until it is decided; for nothing else."
    )
    return subject % _of(job), text, f"/c/{job.client.slug}/jobs/{job.pk}/versions/"


def _work_goes(job: Job) -> tuple[str, str, str]:
    subject = _("On %(day)s the answers of job %(number)s are deleted, yours too")
    text = _(
        "So its card said before you took a task. What you were paid stays, with every decision, and the SHA-256 of"
        " each answer. If something in it was decided wrongly, say so before that day: the answers wait until a dispute"
        " or a case about them is decided."
    )
    return subject % _of(job), text, "/work/"


def _left_goes(job: Job) -> tuple[str, str, str]:
    subject = _("On %(day)s what is in job %(number)s is deleted, and nobody speaks for its client")
    text = _(
        "Nobody has a seat at the client any more, so no letter reached it. On this day the job's tasks, their files"
        " and the answers are deleted here. If you know who speaks for it, tell them: what is not downloaded before is"
        " gone."
    )
    return subject % _of(job), text, f"/jobs/{job.pk}/"


def _of(job: Job) -> dict[str, object]:
    return {"day": date_format(job.delete_on) if job.delete_on else "", "number": job.pk}


DELETIONS: dict[str, Callable[[Job], tuple[str, str, str]]] = {
    "will_go": _will_go, "goes_soon": _goes_soon, "work_goes": _work_goes, "left_goes": _left_goes,
}  # fmt: skip
OTHERS: dict[str, Callable[[int], tuple[str, str, str]]] = {
    "drawn": _drawn, "teamed": _teamed, "asked": _asked, "answered": _answered, "drafts_go": _drafts_go,
}  # fmt: skip


def deliver(person: Person, about: str, number: int) -> None:
    """Send one notice now."""
    notices.send(person, lambda: words(about, number))
