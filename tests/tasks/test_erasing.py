"""The day of deletion: named before the work, told on the card; on it the contents go, and what proves stays."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as site
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import cases
from governance.cases import State
from payments import ledger
from payments.models import Transfer
from tasks import (
    background,
    cards,
    claims,
    deletions,
    erasing,
    forewarnings,
    formats,
    jobs,
    known,
    release_files,
    releases,
    reports,
    stages,
    sweeping,
)
from tasks.models import (
    Answer,
    Assignment,
    Draft,
    Estimate,
    Job,
    JobFile,
    KnownAnswer,
    Release,
    ReleaseFile,
    Reliability,
    Takes,
)
from tests.governance import charging
from tests.tasks import disputing, orders
from tests.tasks.conftest import SAME, work
from tests.tasks.handing_in import image, taken_in
from tests.tasks.test_api import ALL, program
from tests.tasks.test_client_pages import address, words

pytestmark = pytest.mark.django_db
type Later = Callable[..., datetime]
type Attack = Callable[..., None]


@pytest.fixture(autouse=True)
def _folder_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def day(days: int) -> date:
    return (clock.now().astimezone(UTC) + timedelta(days=days)).date()


def on_disk() -> list[str]:
    """Return the files that are kept; what came in a delivery goes when its reading commits, which no test does."""
    root = Path(site.MEDIA_ROOT)
    found = [str(one.relative_to(root)) for one in root.rglob("*") if one.is_file()]
    return [name for name in found if not name.startswith("deliveries/")]


def draft(orbit: Client, olga: Person, days: int | None = 30, **facts: Any) -> Job:
    """Return a draft with a file and its tasks, to be deleted in so many days."""
    job = orders.draft(orbit, olga, **({"overlap": 1, "review_rule": "peer"} | facts))
    file = taken_in(job, "kettle.png", image())
    rows = "".join(
        f'{{"id": "p{n}", "left": "Secret {n}", "right": "Cup", "image": "{file.name}"}}\n' for n in range(3)
    )
    assert orders.send(job, rows, "secret.jsonl").problems == []
    known.say(job.tasks.earliest("pk"), value=SAME, why="Secret reason.", by=olga, at=clock.now())
    return deletions.name(job, day(days), by=olga, at=clock.now()) if days else job


def opened(orbit: Client, olga: Person, days: int | None = 30) -> Job:
    job = draft(orbit, olga, days)
    orders.deposit(orbit, "500")
    return jobs.open(jobs.fund(job, by=olga, at=clock.now()), by=olga, at=clock.now())


@pytest.fixture
def answered(orbit: Client, olga: Person, luis: Person, amina: Person) -> Job:
    """Return an open job, to be deleted in 30 days, with an answer, a draft that was left, and a version."""
    job = opened(orbit, olga)
    work(job, luis, SAME)
    begun = claims.claim_next(job, by=amina, at=clock.now())
    Draft.objects.create(assignment=begun, value={"labels": ["Secret draft"]}, saved_at=clock.now(), written_by=amina)
    claims.leave(begun, by=amina, at=clock.now())
    releases.write(releases.ask(job, by=olga, at=clock.now()), at=clock.now())
    return job


def passed(later: Later, days: int) -> None:
    """Let days go by, with what runs in the background."""
    for _day in range(days):
        later(days=1)
        background.accept_silent(0)
        background.erase(0)
        background.forewarn(0)


def contents(job: Job) -> str:
    """Return all that the database holds of what a job's tasks showed and what was answered."""
    held = [job.tasks.values_list("data", "gold", "prediction"), KnownAnswer.objects.values_list("value", "why")]
    held += [
        Answer.objects.filter(assignment__job=job).values_list("value"),
        job.uploads.values_list("file", "problems"),
    ]
    held += [
        Draft.objects.filter(assignment__job=job).values_list("value"),
        job.files.values_list("file", "small", "facts"),
    ]
    return str([list(one) for one in held])


def test_on_the_day_the_contents_are_gone_and_what_pays_and_proves_stays(
    answered: Job, luis: Person, later: Later
) -> None:
    answer = Answer.objects.get(assignment__job=answered)
    with connection.cursor() as cursor:
        cursor.execute("SELECT value::text FROM tasks_answer WHERE id = %s", [answer.pk])
        told = hashlib.sha256(cursor.fetchone()[0].encode()).hexdigest()
    version, paid = answered.releases.get(), ledger.balance(f"member:{luis.pk}:payable")
    assert "Secret" in contents(answered)
    assert on_disk()
    passed(later, 29)
    assert "Secret" in contents(answered)
    assert on_disk()
    accepted = ledger.balance(f"member:{luis.pk}:payable")
    transfers = Transfer.objects.count()
    passed(later, 2)
    answered.refresh_from_db()
    assert answered.emptied_at is not None
    assert "Secret" not in contents(answered)
    assert on_disk() == []
    assert not Draft.objects.filter(assignment__job=answered).exists()
    answer.refresh_from_db()
    assert (answer.value, answer.digest) == ({}, told)
    assert answered.releases.get().digest == version.digest
    assert answered.releases.get().certificate == version.certificate
    assert Transfer.objects.count() == transfers
    assert ledger.balance(f"member:{luis.pk}:payable") == accepted > paid
    assert answered.tasks.count() == 3
    assert Event.objects.filter(kind="deletions.done", subject=f"job:{answered.pk}").count() == 1
    assert not Event.objects.filter(kind="deletions.done", data__icontains="Secret").exists()


def test_two_weeks_before_the_day_the_job_closes(answered: Job, later: Later) -> None:
    passed(later, 15)
    answered.refresh_from_db()
    assert answered.closed_at is None
    passed(later, 1)
    answered.refresh_from_db()
    assert answered.closed_at is not None


def test_what_is_still_to_be_decided_is_waited_for(orbit: Client, olga: Person, luis: Person, later: Later) -> None:
    disputing.learned(orbit, olga)
    job = opened(orbit, olga)
    given = work(job, luis, SAME)
    later(days=2)
    disputing.reject(given, olga)
    # Nobody looked, and nothing ran that would settle it.
    later(days=29)
    erasing.close_due(at=clock.now())
    forewarnings.tell_due(at=clock.now())
    later(days=8)
    assert erasing.erase_due(at=clock.now()) == 0
    assert "Secret" in contents(job)
    background.go_on(0)
    assert Assignment.objects.get(pk=given.pk).state == "accepted"
    later(days=6)
    assert erasing.erase_due(at=clock.now()) == 0
    later(days=2)
    assert erasing.erase_due(at=clock.now()) == 1
    assert "Secret" not in contents(job)


def test_a_run_that_was_ended_goes_on(answered: Job, later: Later, monkeypatch: pytest.MonkeyPatch) -> None:
    passed(later, 29)

    def fails(name: str) -> None:
        raise OSError(name)

    later(days=2)
    monkeypatch.setattr(default_storage, "delete", fails)
    with pytest.raises(OSError, match=r"datasets/"):
        erasing.erase(answered, at=clock.now())
    monkeypatch.undo()
    answered.refresh_from_db()
    assert (answered.deleted_at is None, answered.emptied_at) == (False, None)
    assert on_disk()
    passed(later, 1)
    assert on_disk() == []
    assert Job.objects.get(pk=answered.pk).emptied_at is not None


def test_a_job_that_fails_holds_up_no_other(
    orbit: Client, olga: Person, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = opened(orbit, olga), opened(orbit, olga)
    passed(later, 29)
    broken, whole = str(first.uploads.get().file.name), default_storage.delete
    later(days=2)

    def fails(name: str) -> None:
        if name == broken:
            raise OSError(name)
        whole(name)

    monkeypatch.setattr(default_storage, "delete", fails)
    assert erasing.erase_due(at=clock.now()) == 1
    assert [one.emptied_at is None for one in Job.objects.filter(pk__in=[first.pk, second.pk]).order_by("pk")] == [
        True, False,
    ]  # fmt: skip


def emptied_by_hand(job: Job) -> None:
    """Let the database empty a job as the web role may ask it to, without the worker."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_begin_to_delete(%s)", [job.pk])
        cursor.execute("SELECT tasks_delete_contents(%s, 0, 500)", [job.pk])
        cursor.execute("SELECT tasks_delete_files(%s), tasks_end_to_delete(%s)", [job.pk, job.pk])


def test_what_lies_on_disk_goes_also_where_the_rows_were_emptied_first(
    answered: Job, orbit: Client, olga: Person, later: Later
) -> None:
    other = draft(orbit, olga, days=None)
    theirs = set(on_disk()) - names_of(answered)
    assert theirs == names_of(other)
    passed(later, 29)
    later(days=2)
    emptied_by_hand(answered)
    assert Job.objects.get(pk=answered.pk).emptied_at
    assert background.erase(0) == 0
    assert set(on_disk()) > theirs
    assert sweeping.sweep(before=clock.now() + timedelta(days=99)) > 0
    assert set(on_disk()) == theirs


def names_of(job: Job) -> set[str]:
    """Return all that lies on disk for a job."""
    names = {name for row in job.files.values_list("file", "small") for name in row if name}
    parts = {part for release in job.releases.all() for part in releases.parts_of(release)}
    return names | parts | set(job.uploads.values_list("file", flat=True))


def test_without_a_day_nothing_is_deleted(orbit: Client, olga: Person, later: Later) -> None:
    job = opened(orbit, olga, days=None)
    jobs.close(job, by=olga, at=clock.now())
    passed(later, 40)
    assert "Secret" in contents(job)


def test_what_a_stage_shows_goes_no_later_and_a_file_stays_as_long_as_it_is_shown(orbit: Client, olga: Person) -> None:
    former, job = draft(orbit, olga, days=None), orders.draft(orbit, olga)
    deletions.name(job, day(90), by=olga, at=clock.now())
    stages.join(job, after=former, takes=Takes.EACH, carries={"labels": "labels"}, by=olga, at=clock.now())
    deletions.name(former, day(60), by=olga, at=clock.now())
    job.refresh_from_db()
    assert job.delete_on == day(60)
    third = orders.draft(orbit, olga)
    stages.join(third, after=job, takes=Takes.EACH, carries={"labels": "labels"}, by=olga, at=clock.now())
    third.refresh_from_db()
    assert third.delete_on == day(60)
    file = former.files.get()
    lent = JobFile.objects.get(pk=file.pk)
    lent.pk, lent.key, lent.job, lent.usable = None, "11111111-1111-1111-1111-111111111111", job, False
    lent.save()
    assert str(file.file.name) not in list(erasing.on_disk(former))
    assert str(former.uploads.get().file.name) in list(erasing.on_disk(former))


@pytest.mark.parametrize("days", [0, 14, 3661, -3])
def test_a_day_that_leaves_no_time_is_refused(orbit: Client, olga: Person, days: int) -> None:
    job = orders.draft(orbit, olga)
    with pytest.raises(Refused, match="two weeks before"):
        deletions.name(job, day(days), by=olga, at=clock.now())
    deletions.name(job, day(15), by=olga, at=clock.now())


def test_the_day_is_fixed_when_the_job_opens(orbit: Client, olga: Person) -> None:
    for job in (opened(orbit, olga, days=60), opened(orbit, olga, days=None)):
        for wrong in (day(61), day(30), None):
            if wrong == job.delete_on:
                continue
            with pytest.raises(Refused, match="was fixed when the job opened"):
                deletions.name(job, wrong, by=olga, at=clock.now())


def test_a_draft_that_waited_too_long_names_another_day(orbit: Client, olga: Person, later: Later) -> None:
    job = draft(orbit, olga, days=15)
    orders.deposit(orbit, "500")
    jobs.fund(job, by=olga, at=clock.now())
    later(days=1)
    with pytest.raises(Refused, match="two weeks before"):
        jobs.open(job, by=olga, at=clock.now())
    assert erasing.close_due(at=clock.now()) == 0
    deletions.name(job, day(15), by=olga, at=clock.now())
    assert jobs.open(job, by=olga, at=clock.now()).opened_at


def test_the_database_says_which_day_was_fixed(orbit: Client, olga: Person) -> None:
    job, other = opened(orbit, olga, days=30), opened(orbit, olga, days=None)
    told = Event.objects.get(kind="deletions.fixed", subject=f"job:{job.pk}")
    assert (told.actor, told.data) == (None, {"on": day(30).isoformat()})
    assert not Event.objects.filter(kind="deletions.fixed", subject=f"job:{other.pk}").exists()


def chained(orbit: Client, olga: Person) -> tuple[Job, Job]:
    """Return two drafts, the second a stage after the first."""
    former, job = orders.draft(orbit, olga), orders.draft(orbit, olga)
    stages.join(job, after=former, takes=Takes.EACH, carries={"labels": "labels"}, by=olga, at=clock.now())
    return former, job


def test_a_stage_is_not_kept_for_longer_than_the_job_before_it(orbit: Client, olga: Person) -> None:
    former, job = chained(orbit, olga)
    deletions.name(former, day(40), by=olga, at=clock.now())
    job.refresh_from_db()
    assert job.delete_on == day(40)
    for later in (day(41), None):
        with pytest.raises(Refused, match="what the job before it showed"):
            deletions.name(job, later, by=olga, at=clock.now())
    deletions.name(job, day(20), by=olga, at=clock.now())


def test_a_stage_that_is_open_holds_the_day_of_the_job_before_it(orbit: Client, olga: Person) -> None:
    former, job = chained(orbit, olga)
    orders.send(former, orders.rows_of(2))
    deletions.name(job, day(50), by=olga, at=clock.now())
    orders.deposit(orbit, "500")
    jobs.open(jobs.fund(job, by=olga, at=clock.now()), by=olga, at=clock.now())
    with pytest.raises(Refused, match="is open already"):
        deletions.name(former, day(49), by=olga, at=clock.now())
    deletions.name(former, day(50), by=olga, at=clock.now())


def onboarding() -> Job:
    """Return a draft of the questions that everybody answers who joins."""
    draft = Job.objects.get(is_onboarding=True)
    draft.pk, draft.opened_at, draft.drafted_at = None, None, clock.now()
    draft.save(force_insert=True)
    return draft


def test_those_who_join_later_find_the_questions(olga: Person) -> None:
    job = onboarding()
    with pytest.raises(Refused, match="who join later"):
        deletions.name(job, day(40), by=olga, at=clock.now())


def test_the_day_stands_on_the_card_that_members_accept(
    orbit: Client, olga: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    job = opened(orbit, olga, days=30)
    mine = work(job, luis, SAME)
    assert cards.read(mine.card)["delete_on"] == day(30).isoformat()
    page = words(signed_in(luis).get(reverse("tasks:job", args=[job.pk])))
    assert "Tasks and answers are deleted" in page


def test_pages_and_programs_say_that_it_is_gone(
    answered: Job, olga: Person, luis: Person, orbit: Client, later: Later, signed_in: Callable[[Person], Browser]
) -> None:
    call = program(orbit, olga, ALL)[0]
    assert call("GET", f"jobs/{answered.pk}").json()["delete_on"] == day(30).isoformat()
    passed(later, 31)
    mine = Assignment.objects.get(job=answered, person=luis)
    asked = [signed_in(luis).get(reverse("tasks:task", args=[mine.pk]))]
    browser = signed_in(olga)
    asked += [browser.get(address(name, answered)) for name in ("preview", "client_answers", "client_quality", "pilot")]
    asked.append(browser.get(reverse("tasks:download", args=["orbit", answered.pk, "csv"])))
    asked.append(browser.get(reverse("tasks:release_download", args=["orbit", answered.pk, 1, "jsonl"])))
    paths = ("results", "releases/1/jsonl", "answers", f"answers/{mine.pk}", "known", "known/met", "files", "tasks")
    asked += [call("GET", f"jobs/{answered.pk}/{path}") for path in (*paths, f"files/{answered.deliveries.get().pk}")]
    Reliability.objects.create(job=answered, person=luis, answers=1, agreed=1)
    asked.append(signed_in(luis).get(reverse("tasks:agreement_in", args=[answered.pk])))
    assert {one.status_code for one in asked} == {410}
    assert all("SHA-256" in one.content.decode() for one in asked)
    assert browser.get(address("client_job", answered)).status_code == 200
    assert "were deleted on" in words(browser.get(address("client_job", answered)))
    assert call("GET", f"jobs/{answered.pk}/releases/1/certificate").status_code == 200
    assert call("GET", f"jobs/{answered.pk}").json()["emptied_at"]
    with pytest.raises(Refused, match="were deleted"):
        releases.ask(answered, by=olga, at=clock.now())


def test_the_day_is_named_on_the_jobs_page_and_by_api(
    orbit: Client, olga: Person, signed_in: Callable[[Person], Browser]
) -> None:
    job, browser, call = orders.draft(orbit, olga), signed_in(olga), program(orbit, olga, ALL)[0]
    kept = browser.post(reverse("tasks:deletion", args=["orbit", job.pk]), {"on": day(40).isoformat()}, follow=True)
    assert "It stands on the rate card" in words(kept)
    assert Job.objects.get(pk=job.pk).delete_on == day(40)
    wrong = browser.post(reverse("tasks:deletion", args=["orbit", job.pk]), {"on": "soon"}, follow=True)
    assert "Write a day as" in words(wrong)
    near = browser.post(reverse("tasks:deletion", args=["orbit", job.pk]), {"on": day(3).isoformat()}, follow=True)
    assert "two weeks before it" in words(near)
    address = f"jobs/{job.pk}/deletion"
    answer = call("POST", address, {"on": day(20).isoformat()})
    assert (answer.status_code, answer.json()["delete_on"]) == (200, day(20).isoformat())
    assert call("POST", address, {"on": None}).json()["delete_on"] is None
    assert call("POST", address, {"on": day(2).isoformat()}).status_code == 422


def charged_facts() -> dict[str, Any]:
    return {"happened_from": clock.now() - timedelta(days=6), "happened_until": clock.now() - timedelta(days=5)}


def test_a_case_about_somebody_who_worked_there_is_waited_for(
    answered: Job, luis: Person, samuel: Person, later: Later
) -> None:
    passed(later, 12)
    case = charging.charge(luis, samuel, **charged_facts())
    passed(later, 19)
    assert erasing.erase_due(at=clock.now()) == 0
    later(days=27)
    assert cases.state(case, clock.now()) == State.VOID
    assert erasing.erase_due(at=clock.now()) == 1


def test_a_decision_that_may_be_appealed_is_waited_for(
    answered: Job, luis: Person, samuel: Person, teresa: Person, later: Later
) -> None:
    passed(later, 12)
    charging.decide(luis, samuel, teresa, **charged_facts())
    passed(later, 19)
    later(days=70)
    assert erasing.erase_due(at=clock.now()) == 0
    later(days=2)
    assert erasing.erase_due(at=clock.now()) == 1


def test_a_case_of_another_time_is_not_waited_for(answered: Job, luis: Person, samuel: Person, later: Later) -> None:
    later(days=1)
    charging.charge(luis, samuel, **charged_facts())
    passed(later, 30)
    assert Job.objects.get(pk=answered.pk).emptied_at


def test_a_report_of_the_last_week_is_waited_for_and_no_later_one(answered: Job, luis: Person, later: Later) -> None:
    passed(later, 28)
    given = Assignment.objects.get(job=answered, person=luis)
    reports.report(given, words="Somebody's name stands in it.", by=luis, at=clock.now())
    later(days=4)
    assert erasing.erase_due(at=clock.now()) == 0
    reports.report(given, words="It still does.", by=luis, at=clock.now())
    later(days=4)
    assert erasing.erase_due(at=clock.now()) == 1


def test_what_was_found_of_the_answers_goes_too(answered: Job, luis: Person, later: Later) -> None:
    found = {"way": "majority", "answers": 2, "people": 2, "at": clock.now()}
    Estimate.objects.create(job=answered, priors={"Secret": 1}, usual={"Secret": {}}, systems=["Secret"], **found)
    Reliability.objects.create(job=answered, person=luis, answers=2, agreed=1, errors={"Secret": {}})
    passed(later, 31)
    kept = Estimate.objects.values("priors", "usual", "systems", "answers").get(job=answered)
    assert kept == {"priors": {}, "usual": {}, "systems": [], "answers": 2}
    assert Reliability.objects.get(job=answered).errors == {}


def test_the_files_of_versions_go_too_and_one_that_is_being_made_is_not_kept(
    answered: Job, later: Later, monkeypatch: pytest.MonkeyPatch
) -> None:
    version, as_csv, other = answered.releases.get(), formats.find("csv", answered), formats.find("parquet", answered)
    release_files.ask(version, as_csv, at=clock.now())
    assert f"releases/{version.folder}/csv.csv" in on_disk()
    monkeypatch.setattr(release_files, "AT_ONCE", 0)
    late = release_files.ask(version, other, at=clock.now())
    failed = release_files.ask(version, formats.find("croissant", answered), at=clock.now())
    ReleaseFile.objects.filter(pk=failed.pk).update(failed_at=clock.now(), failure="fault", tries=3)

    def written(_release: Release) -> Iterator[bytes]:
        yield b"Secret 0"
        passed(later, 31)
        yield b"Secret 1"

    monkeypatch.setitem(formats._ALL, "parquet", replace(other, write=written))  # noqa: SLF001 - as slow as a large one
    background.make_release_file(late.pk)
    assert Job.objects.get(pk=answered.pk).emptied_at
    assert (on_disk(), ReleaseFile.objects.exclude(asked_at=None).count()) == ([], 0)


def test_no_file_of_a_version_is_made_once_its_job_is_being_deleted(
    answered: Job, later: Later, attack: Attack
) -> None:
    version = answered.releases.get()
    passed(later, 29)
    later(days=2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_begin_to_delete(%s)", [answered.pk])
    attack(
        """INSERT INTO tasks_releasefile (release_id, name, asked_at, used_at, place, bytes, digest)
           VALUES (%s, 'csv', coop_now(), coop_now(), 0, 0, '')""",
        [version.pk], guard="files_of_versions_stay_as_made",
    )  # fmt: skip


def test_no_version_is_written_of_what_is_gone(answered: Job, olga: Person, later: Later) -> None:
    passed(later, 29)
    asked = releases.ask(answered, by=olga, at=clock.now())
    later(days=2)
    assert erasing.erase_due(at=clock.now()) == 1
    assert releases.write(Release.objects.get(pk=asked.pk), at=clock.now()).finished_at is None
    assert on_disk() == []


def test_who_was_rejected_still_reads_why(
    orbit: Client, olga: Person, luis: Person, later: Later, signed_in: Callable[[Person], Browser]
) -> None:
    disputing.learned(orbit, olga)
    job = opened(orbit, olga)
    given = work(job, luis, SAME)
    later(days=2)
    disputing.reject(given, olga)
    later(days=4)
    background.go_on(0)
    passed(later, 34)
    assert Job.objects.get(pk=job.pk).emptied_at
    page = signed_in(luis).get(reverse("tasks:dispute", args=[given.pk]))
    assert page.status_code == 200
    assert disputing.REASON in words(page)
    assert "were deleted on" in words(page)
