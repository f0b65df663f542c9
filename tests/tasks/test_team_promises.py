"""Attacks on teams as the web role: nobody is put into one, no split changes, and nobody is paid another's part."""

from collections.abc import Callable
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused, guard_of
from governance import pauses
from governance.models import PauseGround, TurnedAway
from payments.models import Account
from payments.money import to_micro
from tasks import cards, claims, teams
from tasks.models import Assignment, Job, ReviewRule, Team
from tests.tasks.conftest import SAME, hand_in, make_job
from tests.tasks.test_promises import CLAIM, TRANSFER, facts
from tests.tasks.test_teams import expert, formed, task, team

type Attack = Callable[..., None]
__all__ = ["expert", "task", "team"]

MEMBER = "INSERT INTO tasks_teammember (team_id, person_id, percent, consent, consented_at) VALUES (%s, %s, %s, %s, %s)"
CONSENT = "UPDATE tasks_teammember SET consent = %s WHERE team_id = %s AND person_id = %s"
BEGIN = "UPDATE tasks_team SET began_at = coop_now() WHERE id = %s"
WAGE = "wage_is_what_was_promised"


ACCEPTED = "UPDATE tasks_assignment SET state = 'accepted', decided_at = coop_now() WHERE id = %s"
REVIEW = """INSERT INTO tasks_review (assignment_id, reviewer_id, decision, ground, reason, place, at)
    VALUES (%s, %s, 'accept', 'client', '', '', coop_now())"""


def at_commit(statement: str, params: list[int | str | None]) -> None:
    """Run a statement, and ask what is asked at the end of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def accept_unpaid(assignment: Assignment, by: Person) -> Account:
    """Accept an answer for the client without its pay; return what stands behind it."""
    with connection.cursor() as cursor:
        cursor.execute(REVIEW, [assignment.pk, by.pk])
        cursor.execute(ACCEPTED, [assignment.pk])
    return Account.objects.get(code=f"job:{assignment.job_id}:commit:{assignment.person_id}")


def payable(who: Person) -> Account:
    """Return what a person's pay goes to."""
    return Account.objects.get_or_create(code=f"member:{who.pk}:payable", kind="member:payable")[0]


@pytest.fixture
def asked(expert: Job, priya: Person, luis: Person) -> Team:
    """Return a team to which Luis has not said yes."""
    return teams.propose(expert, shares={priya: 50, luis: 50}, by=priya, at=clock.now())


def test_teams_are_formed_where_members_check(
    job: Job, expert: Job, priya: Person, newcomer: Person, attack: Attack
) -> None:
    team = "INSERT INTO tasks_team (job_id, proposed_by_id, began_at) VALUES (%s, %s, %s)"
    for which, by, began in ((job, priya, None), (expert, newcomer, None), (expert, priya, clock.now())):
        attack(team, [which.pk, by.pk, began], guard="teams_are_formed_where_members_check")


def test_nobody_is_in_a_team_unasked(
    asked: Team, team: Team, luis: Person, petra: Person, newcomer: Person, attack: Attack
) -> None:
    guard = "nobody_is_in_a_team_unasked"
    attack(MEMBER, [asked.pk, petra.pk, 10, "", None], guard=guard)  # somebody has consented to the others
    attack(MEMBER, [team.pk, petra.pk, 10, "", None], guard=guard)
    bare = Team.objects.create(job=team.job, proposed_by=luis)
    attack(MEMBER, [bare.pk, newcomer.pk, 10, "", None], guard=guard)
    attack(MEMBER, [bare.pk, petra.pk, 10, teams.digest(asked), clock.now()], guard=guard)
    attack(MEMBER, [bare.pk, petra.pk, 0, "", None], guard="shares_are_whole_percents")


def test_consents_name_what_was_agreed(asked: Team, team: Team, luis: Person, priya: Person, attack: Attack) -> None:
    guard = "consents_name_what_was_agreed"
    attack(CONSENT, ["0" * 64, asked.pk, luis.pk], guard=guard)
    attack(CONSENT, [teams.digest(asked), asked.pk, priya.pk], guard=guard)  # a second time
    attack(CONSENT, ["", team.pk, priya.pk], guard=guard)
    for change in ("percent = 99", f"person_id = {luis.pk}", "consented_at = NULL"):
        attack(f"UPDATE tasks_teammember SET {change} WHERE team_id = %s", [asked.pk], guard="permission denied")
    attack("DELETE FROM tasks_teammember WHERE team_id = %s", [team.pk], guard="permission denied")


def test_a_split_that_is_not_whole_is_not_consented_to(
    expert: Job, priya: Person, luis: Person, attack: Attack
) -> None:
    bare = Team.objects.create(job=expert, proposed_by=priya)
    for who in (priya, luis):
        bare.members.create(person=who, percent=49)
    attack(CONSENT, [teams.digest(bare), bare.pk, luis.pk], guard="consents_name_what_was_agreed")


def test_consents_stand_in_the_record(asked: Team, luis: Person) -> None:
    digest = teams.digest(asked)
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        at_commit(CONSENT, [digest, asked.pk, luis.pk])
    assert guard_of(caught.value) == "consents_stand_in_the_record"


def test_teams_begin_with_everyones_consent(
    asked: Team, team: Team, luis: Person, priya: Person, attack: Attack
) -> None:
    guard = "teams_begin_with_everyones_consent"
    attack(BEGIN, [asked.pk], guard=guard)
    attack("UPDATE tasks_team SET began_at = NULL WHERE id = %s", [team.pk], guard=guard)
    bare = Team.objects.create(job=team.job, proposed_by=luis)
    attack(BEGIN, [bare.pk], guard=guard)
    # All have consented, but they are in another team that stands.
    teams.end(team, by=priya, at=clock.now())
    first = formed(team.job, {priya: 50, luis: 50})
    with transaction.atomic(), connection.cursor() as cursor:
        second = teams.propose(team.job, shares={priya: 60, luis: 40}, by=priya, at=clock.now())
        cursor.execute(CONSENT, [teams.digest(second), second.pk, luis.pk])
    attack(BEGIN, [second.pk], guard=guard)
    assert first.ended_at is None


def test_teams_end_once_by_one_of_them(team: Team, petra: Person, luis: Person, attack: Attack) -> None:
    guard = "teams_end_once_by_one_of_them"
    end = "UPDATE tasks_team SET ended_at = %s, ended_by_id = %s WHERE id = %s"
    attack(end, [clock.now(), petra.pk, team.pk], guard=guard)
    attack(end, [clock.now(), None, team.pk], guard=guard)
    teams.end(team, by=luis, at=clock.now())
    attack(end, [None, None, team.pk], guard=guard)
    attack(end, [clock.now(), luis.pk, team.pk], guard=guard)


def test_whose_a_task_is_stays(task: Assignment, attack: Attack) -> None:
    attack("UPDATE tasks_assignment SET team_id = NULL WHERE id = %s", [task.pk], guard="permission denied")


def test_teams_take_what_is_new_to_all(
    orbit: Client, olga: Person, priya: Person, luis: Person, amina: Person, attack: Attack
) -> None:
    job = make_job(orbit, olga, overlap=2, tasks=2, review_rule=ReviewRule.PEER)
    formed(job, {priya: 50, luis: 50})
    like = claims.claim_next(job, by=amina, at=clock.now())
    ours = claims.claim_next(job, by=priya, at=clock.now())
    again = facts(like, luis, task=ours.task_id, slot=2)
    attack(CLAIM, again, guard="teams_take_what_is_new_to_all")


def test_teams_work_when_all_may(
    expert: Job, priya: Person, luis: Person, samuel: Person, petra: Person, amina: Person, attack: Attack
) -> None:
    like = claims.claim_next(expert, by=amina, at=clock.now())
    formed(expert, {priya: 50, luis: 50})
    asked = pauses.ask(
        luis, ground=PauseGround.ACCOUNT_TAKEN_OVER, scope="work", reason="Signed in from two continents.",
        evidence=pauses.evidence_of("two sessions"), hours=24, by=samuel, at=clock.now(),
    )  # fmt: skip
    pauses.confirm(asked, by=petra, at=clock.now())
    attack(CLAIM, facts(like, priya), guard="teams_work_when_all_may")
    with pytest.raises(Refused, match="Somebody of your team"):
        claims.claim_next(expert, by=priya, at=clock.now())


def test_nobody_is_paid_anothers_part(
    task: Assignment, priya: Person, luis: Person, amina: Person, petra: Person, olga: Person, attack: Attack
) -> None:
    hand_in(task, SAME)
    source = accept_unpaid(task, olga)
    for who, micro in (
        (priya, to_micro(task.pay)), (luis, to_micro(task.pay)), (luis, 30_001), (priya, 50_000), (petra, 20_000),
        (amina, 50_001),
    ):  # fmt: skip
        attack(TRANSFER, [5, source.pk, payable(who).pk, micro, f"assignment:{task.pk}"], guard=WAGE)
    # One part is right by itself, but the acceptance is not paid with it.
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        at_commit(TRANSFER, [5, source.pk, payable(luis).pk, 30_000, f"assignment:{task.pk}"])
    assert guard_of(caught.value) == "money_follows_the_work"


def test_a_wage_goes_to_who_took_the_task(
    expert: Job, priya: Person, luis: Person, olga: Person, attack: Attack
) -> None:
    mine = claims.claim_next(expert, by=priya, at=clock.now())
    hand_in(mine, SAME)
    source = accept_unpaid(mine, olga)
    attack(TRANSFER, [5, source.pk, payable(luis).pk, to_micro(mine.pay), f"assignment:{mine.pk}"], guard=WAGE)


def test_notes_are_the_teams(task: Assignment, petra: Person, luis: Person, attack: Attack) -> None:
    note = "INSERT INTO tasks_teamnote (assignment_id, person_id, words) VALUES (%s, %s, %s)"
    for who, words in ((petra, "Hello"), (luis, "  "), (luis, "x" * 2001)):
        attack(note, [task.pk, who.pk, words], guard="notes_are_the_teams")


def test_notes_say_when(task: Assignment, luis: Person) -> None:
    teams.say(task, words="I take the second half.", by=luis, at=clock.now())
    assert task.team_notes.get().at is not None


def test_nobody_has_two_places(expert: Job, priya: Person, luis: Person, attack: Attack) -> None:
    bare = Team.objects.create(job=expert, proposed_by=priya)
    bare.members.create(person=luis, percent=10)
    attack(MEMBER, [bare.pk, luis.pk, 90, "", None], guard="one_place_in_a_team")


def test_drafts_are_written_by_who_works(task: Assignment, petra: Person, attack: Attack) -> None:
    draft = "INSERT INTO tasks_draft (assignment_id, value, saved_at, written_by_id) VALUES (%s, '{}', coop_now(), %s)"
    attack(draft, [task.pk, petra.pk], guard="drafts_are_written_by_who_works")
    attack("INSERT INTO tasks_teamdraft DEFAULT VALUES", guard="permission denied")


def test_time_is_noted_for_who_works(task: Assignment, petra: Person, attack: Attack) -> None:
    span = """INSERT INTO tasks_span (assignment_id, from_at, to_at, told, noted_at, person_id)
        SELECT id, claimed_at, claimed_at + interval '1 microsecond', false, coop_now(), %s
        FROM tasks_assignment WHERE id = %s"""
    attack(span, [petra.pk, task.pk], guard="spans_lie_within_the_task")
    assert task.pay == Decimal("0.100001")


def test_nobody_takes_a_task_for_a_team_by_a_card_that_names_none(
    expert: Job, priya: Person, luis: Person, signed_in: Callable[[Person], Browser], attack: Attack
) -> None:
    """Else two consents in others' names cut the pay of whoever presses "next" in the same moment (E1)."""
    alone = claims.claim_next(expert, by=priya, at=clock.now())
    hand_in(alone, SAME)
    formed(expert, {priya: 1, luis: 99})
    attack(CLAIM, facts(alone, priya), guard="terms_name_the_team")
    for card in ("", alone.card_id):
        with pytest.raises(Refused, match="terms of this job changed"):
            claims.claim_next(expert, by=priya, at=clock.now(), card=card)
    theirs = cards.card_for(expert, at=clock.now(), share=teams.share(expert, of=luis))
    attack(CLAIM.replace("card_id, pay +", f"'{theirs.pk}', pay +"), facts(alone, priya), guard="terms_name_the_team")
    page = signed_in(priya).get(f"/jobs/{expert.pk}/").content.decode()
    assert "1 percent of it" in page
    shown = cards.card_for(expert, at=clock.now(), share=teams.share(expert, of=priya))
    assert shown.pk in page
    assert claims.claim_next(expert, by=priya, at=clock.now(), card=shown.pk).team_id


def test_whoever_hands_in_is_led_to_the_new_terms(
    expert: Job, priya: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    mine = claims.claim_next(expert, by=priya, at=clock.now())
    formed(expert, {priya: 1, luis: 99})
    sent = signed_in(priya).post(f"/work/{mine.pk}/", {"label": "Same", "key": str(uuid4())}, follow=True)
    assert "The terms of this job have changed since your last task." in sent.content.decode()
    assert not TurnedAway.objects.exists()
