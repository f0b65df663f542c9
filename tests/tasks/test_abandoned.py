"""Drafts that nobody touches are told of, and go two weeks later with all that is in them; touched, they stay."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client as Browser
from django.test import TestCase

from coop import clock
from coop.people.models import Client, ClientSeat, Person
from payments.models import WorkType
from tasks import background, notices, sketches
from tasks.models import Sketch
from tests.tasks import orders
from tests.tasks.handing_in import image
from tests.tasks.test_draft_files import _folder_of_its_own, brought, on_disk
from tests.tasks.test_forewarnings import told

__all__ = ["_folder_of_its_own"]
pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
GUARD = "sketches_are_their_clients"
DROP = "UPDATE tasks_sketch SET said = '{}', file = '', file_name = '', dropped_at = coop_now() WHERE id = %s"
TELL = "UPDATE tasks_sketch SET told_at = coop_now() WHERE id = %s"


def begun(client: Client, by: Person) -> Sketch:
    """Return a draft with a title, tasks and a file."""
    kind = WorkType.objects.get(slug="product-match")
    made = sketches.begin(client, work_type=kind, by=by, at=clock.now())
    sketches.keep(made, {"title": "Kettles"}, by=by)
    sketches.bring(made, orders.file_of(orders.rows_of(3)), by=by)
    return brought(made, {"a.png": image()}, by)


def night() -> int:
    with TestCase.captureOnCommitCallbacks(execute=True):
        return int(background.drop_abandoned(0))


def test_it_is_told_of_after_ninety_days_and_goes_two_weeks_later(orbit: Client, olga: Person, later: Later) -> None:
    draft, other = begun(orbit, olga), begun(orbit, olga)
    later(days=89)
    assert (night(), told()) == (0, [])
    later(days=2)
    assert (night(), told()) == (0, [(olga.pk, "drafts_go", orbit.pk)])
    assert "/c/orbit/jobs/new/" in notices.words("drafts_go", orbit.pk)[1]
    later(days=13)
    sketches.keep(other, {"title": "Kept"}, by=olga)
    assert night() == 0
    later(days=2)
    assert len(on_disk()) == 6
    assert night() == 1
    gone, kept = (Sketch.objects.get(pk=one.pk) for one in (draft, other))
    assert (gone.said, str(gone.file), gone.files.get().name) == ({}, "", "")
    assert gone.dropped_at
    assert (kept.said["title"], kept.dropped_at, kept.told_at) == ("Kept", None, None)
    assert len(on_disk()) == 3
    assert (night(), len(told())) == (0, 1)
    later(days=100)
    assert (night(), len(told())) == (0, 2)


def test_what_a_client_left_without_a_seat_goes_as_well(
    orbit: Client, olga: Person, later: Later, attack: Attack
) -> None:
    draft = begun(orbit, olga)
    ClientSeat.objects.filter(client=orbit).update(ended_at=clock.now())
    for early in (DROP, TELL):
        attack(early, [draft.pk], guard=GUARD)
    later(days=91)
    attack(DROP, [draft.pk], guard=GUARD)
    night()
    assert told() == []
    for early in (DROP, f"{TELL} AND told_at IS NOT NULL", "UPDATE tasks_sketch SET said = '{}', told_at = NULL"):
        attack(early, [draft.pk] if "%s" in early else [], guard=GUARD)
    later(days=14, minutes=1)
    attack("UPDATE tasks_sketch SET dropped_at = coop_now() WHERE id = %s", [draft.pk], guard=GUARD)
    assert night() == 1
    assert on_disk() == []


def test_the_page_of_a_draft_and_the_api_say_when_it_goes(
    orbit: Client, olga: Person, later: Later, signed_in: Callable[[Person], Browser]
) -> None:
    draft = begun(orbit, olga)
    later(days=91)
    night()
    told_at = Sketch.objects.get(pk=draft.pk).told_at
    assert told_at
    assert Sketch.objects.get(pk=draft.pk).goes_on == (told_at + timedelta(days=14)).date()
    page = f"/c/orbit/jobs/new/{draft.pk}/"
    assert "Save any of its steps to keep it" in signed_in(olga).get(page).text
    sketches.keep(draft, {"title": "Kept"}, by=olga)
    assert "Save any of its steps to keep it" not in signed_in(olga).get(page).text
