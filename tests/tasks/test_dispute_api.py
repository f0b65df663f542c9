"""Rejecting one answer by the API: as the page does, never many."""

import pytest

from coop.people.models import Client, Person
from tests.tasks import disputing, orders
from tests.tasks.conftest import SAME, work
from tests.tasks.test_api import ALL, program

pytestmark = pytest.mark.django_db
WRONG = {"reason": disputing.REASON, "place": "labels"}


def test_a_program_rejects_one_answer_and_reads_what_came_out(orbit: Client, olga: Person, amina: Person) -> None:
    disputing.learned(orbit, olga)
    job = disputing.checked(orbit, olga)
    mine = work(job, amina, SAME)
    call, _key = program(orbit, olga, ALL)
    (line,) = orders.lines(b"".join(call("GET", f"jobs/{job.pk}/results")))
    assert line["number"] == mine.pk
    path = f"jobs/{job.pk}/answers/{line['number']}/reject"
    assert call("POST", path, {"reason": "Wrong.", "place": "labels"}).json()["rule"] == "7"
    made = call("POST", path, WRONG)
    assert (made.status_code, made.json()["stands"]) == (201, None)
    assert call("POST", path, WRONG).status_code == 409
    assert call("GET", f"jobs/{job.pk}/progress").json()["disputed"] == 1
    mine.refresh_from_db()
    for place in disputing.places(mine.dispute):
        disputing.look(place, stands=True)
    (seen,) = call("GET", f"jobs/{job.pk}/disputes").json()["results"]
    assert (seen["answer"], seen["stands"]) == (mine.pk, True)


def test_no_key_of_others_and_none_without_the_right_rejects(
    orbit: Client, olga: Person, amina: Person, luis: Person
) -> None:
    mine = work(disputing.checked(orbit, olga), amina, SAME)
    reads, _key = program(orbit, olga, ["read"])
    assert reads("POST", f"jobs/{mine.job_id}/answers/{mine.pk}/reject", WRONG).status_code == 403
    whole, _key = program(orbit, olga, ALL)
    for path in (f"jobs/{mine.job_id}/answers/reject", f"jobs/{mine.job_id}/reject", f"jobs/{mine.job_id}/disputes"):
        assert whole("POST", path, WRONG).status_code in {404, 405}
    many = {**WRONG, "answers": [mine.pk]}
    other = disputing.checked(orbit, olga, title="Another")
    assert whole("POST", f"jobs/{other.pk}/answers/{mine.pk}/reject", many).status_code == 404
