"""A new job step by step: kept on the server, its client's alone, tried out by a pilot, made once."""

import io
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from coop import clock
from coop.people import clients, keys
from coop.people.models import Client, Person
from coop.refusals import Refused
from payments import escrow
from payments.models import WorkType
from tasks import forms_job, measuring, sketches
from tasks.models import Job, Sketch
from tests.tasks import orders, writing
from tests.tasks.conftest import make_job, work
from tests.tasks.test_client_pages import NEW, words
from tests.tasks.test_lint import WELL

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
WHOLE = WELL | NEW | {"guide": WELL["guide"], "pay": "0.10", "overlap": "2"}


@pytest.fixture
def browser(signed_in: Callable[[Person], Browser], olga: Person) -> Browser:
    return signed_in(olga)


@pytest.fixture
def sketch(orbit: Client, olga: Person) -> Sketch:
    """Return a new job with all that it needs, and thirty rows."""
    kind = WorkType.objects.get(slug="product-match")
    made = sketches.begin(orbit, work_type=kind, by=olga, at=clock.now())
    sketches.bring(made, orders.file_of(orders.rows_of(30)), by=olga)
    return sketches.keep(made, WHOLE, by=olga)


@pytest.fixture
def rival(priya: Person) -> Client:
    return clients.found("Rival", slug="rival", by=priya, at=clock.now())


def facts(sketch: Sketch) -> dict[str, Any]:
    form = forms_job.whole(sketch.work_type, sketch.said)
    assert form.is_valid(), form.errors
    return form.facts()


def make(sketch: Sketch, by: Person, **how: Any) -> Job:
    return sketches.make(sketch, facts(sketch), by=by, at=clock.now(), **how)


def pilot(sketch: Sketch, by: Person, **how: Any) -> Job:
    return sketches.pilot(sketch, facts(sketch), by=by, at=clock.now(), **how)


# Pages


def test_every_step_is_kept_when_it_is_left_even_when_it_is_wrong(browser: Browser, orbit: Client) -> None:
    draft = writing.begin(browser)
    left = browser.post(f"{draft}price/", {"pay": "a lot", "later": "1"}, follow=True)
    assert "Saved." in words(left)
    assert "a lot" in browser.get(f"{draft}price/").content.decode()
    browser.post(f"{draft}questions/", {"title": "Kettles", "labels": "One", "look": "1"})
    assert writing.sketch(draft).said == {
        "pay": "a lot", "title": "Kettles", "labels": "One", "question": "", "multiple": "", "markdown": "",
    }  # fmt: skip
    assert "Kettles" in words(browser.get(reverse("tasks:new_job", args=["orbit"])))
    stopped = words(browser.get(draft))
    assert "to be mended" in stopped
    assert "Make the job" not in stopped
    assert browser.post(f"{draft}job/").status_code == 400
    assert not Job.objects.filter(title="Kettles").exists()


def test_lines_written_on_the_page_are_the_tasks(browser: Browser, orbit: Client) -> None:
    draft = writing.begin(browser)
    browser.post(f"{draft}data/", {"lines": "id,left,right\np1,Kettle,Mail ann@example.org\n"})
    page = words(browser.get(f"{draft}data/"))
    assert "Tasks 1" in page
    assert "contact data, in “right”" in page
    empty = browser.post(f"{draft}data/", {"lines": "id,left"})
    assert empty.status_code == 422
    assert writing.sketch(draft).rows == 1


def test_the_task_is_drawn_as_members_will_see_it_and_looking_saves_nothing(browser: Browser, orbit: Client) -> None:
    draft = writing.begin(browser)
    browser.post(f"{draft}data/", {"lines": "left,right\nSteel kettle,Kettle\n"})
    said = {"title": "T", "question": "Same thing?", "labels": "Same\nDifferent"}
    shown = browser.post(f"{draft}look/", said)
    assert 'id="preview"' in shown.content.decode()
    assert all(word in words(shown) for word in ("Steel kettle", "Same thing?", "Different"))
    assert "question" not in writing.sketch(draft).said
    saved = browser.post(f"{draft}questions/", said | {"look": "1"})
    assert "Same thing?" in words(saved)
    assert writing.sketch(draft).said["question"] == "Same thing?"


def test_what_may_upset_is_drawn_under_its_cover(browser: Browser, orbit: Client) -> None:
    draft = writing.begin(browser)
    browser.post(f"{draft}data/", {"lines": "left,right\nSteel kettle,Kettle\n"})
    said = {"title": "T", "question": "Same thing?", "labels": "Same\nDifferent"}
    browser.post(f"{draft}questions/", said | {"look": "1"})
    assert "shield.css" not in browser.get(f"{draft}questions/").text
    browser.post(f"{draft}data/", {"content_violence": "often", "sensitivity": "Blood."})
    for page in (browser.get(f"{draft}questions/").text, browser.get(draft).text):
        assert "tasks/shield.css" in page
        cover = page.index('<details class="fold shield">')
        assert cover < page.index("Blood.", cover) < page.index('class="shielded"') < page.index("Steel kettle")
    assert 'class="shielded"' in browser.post(f"{draft}look/", said).text


def test_another_kind_keeps_what_both_ask(browser: Browser, orbit: Client) -> None:
    draft = writing.begin(browser)
    writing.fill(browser, draft, NEW)
    assert browser.post(f"{draft}kind/", {"kind": "compare-answers"}).status_code == 302
    page = browser.get(f"{draft}questions/").content.decode()
    assert "Same product?" in page
    assert 'name="min_reason"' in page


def test_a_guide_is_made_of_its_parts(sketch: Sketch, olga: Person) -> None:
    job = make(sketch, olga)
    guide = job.guide
    assert guide.startswith(WELL["guide"])
    assert "## Good answers\n\n- Kettle 1.7 l" in guide
    assert f"{job.delete_on}" == WELL["delete_on"]
    assert guide.index("## Edge cases") < guide.index("## When in doubt")


def test_the_pages_of_a_new_job_ask_the_same_however_long_it_is(
    browser: Browser, sketch: Sketch, olga: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Rows, who, frame, sketch; time, and for the day of deletion again; the rate, its time, fee, deposits, checks.

    Twice what the floor and N5 ask; how fast such work came in; what is wrong with files, and whether some are read.
    """
    page = reverse("tasks:draft_job", args=["orbit", sketch.pk])
    browser.get(page)
    with django_assert_num_queries(WHOLE_QUERIES):
        assert browser.get(page).status_code == 200
    sketches.bring(sketch, orders.file_of(orders.rows_of(300)), by=olga)
    with django_assert_num_queries(WHOLE_QUERIES):
        assert browser.get(page).status_code == 200


WHOLE_QUERIES = 33


def test_many_half_written_jobs_are_listed_in_as_many_queries(
    browser: Browser, orbit: Client, olga: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    kind = WorkType.objects.get(slug="product-match")
    for number in range(12):
        made = sketches.begin(orbit, work_type=kind, by=olga, at=clock.now())
        sketches.keep(made, {"title": f"Job {number}"}, by=olga)
    page = reverse("tasks:new_job", args=["orbit"])
    # What jobs usually pay is counted once in ten minutes.
    browser.get(page)
    with django_assert_max_num_queries(14):
        assert "Job 11" in words(browser.get(reverse("tasks:new_job", args=["orbit"])))


# Making


def test_a_job_is_made_once_with_its_tasks_and_the_sketch_keeps_nothing(
    sketch: Sketch, orbit: Client, olga: Person
) -> None:
    job = make(sketch, olga)
    assert (job.title, job.pay, job.overlap, job.tasks.count()) == ("Same or not?", Decimal("0.1"), 2, 30)
    assert job.opened_at is None
    again = sketches.make(sketch, {}, by=olga, at=clock.now())
    assert again == job
    sketch.refresh_from_db()
    assert (sketch.job, sketch.said, sketch.file.name) == (job, {}, "")
    assert not sketches.under_way(orbit).exists()
    with pytest.raises(Refused, match="no draft any more"):
        sketches.keep(sketch, {"title": "Else"}, by=olga)


def test_what_is_dropped_is_forgotten(sketch: Sketch, orbit: Client, olga: Person, browser: Browser) -> None:
    kept = sketch.file
    assert kept.storage.exists(str(kept.name))
    page = reverse("tasks:drop_draft", args=["orbit", sketch.pk])
    assert browser.post(page).status_code == 302
    sketch.refresh_from_db()
    assert (sketch.said, sketch.file.name) == ({}, "")
    assert sketch.dropped_at
    assert browser.get(reverse("tasks:draft_job", args=["orbit", sketch.pk])).status_code == 404


def test_a_client_begins_so_many_and_no_more(orbit: Client, olga: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sketches, "MOST", 1)
    kind = WorkType.objects.get(slug="product-match")
    first = sketches.begin(orbit, work_type=kind, by=olga, at=clock.now())
    assert sketches.begin(orbit, work_type=kind, by=olga, at=clock.now()) == first
    sketches.keep(first, {"title": "One"}, by=olga)
    with pytest.raises(Refused, match="half written"):
        sketches.begin(orbit, work_type=kind, by=olga, at=clock.now())


def test_what_is_too_long_is_not_kept(sketch: Sketch, olga: Person) -> None:
    with pytest.raises(Refused, match="too long"):
        sketches.keep(sketch, {"guide": "x" * sketches.LARGEST}, by=olga)


def test_characters_that_are_nothing_are_left_out(sketch: Sketch, olga: Person) -> None:
    assert sketches.keep(sketch, {"title": "a\0b", "more": ["\0c"]}, by=olga).said["title"] == "ab"


# Pilots


def test_a_pilot_asks_the_first_tasks_paid_and_the_job_the_others(
    sketch: Sketch, orbit: Client, olga: Person, browser: Browser
) -> None:
    orders.deposit(orbit, "100")
    job = pilot(sketch, olga)
    assert job.opened_at
    assert list(job.tasks.order_by("position").values_list("external_id", flat=True)) == [f"p{n}" for n in range(20)]
    page = browser.get(reverse("tasks:pilot", args=["orbit", job.pk]))
    assert "Members are still answering" in words(page)
    adopted = browser.post(reverse("tasks:adopt_pilot", args=["orbit", job.pk]), {"pay": "0.12"})
    made = Job.objects.latest("pk")
    assert adopted.headers["Location"] == reverse("tasks:fund_job", args=["orbit", made.pk])
    assert (made.pay, sorted(made.tasks.values_list("external_id", flat=True))) == (
        Decimal("0.12"), sorted(f"p{n}" for n in range(20, 30)),
    )  # fmt: skip
    again = browser.post(reverse("tasks:adopt_pilot", args=["orbit", job.pk]), {"pay": "0.5"})
    assert again.headers["Location"] == adopted.headers["Location"]
    assert Job.objects.get(pk=made.pk).pay == Decimal("0.12")


def test_a_second_pilot_asks_the_next_tasks_and_all_can_be_asked_again(
    sketch: Sketch, orbit: Client, olga: Person
) -> None:
    orders.deposit(orbit, "100")
    pilot(sketch, olga, tasks=4)
    second = pilot(Sketch.objects.get(pk=sketch.pk), olga, tasks=4)
    assert list(second.tasks.order_by("position").values_list("external_id", flat=True)) == ["p4", "p5", "p6", "p7"]
    assert make(Sketch.objects.get(pk=sketch.pk), olga, again=True).tasks.count() == 30


def test_a_pilot_below_the_rate_or_without_money_moves_nothing(sketch: Sketch, orbit: Client, olga: Person) -> None:
    before, count = escrow.available(orbit), Job.objects.count()
    with pytest.raises(Refused, match=r"N1|at least"):
        sketches.pilot(sketch, facts(sketch) | {"pay": Decimal("0.01")}, by=olga, at=clock.now())
    with pytest.raises(Refused):
        sketches.pilot(sketch, facts(sketch) | {"pay": Decimal(900)}, by=olga, at=clock.now())
    assert (escrow.available(orbit), Job.objects.count()) == (before, count)
    assert Sketch.objects.get(pk=sketch.pk).piloted == 0


def test_a_pilot_of_wrong_rows_says_which(sketch: Sketch, orbit: Client, olga: Person) -> None:
    orders.deposit(orbit, "100")
    sketches.bring(sketch, orders.file_of("id,left,right\np1,a,b\np1,c,d\n"), by=olga)
    with pytest.raises(Refused, match="Line 2 of the data"):
        pilot(Sketch.objects.get(pk=sketch.pk), olga)
    assert not Job.objects.filter(title="Same or not?").exists()


def test_there_is_no_pilot_without_tasks(sketch: Sketch, orbit: Client, olga: Person) -> None:
    orders.deposit(orbit, "100")
    pilot(sketch, olga, tasks=30)
    with pytest.raises(Refused, match="none left"):
        pilot(Sketch.objects.get(pk=sketch.pk), olga)


def test_a_pilot_shows_times_as_the_rate_card_does(
    sketch: Sketch, orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person
) -> None:
    """Thirty seconds each: expected thirty; a median needs three members."""
    orders.deposit(orbit, "100")
    job = pilot(sketch, olga)
    for _task in range(10):
        work(job, amina, {"labels": ["Same"]})
        work(job, luis, {"labels": ["Same"]})
    assert measuring.of(job).median is None
    work(job, priya, {"labels": ["Same"]})
    found = measuring.of(job)
    assert (found.answers, found.people, found.median) == (21, 3, 30)
    assert (found.hourly, found.voted_hourly) == (Decimal("12.00"), Decimal("10.80"))
    assert found.keeps_the_hour == Decimal("0.10")


# Whose it is


ADDRESSES = ("draft_job", "make_job", "run_pilot", "drop_draft", "draft_look")


@pytest.mark.parametrize("name", ADDRESSES)
def test_nobody_else_reads_or_touches_it(
    sketch: Sketch, rival: Client, priya: Person, amina: Person, signed_in: Callable[[Person], Browser], name: str
) -> None:
    for who, slug in ((priya, "rival"), (priya, "orbit"), (amina, "orbit")):
        other, page = signed_in(who), reverse(f"tasks:{name}", args=[slug, sketch.pk])
        assert other.get(page).status_code in {404, 405}
        assert other.post(page).status_code in {404, 405}
    before = sketch.said
    page = reverse("tasks:draft_step", args=["rival", sketch.pk, "rules"])
    assert signed_in(priya).post(page, {"use": "mine"}).status_code == 404
    sketch.refresh_from_db()
    assert (sketch.said, sketch.job, sketch.dropped_at, sketch.pilot) == (before, None, None, None)


def test_an_adopted_pilot_is_its_own_clients(
    sketch: Sketch, orbit: Client, olga: Person, rival: Client, priya: Person, signed_in: Callable[[Person], Browser]
) -> None:
    orders.deposit(orbit, "100")
    job = pilot(sketch, olga)
    for slug in ("rival", "orbit"):
        for name in ("pilot", "adopt_pilot", "fund_job"):
            page = reverse(f"tasks:{name}", args=[slug, job.pk])
            assert signed_in(priya).post(page, {"pay": "1"}).status_code in {404, 405}
            assert signed_in(priya).get(page).status_code in {404, 405}
    assert Sketch.objects.get(pk=sketch.pk).job is None


INSERT = (
    "INSERT INTO tasks_sketch (client_id, work_type_id, said, file, file_name, rows, bytes, piloted, written_by_id)"
)


def test_the_database_lets_nobody_else_write_it(
    attack: Attack, sketch: Sketch, rival: Client, priya: Person, amina: Person, olga: Person
) -> None:
    guard = "sketches_are_their_clients"
    for who in (priya, amina):
        attack("UPDATE tasks_sketch SET written_by_id = %s WHERE id = %s", [who.pk, sketch.pk], guard=guard)
        attack(f"{INSERT} SELECT client_id, work_type_id, said, '', '', 0, 0, 0, %s FROM tasks_sketch WHERE id = %s",
               [who.pk, sketch.pk], guard=guard)  # fmt: skip
    attack("UPDATE tasks_sketch SET client_id = %s WHERE id = %s", [rival.pk, sketch.pk], guard="permission denied")
    attack("UPDATE tasks_sketch SET begun_at = now() WHERE id = %s", [sketch.pk], guard="permission denied")
    attack("UPDATE tasks_sketch SET said = jsonb_build_object('a', repeat('x', 400001)) WHERE id = %s", [sketch.pk],
           guard=guard)  # fmt: skip
    foreign = orders.draft(rival, priya)
    for column in ("job_id", "pilot_id"):
        attack(f"UPDATE tasks_sketch SET {column} = %s WHERE id = %s", [foreign.pk, sketch.pk], guard=guard)
    make(sketch, olga)
    attack("UPDATE tasks_sketch SET said = '{}' WHERE id = %s", [sketch.pk], guard=guard)


def test_a_sketch_is_a_job_or_dropped(attack: Attack, sketch: Sketch, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    attack("UPDATE tasks_sketch SET job_id = %s, dropped_at = now() WHERE id = %s", [job.pk, sketch.pk],
           guard="sketches_end_in_one_way")  # fmt: skip


# By the API


def call(secret: str, method: str, path: str, body: object = None, **headers: str) -> Any:
    sent = {} if method == "get" else {"data": json.dumps(body or {}), "content_type": "application/json"}
    named = {"Authorization": f"Bearer {secret}", **headers}
    return getattr(Browser(), method)(f"/api/v1/{path}", **sent, headers=named)


def test_what_the_pages_do_the_api_does(orbit: Client, olga: Person) -> None:
    orders.deposit(orbit, "100")
    _key, secret = keys.issue(orbit, name="t", scopes=["read", "post", "fund"], by=olga, at=clock.now())
    once = {"Idempotency-Key": "a"}
    begun = call(secret, "post", "drafts", {"work_type": "product-match"}, **once)
    assert begun.status_code == 201, begun.content
    draft = f"drafts/{begun.json()['id']}"
    assert any(one["stops"] and one["step"] == "questions" for one in begun.json()["findings"])
    said = {name: str(value) for name, value in WHOLE.items()} | {"unknown": "x"}
    written = call(secret, "patch", draft, {"said": said})
    assert written.status_code == 200, written.content
    assert "unknown" not in written.json()["said"]
    assert written.json()["price"]["total"] == "0.000000"
    brought = Browser().post(
        f"/api/v1/{draft}/tasks", data=orders.rows_of(30).encode(), content_type="text/csv",
        headers={"Authorization": f"Bearer {secret}"},
    )  # fmt: skip
    assert (brought.json()["rows"], brought.json()["findings"]) == (30, [])
    tried = call(secret, "post", f"{draft}/pilot", **{"Idempotency-Key": "b"})
    assert tried.status_code == 201, tried.content
    assert tried.json()["state"] == "open"
    same = call(secret, "post", f"{draft}/pilot", **{"Idempotency-Key": "b"})
    assert same.json()["id"] == tried.json()["id"]
    shown = call(secret, "get", f"jobs/{tried.json()['id']}/pilot").json()
    assert (shown["answers"], shown["median"], shown["expected"]) == (0, None, 30)
    assert [one["pilot"] for one in call(secret, "get", "drafts").json()] == [tried.json()["id"]]
    made = call(secret, "post", f"{draft}/job", {})
    assert (made.status_code, made.json()["state"]) == (201, "draft")
    assert Job.objects.get(pk=made.json()["id"]).tasks.count() == 10
    assert call(secret, "get", draft).status_code == 404


def test_the_api_names_what_stops_a_job_and_drops_it(orbit: Client, olga: Person) -> None:
    _key, secret = keys.issue(orbit, name="t", scopes=["read", "post"], by=olga, at=clock.now())
    draft = f"drafts/{call(secret, 'post', 'drafts', {'work_type': 'product-match'}).json()['id']}"
    assert call(secret, "post", f"{draft}/pilot").status_code == 403
    refused = call(secret, "post", f"{draft}/job", {})
    assert refused.status_code == 422
    assert "Title" in refused.json()["title"]
    assert call(secret, "delete", draft).status_code == 204
    assert call(secret, "get", draft).status_code == 404


def test_another_clients_key_finds_none(sketch: Sketch, rival: Client, priya: Person) -> None:
    _key, secret = keys.issue(rival, name="t", scopes=["read", "post", "fund"], by=priya, at=clock.now())
    ways = (("get", ""), ("patch", ""), ("delete", ""), ("post", "/pilot"), ("post", "/job"), ("post", "/tasks"))
    for method, path in ways:
        assert call(secret, method, f"drafts/{sketch.pk}{path}", {}).status_code == 404
    assert call(secret, "get", "drafts").json() == []


def test_a_large_file_is_counted_by_its_lines(sketch: Sketch, olga: Person) -> None:
    rows = io.BytesIO(b"id,left,right\n" + b"".join(b"p%d,%s,b\n" % (n, b"x" * 300) for n in range(4000)))
    kept = sketches.bring(sketch, orders.file_of(rows.getvalue()), by=olga)
    assert kept.rows == 4001


def test_a_pay_at_which_it_could_not_open_is_named_while_it_is_written(
    orbit: Client, olga: Person, browser: Browser
) -> None:
    make_job(orbit, olga, tasks=1, pay=Decimal("0.12"))
    draft = writing.begin(browser)
    browser.post(f"{draft}data/", {"lines": "id,left,right\np1,Kettle,Pot\n"})
    price = browser.get(f"{draft}price/")
    assert price.context["form"]["pay"].value() == "0.12"
    assert "Your comparable work asks at least" in words(price)
    writing.fill(browser, draft, WHOLE | {"pay": "0.10"})
    whole = words(browser.get(draft))
    assert "makes this at least US$ 0.12 for each answer. (N5)" in whole
    assert "Make the job" not in whole
    browser.post(f"{draft}price/", {"pay": "0.12"})
    assert "Make the job" in words(browser.get(draft))


def test_of_a_step_that_nobody_saved_yet_nothing_is_named(browser: Browser, orbit: Client) -> None:
    draft = writing.begin(browser)
    browser.post(f"{draft}data/", {"lines": "id,left,right\np1,Kettle,Pot\n"})
    assert "This field is required" not in words(browser.get(f"{draft}questions/"))
    browser.post(f"{draft}questions/", {"title": "", "later": "1"})
    assert "This field is required" in words(browser.get(f"{draft}questions/"))
