"""What pages and the API show of a job that is being written: its kind, what to look at, a task, the money."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from payments import floors, instruments, rates
from payments.escrow import Quote
from payments.founding import FOR_THE_HOUSE
from payments.models import Kind as InstrumentKind
from payments.models import WorkType
from tasks import (
    check_shares,
    draft_files,
    files,
    forms_job,
    funds,
    hidden,
    jobs,
    lint,
    paces,
    pilots,
    shapes,
    sketches,
)
from tasks import content as contents
from tasks.models import Job, ReviewRule, Share, Sketch, Topic
from tasks.shapes import media

# What ten members do in a day, an hour each.
TEN_HOURS = 10 * 3600


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work to choose: its rate card's line, whether a phone is enough, and what clients offered, in US$.

    `least` and `most` are the middle half of the jobs opened in the last twelve months; None without four of them, of
    two clients.
    """

    it: WorkType
    row: rates.Row
    on_phone: bool
    least: Decimal | None = None
    most: Decimal | None = None

    @property
    def for_clients(self) -> bool:
        """Tell whether clients may order it."""
        return self.it.slug not in FOR_THE_HOUSE

    @property
    def picture(self) -> str:
        """Return the lines of its drawing; nothing for what has no form of its own."""
        return shapes.find(self.it.shape).picture if self.it.shape in shapes.names() else ""

    @property
    def usually_pays(self) -> "Kind | None":
        """Return itself where `least` and `most` are known."""
        return None if self.least is None else self


def kinds() -> list[Kind]:
    """Return the kinds of work that can be ordered, by name; three queries."""
    return [kind for kind in rate_card() if kind.for_clients]


def rate_card() -> list[Kind]:
    """Return every kind of work with a rate, by name; three queries, of which one reads a year's jobs now and then."""
    offered = pilots.usual_pay()
    return [
        Kind(row.rate.work_type, row, _on_phone(row.rate.work_type), *offered.get(row.rate.work_type_id, (None, None)))
        for row in rates.card()
    ]


def _on_phone(kind: WorkType) -> bool:
    """Tell whether a phone is enough; what has no form of its own, as sitting on a panel, is done on pages."""
    return kind.shape not in shapes.names() or shapes.find(kind.shape).on_phone


@dataclass(frozen=True, slots=True)
class WhoMay:
    """Who may do a kind of work: its language, and how many units of what the members ask before it (N9), or none."""

    language: str
    units: int
    of: WorkType | None


def who_may(kind: WorkType) -> WhoMay:
    """Return who may do a kind of work, as the members voted; beside that a job may ask for a skill."""
    asked = instruments.value(InstrumentKind.QUALIFICATION, f"work_type:{kind.pk}")
    of = WorkType.objects.get(pk=asked["of"]) if asked["units"] else None
    return WhoMay(_language(kind.language), asked["units"], of)


def _language(code: str) -> str:
    """Return how a language is called in the reader's, or its code where nobody here knows that."""
    try:
        return str(translation.get_language_info(code)["name_translated"])
    except KeyError:
        return code


def findings(sketch: Sketch) -> list[lint.Finding]:
    """Return what stops a job as it is written so far, then what else to look at, in the order of the steps."""
    form = whole(sketch)
    sample = sketches.sample(sketch)
    found = _below(sketch, form) if form.is_valid() else _stops(form)
    if form.is_valid():
        found += _found_at_pilots(sketch, form)
        found += _of_rows(form, sample.rows, draft_files.shown(sketch, (row.data for row in sample.rows)))
    found += [lint.Finding("data", f"{name}: {words}") for name, words in draft_files.problems(sketch, most=5)]
    found += [lint.Finding("data", f"{one.line}: {one.words}", stops=True) for one in sample.problems[:5]]
    if not sketch.file and not form.shape.files:
        found.append(lint.Finding("data", lint.no_data()))
    said = {name: form.data[name] for name in form.fields}
    answer = form.answer_form() if form.is_valid() else {"labels": lint.lines(said.get("labels"))}
    found += lint.findings(said, form=answer, rate=jobs.voted_rate(sketch.work_type), sample=sample.rows)
    order = list(forms_job.STEPS)
    return sorted(found, key=lambda one: order.index(one.step))


def _below(sketch: Sketch, form: forms_job.NewJob) -> list[lint.Finding]:
    """Return by which rules a job of this could not open at its pay: what comparable work was paid, and the floor."""
    said = form.facts()
    pay, content, kind = said["pay"], said["content"], sketch.work_type_id
    former = jobs.below_former(pay, funds.least_for(sketch.client_id, kind, said["title"], content))
    below = former or floors.refusal(kind, contents.for_the_work(pay, content))
    return [lint.Finding("price", str(below), stops=True)] if below else []


def _found_at_pilots(sketch: Sketch, form: forms_job.NewJob) -> list[lint.Finding]:
    """Return what members met in its pilots and it does not name: the job would wait for that once it is open."""
    topics = hidden.unnamed(sketch.pilots, form.facts()["content"]) if sketch.pilots else []
    words = _("A pilot showed what came with the data: %(topic)s. The job takes no work until its card names it.")
    return [lint.Finding("data", words % {"topic": topic}) for topic in topics]


def _stops(form: forms_job.NewJob) -> list[lint.Finding]:
    """Return what is missing or wrong in the fields, each in its step."""
    named = {name: f"{field.label}: " for name, field in form.fields.items()}
    return [
        lint.Finding(forms_job.step_of(field), f"{named.get(field, '')}{words}", stops=True)
        for field, errors in form.errors.items()
        for words in errors
    ]


def _of_rows(form: forms_job.NewJob, rows: list[Any], known: Mapping[str, Any]) -> list[lint.Finding]:
    """Return what the first rows lack to be shown as such tasks, with the files that are known."""
    lacking = ((row.line, words) for row in rows for words in _lacking(form, row.data, known))
    return [lint.Finding("data", f"{line}: {words}", stops=True) for line, words in list(lacking)[:5]]


def _lacking(form: forms_job.NewJob, data: dict[str, Any], known: Mapping[str, Any]) -> list[Any]:
    asked = form.answer_form()
    return [*form.shape.data_problems(asked, data), *files.missing(form.shape, asked, data, known)]


def preview(sketch: Sketch) -> dict[str, Any] | None:
    """Return what the template of its kind shows of the first task, as members will see it; None while it cannot.

    Where no tasks were brought, of the first of its files.
    """
    form = forms_job.NewJob(sketch.said, work_type=sketch.work_type, step="questions")
    if not form.is_valid():
        return None
    rows = sketches.sample(sketch, 1).rows
    data = rows[0].data if rows else next(draft_files.one_each(sketch), {})
    known = draft_files.shown(sketch, [data])
    if _lacking(form, data, known):
        return None
    asked, whole_data = form.answer_form(), {**data, media.FILES: known}
    question = shapes.Question.of(sketch.work_type.shape, asked, whole_data, upsets=told(sketch).may_upset)
    return {"question": form.cleaned_data["question"], **question.shown({}, 1)}


def told(sketch: Sketch) -> Job:
    """Return a job, kept nowhere, that says what may upset in it as far as that is written."""
    return Job(content=_content(sketch), sensitivity=str(sketch.said.get("sensitivity", "")))


def money(sketch: Sketch) -> dict[str, Any]:
    """Return what the job costs at most as it is written so far, what an hour makes, what a pilot costs, how long."""
    rate = jobs.voted_rate(sketch.work_type)
    form = forms_job.NewJob(started(sketch), work_type=sketch.work_type, step="price")
    overlap = _whole_number(sketch.said.get("overlap", 3))
    if rate is None or not form.is_valid() or not overlap:
        return {"rate": rate}
    pay, time = form.cleaned_data["pay"], rates.measured_time(sketch.work_type, rate)
    left = max(0, sketch.rows - sketch.piloted)
    work = math.ceil(left * overlap * time.usual)
    share = _share(sketch)
    few = min(sketches.PILOT_TASKS, left)
    return {
        "rate": rate, "pay": pay, "time": time, "hourly": rates.hourly(pay, time.usual), "tasks": left,
        "overlap": overlap, "quote": _price(sketch, left, overlap, pay, share), "few": few,
        "share": share, "pilot": _price(sketch, few, overlap, pay, share) if few else None,
        "days": paces.days_for(sketch.client_id, sketch.work_type_id, left * overlap),
        "work_seconds": work, "hours": work / 3600, "days_of_ten": math.ceil(work / TEN_HOURS),
        "least_by_floor": _least_by_floor(sketch),
        "least_again": _least_again(sketch),
    }  # fmt: skip


def whole(sketch: Sketch) -> forms_job.NewJob:
    """Return all that was filled in so far as one form, what no step has saved yet as it starts."""
    return forms_job.whole(sketch.work_type, started(sketch))


def started(sketch: Sketch) -> dict[str, Any]:
    """Return what was filled in; where no pay was, with the least that a job of it could open at."""
    if "pay" in sketch.said:
        return dict(sketch.said)
    rate = jobs.voted_rate(sketch.work_type)
    if rate is None:
        return {"pay": "", **sketch.said}
    voted = contents.with_rests(rate.amount, _content(sketch))
    least = max(voted, _least_again(sketch) or voted, _least_by_floor(sketch))
    return {**sketch.said, "pay": f"{least.normalize():f}"}


def _least_by_floor(sketch: Sketch) -> Decimal:
    return contents.with_rests(floors.least_pay(sketch.work_type_id), _content(sketch))


def _least_again(sketch: Sketch) -> Decimal | None:
    """Return the least pay by the client's comparable work, as far as the sketch says what it is; None without any."""
    title = str(sketch.said.get("title", ""))
    return funds.least_for(sketch.client_id, sketch.work_type_id, title, _content(sketch))


def _content(sketch: Sketch) -> dict[str, str]:
    said = {str(topic): sketch.said.get(f"content_{topic}") for topic in Topic}
    return {topic: str(share) for topic, share in said.items() if share in Share.values}


def _price(sketch: Sketch, tasks: int, overlap: int, pay: Decimal, share: int) -> Quote:
    return jobs.quote(sketch.work_type_id, tasks, overlap, pay, share=share)


def _share(sketch: Sketch) -> int:
    """Return of how many in 100 answers a member checks; of all where what was filled in is no such share."""
    words = str(sketch.said.get("check_share", "")).strip()
    share = int(words) if words.isdecimal() and len(words) <= 3 else Job.EACH  # noqa: PLR2004 - digits
    return Job.EACH if check_shares.refusal(sketch.said.get("review_rule", ReviewRule.PEER), share) else share


def _whole_number(said: object) -> int:
    """Return how many answers a task is to have; 0 where what was filled in is no such number."""
    words = str(said).strip()
    return int(words) if words.isdecimal() and len(words) < 3 and 1 <= int(words) <= jobs.OVERLAP_MAX else 0  # noqa: PLR2004 - digits


def of_job(job: Job) -> Sketch | None:
    """Return the sketch that is still being written and of which a job is the latest pilot."""
    return Sketch.objects.filter(pilot=job, job=None, dropped_at=None).select_related("client", "work_type").first()
