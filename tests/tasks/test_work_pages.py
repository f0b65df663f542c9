"""The pages of the work, from the board to the pay, without JavaScript."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.test import Client as Browser
from pytest_django import DjangoAssertNumQueries

from coop import clock
from coop.people.models import Client, Person
from payments.models import WorkType
from tasks import claims, onboarding, reviews
from tasks.models import Answer, Assignment, Draft, Job, Report, ReviewRule
from tests.tasks.conftest import DIFFERENT, SAME, make_job, payable, work

type SignedIn = Callable[[Person], Browser]
type NewJob = Callable[..., Job]


def field(page: HttpResponseBase, name: str) -> str:
    """Return the value of a hidden field of a page."""
    assert isinstance(page, HttpResponse)
    found = re.search(rf'name="{name}" value="([\w-]+)"', page.content.decode())
    assert found, page.content.decode()
    return found[1]


def said(page: HttpResponseBase) -> str:
    """Return the text of a page in one line."""
    assert isinstance(page, HttpResponse)
    main = page.content.decode().partition("<main")[2]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace("\xa0", " ").split())


@pytest.fixture
def open_task(job: Job, amina: Person) -> Assignment:
    """Return Amina's open task."""
    return claims.claim_next(job, by=amina, at=clock.now())


@pytest.fixture
def checked(new_job: NewJob, amina: Person) -> Assignment:
    """Return an answer of Amina's that waits for a member's check."""
    return work(new_job(review_rule=ReviewRule.PEER, overlap=1), amina, SAME)


def test_a_visitor_sees_the_pay_of_every_job_and_how_to_join(job: Job, client: Browser) -> None:
    assert "US$ 10.80 an hour" in said(client.get("/jobs/"))
    page = client.get(f"/jobs/{job.pk}/")
    assert "US$ 0.09" in said(page)
    assert "Join to work on it" in said(page)
    # The guide is the client's own words: it is for those who may do the work.
    assert client.get(f"/jobs/{job.pk}/guide/").status_code == 302


def test_drafts_are_on_no_board(job: Job, client: Browser) -> None:
    draft = Job.objects.get(pk=job.pk)
    draft.pk, draft.opened_at = None, None
    draft.save(force_insert=True)
    assert client.get(f"/jobs/{draft.pk}/").status_code == 404
    assert said(client.get("/jobs/")).count("Same or not?") == 1


def test_jobs_that_may_upset_are_named_and_can_be_left_out(new_job: NewJob, client: Browser) -> None:
    new_job(
        title="Hard to read",
        sensitivity="1 in 200 speaks of self-harm",
        content={"self_harm": "rare"},
        pay=Decimal("0.108"),
    )
    assert "self-harm" in said(client.get("/jobs/"))
    assert "Hard to read" not in said(client.get("/jobs/?calm=1"))


def test_accepting_the_card_opens_a_task_with_that_card(job: Job, amina: Person, signed_in: SignedIn) -> None:
    browser = signed_in(amina)
    digest = field(browser.get(f"/jobs/{job.pk}/"), "card")
    opened = browser.post(f"/jobs/{job.pk}/claim/", {"card": digest})
    mine = Assignment.objects.get(person=amina, job=job)
    assert opened["Location"] == f"/work/{mine.pk}/"
    assert mine.card_id == digest


def test_sending_answers_with_the_next_task(open_task: Assignment, amina: Person, signed_in: SignedIn) -> None:
    browser = signed_in(amina)
    page = browser.get(f"/work/{open_task.pk}/")
    assert "Kettle 1" in said(page)
    form = {"key": field(page, "key"), "label": "Same"}
    following = browser.post(f"/work/{open_task.pk}/", form)
    assert "being checked until" in said(following)
    assert "Kettle 2" in said(following)
    # Pressed twice: the same answer, the same next task.
    again = browser.post(f"/work/{open_task.pk}/", form)
    assert "Kettle 2" in said(again)
    assert Answer.objects.filter(assignment=open_task).count() == 1


def test_sending_with_the_next_task_asks_little_of_the_database(
    open_task: Assignment, amina: Person, signed_in: SignedIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Who, and what and when: three; to hand in, four; to claim the next, six; and one for the page."""
    browser = signed_in(amina)
    with django_assert_num_queries(HANDING_IN_QUERIES):
        browser.post(f"/work/{open_task.pk}/", {"key": str(uuid4()), "label": "Same"})


HANDING_IN_QUERIES = 14


def test_an_incomplete_answer_says_what_is_missing_and_keeps_its_key(
    open_task: Assignment, amina: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(amina)
    key = field(browser.get(f"/work/{open_task.pk}/"), "key")
    page = browser.post(f"/work/{open_task.pk}/", {"key": key})
    assert page.status_code == 422
    assert "Choose an answer." in said(page)
    assert field(page, "key") == key


def test_a_form_without_its_key_is_not_ours(open_task: Assignment, amina: Person, signed_in: SignedIn) -> None:
    assert signed_in(amina).post(f"/work/{open_task.pk}/", {"label": "Same", "key": "1"}).status_code == 404


def test_what_was_written_comes_back(open_task: Assignment, amina: Person, signed_in: SignedIn) -> None:
    browser = signed_in(amina)
    assert browser.post(f"/work/{open_task.pk}/draft/", {"label": "Different"}).status_code == 204
    page = browser.get(f"/work/{open_task.pk}/").content.decode()
    assert re.search(r'value="Different"[^>]*checked', page)
    later = browser.post(
        f"/work/{open_task.pk}/", {"key": field(browser.get(f"/work/{open_task.pk}/"), "key"), "later": 1}
    )
    assert later["Location"] == "/work/"


def test_too_late_keeps_what_was_written(
    open_task: Assignment, amina: Person, signed_in: SignedIn, later: Callable[..., datetime]
) -> None:
    browser = signed_in(amina)
    key = field(browser.get(f"/work/{open_task.pk}/"), "key")
    later(minutes=31)
    page = browser.post(f"/work/{open_task.pk}/", {"key": key, "label": "Different"})
    assert page.status_code == 409
    assert "ran out" in said(page)
    assert "Different" in said(page)


def test_a_card_that_is_none_and_words_with_nothing_in_them(
    job: Job, open_task: Assignment, amina: Person, luis: Person, signed_in: SignedIn
) -> None:
    assert signed_in(luis).post(f"/jobs/{job.pk}/claim/", {"card": "\0"}).status_code == 302
    assert signed_in(luis).post(f"/jobs/{job.pk}/claim/", {"card": "0" * 64}).status_code == 302
    assert signed_in(amina).post(f"/work/{open_task.pk}/report/", {"words": "bad\0words"}).status_code == 302
    assert Report.objects.get().words == "badwords"


def test_nobody_sees_somebody_elses_task(open_task: Assignment, luis: Person, signed_in: SignedIn) -> None:
    browser = signed_in(luis)
    for way in ("", "back/"):
        assert browser.get(f"/work/{open_task.pk}/{way}").status_code == 404
    for way in ("", "draft/", "skip/", "leave/", "report/"):
        assert browser.post(f"/work/{open_task.pk}/{way}", {"label": "Same"}).status_code == 404


def test_skipping_opens_the_next_and_leaving_opens_none(
    open_task: Assignment, amina: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(amina)
    skipped = browser.post(f"/work/{open_task.pk}/skip/")
    following = Assignment.objects.get(person=amina, state="claimed")
    assert skipped["Location"] == f"/work/{following.pk}/"
    browser.post(f"/work/{following.pk}/leave/")
    assert not Assignment.objects.filter(person=amina, state="claimed").exists()


def test_reporting_content_skips_the_task(open_task: Assignment, amina: Person, signed_in: SignedIn) -> None:
    browser = signed_in(amina)
    assert browser.post(f"/work/{open_task.pk}/report/", {"words": " "}).status_code == 422
    browser.post(f"/work/{open_task.pk}/report/", {"words": "A home address."})
    assert Report.objects.get().words == "A home address."
    open_task.refresh_from_db()
    assert open_task.state == "skipped"


def test_an_applicant_is_led_to_paid_onboarding_and_admitted(newcomer: Person, signed_in: SignedIn) -> None:
    browser = signed_in(newcomer)
    assert "Go to the onboarding" in said(browser.get("/jobs/"))
    page = browser.get("/start/")
    so_far = onboarding.progress(newcomer)
    assert so_far is not None
    assert f"{so_far.total} questions" in said(page)
    mine = browser.post(f"/jobs/{so_far.job.pk}/claim/", {"card": field(page, "card")})["Location"]
    for question in so_far.job.tasks.order_by("position"):
        page = browser.get(mine)
        assert question.gold
        right = question.gold["value"]["labels"][0]
        browser.post(mine, {"key": field(page, "key"), "label": right})
        mine = f"/work/{Assignment.objects.filter(person=newcomer).latest('pk').pk}/"
    assert "You are a candidate now" in said(browser.get("/start/"))
    assert payable(newcomer) == so_far.cap


def test_the_onboarding_says_at_once_why(newcomer: Person, signed_in: SignedIn) -> None:
    first = onboarding.job()
    assert first is not None
    mine, browser = claims.claim_next(first, by=newcomer, at=clock.now()), signed_in(newcomer)
    known = mine.task.gold
    assert known
    wrong = next(label for label in mine.task.data["labels"] if label not in known["value"]["labels"])
    page = browser.post(f"/work/{mine.pk}/", {"key": field(browser.get(f"/work/{mine.pk}/"), "key"), "label": wrong})
    assert "Not right" in said(page)
    assert "added all the same" in said(page)


def test_a_check_shows_the_answer_and_not_its_author(
    checked: Assignment, amina: Person, luis: Person, signed_in: SignedIn
) -> None:
    signed_in(luis).post(f"/review/{checked.pk}/take/")
    page = signed_in(luis).get("/review/")
    assert "Accept: it is paid at once" in said(page)
    assert amina.name not in said(page)
    signed_in(luis).post(f"/review/{checked.pk}/accept/")
    assert payable(amina) == checked.pay


def test_sending_back_and_doing_again(
    checked: Assignment, amina: Person, luis: Person, priya: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(luis)
    browser.post(f"/review/{checked.pk}/take/")
    assert browser.post(f"/review/{checked.pk}/back/", {"place": "labels", "reason": "no"}).status_code == 422
    browser.post(f"/review/{checked.pk}/back/", {"place": "labels", "reason": "The sizes are not the same."})
    browser = signed_in(amina)
    assert browser.get(f"/work/{checked.pk}/")["Location"] == f"/work/{checked.pk}/back/"
    assert "The sizes are not the same." in said(browser.get(f"/work/{checked.pk}/back/"))
    assert "Sent back to you" in said(browser.get("/work/"))
    page = browser.get(f"/work/{checked.pk}/?redo")
    browser.post(f"/work/{checked.pk}/", {"key": field(page, "key"), "label": "Different"})
    assert reviews.next_for(priya, at=clock.now()) == checked
    assert checked.answers.latest("number").value == DIFFERENT


def test_an_answer_is_not_shown_to_who_may_not_check_it(
    checked: Assignment, newcomer: Person, olga: Person, signed_in: SignedIn
) -> None:
    for who in (newcomer, olga):
        assert signed_in(who).get("/review/").status_code == 200
        page = signed_in(who).post(f"/review/{checked.pk}/back/", {"place": "x", "reason": "y"})
        assert page.status_code == 403
        assert "Same product" not in said(page)


def test_opening_ones_tasks_pays_what_silence_has_accepted(
    checked: Assignment, amina: Person, signed_in: SignedIn, later: Callable[..., datetime]
) -> None:
    later(days=4)
    assert "Accepted" in said(signed_in(amina).get("/work/"))
    assert payable(amina) == checked.pay


def test_a_comparison_is_done_on_its_page(orbit: Client, olga: Person, amina: Person, signed_in: SignedIn) -> None:
    kind = WorkType.objects.get(slug="compare-answers")
    form = {"question": "Which answer is better?", "min_reason": 10}
    job = make_job(orbit, olga, work_type=kind, form=form, pay=Decimal("0.95"), review_rule=ReviewRule.PEER)
    mine, browser = claims.claim_next(job, by=amina, at=clock.now()), signed_in(amina)
    page = browser.get(f"/work/{mine.pk}/")
    sent = {"key": field(page, "key"), "shown": field(page, "shown"), "preference": "b_little", "reason": "short"}
    page = browser.post(f"/work/{mine.pk}/", sent)
    assert "at least 10 characters" in said(page)
    browser.post(f"/work/{mine.pk}/", {**sent, "reason": "B names the reason."})
    value = mine.answers.get().value
    assert (value["preference"], value["reason"]) == ("b_little", "B names the reason.")
    assert not Draft.objects.exists()


def test_what_is_held_says_until_when_and_by_whom(
    orbit: Client, olga: Person, amina: Person, signed_in: SignedIn
) -> None:
    agreeing, checked = (make_job(orbit, olga, review_rule=rule, title=rule) for rule in ("majority", "peer"))
    for job in (agreeing, checked):
        work(job, amina, SAME)
    browser = signed_in(amina)
    assert 'href="/work/"' in browser.get("/pay/").text
    held = said(browser.get("/work/"))
    assert "It waits for others who answer alike, or else for a member or Orbit to look at it" in held
    assert "It waits for a member or Orbit to look at it" in held
    assert held.count("accepted at the latest") == 2
