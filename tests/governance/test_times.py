"""Each span of time to the minute: what may still be done just before its end, and is refused just after."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import IntegrityError, transaction

from coop import clock
from coop.people.models import Person
from governance import assembly, elections, mandates, petitions, proposals, reporting, resigning, standing
from governance.models import Enactment, Office, Outcome, Post, Proposal, ReportGround, Status
from tests.governance.conftest import MINUTE, Taken, Voted, reach
from tests.governance.test_proposals import work_of

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SIGN = "INSERT INTO governance_signature (petition_id, person_id, signed_at) VALUES (%s, %s, now())"
RECALL = "INSERT INTO governance_petition (kind, recalls_id, opened_by_id, opened_at) VALUES ('recall', %s, %s, now())"
PUBLISH = "UPDATE governance_proposal SET published_at = now() WHERE id = %s"
ENACT = "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, now(), '')"
CALL = """INSERT INTO governance_call (post, seat, starts_at, ends_at, opened_by_id, opened_at, closes_at)
VALUES ('auditor', 1, coop_now() + %s, coop_now() + %s, %s, now(), now() + interval '1 minute')"""
WITHHOLD = """INSERT INTO governance_withholding (answer_id, message_id, second_officer_id, starts_at, ends_at)
VALUES (%s, %s, %s, 'epoch', 'infinity')"""
STANDING = """INSERT INTO governance_standing (person_id, status, since, rule)
VALUES (%s, %s, coop_now(), 'R2')"""
# Seven days to stand, seven to publish, 15 and 7 and 7 of the election, and what one extension takes.
SOONEST = (7 + 11 + 29) * DAY


def auditor() -> Post:
    return Post.objects.get(name="auditor")


def test_a_mandate_is_carried_out_for_30_days(voted: Voted, until: Callable[..., None]) -> None:
    mandate = voted("N10", yes=20).mandate
    assert mandate.expires_at - mandate.due_at == 30 * DAY
    until(mandate.expires_at, ENACT, [mandate.pk], guard="enactment_is_due")


def test_a_mandate_is_due_when_its_lock_is_over(voted: Voted, since: Callable[..., None]) -> None:
    mandate = voted("N14", yes=30).mandate
    assert not Enactment.objects.filter(mandate=mandate).exists()
    since(mandate.due_at, ENACT, [mandate.pk], guard="enactment_is_due")
    assert not mandates.enact(mandate, at=clock.now()).failure


@pytest.mark.parametrize(("yes", "days"), [(36, 90), (1, 180)])
def test_a_cut_keeps_its_rhythm_to_the_minute(
    voted: Voted, draft: Callable[..., Proposal], since: Callable[..., None], yes: int, days: int
) -> None:
    first = voted("N1", "green", yes=yes)
    begun = first.published_at if days == 90 else first.tally.counted_at
    assert begun is not None
    again = draft("N1", "blue")
    assert proposals.rhythm(again, again.rule, begun + days * DAY - MINUTE) is not None
    assert proposals.rhythm(again, again.rule, begun + days * DAY + MINUTE) is None
    since(begun + days * DAY, PUBLISH, [again.pk], guard="cuts_keep_their_rhythm")


def test_a_second_reading_follows_after_30_days(voted: Voted, amina: Person, since: Callable[..., None]) -> None:
    first = voted("N3", yes=36)
    second = proposals.draft_second_reading(first, by=amina, at=clock.now())
    over = first.tally.counted_at + 30 * DAY
    since(over, PUBLISH, [second.pk], guard="proposal_stands_once_published")


def test_a_recall_is_signed_for_30_days_and_asked_for_again_after_30(
    teresa: Person, amina: Person, luis: Person, until: Callable[..., None], attack: Attack, taken: Taken
) -> None:
    treasury = Office.objects.get(person=teresa)
    petition = petitions.ask_to_recall(treasury, by=amina, at=clock.now())
    over = petition.opened_at + 30 * DAY
    assert petitions.ends_at(petition) == over
    reach(over - MINUTE)
    attack(RECALL, [treasury.pk, luis.pk], guard="petition_is_opened_in_its_time")
    until(over, SIGN, [petition.pk, luis.pk], guard="petition_is_signed_by_members")
    taken(RECALL, [treasury.pk, luis.pk])


def test_an_election_is_put_to_the_vote_within_a_week(luis: Person, amina: Person, at: datetime) -> None:
    call = elections.call(auditor(), 1, by=amina, at=at)
    assert call.closes_at - call.opened_at == 7 * DAY
    elections.stand(call, statement="Me.", by=luis, at=at)
    over = call.closes_at + 7 * DAY
    assert elections.is_open(call, over - MINUTE)
    assert not elections.is_open(call, over + MINUTE)
    assert elections.put_all(reach(over + MINUTE)) == 0


def test_a_call_that_led_to_nothing_holds_its_seat_for_a_week(
    luis: Person, amina: Person, at: datetime, since: Callable[..., None]
) -> None:
    call = elections.call(auditor(), 1, by=amina, at=at)
    since(call.closes_at + 7 * DAY, CALL, [50 * DAY, 200 * DAY, luis.pk], guard="call_is_for_a_seat_to_fill")


def test_a_term_begins_after_everything_that_comes_before_and_within_180_days(
    amina: Person, taken: Taken, attack: Attack
) -> None:
    guard = "call_is_for_a_seat_to_fill"
    for begins, fits in (
        (SOONEST - MINUTE, False), (SOONEST + MINUTE, True), (180 * DAY - MINUTE, True), (180 * DAY + MINUTE, False)
    ):  # fmt: skip
        said = [begins, begins + 100 * DAY, amina.pk]
        taken(CALL, said) if fits else attack(CALL, said, guard=guard)
    longest = 1095 * DAY
    taken(CALL, [60 * DAY, 60 * DAY + longest - MINUTE, amina.pk])
    attack(CALL, [60 * DAY, 60 * DAY + longest + MINUTE, amina.pk], guard=guard)


def test_a_candidate_becomes_a_member_after_90_days(newcomer: Person, at: datetime) -> None:
    standing.admit(newcomer, status=Status.CANDIDATE, rule="onboarding", by=None, at=at)
    begun = standing.since(newcomer)
    assert begun is not None
    assert standing.promote_due(reach(begun + 90 * DAY - MINUTE)) == 0
    with pytest.raises(IntegrityError, match="Applicants become candidates"), transaction.atomic():
        standing.admit(newcomer, status=Status.MEMBER, rule="R2", by=None, at=clock.now())
    assert standing.promote_due(reach(begun + 90 * DAY + MINUTE)) == 1


@pytest.mark.parametrize(("seconds", "rises"), [(71_999, False), (72_000, True)])
def test_a_candidate_becomes_a_member_with_20_paid_hours(
    owner: psycopg.Connection, newcomer: Person, seconds: int, rises: object
) -> None:
    work_of(owner, [newcomer], days_ago=1, seconds=seconds)
    owner.execute(STANDING, [newcomer.pk, "candidate"])
    refused = nullcontext() if rises else pytest.raises(psycopg.errors.CheckViolation, match="20 paid hours")
    with refused:
        owner.execute(STANDING, [newcomer.pk, "member"])


def test_who_gave_notice_leaves_after_seven_days(amina: Person, at: datetime) -> None:
    notice = resigning.give_notice(amina, pressure="none", at=at)
    assert notice.due_at
    assert notice.due_at - notice.given_at == 7 * DAY
    assert resigning.leave_due(reach(notice.due_at - MINUTE)) == []
    assert len(resigning.leave_due(reach(notice.due_at + MINUTE))) == 1


def test_thirty_messages_ten_threads_and_ten_reports_an_hour(amina: Person, luis: Person, at: datetime) -> None:
    first = assembly.open_thread(topic="other", title="1", text="a", by=amina, at=at)
    begun = first.written_at
    for number in range(2, 11):
        assembly.open_thread(topic="other", title=f"{number}", text="a", by=amina, at=clock.now())
    said = [assembly.write(first.thread, f"{number}", by=amina, at=clock.now()) for number in range(11, 31)]
    for one in said[:10]:
        reporting.report(one, ground=ReportGround.THREAT, quote=one.text, words="x", by=luis, at=clock.now())
    for gap, refused in ((-MINUTE, True), (MINUTE, False)):
        now = reach((begun if gap < timedelta() else clock.now()) + HOUR + gap)
        told = [
            assembly.write_refusal(amina, at=now), assembly.open_refusal(amina, at=now),
            reporting.report_refusal(said[11], by=luis, at=now),
        ]  # fmt: skip
        assert [one is not None for one in told] == [refused] * 3


def test_a_message_is_withheld_within_a_day_of_the_first_word(
    amina: Person, luis: Person, samuel: Person, teresa: Person, at: datetime, until: Callable[..., None]
) -> None:
    said = assembly.open_thread(topic="other", title="Links", text="kittens.example", by=amina, at=at)
    report = reporting.report(
        said, ground=ReportGround.CHILD_ABUSE, quote="kittens", words="It is.", by=luis, at=clock.now()
    )
    answer = reporting.answer(report, outcome=Outcome.WITHHOLD, words="I looked.", by=samuel, at=clock.now())
    over = answer.answered_at + DAY
    assert reporting.withhold_refusal(report, by=teresa, at=over - MINUTE) is None
    assert reporting.withhold_refusal(report, by=teresa, at=over + MINUTE) is not None
    said_so = [answer.pk, said.pk, Office.objects.get(person=teresa).pk]
    until(over, WITHHOLD, said_so, guard="withholding_needs_two_officers")
