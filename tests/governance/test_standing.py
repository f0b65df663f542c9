"""Standing: who may do what, and that nobody is shut out by a row that somebody typed."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from coop.people.models import Person
from coop.refusals import Refusal
from governance import offices, resigning, standing
from governance.models import Proposal, Standing, Status
from tests.governance.conftest import Voted

pytestmark = pytest.mark.django_db
INSERT = """
INSERT INTO governance_standing (person_id, status, since, rule, recorded_by_id) VALUES (%s, %s, now(), 'R2', %s)
"""


def refusal(person: Person, doing: str, at: datetime) -> Refusal:
    found = standing.refusal(person, doing=doing, at=at)
    assert found is not None
    return found


def test_whoever_was_never_admitted_is_an_applicant(newcomer: Person, amina: Person) -> None:
    assert standing.status(newcomer) == Status.APPLICANT
    assert standing.status(amina) == Status.MEMBER


@pytest.mark.parametrize("doing", ["work", "claim:job:12", "review", "vote", "propose", "onboarding", "payout"])
def test_a_member_may_do_everything(amina: Person, now: datetime, doing: str) -> None:
    assert standing.refusal(amina, doing=doing, at=now) is None


def test_an_applicant_does_the_onboarding_first(newcomer: Person, now: datetime) -> None:
    assert refusal(newcomer, "claim:job:12", now).rule == "R2"
    assert refusal(newcomer, "vote", now).rule == "R1"
    assert standing.refusal(newcomer, doing="onboarding", at=now) is None


def test_a_candidate_works_and_does_not_vote_yet(newcomer: Person, now: datetime) -> None:
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=now)
    assert standing.refusal(newcomer, doing="work", at=now) is None
    assert refusal(newcomer, "vote", now).rule == "R1"


def test_a_candidate_becomes_a_member_after_90_days_and_not_before(
    newcomer: Person, now: datetime, later: Callable[..., datetime]
) -> None:
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=now)
    assert standing.promote_due(later(days=89)) == 0
    assert standing.promote_due(later(days=1, hours=1)) == 1
    assert standing.status(newcomer) == Status.MEMBER
    assert standing.promote_due(later(days=1)) == 0


def test_a_candidate_who_cannot_become_a_member_yet_holds_up_no_other(
    committed: None, newcomer: Person, olga: Person, now: datetime, later: Callable[..., datetime],
    owner: psycopg.Connection,
) -> None:  # fmt: skip
    for who in (newcomer, olga):
        standing.admit(who, status=Status.CANDIDATE, rule="onboarding", by=None, at=now)
    first, second = sorted((newcomer, olga), key=lambda who: who.pk)
    owner.execute(
        "CREATE FUNCTION public.poisoned() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'not now'; END$$;"
        " CREATE TRIGGER poisoned BEFORE INSERT ON governance_standing"
        f" FOR EACH ROW WHEN (NEW.person_id = {first.pk}) EXECUTE FUNCTION public.poisoned()"
    )
    owner.commit()
    assert standing.promote_due(later(days=91)) == 1
    assert [standing.status(one) for one in (first, second)] == [Status.CANDIDATE, Status.MEMBER]


def test_nobody_becomes_a_member_at_once(newcomer: Person, now: datetime) -> None:
    with pytest.raises(IntegrityError, match="Applicants become candidates"), transaction.atomic():
        standing.admit(newcomer, status=Status.MEMBER, rule="R2", by=None, at=now)
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=now)
    with pytest.raises(IntegrityError, match="Applicants become candidates"), transaction.atomic():
        standing.admit(newcomer, status=Status.MEMBER, rule="R2", by=None, at=now)


def test_leaving_is_ones_own_word_and_keeps_the_pay(
    amina: Person, now: datetime, later: Callable[..., datetime]
) -> None:
    resigning.give_notice(amina, pressure="none", at=now)
    now = later(days=7)
    resigning.leave_due(now)
    assert standing.status(amina) == Status.LEFT
    assert refusal(amina, "work", now).rule == "D1"
    assert standing.refusal(amina, doing="payout", at=now) is None


def test_a_notice_of_before_ends_no_new_standing(
    newcomer: Person, now: datetime, later: Callable[..., datetime]
) -> None:
    resigning.give_notice(newcomer, pressure="none", at=now)
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=later(hours=1))
    assert resigning.leave_due(later(days=8)) == []
    assert standing.status(newcomer) == Status.CANDIDATE


@pytest.mark.parametrize("status", ["expelled", "applicant", "left"])
def test_no_row_lowers_a_member(amina: Person, teresa: Person, attack: Callable[..., None], status: str) -> None:
    attack(INSERT, [amina.pk, status, teresa.pk], guard="standing_is_lowered_only_by_mandate")


def test_a_founding_mandate_expels_nobody(amina: Person, attack: Callable[..., None]) -> None:
    attack(
        "INSERT INTO governance_standing (person_id, status, since, rule, mandate_id)"
        " SELECT %s, 'expelled', now(), 'N7', id FROM governance_mandate",
        [amina.pk],
        guard="standing_is_lowered_only_by_mandate",
    )


@pytest.mark.parametrize("status", ["member", "candidate"])
def test_the_site_founds_no_members(newcomer: Person, amina: Person, attack: Callable[..., None], status: str) -> None:
    attack(
        "INSERT INTO governance_standing (person_id, status, since, rule, mandate_id)"
        " SELECT %s, %s, now(), 'R1', id FROM governance_mandate",
        [newcomer.pk, status],
        guard="standing_rises_in_order",
    )


def test_a_member_is_not_made_a_candidate_again(amina: Person, attack: Callable[..., None]) -> None:
    attack(INSERT, [amina.pk, "candidate", amina.pk], guard="standing_rises_in_order")


def test_nobodys_standing_is_made_the_latest_for_ever(newcomer: Person, attack: Callable[..., None]) -> None:
    attack(
        "INSERT INTO governance_standing (id, person_id, status, since, rule)"
        " VALUES (9223372036854775807, %s, 'candidate', now(), 'R2')",
        [newcomer.pk],
        guard="permission denied",
    )


REWRITES = [
    "UPDATE governance_standing SET status = 'left'",
    "DELETE FROM governance_standing",
    "TRUNCATE governance_standing",
]


@pytest.mark.parametrize("statement", REWRITES)
def test_standings_are_never_rewritten(attack: Callable[..., None], owner: psycopg.Connection, statement: str) -> None:
    attack(statement, guard="permission denied")
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        owner.execute(statement)
    assert caught.value.diag.constraint_name == "governance_standing_is_append_only"


def test_a_standing_is_not_backdated(newcomer: Person, now: datetime) -> None:
    long_ago = now - timedelta(days=365)
    row = Standing.objects.create(person=newcomer, status=Status.CANDIDATE, since=long_ago, rule="onboarding")
    row.refresh_from_db()
    assert row.since >= now


def test_asking_costs_one_query(
    amina: Person, now: datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        standing.refusal(amina, doing="claim:job:12", at=now)


def test_posts_are_held_from_a_date_to_a_date(teresa: Person, amina: Person, now: datetime) -> None:
    (office,) = offices.held_by(teresa, now)
    assert office.post == offices.TREASURER
    assert not offices.is_officer(amina, now)
    assert not offices.is_officer(teresa, office.ends_at)


def test_the_site_gives_no_posts(amina: Person, attack: Callable[..., None]) -> None:
    attack(
        "INSERT INTO governance_office (person_id, post, mandate_id, starts_at, ends_at)"
        " SELECT %s, 'treasurer', id, now(), now() + interval '1 year' FROM governance_mandate",
        [amina.pk],
        guard="office_is_given_by_an_election",
    )


def test_no_vote_by_an_easier_rule_expels_anybody(
    draft: Callable[..., Proposal], voted: Voted, luis: Person, attack: Callable[..., None]
) -> None:
    with connection.cursor() as site:
        site.execute(
            "INSERT INTO governance_proposal (policy, payload, rule_id, title, text, impact, subject, proposed_by_id,"
            " drafted_at, digest, roll_root) SELECT 'expulsion', %s, rule_id, title, text, impact, subject,"
            " proposed_by_id, drafted_at, digest, roll_root FROM governance_proposal WHERE id = %s RETURNING id",
            [f'{{"person":{luis.pk}}}', draft("N10").pk],
        )
        (number,) = site.fetchone()
    attack(
        "UPDATE governance_proposal SET published_at = now() WHERE id = %s", [number],
        guard="expulsion_follows_a_hearing",
    )  # fmt: skip
    passed = voted("N10", yes=36)
    attack(
        "INSERT INTO governance_standing (person_id, status, since, rule, mandate_id)"
        " SELECT %s, 'expelled', now(), 'N7', id FROM governance_mandate WHERE proposal_id = %s",
        [luis.pk, passed.pk],
        guard="standing_is_lowered_only_by_mandate",
    )
