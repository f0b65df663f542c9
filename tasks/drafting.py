"""What pages and the API show of a job that is being written: its kind, what to look at, a task, the money."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from payments import floors, rates
from payments.escrow import Quote
from payments.founding import FOR_THE_HOUSE
from payments.models import WorkType
from tasks import content as contents
from tasks import forms_job, funds, jobs, lint, paces, pilots, shapes, sketches
from tasks.models import Job, Share, Sketch, Topic


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


def findings(sketch: Sketch) -> list[lint.Finding]:
    """Return what stops a job as it is written so far, then what else to look at, in the order of the steps."""
    form = whole(sketch)
    sample = sketches.sample(sketch)
    found = _below(sketch, form) if form.is_valid() else _stops(form)
    if form.is_valid() and not form.shape.files:
        found += _of_rows(form, sample.rows)
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


def _stops(form: forms_job.NewJob) -> list[lint.Finding]:
    """Return what is missing or wrong in the fields, each in its step."""
    named = {name: f"{field.label}: " for name, field in form.fields.items()}
    return [
        lint.Finding(forms_job.step_of(field), f"{named.get(field, '')}{words}", stops=True)
        for field, errors in form.errors.items()
        for words in errors
    ]


def _of_rows(form: forms_job.NewJob, rows: list[Any]) -> list[lint.Finding]:
    """Return what the first rows lack to be shown as such tasks."""
    lacking = ((row.line, words) for row in rows for words in form.shape.data_problems(form.answer_form(), row.data))
    return [lint.Finding("data", f"{line}: {words}", stops=True) for line, words in list(lacking)[:5]]


def preview(sketch: Sketch) -> dict[str, Any] | None:
    """Return what the template of its kind shows of the first row, as members will see it; None while it cannot."""
    form = forms_job.NewJob(sketch.said, work_type=sketch.work_type, step="questions")
    rows = sketches.sample(sketch, 1).rows
    if not form.is_valid() or (not rows and form.shape.data_problems(form.answer_form(), {})):
        return None
    data = rows[0].data if rows else {}
    if form.shape.files or form.shape.data_problems(form.answer_form(), data):
        return None
    question = shapes.Question.of(sketch.work_type.shape, form.answer_form(), data)
    return {"question": form.cleaned_data["question"], **question.shown({}, 1)}


def money(sketch: Sketch) -> dict[str, Any]:
    """Return what the job costs at most as it is written so far, what an hour makes, what a pilot costs, how long."""
    rate = jobs.voted_rate(sketch.work_type)
    form = forms_job.NewJob(started(sketch), work_type=sketch.work_type, step="price")
    overlap = _whole_number(sketch.said.get("overlap", 3))
    if rate is None or not form.is_valid() or not overlap:
        return {"rate": rate}
    pay, time = form.cleaned_data["pay"], rates.measured_time(sketch.work_type, rate)
    left = max(0, sketch.rows - sketch.piloted)
    few = min(sketches.PILOT_TASKS, left)
    return {
        "rate": rate, "pay": pay, "time": time, "hourly": rates.hourly(pay, time.usual), "tasks": left,
        "overlap": overlap, "quote": _price(sketch, left, overlap, pay), "few": few,
        "pilot": _price(sketch, few, overlap, pay) if few else None,
        "days": paces.days_for(sketch.client_id, sketch.work_type_id, left * overlap),
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


def _price(sketch: Sketch, tasks: int, overlap: int, pay: Decimal) -> Quote:
    return jobs.quote(sketch.work_type_id, tasks, overlap, pay)


def _whole_number(said: object) -> int:
    """Return how many answers a task is to have; 0 where what was filled in is no such number."""
    words = str(said).strip()
    return int(words) if words.isdecimal() and len(words) < 3 and 1 <= int(words) <= jobs.OVERLAP_MAX else 0  # noqa: PLR2004 - digits


def of_job(job: Job) -> Sketch | None:
    """Return the sketch that is still being written and of which a job is the latest pilot."""
    return Sketch.objects.filter(pilot=job, job=None, dropped_at=None).select_related("client", "work_type").first()
