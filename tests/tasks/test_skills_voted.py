"""A job asks for a skill only where those who do its kind of work voted which (N9); and a test keeps to the floor."""
# ruff: noqa: F401, F811 - fixtures

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import policies
from payments import instruments
from payments.models import Kind, WorkType
from payments.policies import for_you
from payments.policies.qualifying import Qualification
from tasks import claims, jobs, skills, testing
from tasks.models import Job, Skill
from tests.tasks import orders, writing
from tests.tasks.test_api import NEW, program
from tests.tasks.test_client_pages import NEW as FILLED
from tests.tasks.test_instruments import decided
from tests.tasks.test_skills import Attack, SignedIn, skill
from tests.tasks.test_work_pages import said
from tests.tasks.testing_skills import QUESTIONS, WORDS, exam, mathematics, sit

pytestmark = pytest.mark.django_db
CHEMISTRY = WORDS | {"name": "Chemistry", "name_es": "Química"}


@pytest.fixture
def other(petra: Person) -> Skill:
    """Return a skill that was voted for no kind of work; its test is open."""
    house = Client.objects.get(is_cooperative=True)
    made = skills.define(house, **CHEMISTRY, by=petra, at=clock.now())
    testing.open_test(made, guide="…", questions=QUESTIONS, by=petra, at=clock.now())
    return made


@pytest.fixture
def matching(_django_db_helper: None) -> WorkType:
    return WorkType.objects.get(slug="product-match")


def version(skill: Skill, kind: WorkType) -> dict[str, Any]:
    return {"key": f"asks/work_type:{kind.pk}", "value": {"skills": [skill.pk]}, "replaces": 0}


def test_no_job_asks_for_what_its_kind_of_work_was_not_voted_to(
    other: Skill, orbit: Client, olga: Person, attack: Attack
) -> None:
    with pytest.raises(Refused, match="have not voted that its jobs"):
        orders.draft(orbit, olga, asks=other)
    waiting = orders.ready(orbit, olga)
    Job.objects.filter(pk=waiting.pk).update(asks=other)
    waiting.refresh_from_db()
    with pytest.raises(Refused, match="have not voted that its jobs"):
        jobs.open(waiting, by=olga, at=clock.now())
    attack("UPDATE tasks_job SET opened_at = coop_now() WHERE id = %s", [waiting.pk], guard="skills_asked_are_tested")


def test_a_program_asks_for_no_other_either(other: Skill, orbit: Client, olga: Person) -> None:
    call, _key = program(orbit, olga, ["read", "post"])
    refused = call("POST", "jobs", {**NEW, "asks": other.pk})
    assert refused.status_code == 409
    assert "have not voted" in refused.content.decode()


def test_a_client_is_shown_what_was_voted_and_how_many_have_it(
    skill: Skill, other: Skill, olga: Person, amina: Person, signed_in: SignedIn
) -> None:
    sit(skill, amina)
    browser = signed_in(olga)
    draft = writing.begin(browser)
    page = said(browser.get(f"{draft}quality/"))
    assert "Mathematics: 1 has shown it" in page
    assert "Chemistry" not in page
    assert writing.fill(browser, draft, FILLED | {"asks": str(other.pk)}).status_code == 400


def test_what_holds_for_all_says_nothing_of_skills(matching: WorkType, other: Skill) -> None:
    kind = WorkType.objects.get(slug="compare-answers")
    assert instruments.value_or_none(Kind.QUALIFICATION, f"asks/work_type:{kind.pk}") is None
    assert not skills.to_ask(kind).exists()
    for key in ("skills", f"asks/work_type:{kind.pk}"):
        assert for_you.replaced(Kind.QUALIFICATION, {"key": key, "value": {}, "replaces": 0}) is None
    words = policies.find(Kind.QUALIFICATION).describe(version(other, kind))
    assert words == "What opens a kind of work (skills asked for, Compare two answers): a job may ask for “Chemistry”."


def test_it_is_for_those_who_do_that_work_to_vote(other: Skill, amina: Person) -> None:
    kind = WorkType.objects.get(slug="compare-answers")
    policy, payload = policies.find(Kind.QUALIFICATION), version(other, kind)
    assert policy.problems(payload) == []
    assert policy.subject(payload) == f"work_type:{kind.pk}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT payments_rule_for_instrument('qualification', %s, %s)",
                       [payload["key"], instruments.canonical(payload["value"])])  # fmt: skip
        assert cursor.fetchone() == ("N9",)


def test_the_propose_page_asks_first_what_to_change(matching: WorkType, other: Skill) -> None:
    asks = Qualification({"what": "asks", "work_type": matching.pk, "skills": [other.pk]})
    assert asks.is_valid()
    assert (asks.key(), asks.value()) == (f"asks/work_type:{matching.pk}", {"skills": [other.pk]})
    without = Qualification({"what": "asks", "skills": [other.pk]})
    assert set(without.errors) == {"work_type"}
    assert set(Qualification({"what": "opens"}).errors) == {"work_type", "of", "units"}
    tests = Qualification({"what": "tests", "drawn": 5, "right": 4, "again_days": 7, "work_type": matching.pk})
    assert tests.is_valid()
    assert tests.key() == "skills"


def test_nobody_is_tested_below_the_floor(
    decided: Callable[..., None], skill: Skill, amina: Person, luis: Person
) -> None:
    decided(Kind.FLOOR, f"country:{amina.country}", {"micro_an_hour": 20_000_000})
    with pytest.raises(Refused, match="E4"):
        claims.claim_next(exam(skill), by=amina, at=clock.now())
    assert sit(skill, luis).passed


def test_officers_see_of_which_skill_no_test_can_be_taken(petra: Person, signed_in: SignedIn) -> None:
    browser, desk = signed_in(petra), reverse("tasks:skills_desk")
    assert "No test of it can be taken" in said(browser.get(desk))
    mathematics(petra)
    assert "No test of it can be taken" not in said(browser.get(desk))
