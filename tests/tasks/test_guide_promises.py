"""Attacks on guides as the web role: nobody changes one unseen, unread or unpaid."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from coop import clock
from coop.people.models import Client, Person
from payments import accounts, escrow
from tasks import claims, guides
from tasks.models import Assignment, GuideVersion, Job, Question, Reading
from tests.payments.test_attacks import POST, posting
from tests.tasks import orders
from tests.tasks.conftest import SAME, work
from tests.tasks.test_guides import MORE, changed
from tests.tasks.test_promises import CLAIM, facts

type Attack = Callable[..., None]

CHANGE = "INSERT INTO tasks_guideversion (job_id, guide, digest, written_by_id) VALUES (%s, %s, '', %s)"
READ = "INSERT INTO tasks_reading (version_id, person_id) VALUES (%s, %s)"
ASK = "INSERT INTO tasks_question (assignment_id, words) VALUES (%s, %s)"
AT_ONCE = "; SET CONSTRAINTS ALL IMMEDIATE"


@pytest.fixture
def worked(job: Job, orbit: Client, amina: Person) -> Assignment:
    """Return a task that Amina did by the first guide."""
    orders.deposit(orbit, "50")
    return work(job, amina, SAME)


@pytest.fixture
def version(worked: Assignment, olga: Person) -> GuideVersion:
    """Return what the guide says since."""
    return changed(worked.job, olga)


def test_no_guide_changes_by_others_or_where_nothing_is_open(
    worked: Assignment, olga: Person, luis: Person, attack: Attack
) -> None:
    guard = "guides_change_by_versions"
    attack(CHANGE, [worked.job_id, MORE, luis.pk], guard=guard)
    for guide in (" ", worked.job.guide, "x" * 40_001):
        attack(CHANGE, [worked.job_id, guide, olga.pk], guard=guard)
    Job.objects.filter(pk=worked.job_id).update(closed_at=clock.now())
    attack(CHANGE, [worked.job_id, MORE, olga.pk], guard=guard)


def test_no_guide_changes_without_the_money_to_read_it(worked: Assignment, olga: Person, attack: Attack) -> None:
    attack(
        f"DO $$ BEGIN {CHANGE % (worked.job_id, repr(MORE).replace(chr(92) + 'n', ' '), olga.pk)}{AT_ONCE}; END $$",
        guard="guides_change_with_money_to_read_them",
    )


def test_what_a_version_says_stays(version: GuideVersion, attack: Attack) -> None:
    attack("UPDATE tasks_guideversion SET pay = 1", guard="permission denied")


def test_nobody_goes_on_by_an_older_guide(
    version: GuideVersion, worked: Assignment, luis: Person, attack: Attack
) -> None:
    mine = facts(worked, worked.person)
    attack(CLAIM, mine, guard="cards_name_the_guide_as_it_stands")
    attack(CLAIM, facts(worked, luis), guard="cards_name_the_guide_as_it_stands")
    fresh = claims.claim_next(worked.job, by=luis, at=clock.now())
    here = CLAIM.replace("card_id, pay +", f"'{fresh.card_id}', pay +").replace(
        "card_id, pay, fee,", "card_id, pay, fee,"
    )
    attack(here, mine, guard="changed_guides_are_read_first")


def test_only_who_worked_reads_for_pay_and_not_without_it(
    version: GuideVersion, worked: Assignment, luis: Person, olga: Person, attack: Attack
) -> None:
    guard = "changed_guides_are_read_by_who_worked"
    attack(READ, [version.pk, luis.pk], guard=guard)
    attack(f"DO $$ BEGIN {READ % (version.pk, worked.person_id)}{AT_ONCE}; END $$", guard="readings_are_paid")
    Job.objects.filter(pk=worked.job_id).update(closed_at=clock.now())
    attack(READ, [version.pk, worked.person_id], guard=guard)


def test_a_reading_is_paid_once_to_who_read(
    version: GuideVersion, worked: Assignment, amina: Person, luis: Person, attack: Attack
) -> None:
    made = Reading.objects.create(version=version, person=amina)
    mine, aside = accounts.commitment(worked.job_id, amina.pk), accounts.escrow(worked.job_id)
    ref = f"reading:{made.pk}"
    guard = "readings_are_paid_as_published"
    for kind, source, target, amount in (
        (3, aside, accounts.commitment(worked.job_id, luis.pk), 90_000), (3, aside, mine, 89_999),
        (10, mine, accounts.payable(amina.pk), 90_001),
    ):  # fmt: skip
        attack(POST, posting(kind, source, target, amount, ref), guard=guard)
    attack(POST, posting(3, aside, mine, 90_000, "reading:987654"), guard=guard)
    escrow.pay_reading(worked.job_id, amina.pk, made.pk, Decimal("0.09"), at=clock.now())
    attack(POST, posting(3, aside, mine, 90_000, ref), guard="facts_are_posted_once")
    attack(READ, [version.pk, amina.pk], guard="one_reading_per_person_and_version")


def test_questions_are_asked_from_a_task(worked: Assignment, luis: Person, attack: Attack) -> None:
    guard = "questions_are_asked_from_a_task"
    attack(ASK, [worked.pk, "Why?"], guard=guard)
    mine = claims.claim_next(worked.job, by=luis, at=clock.now())
    for words in (" ", "x" * 1001):
        attack(ASK, [mine.pk, words], guard=guard)
    for number in range(3):
        guides.ask(mine, words=f"Why {number}?", by=luis, at=clock.now())
    attack(ASK, [mine.pk, "Why?"], guard=guard)


def test_a_reply_stands_in_the_guide(worked: Assignment, luis: Person, olga: Person, attack: Attack) -> None:
    mine = claims.claim_next(worked.job, by=luis, at=clock.now())
    asked = guides.ask(mine, words="Why?", by=luis, at=clock.now())
    version = changed(worked.job, olga)
    reply = "INSERT INTO tasks_reply (question_id, version_id, words) VALUES (%s, %s, %s)"
    attack(reply, [asked.pk, version.pk, "As told to you alone."], guard="replies_stand_in_the_guide")
    attack(reply, [asked.pk, version.pk, " "], guard="replies_stand_in_the_guide")
    assert Question.objects.filter(reply=None).count() == 1
    assert version.pay == Decimal("0.09")
