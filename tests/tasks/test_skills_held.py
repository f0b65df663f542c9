"""Who puts skills up, which tests can be taken, and that neither a test nor a skip shuts anybody out."""
# ruff: noqa: F401, F811 - fixtures

import json
from collections.abc import Callable
from decimal import Decimal

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.database import roles
from coop.database.embedded import Cluster
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import mandates, signs
from governance.models import Equivalent
from payments.models import WorkType
from tasks import claims, jobs, onboarding, skills, testing
from tasks.models import Job, Skill, Task
from tests.payments.test_policies import change
from tests.payments.test_policies import voted as voted_rate
from tests.tasks import orders
from tests.tasks.conftest import SAME, hand_in, make_job, work
from tests.tasks.test_skills import Attack, Later, SignedIn, job, skill, voted
from tests.tasks.test_watch import gone_at_once
from tests.tasks.test_work_pages import said
from tests.tasks.testing_skills import AGAIN, DRAWN, QUESTIONS, WORDS, exam, sit

pytestmark = pytest.mark.django_db
WORD = """INSERT INTO tasks_skill (client_id, name, about, name_es, about_es, created_by_id)
    VALUES (%s, 'Loyal', 'To us.', 'Leal', 'A nosotros.', %s)"""
OPEN = "UPDATE tasks_job SET opened_at = coop_now() WHERE id = %s"
CLOSE = "UPDATE tasks_job SET closed_at = coop_now() WHERE id = %s"


@pytest.fixture
def waiting(orbit: Client, olga: Person, skill: Skill) -> Job:
    """Return a job that asks for the skill, ready to open."""
    ready = orders.ready(orbit, olga)
    Job.objects.filter(pk=ready.pk).update(asks=skill)
    return Job.objects.get(pk=ready.pk)


def further(skill: Skill, by: Person) -> Job:
    return testing.open_test(skill, guide="More.", questions=QUESTIONS, by=by, at=clock.now())


def raised(by: Person, amount: str) -> None:
    """Let the members vote another rate for the questions of tests and onboardings."""
    kind = WorkType.objects.get(slug="onboarding")
    assert not mandates.enact(voted_rate(change(kind, amount, 100), by), at=clock.now()).failure


def test_nobody_but_an_officer_words_a_skill_though_they_write_it_themselves(
    amina: Person, petra: Person, attack: Attack
) -> None:
    house = Client.objects.get(is_cooperative=True)
    attack(WORD, [house.pk, amina.pk], guard="skills_are_worded_in_both_languages")
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM record_event")
        (before,) = cursor.fetchone()
        cursor.execute(WORD, [house.pk, petra.pk])
        cursor.execute("SELECT actor_id, subject FROM record_event WHERE kind = 'skills.defined' AND id > %s", [before])
        assert cursor.fetchall() == [(petra.pk, f"skill:{Skill.objects.get(name='Loyal').pk}")]


def test_nobody_but_an_officer_opens_a_test(skill: Skill, amina: Person, petra: Person) -> None:
    with pytest.raises(IntegrityError, match="known questions"), transaction.atomic():
        onboarding.with_known_answers(
            skill.client, QUESTIONS, title="Mine", guide="…", tests=skill, by=amina, at=clock.now()
        )
    assert Job.objects.filter(tests=skill).count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT actor_id, subject, data ->> 'skill' FROM record_event WHERE kind = 'skills.test_opened'")
        assert cursor.fetchall() == [(petra.pk, f"job:{exam(skill).pk}", str(skill.pk))]


@pytest.mark.parametrize(("labels", "right"), [(["Yes", "No"], "Neither"), (["Yes"], "Yes")])
def test_a_test_of_questions_that_nobody_answers_rightly_opens_for_nobody(
    skill: Skill, petra: Person, labels: list[str], right: str
) -> None:  # fmt: skip
    odd = [*QUESTIONS[1:], ("Which?", labels, right, "")]
    with pytest.raises(IntegrityError, match="known questions"):
        onboarding.with_known_answers(skill.client, odd, title="No", guide="…", tests=skill, by=petra, at=clock.now())


@pytest.mark.parametrize("known", ["[]", '["Yes", "No"]', '"Yes"', "[[]]"])
def test_a_test_has_one_right_answer_to_each_question(
    skill: Skill, petra: Person, attack: Attack, known: str
) -> None:  # fmt: skip
    odd, asked = exam(skill), list(Task.objects.filter(job__tests=skill))
    odd.pk, odd.opened_at, odd.drafted_at = None, None, clock.now()
    odd.save(force_insert=True)
    for task in asked:
        task.pk, task.job = None, odd
    asked[0].gold = {"value": {"labels": json.loads(known)}}
    Task.objects.bulk_create(asked)
    attack(OPEN, [odd.pk], guard="skills_asked_are_tested")


def test_a_test_pays_what_is_voted_after_it_opened(
    skill: Skill, job: Job, amina: Person, petra: Person, attack: Attack
) -> None:  # fmt: skip
    raised(amina, "0.40")
    assert exam(skill).pay == Decimal("0.4")
    assert sit(skill, amina).passed
    work(job, amina, SAME)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM record_event WHERE kind = 'jobs.raised' AND subject = %s",
                       [f"job:{exam(skill).pk}"])  # fmt: skip
        assert "400000" in str(cursor.fetchall())
    attack("UPDATE tasks_job SET pay = 50000000 WHERE id = %s", [exam(skill).pk], guard="skills_asked_are_tested")


def test_who_has_met_all_of_the_oldest_test_goes_on_in_a_further_one(
    skill: Skill, amina: Person, petra: Person, later: Later, signed_in: SignedIn, voted: Callable[..., None]
) -> None:  # fmt: skip
    """With more drawn than the test has left, a go ends on a further test, and the page says which."""
    sit(skill, amina, right=0)
    later(days=AGAIN)
    old = exam(skill)
    for _question in range(DRAWN - 1):
        hand_in(claims.claim_next(old, by=amina, at=clock.now()), {"labels": ["No"]})
    new = further(skill, petra)
    # The last question of the old one goes to waste in a claim that is handed in.
    hand_in(claims.claim_next(old, by=amina, at=clock.now()), {"labels": ["No"]})
    later(days=AGAIN)
    found = skills.standing(amina, skill, at=clock.now()).test
    assert found == new
    assert f"/jobs/{new.pk}/claim/" in signed_in(amina).get(reverse("tasks:skill", args=[skill.pk])).content.decode()


@pytest.mark.parametrize("lacking", ["questions", "money"])
def test_no_job_asks_for_a_skill_of_which_no_test_can_be_taken(
    voted: Callable[..., None], superuser: psycopg.Connection, skill: Skill, waiting: Job, amina: Person,
    attack: Attack, signed_in: SignedIn, lacking: str,
) -> None:  # fmt: skip
    if lacking == "questions":
        voted(drawn=11, right=4, again_days=7)
    else:
        superuser.execute("ALTER TABLE payments_account DISABLE TRIGGER USER")
        superuser.execute("UPDATE payments_account SET balance = 1499999 WHERE code = 'fund:training'")
        superuser.commit()
    with pytest.raises(Refused, match="nobody could show it"):
        jobs.open(waiting, by=None, at=clock.now())
    attack(OPEN, [waiting.pk], guard="skills_asked_are_tested")
    page = said(signed_in(amina).get(reverse("tasks:skill", args=[skill.pk])))
    assert "Accept this rate and start" not in page
    assert ("too few questions" if lacking == "questions" else "training fund cannot pay") in page
    with pytest.raises(Refused):
        claims.claim_next(exam(skill), by=amina, at=clock.now())


def test_of_two_tests_that_close_at_once_one_stays(
    committed: None, cluster: Cluster, database_name: str, skill: Skill, job: Job, petra: Person
) -> None:  # fmt: skip
    first, second = exam(skill), further(skill, petra)
    with (
        psycopg.connect(cluster.url(roles.WEB, database_name)) as one,
        psycopg.connect(cluster.url(roles.WEB, database_name)) as other,
    ):
        one.execute(CLOSE, [first.pk])
        other.execute("SET lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            other.execute(CLOSE, [second.pk])
        other.rollback()
        one.commit()
        with pytest.raises(psycopg.errors.CheckViolation, match="can be taken"):
            other.execute(CLOSE, [second.pk])
    assert skill in skills.to_ask()


def test_a_test_is_no_offer_of_work(
    skill: Skill, orbit: Client, olga: Person, amina: Person, luis: Person, later: Later
) -> None:  # fmt: skip
    """Whoever did this work and has since met nothing but work for which they lack a skill, and its test."""
    plain = make_job(orbit, olga)
    work(plain, amina, SAME)
    jobs.close(plain, by=olga, at=clock.now())
    sit(skill, luis)
    later(days=8)
    sit(skill, amina, right=0)
    later(days=7, hours=1)
    gone_at_once(lambda **facts: make_job(orbit, olga, asks=skill, **facts), luis)
    assert amina in signs.found(Equivalent.NO_OFFERS)


@pytest.mark.parametrize("state", ["left", "skipped"])
def test_no_question_is_given_back_by_hand(skill: Skill, luis: Person, attack: Attack, state: str) -> None:
    mine = claims.claim_next(exam(skill), by=luis, at=clock.now())
    give = f"UPDATE tasks_assignment SET state = '{state}', decided_at = coop_now() WHERE id = %s"
    attack(give, [mine.pk], guard="assignment_moves_forward")


def test_who_was_tested_is_no_clients(skill: Skill, amina: Person, orbit: Client) -> None:
    sit(skill, amina)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('workhall.client', %s, true)", [str(orbit.pk)])
        cursor.execute("SELECT count(*) FROM tasks_sitting")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT tasks_tested_skills()")
        assert cursor.fetchall() == [(skill.pk,)]
