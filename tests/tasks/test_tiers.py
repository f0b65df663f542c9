"""A limit to a tier reaches the work and the checks of that tier, by a decision that stands and by nothing else."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import appeals, standing
from governance.models import CaseGround, Decision, Measure
from payments.models import WorkType
from tasks import checks, claims, reviews
from tasks.models import Job, ReviewRule
from tests.governance import charging
from tests.tasks.conftest import SAME, make_job, work
from tests.tasks.test_promises import CLAIM, facts

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
type Later = Callable[..., datetime]
RESTRICT = """INSERT INTO governance_restriction (decision_id, person_id, scope, starts_at, ends_at)
VALUES (%s, %s, %s, now(), now() + interval '30 days')"""


@pytest.fixture
def job(orbit: Client, olga: Person) -> Job:
    return make_job(orbit, olga, review_rule=ReviewRule.PEER, overlap=2)


@pytest.fixture
def limited(amina: Person, samuel: Person, teresa: Person, later: Later) -> Decision:
    """Return a decision by which a tier is closed to Amina for 30 days; it has begun a day ago."""
    decided = charging.decide(
        amina, samuel, teresa, ground=CaseGround.DATA_TAKEN, measure=Measure.LIMIT, scope="tier:general", days=30
    )
    later(days=8)
    return decided


def test_a_limit_to_a_tier_closes_its_work_and_no_other(
    orbit: Client, olga: Person, job: Job, amina: Person, luis: Person, limited: Decision, attack: Attack
) -> None:
    with pytest.raises(Refused, match="A panel of members decided"):
        claims.claim_next(job, by=amina, at=clock.now())
    like = claims.claim_next(job, by=luis, at=clock.now())
    attack(CLAIM, facts(like, amina), guard="work_is_for_people_in_good_standing")
    writing = WorkType.objects.get(slug="compare-answers")
    form = {"question": "Which answer is better?", "min_reason": 10}
    other = make_job(orbit, olga, work_type=writing, form=form, pay=Decimal(1))
    assert claims.refusal(other, by=amina, at=clock.now()) is None


def test_it_closes_the_checks_of_that_tier(
    job: Job, amina: Person, luis: Person, limited: Decision, attack: Attack
) -> None:
    mine = work(job, luis, SAME)
    with pytest.raises(Refused, match="A panel of members decided"):
        reviews.accept(mine, by=amina, at=clock.now())
    take = "INSERT INTO tasks_check (assignment_id, person_id, state) VALUES (%s, %s, 'open')"
    attack(take, [mine.pk, amina.pk], guard="checks_are_taken_by_others")


def test_it_ends_by_itself(job: Job, amina: Person, limited: Decision, later: Later) -> None:
    assert claims.refusal(job, by=amina, at=later(days=28)) is not None
    at = later(days=1, minutes=1)
    assert claims.refusal(job, by=amina, at=at) is None
    assert claims.claim_next(job, by=amina, at=at).pay == job.pay


def test_an_appeal_takes_its_effect_away(job: Job, amina: Person, limited: Decision) -> None:
    appeals.appeal(limited, reasons="I wrote them myself, and said so.", by=amina, at=clock.now())
    assert standing.refusal(amina, doing=f"claim:job:{job.pk}:tier:general", at=clock.now()) is None
    assert claims.claim_next(job, by=amina, at=clock.now()).pay == job.pay


def test_a_tier_is_closed_by_nobody_without_a_decision(
    job: Job, luis: Person, limited: Decision, attack: Attack
) -> None:
    attack(RESTRICT, [limited.pk, luis.pk, "tier:general"], guard="governance_restriction_decision_id_key")
    assert checks.held_by(luis, clock.now()) is None
    assert claims.claim_next(job, by=luis, at=clock.now()).pay == job.pay
