"""The day of deletion: named before the work, told on the card; on it the contents go, and what proves stays."""

import hashlib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings as site
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused, guard_of
from payments import ledger
from payments.models import Transfer
from tasks import background, cards, claims, deletions, erasing, jobs, known, releases, stages, sweeping
from tasks.models import Answer, Assignment, Draft, Job, JobFile, KnownAnswer, Release, Takes, Upload
from tests.tasks import disputing, orders
from tests.tasks.conftest import SAME, work
from tests.tasks.handing_in import image, taken_in
from tests.tasks.test_api import ALL, program
from tests.tasks.test_client_pages import address, words

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
GUARD = "contents_go_on_the_day_that_was_named"


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
    first, second = draft(orbit, olga), draft(orbit, olga)
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
    asked += [call("GET", f"jobs/{answered.pk}/{path}") for path in ("results", "releases/1/jsonl")]
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


# Attacks as the web role


def test_contents_are_deleted_before_their_day(attack: Attack, answered: Job, orbit: Client, olga: Person) -> None:
    empty = "SELECT tasks_delete_contents(%s, 0, 500)"
    attack(empty, [answered.pk], guard="tasks_answer_is_append_only")
    attack(empty, [draft(orbit, olga).pk], guard="known_answers_come_before_the_work")
    plain = orders.draft(orbit, olga)
    orders.send(plain, orders.rows_of(2))
    attack(empty, [plain.pk], guard="open_slots_follow_assignments")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tasks_delete_files(%s), tasks_begin_to_delete(%s), tasks_end_to_delete(%s)", [answered.pk] * 3
        )
        assert cursor.fetchone()[1:] == (False, False)
    assert "Secret" in contents(answered)
    assert answered.files.get().usable
    for column in ("deleted_at", "emptied_at"):
        attack(f"UPDATE tasks_job SET {column} = now() WHERE id = %s", [answered.pk], guard="permission denied")


def test_the_owner_begins_or_ends_it_at_no_other_time(owner: psycopg.Connection) -> None:
    [job] = owner.execute("SELECT id FROM tasks_job WHERE opened_at IS NOT NULL LIMIT 1").fetchone() or (None,)
    for column in ("deleted_at", "emptied_at"):
        with pytest.raises(psycopg.errors.CheckViolation) as caught, owner.transaction():
            owner.execute(f"UPDATE tasks_job SET {column} = now() WHERE id = %s", [job])
        assert caught.value.diag.constraint_name == GUARD


NAME = "UPDATE tasks_job SET delete_on = %s WHERE id = %s"


def test_a_day_is_put_off_or_set_to_no_time(attack: Attack, orbit: Client, olga: Person) -> None:
    job = opened(orbit, olga, days=60)
    for wrong in (day(61), day(14), None, "infinity", "-infinity"):
        attack(NAME, [wrong, job.pk], guard=GUARD)


def test_a_day_is_made_up_for_work_that_goes_on_or_is_done(attack: Attack, orbit: Client, olga: Person) -> None:
    named, unnamed, closed = opened(orbit, olga, days=60), opened(orbit, olga, None), opened(orbit, olga, None)
    jobs.close(closed, by=olga, at=clock.now())
    for job in (named, unnamed, closed):
        attack(NAME, [day(20), job.pk], guard=GUARD)
    attack("UPDATE tasks_job SET opened_at = NULL WHERE id = %s", [unnamed.pk], guard="job_terms_are_frozen")


def test_a_draft_opens_two_weeks_too_late(attack: Attack, orbit: Client, olga: Person, later: Later) -> None:
    job = draft(orbit, olga, days=15)
    orders.deposit(orbit, "500")
    jobs.fund(job, by=olga, at=clock.now())
    later(days=1)
    attack("UPDATE tasks_job SET opened_at = coop_now() WHERE id = %s", [job.pk], guard=GUARD)


def test_a_stage_outlives_the_job_before_it(attack: Attack, orbit: Client, olga: Person) -> None:
    former, job = chained(orbit, olga)
    deletions.name(former, day(40), by=olga, at=clock.now())
    for wrong in (day(41), None):
        attack(NAME, [wrong, job.pk], guard=GUARD)
    orders.deposit(orbit, "500")
    orders.send(former, orders.rows_of(1))
    jobs.open(jobs.fund(job, by=olga, at=clock.now()), by=olga, at=clock.now())
    attack(NAME, [day(39), former.pk], guard=GUARD)


def test_an_onboarding_names_a_day(attack: Attack) -> None:
    job = onboarding()
    attack(NAME, [day(40), job.pk], guard=GUARD)
    job.pk, job.delete_on = None, day(40)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        job.save(force_insert=True)
    assert guard_of(caught.value) == GUARD


def test_an_order_goes_to_a_job_that_is_to_be_deleted(attack: Attack, orbit: Client, olga: Person) -> None:
    job = draft(orbit, olga)
    task = job.tasks.latest("pk")
    attack(
        """INSERT INTO tasks_order (key, client_id, test, kind, params, instruction, callback_url, role, created_at,
               updated_at, metadata, tags, error, audit, audit_words, task_id)
           VALUES (gen_random_uuid(), %s, false, 'textcollection', '{}', '', '', '', coop_now(), coop_now(), '{}', '[]',
               '', 'pending', '', %s)""",
        [orbit.pk, task.pk], guard="orders_stay_with_their_client",
    )  # fmt: skip


def test_a_row_names_what_is_anothers(orbit: Client, olga: Person, later: Later) -> None:
    """Files are deleted by what the site would have named them, not by what a row says."""
    victim, mine = draft(orbit, olga, days=None), draft(orbit, olga)
    kept, file, upload = names_of(victim), victim.files.get(), victim.uploads.get()
    version = Release.objects.create(
        job=victim, number=1, splits={}, asked_at=clock.now(), tasks=1, folder=uuid4(), parts=["0" * 64]
    )
    (part,) = releases.parts_of(version)
    default_storage.save(part, ContentFile(b"{}"))
    delivery = mine.deliveries.get()
    for number, names in enumerate((
        (file.file, file.small, ""), (upload.file, "", part), (part, file.file, upload.file),
        ("", "files/../" + part, ""),
        ("secrets", "../secrets", "/etc/passwd"),
    )):  # fmt: skip
        of_disk = dict(zip(("file", "small", "source"), map(str, names), strict=True))
        JobFile.objects.create(job=mine, delivery=delivery, name=f"{number}.png", key=uuid4(), **of_disk)
        Upload.objects.create(job=mine, file=str(names[0]), file_name="a", created_at=clock.now())
    Job.objects.filter(pk=mine.pk).update(closed_at=clock.now())
    passed(later, 31)
    assert Job.objects.get(pk=mine.pk).emptied_at
    assert set(on_disk()) == kept | {part}
    sweeping.sweep(before=clock.now() + timedelta(days=99))
    assert set(on_disk()) == kept | {part}
