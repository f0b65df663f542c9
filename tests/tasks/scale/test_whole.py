"""What members must read is shown whole, or refused in words: nothing of it is cut."""

from typing import Any

import pytest
import scaleapi
from django.test import Client as Browser
from django.urls import reverse
from scaleapi.api_client.v2.models.create_chat_task_request import CreateChatTaskRequest
from scaleapi.exceptions import ScaleInvalidRequest
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import Client, Person
from tasks import claims
from tasks.models import Order
from tests.tasks import orders
from tests.tasks.scale.conftest import ALL, Programs
from tests.tasks.scale.test_live import PAIR, job_of
from tests.tasks.scale.test_live_kinds import newest

pytestmark = pytest.mark.django_db
CRITERION = "It names each of the reasons, " + "and says of each why it matters, " * 25 + "and ends with a full stop."
HINT = "Write what you see, " + "and what you do not see, " * 100 + "in full sentences."


def page(who: Person) -> str:
    """Return what a member reads who takes the newest task."""
    taken = claims.claim_next(newest(), by=who, at=clock.now())
    browser = Browser()
    browser.force_login(who)
    return browser.get(reverse("tasks:task", args=[taken.pk])).content.decode()


@pytest.fixture
def funded(program: Programs, orbit: Client) -> scaleapi.ScaleClient:
    """Return a program of Orbit's with a live key, and US$ 100 to spend."""
    orders.deposit(orbit, "100")
    return program(ALL)


def test_criteria_and_fields_are_read_whole(funded: scaleapi.ScaleClient, amina: Person, luis: Person) -> None:
    funded.create_project("Rubrics", TaskType.Chat)
    variables = {"prompt": "Why?", "responses": ["Because.", "So."], "criteria": [{"criterion": CRITERION}]}
    asked = CreateChatTaskRequest(project_name="Rubrics", template_variables=variables)
    funded.v2.create_chat_task(create_chat_task_request=asked)
    read = page(amina)
    assert len(CRITERION) > 800
    assert read.count(CRITERION) == 2
    assert f"Response 2: {CRITERION}" in read
    funded.create_project("Forms", TaskType.TextCollection)
    fields = [{"type": "text", "field_id": "seen", "title": CRITERION, "description": HINT, "hint": "The end."}]
    funded.create_task(TaskType.TextCollection, project="Forms", attachments=[], fields=fields)
    read = page(luis)
    assert CRITERION in read
    assert f"{HINT} The end." in read


LONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({"instruction": "x" * 40_001}, "instruction"),
    ({"content_warning": "x" * 201}, "content_warning"),
    ({"title": "x" * 121}, "title"),
)


@pytest.mark.parametrize(("said", "words"), LONG)
def test_what_is_too_long_is_refused_by_name(live: scaleapi.ScaleClient, said: dict[str, Any], words: str) -> None:
    with pytest.raises(ScaleInvalidRequest, match=words):
        live.create_task(TaskType.Categorization, project="Pairs", **PAIR | said)
    assert not Order.objects.exists()


def test_a_long_field_or_criterion_is_refused_by_name(funded: scaleapi.ScaleClient) -> None:
    funded.create_project("Forms", TaskType.TextCollection)
    for part, most in (("title", 1000), ("hint", 4000)):
        field = {"type": "text", "field_id": "seen", "title": "Seen", part: "x" * (most + 1)}
        with pytest.raises(ScaleInvalidRequest, match=rf"seen.*at most {most}"):
            funded.create_task(TaskType.TextCollection, project="Forms", attachments=[], fields=[field])
    alike = [{"type": "text", "field_id": name, "title": "Seen"} for name in ("a.b", "a_b")]
    with pytest.raises(ScaleInvalidRequest, match=r"field_id.*a\.b"):
        funded.create_task(TaskType.TextCollection, project="Forms", attachments=[], fields=alike)
    funded.create_project("Rubrics", TaskType.Chat)
    variables = {"prompt": "Why?", "criteria": ["short", "x" * 1001]}
    asked = CreateChatTaskRequest(project_name="Rubrics", template_variables=variables)
    with pytest.raises(Exception, match="number 2"):
        funded.v2.create_chat_task(create_chat_task_request=asked)


def test_a_long_instruction_is_read_in_the_guide(live: scaleapi.ScaleClient) -> None:
    long = "Tell whether both are the same product. " * 20
    job = job_of(live.create_task(TaskType.Categorization, project="Pairs", **PAIR | {"instruction": long}))
    assert (job.guide, job.form["question"]) == (long, "Do as the guide says.")
