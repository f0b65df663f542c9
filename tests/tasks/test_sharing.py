"""Scarce work is shared as the members voted (N9): a share for each, kept for hours, and nothing won by refreshing."""

from collections.abc import Callable
from datetime import datetime

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import standing
from governance.models import Status
from payments import instruments
from payments.models import Kind, WorkType
from payments.policies import AllocationChange
from tasks import claims, sharing
from tasks.models import Assignment, Job, Reserve
from tests.tasks.conftest import SAME, hand_in, make_job, work
from tests.tasks.test_instruments import DECIDE
from tests.tasks.test_promises import CLAIM, facts
from tests.tasks.test_races import at_once, count

pytestmark = pytest.mark.usefixtures("committed")
type Attack = Callable[..., None]
type Later = Callable[..., datetime]

SHARED = {"order": "shared", "most_a_day": 0, "hours": 48}


@pytest.fixture
def three(orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person, later: Later) -> list[Person]:
    """Return the only three members who did this kind of work lately; nobody joined since."""
    later(days=29)
    job = make_job(orbit, olga, title="Before")
    people = [amina, luis, priya]
    for one in people:
        work(job, one, SAME)
    return people


@pytest.fixture
def shared(
    committed: None, owner: psycopg.Connection, three: list[Person], orbit: Client, olga: Person
) -> Callable[..., Job]:
    """Let this kind of work be shared for 48 hours, and return a function that opens a job of it."""
    about = f"work_type:{WorkType.objects.get(slug='product-match').pk}"
    owner.execute(DECIDE, [Kind.ALLOCATION, about, instruments.canonical(SHARED)])
    owner.commit()
    return lambda tasks, **more: make_job(orbit, olga, tasks=tasks, **{"overlap": 1, **more})


def take_all(job: Job, who: Person) -> int:
    """Take and hand in until there is nothing more for this person; return how many there were."""
    for turn in range(100):
        try:
            hand_in(claims.claim_next(job, by=who, at=clock.now()), SAME)
        except Refused:
            return turn
    raise AssertionError


def shares(job: Job) -> list[int]:
    return sorted(Reserve.objects.filter(job=job).values_list("units", flat=True))


def test_every_answer_is_in_one_share_and_shares_differ_by_one_at_most(shared: Callable[..., Job]) -> None:
    assert shares(shared(7)) == [2, 2, 3]
    assert shares(shared(2, title="Two")) == [0, 1, 1]
    assert shares(shared(2, title="Four answers", overlap=2)) == [1, 1, 2]


def test_whoever_comes_first_takes_their_share_and_no_more(
    attack: Attack, shared: Callable[..., Job], three: list[Person], later: Later
) -> None:
    job = shared(6)
    assert take_all(job, three[0]) == 2
    with pytest.raises(Refused, match="shared out until"):
        claims.claim_next(job, by=three[0], at=clock.now())
    mine = claims.claim_next(job, by=three[1], at=clock.now())
    attack(CLAIM, facts(mine, three[0]), guard="shares_are_kept_for_their_members")
    later(hours=47)
    assert sharing.expected(three[2], [job])[job.pk].tasks == 2
    claims.expire_due(at=clock.now())
    assert take_all(job, three[1]) == take_all(job, three[2]) == 2


def test_when_the_hours_are_over_what_is_left_is_open_to_everybody(
    shared: Callable[..., Job], three: list[Person], later: Later
) -> None:
    job = shared(6)
    assert take_all(job, three[0]) == 2
    later(hours=48)
    assert take_all(job, three[0]) == 4


def test_refreshing_wins_nothing(shared: Callable[..., Job], three: list[Person]) -> None:
    job = shared(3)
    hasty, *others = three
    for _burst in range(3):
        results = at_once(*(lambda: claims.claim_next(job, by=hasty, at=clock.now()) for _tab in range(6)))
        for mine in {one.pk: one for one in results if isinstance(one, Assignment)}.values():
            if Assignment.objects.get(pk=mine.pk).state == "claimed":
                hand_in(mine, SAME)
    assert Assignment.objects.filter(job=job, person=hasty).count() == 1
    results = at_once(*(lambda who=who: claims.claim_next(job, by=who, at=clock.now()) for who in others))
    assert count(results, Assignment) == 2


def test_who_passes_a_task_on_keeps_their_share(shared: Callable[..., Job], three: list[Person]) -> None:
    job = shared(6)
    claims.skip(claims.claim_next(job, by=three[0], at=clock.now()), by=three[0], at=clock.now())
    assert take_all(job, three[0]) == 2


def test_who_did_not_do_this_work_waits(shared: Callable[..., Job], three: list[Person], samuel: Person) -> None:
    assert standing.status(samuel) == Status.MEMBER
    job = shared(6)
    assert set(Reserve.objects.filter(job=job).values_list("person", flat=True)) == {one.pk for one in three}
    assert take_all(job, samuel) == 0


def test_who_joined_lately_has_a_share_without_having_worked(
    shared: Callable[..., Job], three: list[Person], newcomer: Person
) -> None:
    standing.admit(newcomer, status=Status.CANDIDATE, rule="R1", by=newcomer, at=clock.now())
    assert newcomer.pk in Reserve.objects.filter(job=shared(8)).values_list("person", flat=True)


def test_first_come_divides_what_is_left_among_who_is_at_it(job: Job, amina: Person, luis: Person) -> None:
    assert sharing.expected(amina, [job])[job.pk] == sharing.Expected(5, 0)
    for who in (luis, *Person.objects.exclude(name__in=["Nia", "Olga", "Amina", "Luis"])[:3]):
        claims.claim_next(job, by=who, at=clock.now())
    assert sharing.expected(amina, [job])[job.pk] == sharing.Expected(3, 4)


def test_the_board_and_the_card_say_what_to_expect(
    shared: Callable[..., Job], three: list[Person], signed_in: Callable[[Person], Browser]
) -> None:
    job = shared(6)
    browser = signed_in(three[0])
    assert "2 tasks kept for you until" in " ".join(browser.get("/jobs/").text.split())
    assert "2 tasks kept for you until" in " ".join(browser.get(f"/jobs/{job.pk}/").text.split())


def test_nobody_writes_themselves_a_share(attack: Attack, shared: Callable[..., Job], three: list[Person]) -> None:
    job = shared(6)
    attack(
        "INSERT INTO tasks_reserve (job_id, person_id, units, until) VALUES (%s, %s, 9, now())",
        [job.pk, three[0].pk],
        guard="permission denied",
    )
    attack("UPDATE tasks_reserve SET units = 9", guard="permission denied")


@pytest.mark.parametrize(
    "said",
    [
        {"order": "shared", "most_a_day": 0}, {"order": "shared", "most_a_day": 0, "hours": 0},
        {"order": "shared", "most_a_day": 0, "hours": 73}, {"order": "first_come", "most_a_day": 0, "hours": 1},
    ],
    ids=str,
)  # fmt: skip
def test_shares_are_kept_for_an_hour_to_three_days(said: dict[str, object]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_instrument_holds('allocation', '', %s)", [instruments.canonical(said)])
        assert cursor.fetchone() == (False,)


def test_the_vote_says_it_in_words(three: list[Person]) -> None:
    assert AllocationChange().words(SHARED) == "shared out, each share kept for 48 hours; no limit"
