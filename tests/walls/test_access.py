"""Who saw what of a client: officers for a reason said before, members by their work, its own by what they took."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from governance.models import Office
from tasks import access_log, exports
from tasks.models import Fetch, Look, Reason
from tests.tasks.test_api import ALL, program
from tests.walls import material
from tests.walls.material import WORD, Material

pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]
type Attack = Callable[..., None]
WHY = "A member reported a task of this job to me."
UPLOADS = "/admin/tasks/upload/"


@pytest.fixture
def orbits(orbit: Client, olga: Person, settings: Any, tmp_path: Any) -> Material:
    settings.MEDIA_ROOT = tmp_path / "uploads"
    return material.made(orbit, olga)


def test_an_officer_says_why_looks_and_the_client_reads_it(
    orbits: Material, samuel: Person, olga: Person, signed_in: SignedIn, later: Callable[..., Any]
) -> None:
    officer, client = signed_in(samuel), signed_in(olga)
    assert WORD not in officer.get(UPLOADS).text
    sent = officer.post("/offices/reasons/", {"client": orbits.client.pk, "words": WHY})
    assert sent.headers["Location"] == "/offices/reasons/"
    assert WHY in officer.get("/offices/reasons/").text
    for _look in range(2):
        assert WORD in officer.get(UPLOADS).text
    assert Event.objects.filter(kind="compartments.opened", subject=f"client:{orbits.client.pk}").count() == 1
    assert list(Look.objects.values_list("subject", flat=True)) == ["list:upload"]
    page = " ".join(client.get("/c/orbit/access/").text.split())
    assert page.count(WHY) == 2
    assert "Samuel" in page
    assert "looked, as an officer" in page
    later(hours=8)
    assert WORD not in signed_in(samuel).get(UPLOADS).text


def test_a_reason_opens_one_client_and_is_a_sentence_of_whoever_holds_a_post(
    orbits: Material, samuel: Person, amina: Person, signed_in: SignedIn
) -> None:
    material.stranger()
    access_log.say(Client.objects.get(slug="rival"), words=WHY, by=samuel, at=clock.now())
    assert WORD not in signed_in(samuel).get(UPLOADS).text
    with pytest.raises(Refused, match="in a sentence"):
        access_log.say(orbits.client, words="Just so.", by=samuel, at=clock.now())
    with pytest.raises(Refused, match="hold a post"):
        access_log.say(orbits.client, words=WHY, by=amina, at=clock.now())
    answer = signed_in(samuel).post("/offices/reasons/", {"client": orbits.client.pk, "words": "Just so."})
    assert answer.status_code == 422
    assert signed_in(amina).get("/offices/reasons/").status_code == 403


def test_it_is_downloaded_whole_with_what_members_and_keys_saw(
    orbits: Material, olga: Person, signed_in: SignedIn, later: Callable[..., Any]
) -> None:
    later(days=1)
    call, key = program(orbits.client, olga, ALL)
    assert list(call("GET", f"jobs/{orbits.job.pk}/results"))
    assert list(signed_in(olga).get(f"/c/orbit/jobs/{orbits.job.pk}/results.csv"))
    table = b"".join(signed_in(olga).get("/c/orbit/access.csv")).decode()
    rows = list(csv.DictReader(io.StringIO(table)))
    lines = [json.loads(line) for line in b"".join(call("GET", "access")).decode().splitlines()]
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)
    assert lines == rows
    who = exports.pseudonym(orbits.client.pk, orbits.assignment.person_id)
    saw = {(row["what"], row["who"], row["subject"]) for row in rows}
    assert ("took", who, f"job:{orbits.job.pk} task {WORD}-0") in saw
    drawn = exports.pseudonym(orbits.client.pk, orbits.peer.person_id or 0)
    assert ("was_drawn", drawn, f"job:{orbits.job.pk} answer {orbits.rejected.pk}") in saw
    assert ("fetched", f"{key.prefix}… tests", f"job:{orbits.job.pk} answers jsonl") in saw
    assert ("fetched", olga.name, f"job:{orbits.job.pk} answers csv") in saw
    assert orbits.assignment.person.name not in table


def test_the_page_shows_fifty_at_a_time(orbits: Material, olga: Person, signed_in: SignedIn) -> None:
    now = clock.now()
    before = len(access_log.page(orbits.client, before=now, skip=0, most=1000, at=now))
    for number in range(60):
        access_log.fetched(orbits.client, f"job:{number} answers csv", by=olga)
    page = signed_in(olga).get("/c/orbit/access/").context
    assert len(page["seen"]) == 50
    further = {"before": page["before"].isoformat(), "skip": page["older"]}
    older = signed_in(olga).get("/c/orbit/access/", further).context
    assert len(older["seen"]) == 10 + before
    for strange in ({"before": "2026-99-99T00:00"}, {"skip": "-1"}, {"skip": "9" * 30}, {"skip": "x"}):
        assert signed_in(olga).get("/c/orbit/access/", strange).status_code == 200


def test_nothing_is_written_about_looks_that_were_not_by_right(
    orbits: Material, samuel: Person, amina: Person, olga: Person, attack: Attack, later: Callable[..., Any]
) -> None:
    said = "INSERT INTO tasks_reason (client_id, office_id, words) VALUES (%s, %s, %s)"
    office = Office.objects.get(person=samuel)
    attack(said, [orbits.client.pk, office.pk, "No."], guard="reasons_are_said_in_office")
    attack(said, [orbits.client.pk, -1, WHY], guard="reasons_are_said_in_office")
    reason = access_log.say(orbits.client, words=WHY, by=samuel, at=clock.now())
    look = "INSERT INTO tasks_look (reason_id, subject, at) VALUES (%s, 'upload:1', now() - interval '9 days')"
    access_log.looked([orbits.client.pk], "upload:1", by=samuel, at=clock.now())
    noted = Look.objects.get()
    assert noted.at and reason.given_at and noted.at >= reason.given_at  # noqa: PT018 - dates may be empty
    later(hours=8)
    attack(look, [reason.pk], guard="looks_stand_on_a_reason")
    fetch = "INSERT INTO tasks_fetch (client_id, person_id, key_id, subject) VALUES (%s, %s, %s, 'job:1')"
    attack(fetch, [orbits.client.pk, amina.pk, None], guard="fetches_are_by_the_clients_own")
    attack(fetch, [orbits.client.pk, olga.pk, -1], guard="fetches_are_by_the_clients_own")
    attack(fetch, [orbits.client.pk, None, None], guard="fetches_are_by_the_clients_own")
    attack(fetch, [orbits.client.pk, None, orbits.key.pk], guard="fetches_are_by_the_clients_own")
    for table in (Reason, Look, Fetch):
        attack(f"DELETE FROM {table._meta.db_table}", guard="permission denied")  # noqa: SLF001 - Django's own
        attack(f"UPDATE {table._meta.db_table} SET id = 1", guard="permission denied")  # noqa: SLF001


@pytest.mark.usefixtures("committed")
def test_an_older_view_writes_no_look(
    attack_from_the_past: Attack, orbit: Client, olga: Person, samuel: Person
) -> None:
    office = Office.objects.get(person=samuel).pk
    reason = access_log.say(orbit, words=WHY, by=samuel, at=clock.now())
    for statement, facts, guard in (
        ("INSERT INTO tasks_reason (client_id, office_id, words) VALUES (%s, %s, %s)", [orbit.pk, office, WHY],
         "reasons_are_said_in_office"),
        ("INSERT INTO tasks_look (reason_id, subject) VALUES (%s, 'x:1')", [reason.pk], "looks_stand_on_a_reason"),
        ("INSERT INTO tasks_fetch (client_id, person_id, subject) VALUES (%s, %s, 'x')", [orbit.pk, olga.pk],
         "fetches_are_by_the_clients_own"),
    ):  # fmt: skip
        attack_from_the_past(statement, facts, guard=guard)
