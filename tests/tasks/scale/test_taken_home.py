"""Every way by which a program takes answers home is a line that its client reads."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import scaleapi
from django.conf import LazySettings
from django.test import Client as Browser
from django.urls import reverse
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import ApiKey, Client, Person
from tasks import access_log
from tasks.models import Fetch
from tests.tasks.scale.conftest import Programs
from tests.tasks.scale.test_callbacks import send
from tests.tasks.scale.test_live import PAIR, do, job_of
from tests.tasks.scale.test_live_kinds import BOX, uploaded
from tests.tasks.test_api import program as calling
from tests.tasks.webhooks.conftest import Receiver

pytestmark = pytest.mark.django_db


def lines(client: Client) -> list[tuple[str, str, str]]:
    """Return what a client's programs and servers took, the latest first."""
    seen = access_log.of(client, at=clock.now() + timedelta(minutes=1))
    return [(one.what, one.who, one.subject) for one in seen if one.what not in {"took", "checked"}]


def test_answers_told_to_a_key_are_written_down_once_an_hour(
    live: scaleapi.ScaleClient, program: Programs, orbit: Client, amina: Person
) -> None:
    tasks = [live.create_task(TaskType.Categorization, project="Pairs", **PAIR) for _turn in range(2)]
    for task in tasks:
        live.get_task(task.id)
    list(live.get_tasks(project_name="Pairs"))
    assert lines(orbit) == [], "nothing was answered"
    for _turn in range(2):
        do(job_of(tasks[0]), amina, {"labels": ["Same"]})
    posts = program(("read", "post"))
    posts.get_task(tasks[0].id)
    live.tasks(limited_response=True)
    assert lines(orbit) == [], "no answer was told"
    for _turn in range(3):
        live.get_task(tasks[0].id)
        list(live.get_tasks(project_name="Pairs"))
    live.v2.get_task(task_id=tasks[1].id)
    who = ApiKey.objects.filter(client=orbit).earliest("pk")
    program_of = f"{who.prefix}… program"
    assert lines(orbit) == [
        ("fetched", program_of, f"task:{tasks[1].id} and 1 older"),
        ("fetched", program_of, f"task:{tasks[0].id}"),
    ]
    live.get_task(tasks[1].id).set_metadata({"seen": True})
    assert lines(orbit)[0] == ("fetched", program_of, f"task:{tasks[1].id}")


def test_what_is_tried_out_is_no_answer(trying: scaleapi.ScaleClient, orbit: Client) -> None:
    task = trying.create_task(TaskType.Categorization, **PAIR)
    assert trying.get_task(task.id).response
    assert list(trying.tasks())
    assert not Fetch.objects.exists()


def test_a_file_and_a_message_are_lines_of_their_own(
    live: scaleapi.ScaleClient, orbit: Client, olga: Person, amina: Person, receiver: Receiver, settings: LazySettings
) -> None:
    settings.ORIGIN = live.api.base_api_url.removesuffix("/v1")
    live.create_project("Roads", TaskType.VideoAnnotation, params={"attachment_type": "image"})
    task: Any = live.create_task(
        TaskType.VideoAnnotation, project="Roads", attachments=uploaded(live, 2), callback_url=receiver.address,
        geometries={"box": {"objects_to_annotate": ["car"]}},
    )  # fmt: skip
    value = {"tracks": [{"id": "1", "label": "car", "keys": [{"frame": 0, **BOX}]}]}
    do(job_of(task), amina, value)
    send(orbit)
    server = urlsplit(receiver.address).netloc
    assert lines(orbit) == [("was_sent", server, f"order:{task.id}")]
    address = receiver.messages()[0]["response"]["annotations"]["url"]
    assert requests.get(address, timeout=20).status_code == 200
    assert lines(orbit)[0] == ("opened", "", f"file of task:{task.id}")
    browser = Browser()
    browser.force_login(olga)
    page = browser.get(reverse("tasks:access", args=[orbit.slug])).content.decode()
    assert "Whoever had its address opened the file of an answer" in page
    assert "was sent an answer" in page


def test_answers_that_wait_are_written_down_by_our_own_api(
    live: scaleapi.ScaleClient, orbit: Client, olga: Person, amina: Person
) -> None:
    task = live.create_task(TaskType.Categorization, project="Pairs", **PAIR)
    job = job_of(task)
    do(job, amina, {"labels": ["Same"]})
    call, key = calling(orbit, olga, ["download"])
    assert call("GET", f"jobs/{job.pk}/answers").json()["results"][0]["answer"] == {"labels": ["Same"]}
    assert lines(orbit) == [("fetched", f"{key.prefix}… tests", f"job:{job.pk} answers that wait")]
