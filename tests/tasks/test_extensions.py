"""More time for a task: once, for the asking, and nobody and nothing refuses it."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import pauses
from governance.models import PauseGround
from tasks import claims, content, extensions, jobs, reviews
from tasks.models import Assignment, AssignmentState, Draft, Extension, Job, ReviewRule
from tests.tasks.conftest import SAME, hand_in, make_job, work
from tests.tasks.test_work_pages import field

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
type SignedIn = Callable[[Person], Browser]

GIVE = "INSERT INTO tasks_extension (assignment_id) VALUES (%s)"
HALF = timedelta(minutes=30)


@pytest.fixture
def mine(job: Job, amina: Person) -> Assignment:
    """Return Amina's open task of half an hour."""
    return claims.claim_next(job, by=amina, at=clock.now())


def give(mine: Assignment) -> Extension:
    """Ask for more time as who holds the task."""
    return extensions.give(mine, by=mine.person, at=clock.now())


def test_more_time_is_the_limit_once_more(mine: Assignment, later: Later) -> None:
    before = mine.expires_at
    later(minutes=29)
    assert give(mine).until == before + HALF
    mine.refresh_from_db()
    assert mine.expires_at == before + HALF
    later(minutes=29)
    assert claims.expire_due(at=clock.now()) == 0
    hand_in(mine, SAME)


def test_it_is_given_once(attack: Attack, mine: Assignment) -> None:
    give(mine)
    with pytest.raises(Refused, match="have had more time"):
        give(mine)
    attack(GIVE, [mine.pk], guard="tasks_extension_pkey")


def test_it_is_given_to_an_open_task_alone(attack: Attack, mine: Assignment, later: Later) -> None:
    later(minutes=30)
    with pytest.raises(Refused):
        give(mine)
    attack(GIVE, [mine.pk], guard="extensions_are_given_once")


def test_nobody_takes_time_in_another_way(attack: Attack, mine: Assignment, luis: Person) -> None:
    with pytest.raises(Refused, match="somebody else"):
        extensions.give(mine, by=luis, at=clock.now())
    longer = "UPDATE tasks_assignment SET expires_at = expires_at + interval '30 minutes' WHERE id = %s"
    attack(longer, [mine.pk], guard="assignment_moves_forward")
    give(mine)
    attack(longer, [mine.pk], guard="assignment_moves_forward")
    attack("UPDATE tasks_extension SET until = until + interval '1 day'", guard="permission denied")


def test_what_is_said_of_its_time_is_not_believed(mine: Assignment) -> None:
    far = clock.now() + timedelta(days=900)
    made = Extension.objects.create(assignment=mine, from_at=far, until=far, at=far)
    before = mine.expires_at
    made.refresh_from_db()
    mine.refresh_from_db()
    assert made.until == mine.expires_at == before + HALF


def test_an_older_view_gives_none(committed: None, attack_from_the_past: Attack, mine: Assignment) -> None:
    attack_from_the_past(GIVE, [mine.pk], guard="extensions_are_given_once")


def paused(mine: Assignment) -> None:
    """Pause all work of the member, as two officers can."""
    first, second = (Person.objects.get(name=name) for name in ("Samuel", "Petra"))
    asked = pauses.ask(
        mine.person, ground=PauseGround.PAYMENT_FRAUD, scope="work", reason="As an example.",
        evidence=pauses.evidence_of("x"), hours=72, by=first, at=clock.now(),
    )  # fmt: skip
    pauses.confirm(asked, by=second, at=clock.now())


def closed(mine: Assignment) -> None:
    """Close the job."""
    jobs.close(mine.job, by=None, at=clock.now())


def chose_nothing(mine: Assignment) -> None:
    """Take back every choice of content, with the least cap."""
    content.choose(mine.person, (), 1, by=mine.person, at=clock.now())


@pytest.mark.parametrize("meanwhile", [paused, closed, chose_nothing])
def test_nothing_that_happens_meanwhile_refuses_it(
    orbit: Client, olga: Person, amina: Person, meanwhile: Callable[[Assignment], None]
) -> None:
    job = make_job(orbit, olga, content={"hate": "rare"}, pay=Decimal("0.2"))
    content.choose(amina, ["hate"], None, by=amina, at=clock.now())
    mine = claims.claim_next(job, by=amina, at=clock.now())
    meanwhile(mine)
    assert give(mine).until == mine.expires_at + HALF


def test_what_was_sent_back_has_more_time_too(orbit: Client, olga: Person, amina: Person, luis: Person) -> None:
    mine = work(make_job(orbit, olga, review_rule=ReviewRule.PEER, overlap=1), amina, SAME)
    reviews.send_back(mine, by=luis, reason="The left one has a lid.", place="answer", at=clock.now())
    mine.refresh_from_db()
    before = mine.expires_at
    assert give(mine).until == before + HALF
    mine.refresh_from_db()
    assert (mine.state, mine.expires_at) == (AssignmentState.SENT_BACK, before + HALF)


def test_the_page_gives_it_and_keeps_what_is_written(mine: Assignment, amina: Person, signed_in: SignedIn) -> None:
    browser, address = signed_in(amina), f"/work/{mine.pk}/"
    page = browser.get(address)
    assert "More time" in page.text
    sent = {"key": field(page, "key"), "label": "Same", "more": "1"}
    assert browser.post(address, sent).status_code == 302
    assert Draft.objects.get(assignment=mine).value == SAME
    assert Extension.objects.filter(assignment=mine).exists()
    assert "More time" not in browser.get(address).text
    assert browser.post(address, {**sent, "key": str(uuid.uuid4())}).status_code == 409
