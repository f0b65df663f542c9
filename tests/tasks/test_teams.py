"""Teams at a job: consent before the work, one task for all, each paid their part, whatever becomes of the answer."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from coop import clock
from coop.people.models import Client, Person
from coop.record.models import Event
from coop.refusals import Refused
from payments import guarantee, ledger
from payments.models import Kind, Transfer
from tasks import (
    answers,
    background,
    cards,
    claims,
    disputes,
    engaged,
    invitations,
    invoices,
    jobs,
    notices,
    reviews,
    stages,
    teams,
    tips,
)
from tasks.models import Answer, Assignment, Draft, Job, ReviewRule, Span, Takes, Team, TeamDraft
from tests.tasks import orders
from tests.tasks.conftest import DIFFERENT, SAME, hand_in, make_job, payable, work
from tests.tasks.test_client_pages import words
from tests.tasks.test_guarantee import next_monday
from tests.tasks.test_instruments import decided

type SignedIn = Callable[[Person], Browser]
__all__ = ["decided"]


@pytest.fixture
def expert(orbit: Client, olga: Person) -> Job:
    """Return an open job of one answer each, which a member checks."""
    return make_job(orbit, olga, overlap=1, review_rule=ReviewRule.PEER, pay=Decimal("0.100001"))


def formed(job: Job, shares: dict[Person, int]) -> Team:
    """Propose as the first of them, and let the others say yes."""
    first, *others = shares
    team = teams.propose(job, shares=shares, by=first, at=clock.now())
    for who in others:
        teams.consent(team, digest=teams.digest(team), by=who, at=clock.now())
    team.refresh_from_db()
    return team


@pytest.fixture
def team(expert: Job, priya: Person, luis: Person, amina: Person) -> Team:
    """Return a team of three that has begun."""
    return formed(expert, {priya: 50, luis: 30, amina: 20})


@pytest.fixture
def task(team: Team, priya: Person) -> Assignment:
    """Return the team's task, taken by Priya."""
    return claims.claim_next(team.job, by=priya, at=clock.now())


def paid(*people: Person) -> list[Decimal]:
    return [payable(one) for one in people]


def test_a_team_begins_when_the_last_says_yes(expert: Job, priya: Person, luis: Person, amina: Person) -> None:
    team = teams.propose(expert, shares={priya: 50, luis: 30, amina: 20}, by=priya, at=clock.now())
    alone = claims.claim_next(expert, by=luis, at=clock.now())
    assert alone.team_id is None
    teams.consent(team, digest=teams.digest(team), by=luis, at=clock.now())
    assert not teams.standing_at(expert).exists()
    teams.consent(team, digest=teams.digest(team), by=amina, at=clock.now())
    assert teams.standing_at(expert).get() == team
    ours = claims.claim_next(expert, by=amina, at=clock.now())
    assert ours.team_id == Assignment.objects.get(pk=ours.pk).team_id == team.pk
    assert Assignment.objects.get(pk=alone.pk).team_id is None


@pytest.mark.parametrize("shares", [(100,), (50, 49), (50, 51), (100, 0), (20, 20, 20, 20, 10, 10)])
def test_a_split_is_whole_and_for_two_to_five(
    expert: Job, priya: Person, luis: Person, amina: Person, petra: Person, samuel: Person, teresa: Person,
    shares: tuple[int, ...],
) -> None:  # fmt: skip
    people = (priya, luis, amina, petra, samuel, teresa)
    with pytest.raises(Refused):
        teams.propose(expert, shares=dict(zip(people, shares, strict=False)), by=priya, at=clock.now())
    assert not Team.objects.exists()


def test_no_team_where_answers_are_compared(job: Job, priya: Person, luis: Person) -> None:
    with pytest.raises(Refused, match="everybody answers alone"):
        teams.propose(job, shares={priya: 50, luis: 50}, by=priya, at=clock.now())


def test_who_may_not_work_is_not_asked(expert: Job, priya: Person, newcomer: Person, olga: Person) -> None:
    for who in (newcomer, olga):
        with pytest.raises(Refused, match="cannot do this work"):
            teams.propose(expert, shares={priya: 50, who: 50}, by=priya, at=clock.now())


def test_each_is_paid_their_part_in_one_journal(
    task: Assignment, priya: Person, luis: Person, amina: Person, petra: Person
) -> None:
    before = Decimal(ledger.balance(f"job:{task.job_id}:commit:{priya.pk}"))
    hand_in(task, SAME)
    reviews.accept(Assignment.objects.get(pk=task.pk), by=petra, at=clock.now())
    # 100,001 micro-units: 50,000.5, 30,000.3 and 20,000.2; the one that is over goes to who was cut most.
    assert paid(priya, luis, amina) == [Decimal("0.050001"), Decimal("0.030000"), Decimal("0.020000")]
    moved = Transfer.objects.filter(ref=f"assignment:{task.pk}", kind=5)
    assert len({one.journal for one in moved}) == 1
    assert sum(one.amount for one in moved) == task.pay
    assert before == task.pay + task.fee
    assert ledger.balance(f"job:{task.job_id}:commit:{priya.pk}") == 0


def test_what_is_over_goes_to_who_was_cut_most(expert: Job, priya: Person, luis: Person, amina: Person) -> None:
    team = formed(expert, {priya: 34, luis: 33, amina: 33})
    for micro in (1, 2, 3, 100, 100_001, 999_999):
        parts = dict(teams.split(team.pk, Decimal(micro) / 1_000_000))
        assert sum(parts.values()) == Decimal(micro) / 1_000_000
        for who, percent in ((priya, 34), (luis, 33), (amina, 33)):
            assert abs(parts[who.pk] * 1_000_000 - Decimal(micro * percent) / 100) < 1


def test_one_goes_on_with_what_another_wrote(task: Assignment, priya: Person, luis: Person, petra: Person) -> None:
    answers.save_draft(task, value=SAME, by=priya, at=clock.now())
    answers.save_draft(task, value=DIFFERENT, by=luis, at=clock.now())
    assert (Draft.objects.get().value, Draft.objects.get().written_by) == (DIFFERENT, luis)
    (before,) = TeamDraft.objects.all()
    assert (before.value, before.person) == (SAME, priya)
    with pytest.raises(Refused, match="somebody else"):
        answers.save_draft(task, value=SAME, by=petra, at=clock.now())
    key = uuid4()
    answers.submit(task, value=DIFFERENT, key=key, seconds=30, by=luis, at=clock.now())
    assert answers.submit(task, value=DIFFERENT, key=key, seconds=30, by=luis, at=clock.now()) == Answer.objects.get()
    assert [(one.person, one.value) for one in TeamDraft.objects.order_by("pk")] == [(priya, SAME), (luis, DIFFERENT)]


def test_a_member_alone_keeps_no_earlier_drafts(expert: Job, priya: Person) -> None:
    mine = claims.claim_next(expert, by=priya, at=clock.now())
    answers.save_draft(mine, value=SAME, by=priya, at=clock.now())
    hand_in(mine, SAME)
    assert not TeamDraft.objects.exists()


def test_a_team_does_no_task_twice(team: Team, priya: Person, luis: Person, amina: Person) -> None:
    taken = [claims.claim_next(team.job, by=who, at=clock.now()).task_id for who in (priya, luis, amina)]
    assert len(set(taken)) == 3


def test_a_team_has_one_voice_about_a_task(
    orbit: Client, olga: Person, priya: Person, luis: Person, amina: Person
) -> None:
    job = make_job(orbit, olga, overlap=2, tasks=1, review_rule=ReviewRule.PEER)
    formed(job, {priya: 50, luis: 50})
    claims.claim_next(job, by=priya, at=clock.now())
    with pytest.raises(Refused, match="no task left for you"):
        claims.claim_next(job, by=luis, at=clock.now())
    claims.claim_next(job, by=amina, at=clock.now())


def test_what_one_answered_before_is_nothing_for_the_team(
    orbit: Client, olga: Person, priya: Person, luis: Person
) -> None:
    job = make_job(orbit, olga, overlap=2, tasks=1, review_rule=ReviewRule.PEER)
    work(job, luis, SAME)
    team = formed(job, {priya: 50, luis: 50})
    with pytest.raises(Refused, match="no task left for you"):
        claims.claim_next(job, by=priya, at=clock.now())
    teams.end(team, by=luis, at=clock.now())
    claims.claim_next(job, by=priya, at=clock.now())


def test_nobody_of_a_team_follows_it(
    orbit: Client, olga: Person, priya: Person, luis: Person, amina: Person, petra: Person
) -> None:
    first = orders.draft(orbit, olga, overlap=1, review_rule=ReviewRule.PEER)
    orders.send(first, orders.rows_of(1))
    second = orders.draft(orbit, olga, title="Decide", overlap=1, review_rule=ReviewRule.PEER)
    stages.join(second, after=first, takes=Takes.EACH, carries={"answered": "labels"}, by=olga, at=clock.now())
    orders.deposit(orbit, "1000")
    for job in (second, first):
        jobs.fund(job, by=olga, at=clock.now())
        jobs.open(job, by=olga, at=clock.now())
    formed(Job.objects.get(pk=first.pk), {priya: 60, luis: 40})
    done = work(Job.objects.get(pk=first.pk), priya, SAME)
    reviews.accept(done, by=petra, at=clock.now())
    stages.hand_on_due(at=clock.now())
    second = Job.objects.get(pk=second.pk)
    for who in (priya, luis):
        with pytest.raises(Refused, match="no task left for you"):
            claims.claim_next(second, by=who, at=clock.now())
    claims.claim_next(second, by=amina, at=clock.now())


def test_none_of_a_team_checks_its_answers(task: Assignment, luis: Person, petra: Person) -> None:
    hand_in(task, SAME)
    task.refresh_from_db()
    assert reviews.next_for(luis, at=clock.now()) is None
    with pytest.raises(Refused, match="Somebody else checks"):
        reviews.accept(task, by=luis, at=clock.now())
    assert reviews.next_for(petra, at=clock.now()) == task


def test_another_split_is_another_team(
    team: Team, task: Assignment, priya: Person, luis: Person, petra: Person
) -> None:
    again = formed(team.job, {luis: 50, priya: 50})
    team.refresh_from_db()
    assert team.ended_at is not None
    hand_in(task, SAME)
    reviews.accept(Assignment.objects.get(pk=task.pk), by=petra, at=clock.now())
    assert payable(priya) == Decimal("0.050001")
    assert claims.claim_next(team.job, by=luis, at=clock.now()).team == again


def test_who_leaves_is_paid_for_what_was_taken(task: Assignment, luis: Person, priya: Person, petra: Person) -> None:
    (team,) = teams.standing_at(task.job)
    teams.end(team, by=luis, at=clock.now())
    hand_in(task, SAME)
    reviews.accept(Assignment.objects.get(pk=task.pk), by=petra, at=clock.now())
    assert payable(luis) == Decimal("0.030000")
    alone = cards.card_for(task.job, at=clock.now()).pk
    assert claims.claim_next(task.job, by=priya, at=clock.now(), card=alone).team_id is None
    with pytest.raises(Refused, match="has ended"):
        teams.end(team, by=priya, at=clock.now())


def test_a_no_ends_it_before_it_began(expert: Job, priya: Person, luis: Person) -> None:
    team = teams.propose(expert, shares={priya: 50, luis: 50}, by=priya, at=clock.now())
    teams.end(team, by=luis, at=clock.now())
    team.refresh_from_db()
    with pytest.raises(Refused, match="settled"):
        teams.consent(team, digest=teams.digest(team), by=luis, at=clock.now())
    assert claims.claim_next(expert, by=priya, at=clock.now()).team_id is None


def test_consent_is_to_what_was_shown(expert: Job, priya: Person, luis: Person) -> None:
    team = teams.propose(expert, shares={priya: 50, luis: 50}, by=priya, at=clock.now())
    with pytest.raises(Refused, match="not as you saw it"):
        teams.consent(team, digest="0" * 64, by=luis, at=clock.now())
    assert not team.members.exclude(consent="").exclude(person=priya).exists()


def test_a_rejected_answer_is_paid_to_all_at_once_and_recovered(
    task: Assignment, olga: Person, priya: Person, luis: Person, amina: Person, later: Callable[..., object]
) -> None:
    hand_in(task, SAME)
    task.refresh_from_db()
    dispute = disputes.reject(task, reason="It is the wrong kettle.", place="labels", by=olga, at=clock.now())
    assert paid(priya, luis, amina) == [Decimal("0.050001"), Decimal("0.030000"), Decimal("0.020000")]
    later(hours=73)
    dispute.refresh_from_db()
    assert disputes.go_on(dispute, at=clock.now())
    assert Assignment.objects.get(pk=task.pk).state == "accepted"
    assert sum(paid(priya, luis, amina)) == task.pay


def test_a_tip_is_split_alike(task: Assignment, olga: Person, petra: Person, priya: Person, luis: Person) -> None:
    hand_in(task, SAME)
    orders.deposit(task.job.client, "10")
    reviews.accept(Assignment.objects.get(pk=task.pk), by=petra, at=clock.now())
    before = paid(priya, luis)
    tips.give(Assignment.objects.get(pk=task.pk), amount=Decimal(1), by=olga, at=clock.now())
    assert [now - was for now, was in zip(paid(priya, luis), before, strict=True)] == [Decimal("0.5"), Decimal("0.3")]


def test_an_invoice_counts_the_answer_once(task: Assignment, petra: Person) -> None:
    hand_in(task, SAME)
    reviews.accept(Assignment.objects.get(pk=task.pk), by=petra, at=clock.now())
    month = invoices.months(task.job.client)[0].month
    (cost,) = [one for one in invoices.invoice(task.job.client, month).jobs if one.job == task.job_id]
    assert (cost.answers, cost.wages) == (1, task.pay)


def test_the_hours_of_each_count_by_themselves(
    task: Assignment, priya: Person, luis: Person, amina: Person, petra: Person, later: Callable[..., object]
) -> None:
    later(minutes=10)
    assert engaged.note(task, seconds=25, ago=0, by=luis, at=clock.now())
    assert engaged.note(task, seconds=30, ago=0, by=priya, at=clock.now())
    with pytest.raises(Refused):
        engaged.note(task, seconds=60, ago=0, by=petra, at=clock.now())
    assert [one.person for one in Span.objects.order_by("pk")] == [luis, None]
    hand_in(task, SAME)
    reviews.accept(Assignment.objects.get(pk=task.pk), by=petra, at=clock.now())
    monday = (task.claimed_at - timedelta(days=task.claimed_at.weekday())).replace(hour=0, minute=0, second=0,
        microsecond=0)  # fmt: skip
    seconds = {who: sum(one.seconds for one in engaged.stretches(who, monday)) for who in (priya, luis, amina)}
    assert [round(seconds[who]) for who in (luis, priya, amina)] == [25, 30, 0]
    assert [one.pay for one in engaged.stretches(luis, monday)] == [Decimal("0.030000")]


def test_the_week_of_each_counts_their_part(
    decided: Callable[..., None], orbit: Client, olga: Person, priya: Person, luis: Person, petra: Person
) -> None:
    decided(Kind.FLOOR, "country:VE", {"micro_an_hour": 10_000_000})
    next_monday()
    job = make_job(orbit, olga, overlap=1, review_rule=ReviewRule.PEER, pay=Decimal("0.1"))
    formed(job, {priya: 50, luis: 50})
    task = claims.claim_next(job, by=priya, at=clock.now())
    clock.advance(timedelta(minutes=10))
    engaged.note(task, seconds=40, ago=0, by=luis, at=clock.now())
    hand_in(task, SAME)
    reviews.accept(Assignment.objects.get(pk=task.pk), by=petra, at=clock.now())
    next_monday()
    guarantee.settle(at=clock.now())
    (week,) = guarantee.weeks(luis)
    assert 40 <= week.seconds <= 42
    assert (week.earned, week.amount) == (Decimal("0.05"), week.least - Decimal("0.05"))


def test_more_hands_make_no_more_hours(
    task: Assignment, luis: Person, petra: Person, later: Callable[..., object]
) -> None:
    """A task's time counts three times the voted half minute at most; each of a team up to their share of that."""
    later(minutes=10)
    engaged.note(task, seconds=75, ago=0, by=luis, at=clock.now())
    hand_in(task, SAME)
    monday = (task.claimed_at - timedelta(days=task.claimed_at.weekday())).replace(hour=0, minute=0, second=0,
        microsecond=0)  # fmt: skip
    assert [one.seconds for one in engaged.stretches(luis, monday)] == [27]


def asked_by_letter(browser: Browser, job: Job, address: str) -> tuple[int, str, list[str], int]:
    """Ask an address; return what was answered, what the page says then, what the database was asked, and letters."""
    with CaptureQueriesContext(connection) as asked:
        sent = browser.post(f"/jobs/{job.pk}/team/", {"mine": "60", "who_1": address, "percent_1": "40"})
    shown = words(browser.get(f"/jobs/{job.pk}/team/")).replace(address, "X")
    statements = [re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in asked.captured_queries]
    return sent.status_code, shown, statements, ProcrastinateJob.objects.filter(task_name=invitations.SEND).count()


def test_an_address_with_an_account_is_answered_like_one_without(
    expert: Job, priya: Person, luis: Person, signed_in: SignedIn
) -> None:
    browser = signed_in(priya)
    known = asked_by_letter(browser, expert, luis.email)
    unknown = asked_by_letter(browser, expert, "nobody.here@example.org")
    assert known[:3] == unknown[:3]
    assert (known[0], known[3], unknown[3]) == (302, 1, 2)
    assert "A letter went to X" in known[1]
    assert not any("people_person" in one and "email" in one.partition("WHERE")[2] for one in known[2])
    assert not Team.objects.exists()


def test_who_reads_the_letter_proposes_the_team_and_who_asked_says_yes(
    expert: Job, priya: Person, luis: Person, petra: Person, signed_in: SignedIn, mailoutbox: list[EmailMessage]
) -> None:
    sent = {"mine": "50", "who_1": luis.email.upper(), "percent_1": "30", "who_2": petra.name, "percent_2": "20"}
    assert signed_in(priya).post(f"/jobs/{expert.pk}/team/", sent).status_code == 302
    invitations.deliver(ProcrastinateJob.objects.get(task_name=invitations.SEND).args["token"], at=clock.now())
    [letter] = mailoutbox
    assert (letter.to, expert.title in str(letter.body)) == ([luis.email.lower()], True)
    link = link_in(letter)
    for asked in (signed_in(petra).get(link), signed_in(petra).post(link)):
        assert (asked.status_code, priya.name in words(asked)) == (403, False)
    assert signed_in(luis).get(link[:-4] + "x/").status_code == 404
    assert "30 %" in words(signed_in(luis).get(link))
    assert not Team.objects.exists()
    assert signed_in(luis).post(link).status_code == 302
    for again in (signed_in(luis).get(link), signed_in(luis).post(link)):
        assert (again.status_code, "a team of the same people" in words(again)) == (409, True)
    team = Team.objects.get()
    shares = dict(team.members.values_list("person", "percent"))
    assert shares == {priya.pk: 50, luis.pk: 30, petra.pk: 20}
    assert [one.person for one in team.members.exclude(consent="")] == [luis]
    for who in (priya, petra):
        teams.consent(team, digest=teams.digest(team), by=who, at=clock.now())
    assert teams.standing_at(expert).get() == team


def test_who_is_named_and_written_to_is_told_so(expert: Job, priya: Person, luis: Person) -> None:
    asked = invitations.Invitation(expert, priya, {priya: 50, luis: 30}, luis.email, 20)
    with pytest.raises(Refused, match="named in this split already"):
        invitations.accept(asked, by=luis, at=clock.now())
    assert not Team.objects.exists()


def test_a_letter_may_be_for_other_people_or_after_a_team_ended(
    expert: Job, priya: Person, luis: Person, petra: Person
) -> None:
    asked = invitations.Invitation(expert, priya, {priya: 60}, luis.email, 40)
    formed(expert, {priya: 50, luis: 30, petra: 20})
    ours = invitations.accept(asked, by=luis, at=clock.now())
    with pytest.raises(Refused, match="a team of the same people"):
        invitations.accept(asked, by=luis, at=clock.now())
    teams.end(ours, by=priya, at=clock.now())
    assert invitations.accept(asked, by=luis, at=clock.now()).pk != ours.pk


def link_in(letter: EmailMessage) -> str:
    """Return where a letter's first link leads, on this site."""
    return next(one for one in str(letter.body).split() if "://" in one).removeprefix(settings.ORIGIN)


def letter_sent(job: Job, address: str, *, by: Person, named: dict[Person, int]) -> None:
    """Have somebody write to an address, who would have what the others leave, and the letter sent."""
    invitations.invite(job, address, percent=100 - sum(named.values()), shares=named, by=by, at=clock.now())
    [token] = ProcrastinateJob.objects.filter(task_name=invitations.SEND).order_by("-pk").values_list("args__token")[0]
    invitations.deliver(token, at=clock.now())


@pytest.mark.parametrize(
    "text",
    [
        "Your payout failed\n\nhttps://evil.example", "See evil.example", "WWW.EVIL.X", "evil\u200b.\u200bexample",
        "evil\uff0eexample", "evil\u3002example", "evil.\u0440\u0444", "1.2.3.4 /pay",
    ],
)  # fmt: skip
def test_a_letter_says_nothing_in_a_strangers_words(expert: Job, priya: Person, text: str) -> None:
    priya.name, expert.title = text, text
    asked = invitations.Invitation(expert, priya, {priya: 60}, "a@example.org", 40)
    assert invitations.about(asked) == "Who asks: a member\nWhere: a job"


def test_names_of_two_lines_stand_on_one_after_our_own_words(
    expert: Job, priya: Person, mailoutbox: list[EmailMessage]
) -> None:
    name = "Your payout failed\u2028\n\nJ.R. write\x00 to us"
    Person.objects.filter(pk=priya.pk).update(name=name.replace("\x00", "\x01"))
    letter_sent(expert, "a@example.org", by=priya, named={priya: 60})
    ours, _link, theirs = str(mailoutbox[0].body).partition("://")
    assert theirs.splitlines()[5] == "Who asks: Your payout failed J.R. write to us"
    assert "Your payout" not in ours
    assert expert.title not in ours


def test_who_may_not_work_writes_no_letter(expert: Job, newcomer: Person, signed_in: SignedIn) -> None:
    sent = {"mine": "60", "who_1": "a@example.org", "percent_1": "40"}
    page = signed_in(newcomer).post(f"/jobs/{expert.pk}/team/", sent)
    assert "You cannot do this work at this moment." in words(page)
    with pytest.raises(Refused, match="cannot do this work"):
        invitations.invite(expert, "a@example.org", percent=40, shares={newcomer: 60}, by=newcomer, at=clock.now())
    assert not ProcrastinateJob.objects.filter(task_name=invitations.SEND).exists()


def test_letters_about_a_team_are_few_and_to_one_other(expert: Job, priya: Person, signed_in: SignedIn) -> None:
    browser, one = signed_in(priya), {"mine": "60", "who_1": "a@example.org", "percent_1": "40"}
    two = {"mine": "40", "who_1": "a@example.org", "percent_1": "40", "who_2": "b@example.org", "percent_2": "20"}
    for wrong in (two, one | {"who_1": priya.email}, one | {"who_1": "a@"}, one | {"percent_1": "41"}):
        assert browser.post(f"/jobs/{expert.pk}/team/", wrong).status_code == 400
    for _letter in range(invitations.MOST):
        assert browser.post(f"/jobs/{expert.pk}/team/", one).status_code == 302
    cache.clear()
    assert browser.post(f"/jobs/{expert.pk}/team/", one).status_code == 400


def test_an_address_gets_one_letter_in_two_weeks_whoever_asks(
    expert: Job, priya: Person, luis: Person, mailoutbox: list[EmailMessage], later: Callable[..., object]
) -> None:
    for by in (priya, luis):
        letter_sent(expert, "a@example.org", by=by, named={by: 60})
    letter_sent(expert, "B@example.org", by=luis, named={luis: 60})
    assert [one.to for one in mailoutbox] == [["a@example.org"], ["b@example.org"]]
    later(days=14)
    letter_sent(expert, "A@example.org", by=luis, named={luis: 60})
    assert len(mailoutbox) == 2
    later(days=1)
    letter_sent(expert, "a@example.org", by=luis, named={luis: 60})
    assert len(mailoutbox) == 3


def test_an_address_ends_these_letters_by_the_link_in_one_without_signing_in(
    expert: Job, priya: Person, luis: Person, mailoutbox: list[EmailMessage], later: Callable[..., object]
) -> None:
    letter_sent(expert, "a@example.org", by=priya, named={priya: 60})
    off = mailoutbox[0].extra_headers["List-Unsubscribe"].strip("<>")
    assert off in str(mailoutbox[0].body)
    assert mailoutbox[0].extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    browser, path = Browser(enforce_csrf_checks=True), off.removeprefix(settings.ORIGIN)
    assert "No more of these letters?" in browser.get(path).text
    assert not Event.objects.filter(kind="teams.no_more_letters").exists()
    for _time in range(2):
        assert "goes to this address again" in browser.post(path, {"List-Unsubscribe": "One-Click"}).text
    assert Event.objects.filter(kind="teams.no_more_letters").count() == 1
    assert browser.post(path[:-3] + "x/").status_code == 404
    later(days=400)
    letter_sent(expert, "A@example.org", by=priya, named={priya: 60})
    letter_sent(expert, "b@example.org", by=priya, named={priya: 60})
    assert [one.to for one in mailoutbox] == [["a@example.org"], ["b@example.org"]]


def test_the_record_tells_nobody_whether_a_letter_went(expert: Job, priya: Person, luis: Person) -> None:
    for by in (priya, luis):
        letter_sent(expert, "a@example.org", by=by, named={by: 60})
    said = Event.objects.filter(kind="teams.letter")
    assert said.values("subject").distinct().count() == said.count() == 2
    assert not said.exclude(actor=None, data={}).exists()
    assert not Event.objects.filter(subject__contains="example").exists()


def test_a_letter_that_cannot_be_sent_is_tried_again(
    expert: Job, priya: Person, mailoutbox: list[EmailMessage], settings: Any
) -> None:
    nowhere = {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": {"host": "127.0.0.1", "port": 1}}
    way, settings.MAILERS = settings.MAILERS, {"default": nowhere}
    with pytest.raises(ConnectionRefusedError):
        letter_sent(expert, "a@example.org", by=priya, named={priya: 60})
    settings.MAILERS = way
    letter_sent(expert, "a@example.org", by=priya, named={priya: 60})
    assert len(mailoutbox) == 1


def test_the_address_of_a_letter_that_failed_is_forgotten(expert: Job, priya: Person) -> None:
    for address in ("a@example.org", "b@example.org"):
        invitations.invite(expert, address, percent=40, shares={priya: 60}, by=priya, at=clock.now())
    notices.tell(priya, "teamed", expert.pk)
    kept, failed, other = ProcrastinateJob.objects.order_by("-pk").values_list("pk", flat=True)[:3][::-1]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'doing' WHERE id = ANY (%s)", [[failed, other]])
        cursor.execute("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = ANY (%s)", [[failed, other]])
    background.forget_letters(timestamp=0)
    invitations.forget(at=datetime.now(UTC) + timedelta(days=13))
    assert ProcrastinateJob.objects.filter(pk=failed).exists()
    invitations.forget(at=datetime.now(UTC) + timedelta(days=15))
    assert set(ProcrastinateJob.objects.filter(pk__in=[kept, failed, other]).values_list("pk", flat=True)) == {
        kept, other
    }  # fmt: skip


def test_a_team_forms_works_and_talks_on_its_pages(
    expert: Job, priya: Person, luis: Person, petra: Person, signed_in: SignedIn
) -> None:
    page = signed_in(priya).get(f"/jobs/{expert.pk}/")
    assert f"/jobs/{expert.pk}/team/" in page.content.decode()
    sent = {"mine": "60", "who_1": luis.name, "percent_1": "40"}
    for wrong in ({"percent_1": "41"}, {"who_1": "nobody of that name"}, {"who_2": petra.name}):
        assert signed_in(priya).post(f"/jobs/{expert.pk}/team/", {**sent, **wrong}).status_code == 400
    assert signed_in(priya).post(f"/jobs/{expert.pk}/team/", sent).status_code == 302
    team = Team.objects.get()
    shown = signed_in(luis).get(f"/jobs/{expert.pk}/team/").content.decode()
    assert "Yes, for this share" in shown
    assert teams.digest(team) in shown
    assert signed_in(petra).post(f"/jobs/{expert.pk}/team/{team.pk}/", {"yes": "1"}).status_code == 404
    signed_in(luis).post(f"/jobs/{expert.pk}/team/{team.pk}/", {"yes": "1", "digest": teams.digest(team)})
    mine = claims.claim_next(expert, by=priya, at=clock.now())
    signed_in(priya).post(f"/work/{mine.pk}/say/", {"words": "<script>I wrote</script> the first half."})
    answers.save_draft(mine, value=SAME, by=priya, at=clock.now())
    shown = signed_in(luis).get(f"/work/{mine.pk}/").content.decode()
    assert "&lt;script&gt;I wrote&lt;/script&gt; the first half." in shown
    assert "Leave it" not in shown
    assert signed_in(petra).get(f"/work/{mine.pk}/").status_code == 404
    assert signed_in(petra).post(f"/work/{mine.pk}/say/", {"words": "Hello"}).status_code == 404
    assert expert.title in signed_in(luis).get("/work/").content.decode()
    signed_in(luis).post(f"/jobs/{expert.pk}/team/{team.pk}/", {})
    team.refresh_from_db()
    assert team.ended_by == luis
