"""A client's look at answers (E6): accepted one by one or twenty at once, few sent back with cause and place."""

from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from coop import clock
from coop.people import clients, keys
from coop.people.models import Client, Person
from coop.refusals import Refused
from tasks import checks, claims, guides, overview, reviews
from tasks.models import Assignment, Ground, Job, ReviewRule
from tests.tasks import disputing
from tests.tasks.conftest import SAME, payable, work
from tests.tasks.test_client_pages import words
from tests.tasks.test_sketches import call

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
PUT_RIGHT = {"cause": "guide", "place": "labels", "reason": "The capacity differs, see the second line."}


@pytest.fixture
def browser(signed_in: Callable[[Person], Browser], olga: Person) -> Browser:
    return signed_in(olga)


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    return disputing.checked(orbit, olga, tasks=22)


def given(job: Job, who: Person, count: int) -> list[Assignment]:
    return [work(job, who, SAME) for _answer in range(count)]


def send_back(one: Assignment, by: Person) -> None:
    reviews.send_back(one, reason=PUT_RIGHT["reason"], place="labels", by=by, at=clock.now(), ground=Ground.CLIENT)


def page(name: str, job: Job, *more: object) -> str:
    return reverse(f"tasks:{name}", args=["orbit", job.pk, *more])


def test_what_is_ticked_is_accepted_and_paid_at_once(
    browser: Browser, job: Job, amina: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    answers = given(job, amina, 3)
    with django_assert_max_num_queries(18):
        assert words(browser.get(page("client_answers", job))).count("accepted at the latest") == 3
    before = payable(amina)
    ticked = [answers[0].pk, answers[1].pk, "x", "9" * 30]
    told = browser.post(page("accept_answers", job), {"answer": ticked}, follow=True)
    assert "2 answers accepted and paid." in words(told)
    assert payable(amina) - before == 2 * job.pay
    states = Assignment.objects.filter(job=job).order_by("pk").values_list("state", flat=True)
    assert list(states) == ["accepted", "accepted", "submitted"]
    again = browser.post(page("accept_answers", job), {"answer": ticked}, follow=True)
    assert "0 answers accepted" in words(again)


def test_twenty_at_once_and_no_more(job: Job, amina: Person, olga: Person) -> None:
    numbers = [one.pk for one in given(job, amina, 21)]
    for wrong in (numbers, []):
        with pytest.raises(Refused, match="1 to 20"):
            reviews.accept_some(job, wrong, by=olga, at=clock.now())
    assert len(reviews.accept_some(job, numbers[:20], by=olga, at=clock.now())) == 20


def test_an_answer_goes_back_with_cause_place_and_words(browser: Browser, job: Job, amina: Person) -> None:
    one = given(job, amina, 1)[0]
    shown = words(browser.get(page("client_answer", job, one.pk)))
    assert "It is not as the guide says" in shown
    for wrong in ({"cause": ""}, {"place": "nowhere"}, {"reason": "short"}, {"cause": "ugly"}):
        assert browser.post(page("return_answer", job, one.pk), PUT_RIGHT | wrong).status_code == 422
    assert browser.post(page("return_answer", job, one.pk), PUT_RIGHT).status_code == 302
    review = one.reviews.get()
    assert review.reason == f"It is not as the guide says: {PUT_RIGHT['reason']}"
    assert (review.ground, review.place) == ("client", "labels")
    one.refresh_from_db()
    assert one.state == "sent_back"
    assert browser.post(page("return_answer", job, one.pk), PUT_RIGHT).status_code in {403, 409}


def test_more_than_one_in_ten_is_sent_back_by_nobody(job: Job, amina: Person, olga: Person) -> None:
    answers = given(job, amina, 19)
    send_back(answers[0], olga)
    with pytest.raises(Refused, match="One in ten"):
        send_back(answers[1], olga)
    given(job, amina, 1)
    send_back(answers[1], olga)
    with pytest.raises(Refused, match="One in ten"):
        send_back(answers[2], olga)
    assert reviews.accept_some(job, [answers[2].pk], by=olga, at=clock.now())


def test_what_members_send_back_is_not_counted(job: Job, amina: Person, luis: Person, olga: Person) -> None:
    answers = given(job, amina, 2)
    theirs = reviews.next_for(luis, at=clock.now())
    assert theirs
    checks.take(theirs, by=luis, at=clock.now())
    reviews.send_back(theirs, reason=PUT_RIGHT["reason"], place="labels", by=luis, at=clock.now())
    send_back(next(one for one in answers if one.pk != theirs.pk), olga)


REVIEW = """INSERT INTO tasks_review (assignment_id, reviewer_id, decision, ground, reason, place, at)
    VALUES (%s, %s, 'send_back', 'client', 'Look again.', 'labels', coop_now())"""


def test_the_database_counts_what_a_client_sends_back(attack: Attack, job: Job, amina: Person, olga: Person) -> None:
    answers = given(job, amina, 2)
    send_back(answers[0], olga)
    attack(REVIEW, [answers[1].pk, olga.pk], guard="clients_send_few_back")


def test_nobody_else_accepts_or_sends_back(
    job: Job, amina: Person, luis: Person, priya: Person, signed_in: Callable[[Person], Browser]
) -> None:
    one = given(job, amina, 1)[0]
    clients.found("Rival", slug="rival", by=priya, at=clock.now())
    for who in (amina, luis, priya):
        for address in (page("accept_answers", job), page("return_answer", job, one.pk)):
            for slug in ("orbit", "rival"):
                other = address.replace("/orbit/", f"/{slug}/")
                assert signed_in(who).post(other, PUT_RIGHT | {"answer": one.pk}).status_code == 404
        assert reviews.accept_some(job, [one.pk], by=who, at=clock.now()) == []
    one.refresh_from_db()
    assert one.state == "submitted"


def test_another_jobs_answers_are_not_accepted_with_it(job: Job, orbit: Client, olga: Person, amina: Person) -> None:
    other = given(disputing.checked(orbit, olga, title="Other", tasks=1), amina, 1)[0]
    assert reviews.accept_some(job, [other.pk], by=olga, at=clock.now()) == []


def test_the_api_lists_accepts_and_sends_back(job: Job, orbit: Client, olga: Person, amina: Person) -> None:
    answers = given(job, amina, 3)
    _key, secret = keys.issue(orbit, name="t", scopes=["read", "download", "fund"], by=olga, at=clock.now())
    listed = call(secret, "get", f"jobs/{job.pk}/answers").json()["results"]
    assert [(one["id"], one["answer"]) for one in listed] == [(one.pk, SAME) for one in answers]
    took = call(secret, "post", f"jobs/{job.pk}/answers/accept", {"answers": [answers[0].pk, 10**15]})
    assert took.json() == {"accepted": [answers[0].pk]}
    told = {"reason": PUT_RIGHT["reason"], "place": "labels"}
    assert call(secret, "post", f"jobs/{job.pk}/answers/{answers[1].pk}/send-back", told).status_code == 204
    assert call(secret, "post", f"jobs/{job.pk}/answers/{answers[2].pk}/send-back", told).status_code == 409
    progress = call(secret, "get", f"jobs/{job.pk}/progress").json()
    assert (progress["accepted"], progress["checked"], progress["returned"]) == (1, 6667, 3333)


# Side by side, and how one goes on


def test_home_counts_all_jobs_in_as_many_queries(
    browser: Browser, job: Job, orbit: Client, olga: Person, amina: Person,
    django_assert_num_queries: DjangoAssertNumQueries, django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:  # fmt: skip
    answers = given(job, amina, 3)
    reviews.accept_some(job, [answers[0].pk], by=olga, at=clock.now())
    home = reverse("tasks:client", args=["orbit"])
    shown = words(browser.get(home))
    assert "1 of 22 answers accepted, 2 under way" in shown
    with django_assert_num_queries(4):
        [line] = overview.lines([job])
    assert (line.answers, line.accepted, line.at_work, line.questions) == (22, 1, 2, 0)
    for number in range(3):
        disputing.checked(orbit, olga, title=f"Job {number}", tasks=1)
    every = list(orbit.jobs.all())
    with django_assert_num_queries(4):
        assert len(overview.lines(every)) == 4
    with django_assert_max_num_queries(16):
        browser.get(home)


def test_a_question_that_waits_says_until_when(browser: Browser, job: Job, amina: Person) -> None:
    mine = claims.claim_next(job, by=amina, at=clock.now())
    asked = guides.ask(mine, words="Does the lid count?", by=amina, at=clock.now())
    [line] = overview.lines([job])
    asked.refresh_from_db()
    assert line.questions == 1
    assert asked.asked_at
    assert line.answer_by == asked.asked_at + overview.ANSWER_WITHIN
    assert "1 question waits for an answer." in words(browser.get(reverse("tasks:client", args=["orbit"])))
    assert "answer within two days" in words(browser.get(page("client_job", job)))


def test_the_end_is_told_by_the_pace_of_late(job: Job, amina: Person, later: Callable[..., datetime]) -> None:
    """Two answers on the first day and none on the second: 20 left at one a day."""
    assert overview.under_way(job, 22, at=clock.now()).earliest is None
    given(job, amina, 2)
    at = later(days=2)
    found = overview.under_way(job, 20, at=at)
    assert found.earliest
    assert found.latest
    assert round((found.latest - at).total_seconds() / 86_400) == 20
    assert (found.in_one_day + found.in_two_days + found.later, found.returned, found.checked) == (2, 0, 0)


# Keys


def test_a_key_is_renewed_like_itself_and_the_old_one_works_on(
    browser: Browser, orbit: Client, olga: Person, later: Callable[..., datetime]
) -> None:
    old, secret = keys.issue(orbit, name="nightly", scopes=["read", "post"], by=olga, at=clock.now())
    shown = browser.post(reverse("renew_key", args=["orbit", old.pk]))
    assert "Copy your key now" in words(shown)
    new = orbit.api_keys.exclude(pk=old.pk).get()
    assert (new.name, new.scopes, new.expires_at and new.expires_at - new.created_at) == (
        "nightly", ["post", "read"], old.expires_at and old.expires_at - old.created_at,
    )  # fmt: skip
    assert call(secret, "get", "drafts").status_code == 200
    keys.revoke(old, by=olga, at=clock.now())
    assert browser.post(reverse("renew_key", args=["orbit", old.pk])).status_code == 409


def test_nobody_renews_anothers_key(
    orbit: Client, olga: Person, priya: Person, signed_in: Callable[[Person], Browser]
) -> None:
    old, _secret = keys.issue(orbit, name="nightly", scopes=["read"], by=olga, at=clock.now())
    clients.found("Rival", slug="rival", by=priya, at=clock.now())
    for slug in ("orbit", "rival"):
        assert signed_in(priya).post(reverse("renew_key", args=[slug, old.pk])).status_code == 404
    with pytest.raises(Refused):
        keys.renew(old, by=priya, at=clock.now())
    assert orbit.api_keys.count() == 1


@pytest.mark.usefixtures("committed")
def test_what_somebody_else_is_changing_stops_none_of_the_others(
    new_job: Callable[..., Job], olga: Person, amina: Person, owner: psycopg.Connection
) -> None:
    job = new_job(review_rule=ReviewRule.PEER, overlap=1, tasks=3)
    first, second, third = (work(job, amina, SAME) for _task in range(3))
    owner.execute("SELECT FROM tasks_task WHERE id = %s FOR NO KEY UPDATE", [second.task_id])
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    try:
        done = reviews.accept_some(job, [first.pk, second.pk, third.pk], by=olga, at=clock.now())
    finally:
        connection.close()
    assert done == [first, third]
