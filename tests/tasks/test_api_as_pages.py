"""What a client's pages show of kinds, prices, progress and files, its programs read too; and of whom nobody tells."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from payments.models import Kind, WorkType
from tasks import formats, forms_job, jobs, paces, pilots, shapes
from tasks.models import Job
from tests.conftest import person
from tests.tasks import handing_in, orders, writing
from tests.tasks.conftest import make_job, work
from tests.tasks.releases.conftest import Made, made
from tests.tasks.test_api import ALL, Call, program
from tests.tasks.test_client_pages import NEW, words
from tests.tasks.test_exports import answer
from tests.tasks.test_instruments import decided

__all__ = ["decided", "made"]
pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]


@pytest.fixture
def browser(signed_in: SignedIn, olga: Person) -> Browser:
    return signed_in(olga)


@pytest.fixture
def call(orbit: Client, olga: Person) -> Call:
    return program(orbit, olga, ALL)[0]


@pytest.fixture
def rival(orbit: Client) -> Client:
    """Return another client."""
    return clients.found("Rival", slug="rival", by=person("nia"), at=clock.now())


def usual(call: Call) -> Any:
    (rate,) = [one for one in call("GET", "rates").json() if one["work_type"] == "product-match"]
    return rate


def test_the_usual_pay_of_a_kind_is_told_to_every_client_and_never_that_of_one(
    orbit: Client, olga: Person, rival: Client, browser: Browser, signed_in: SignedIn, call: Call
) -> None:
    for pay in ("0.09", "0.10", "0.11", "0.12"):
        make_job(orbit, olga, tasks=1, pay=Decimal(pay))
    pages = [(browser, "/c/orbit/jobs/new/"), (signed_in(person("nia")), "/c/rival/jobs/new/")]
    assert pilots.usual_pay() == {}
    assert all("most jobs pay" not in words(who.get(page)) for who, page in pages)
    assert usual(call)["usually_pays"] is None
    make_job(rival, person("nia"), tasks=1, pay=Decimal("0.13"))
    cache.delete(pilots.USUAL)
    assert all("most jobs pay US$ 0.10 to US$ 0.12" in words(who.get(page)) for who, page in pages)
    assert usual(call)["usually_pays"] == {"least": "0.100000", "most": "0.120000"}


def test_a_years_jobs_are_read_once_in_ten_minutes_however_often_rates_are_asked(
    orbit: Client, olga: Person, rival: Client, call: Call, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for client, by in [(orbit, olga)] * 3 + [(rival, person("nia"))]:
        make_job(client, by, tasks=1, pay=Decimal("0.10"))
    first, anybody = usual(call), Browser()
    assert first["usually_pays"] == {"least": "0.100000", "most": "0.100000"}
    # What is kept, the rates in force with their kinds, and their times.
    with django_assert_num_queries(3) as asked:
        told = anybody.get("/api/v1/rates").json()
    assert first in told
    assert not any("tasks_usual_pay" in one["sql"] for one in asked.captured_queries)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE coop_cache SET expires = expires - interval '601 seconds'")
    make_job(orbit, olga, tasks=1, pay=Decimal("0.20"))
    make_job(orbit, olga, tasks=1, pay=Decimal("0.20"))
    assert usual(call)["usually_pays"] == {"least": "0.100000", "most": "0.200000"}


def test_how_long_it_may_take_is_estimated_by_the_clients_own_work_of_the_kind(
    orbit: Client, olga: Person, rival: Client, browser: Browser, call: Call, luis: Person, amina: Person,
    later: Callable[..., object],
) -> None:  # fmt: skip
    draft = writing.begin(browser)
    browser.post(f"{draft}data/", {"lines": orders.rows_of(30)})
    browser.post(f"{draft}quality/", NEW | {"overlap": "2"})
    address = f"drafts/{writing.sketch(draft).pk}"

    def shown() -> tuple[bool, Any]:
        return "It may take" in words(browser.get(f"{draft}price/")), call("GET", address).json()["days"]

    theirs = make_job(rival, person("nia"), tasks=20, overlap=1)
    for _task in range(20):
        work(theirs, luis, {"labels": ["Same"]})
    assert shown() == (False, None)
    mine = make_job(orbit, olga, tasks=21, overlap=1)
    for who, count in ((luis, 10), (amina, 9)):
        for _task in range(count):
            work(mine, who, {"labels": ["Same"]})
    assert shown() == (False, None)
    work(mine, amina, {"labels": ["Same"]})
    # Sixty answers are asked, and twenty came on the one day.
    assert shown() == (True, {"least": 3, "most": 3, "answers": 20})
    later(days=5)
    # Twenty in five days and a little: sixteen days at that pace.
    assert shown()[1] == {"least": 16, "most": 16, "answers": 20}
    later(days=24)
    assert shown() == (False, None)


def test_each_job_has_a_pace_of_its_own(
    orbit: Client, olga: Person, luis: Person, later: Callable[..., object]
) -> None:
    def did(tasks: int, count: int) -> Job:
        job = make_job(orbit, olga, tasks=tasks, overlap=1)
        for _task in range(count):
            work(job, luis, {"labels": ["Same"]})
        return job

    old = did(2, 1)
    later(days=20)
    did(20, 19)
    # One in twenty days and a little, and nineteen in one: less than twenty in a day, much more than twenty in twenty.
    told = paces.days_for(orbit.pk, old.work_type_id, 190)
    assert told == paces.Estimated(10, 10, 20)


def test_jobs_that_came_one_after_the_other_go_no_faster_than_each(
    orbit: Client, olga: Person, luis: Person, later: Callable[..., object]
) -> None:
    """Twenty in nine days, then twenty in nine: sixty take 28 days, not 20 as by both together; two at once take 14."""
    for closes in (True, False):
        job = make_job(orbit, olga, tasks=20, overlap=1)
        for _day in range(10):
            for _task in range(2):
                work(job, luis, {"labels": ["Same"]})
            later(days=1)
        if closes:
            jobs.close(job, by=olga, at=clock.now())
    told = paces.days_for(orbit.pk, job.work_type_id, 60)
    assert told is not None
    assert (told.least, told.most, told.answers) == (26, 28, 40)
    first, second = (make_job(orbit, olga, tasks=20, overlap=1) for _job in range(2))
    for _day in range(10):
        for one in (first, second) * 2:
            work(one, luis, {"labels": ["Same"]})
        later(days=1)
    told = paces.days_for(orbit.pk, job.work_type_id, 60)
    assert told is not None
    assert told.most == 14


def test_of_a_job_with_many_answers_few_are_read(
    orbit: Client, olga: Person, luis: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make_job(orbit, olga, tasks=24, overlap=1)
    for _task in range(24):
        work(job, luis, {"labels": ["Same"]})
    assert paces.days_for(orbit.pk, job.work_type_id, 48) == paces.Estimated(2, 2, 24)
    assert "LIMIT 1000" in paces.CAME_LATELY
    monkeypatch.setattr(paces, "CAME_LATELY", paces.CAME_LATELY.replace("LIMIT 1000", "LIMIT 22"))
    assert paces.days_for(orbit.pk, job.work_type_id, 44) == paces.Estimated(2, 2, 22)


def test_a_program_reads_of_a_kind_what_it_takes_and_whether_a_phone_is_enough(call: Call) -> None:
    told = usual(call)
    assert (told["usual_seconds"], told["measured"], told["on_phone"], told["for_clients"]) == (
        told["estimated_seconds"], False, True, True
    )  # fmt: skip
    house = [one["work_type"] for one in call("GET", "rates").json() if not one["for_clients"]]
    assert "panel" in house


def test_the_cost_moves_with_the_quality_that_is_asked(browser: Browser, orbit: Client, call: Call) -> None:
    draft = writing.begin(browser)
    browser.post(f"{draft}data/", {"lines": "id,left,right\np1,Kettle,Pot\np2,Kettle,Pan\n"})
    assert "Of each task" in words(browser.get(f"{draft}data/"))
    told = []
    for overlap in ("2", "4"):
        page = words(
            browser.post(f"{draft}quality/", {"overlap": overlap, "review_rule": "peer", "minutes": "60", "look": "1"})
        )
        assert f"2 tasks, {overlap} answers to each" in page
        assert "The floor of an hour asks at least" not in page
        assert "It would take if ten members worked on it an hour a day each" in page
        told.append(call("GET", f"drafts/{writing.sketch(draft).pk}").json())
    assert Decimal(told[1]["price"]["wages"]) == 2 * Decimal(told[0]["price"]["wages"]) > 0
    assert told[0]["hourly"] == told[1]["hourly"] > "0"
    assert told[0]["least_by_floor"] == "0.000000", "no floor was voted"
    assert told[0]["least_by_former"] is None
    # Thirty seconds each, as it was voted.
    assert [one["work_seconds"] for one in told] == [120, 240]


def test_who_may_do_it_is_what_the_members_voted_for_the_kind(
    browser: Browser, orbit: Client, call: Call, decided: Callable[..., None]
) -> None:
    draft = writing.begin(browser)
    number = writing.sketch(draft).pk
    assert "Every member who passed the entrance. Its language: English." in words(browser.get(f"{draft}quality/"))
    assert call("GET", f"drafts/{number}").json()["who_may"] == {"language": "English", "units": 0, "of": None}
    kind, first = (WorkType.objects.get(slug=slug) for slug in ("product-match", "compare-answers"))
    decided(Kind.QUALIFICATION, f"work_type:{kind.pk}", {"of": first.pk, "units": 7})
    assert f"Members who had 7 answers of “{first}” accepted." in words(browser.get(f"{draft}quality/"))
    told = call("GET", f"drafts/{number}").json()["who_may"]
    assert told == {"language": "English", "units": 7, "of": "compare-answers"}


def test_each_kind_stands_on_its_card_with_a_drawing_of_its_own(browser: Browser, orbit: Client) -> None:
    drawn = [shapes.find(name).picture for name in shapes.names()]
    assert all(drawn)
    assert len(set(drawn)) == len(drawn)
    page = browser.get("/c/orbit/jobs/new/").content.decode()
    assert page.count("<svg") == page.count("Choose ") > 1
    assert shapes.find(WorkType.objects.get(slug="product-match").shape).picture in page


def test_a_program_reads_when_silence_accepts_and_what_a_pilot_by_rule_shows(
    orbit: Client, olga: Person, amina: Person, call: Call, later: Callable[..., Any]
) -> None:
    job = orders.opened(orbit, olga, tasks=3)
    answer(job, (amina, "Same"), (amina, "Same"))
    told = call("GET", f"jobs/{job.pk}/progress").json()
    assert (told["in_one_day"], told["in_two_days"], told["later"]) == (0, 0, 2)
    later(days=2)
    told = call("GET", f"jobs/{job.pk}/progress").json()
    assert told["in_one_day"] + told["in_two_days"] == 2
    assert call("GET", f"jobs/{job.pk}/pilot").json()["rescoping"] is None
    again = orders.opened(orbit, olga, tasks=3, guide="Look twice, and say which of the two is older.")
    scope = call("GET", f"jobs/{again.pk}/pilot").json()["rescoping"]
    assert (scope["units"], scope["people"], scope["complete"]) == (0, 0, False)


def test_a_program_reads_which_files_tasks_may_name_and_in_which_formats_a_version_comes(
    orbit: Client, olga: Person, amina: Person, made: Made, call: Call, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    draft = orders.draft(orbit, olga)
    came = handing_in.hand_in(draft, {"b.png": handing_in.image(), "a.png": handing_in.image()})
    assert call("GET", f"jobs/{draft.pk}/files/{came.pk}").json()["names"] == ["b.png", "a.png"]
    broken = handing_in.hand_in(draft, {"c.png": b"no image"})
    assert call("GET", f"jobs/{draft.pk}/files/{broken.pk}").json()["names"] == []
    job = orders.opened(orbit, olga, tasks=1)
    answer(job, (amina, "Same"))
    release = made(job)
    told = call("GET", f"jobs/{job.pk}/releases").json()["results"][0]
    assert told["formats"] == formats.of(release.job)
    for name in told["formats"]:
        assert call("GET", f"jobs/{job.pk}/releases/{release.number}/{name}").status_code == 200


def asked_for(schema: Any) -> set[str]:
    """Return the names of everything that programs can send, at any depth."""
    bodies = [
        body["schema"] for path in schema["paths"].values() for call in path.values() if isinstance(call, dict)
        for body in call.get("requestBody", {}).get("content", {}).values()
    ]  # fmt: skip
    known, names = schema["components"]["schemas"], set[str]()
    seen = set[str]()
    while bodies:
        one = bodies.pop()
        if (named := one.get("$ref", "").rpartition("/")[2]) and named not in seen:
            seen.add(named)
            bodies.append(known[named])
        names |= set(one.get("properties", {}))
        bodies += [*one.get("properties", {}).values(), *([one["items"]] if "items" in one else [])]
    return names


def test_no_client_closes_its_work_to_where_somebody_lives(orbit: Client) -> None:
    schema = Browser().get("/api/schema", {"format": "json"}).json()
    asked = asked_for(schema) | {name for kind in WorkType.objects.all() if kind.shape in shapes.names()
                                 for name in forms_job.NewJob(work_type=kind).fields}  # fmt: skip
    assert {"overlap", "pay", "scopes", "email"} <= asked
    about_places = {"country", "countries", "region", "regions", "nationality", "location", "locations", "residence"}
    assert asked & about_places == set()
