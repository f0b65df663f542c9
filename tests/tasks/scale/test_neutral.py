"""What a client calls its work is its own: others read the kind of work, or the title that an order gives itself."""

import pytest
import scaleapi
from django.test import Client as Browser
from django.urls import reverse
from scaleapi.exceptions import ScaleInvalidRequest
from scaleapi.tasks import TaskType

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from tests.tasks.scale.test_live import PAIR, job_of

pytestmark = pytest.mark.django_db
SECRET = "Titan vs. Acme launch"


def test_a_projects_name_is_read_by_its_client_alone(
    live: scaleapi.ScaleClient, orbit: Client, olga: Person, luis: Person, amina: Person
) -> None:
    live.create_project(SECRET, TaskType.Categorization, params={"work_type": "product-match"})
    live.create_batch(SECRET, f"{SECRET} batch")
    alone = live.create_task(TaskType.Categorization, project=SECRET, **PAIR)
    live.create_task(TaskType.Categorization, batch=f"{SECRET} batch", **PAIR)
    live.finalize_batch(f"{SECRET} batch")
    titled = live.create_task(TaskType.Categorization, project=SECRET, title="Kettles beside kettles", **PAIR)
    job, other = job_of(alone), job_of(titled)
    assert (job.title, other.title) == (job.work_type.name, "Kettles beside kettles")
    rival = clients.found("Rival", slug="rival", by=luis, at=clock.now())
    pages = [reverse("tasks:jobs"), reverse("tasks:job", args=[job.pk]), "/record/", "/record/events.jsonl"]
    for person in (None, luis, amina):
        browser = Browser()
        if person:
            browser.force_login(person)
        for page in pages:
            told = browser.get(page)
            assert told.status_code == 200
            words = b"".join(told) if told.streaming else told.content
            assert SECRET.encode() not in words
            assert SECRET.split(maxsplit=1)[0].encode() not in words
        assert b"Kettles beside kettles" in browser.get(pages[0]).content
    browser = Browser()
    browser.force_login(luis)
    assert SECRET.encode() not in browser.get(reverse("tasks:client", args=[rival.slug])).content
    assert browser.get(reverse("tasks:client", args=[orbit.slug])).status_code == 404
    # The client itself tells its jobs apart by them.
    browser.force_login(olga)
    own = browser.get(reverse("tasks:client", args=[orbit.slug])).content.decode()
    assert own.count(SECRET) == 4
    assert f"({SECRET} batch)" in own


def test_a_title_is_whole_or_refused(live: scaleapi.ScaleClient) -> None:
    for wrong in ("x" * 121, " ", ["a"]):
        with pytest.raises(ScaleInvalidRequest, match="title"):
            live.create_task(TaskType.Categorization, project="Pairs", title=wrong, **PAIR)
