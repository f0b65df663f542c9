"""Attacks on the day of deletion as the web role: set for open work, put off, or held off for good."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import psycopg
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import guard_of
from tasks import deletions, erasing, jobs, sweeping
from tasks.models import Job, JobFile, Release, Upload
from tests.tasks import orders
from tests.tasks.test_erasing import (
    _folder_of_its_own,
    answered,
    chained,
    contents,
    day,
    draft,
    names_of,
    on_disk,
    onboarding,
    opened,
    passed,
)

__all__ = ["_folder_of_its_own", "answered"]
pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
GUARD = "contents_go_on_the_day_that_was_named"


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
    victim, mine = draft(orbit, olga, days=None), opened(orbit, olga)
    kept, file, upload = names_of(victim), victim.files.get(), victim.uploads.get()
    version = Release.objects.create(
        job=victim, number=1, splits={}, asked_at=clock.now(), tasks=1, folder=uuid4(), parts=["0" * 64]
    )
    part = f"releases/{version.folder}/part-00000.jsonl"
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


def test_a_version_that_is_asked_for_holds_off_the_day(answered: Job, later: Later) -> None:
    """The web role says when a version was asked for; after the day none is waited for, whatever it says."""
    passed(later, 29)
    for number, at in ((8, "infinity"), (9, f"{clock.now() + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}")):
        with connection.cursor() as cursor:
            cursor.execute(
                """INSERT INTO tasks_release (job_id, number, splits, asked_at, tasks, place, items, answers, parts,
                       folder, added, changed, removed, digest, certificate, signature)
                   VALUES (%s, %s, '{}', %s, 3, 0, 0, 0, '[]', gen_random_uuid(), 0, 0, 0, '', '', '')""",
                [answered.pk, number, at],
            )
    later(days=2)
    assert erasing.erase_due(at=clock.now()) == 1


def test_an_answer_is_emptied_once(owner: psycopg.Connection) -> None:
    asked = "SELECT prosrc FROM pg_proc WHERE proname = 'guard_tasks_answer_is_append_only'"
    [(words,)] = owner.execute(asked).fetchall()
    assert "OLD.digest IS NULL AND public.tasks_empties" in words
