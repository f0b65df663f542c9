"""Recalls (N13): members begin them, nobody keeps them up, the office ends that instant; and by nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import elections, mandates, offices, options, petitions, proposals, recalling, voting
from governance.models import Answer, Office, OfficeEnd, Petition, Post, Proposal, Right, Rule
from tests.governance.conftest import Voted, cast_all, electors, members, reach

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]
END = "INSERT INTO governance_officeend (office_id, mandate_id, at) VALUES (%s, %s, now() - interval '1 day')"
ANSWER = "INSERT INTO governance_answer (petition_id, text, written_at) VALUES (%s, %s, now() - interval '9 days')"
SIGN = "INSERT INTO governance_signature (petition_id, person_id, signed_at) VALUES (%s, %s, now())"
OPEN = """INSERT INTO governance_petition (kind, recalls_id, opened_by_id, opened_at)
VALUES ('recall', %s, %s, now() - interval '40 days')"""
PUBLISH = "UPDATE governance_proposal SET published_at = now() WHERE id = %s"


@pytest.fixture
def treasury(teresa: Person) -> Office:
    """Return Teresa's office: treasurer."""
    return Office.objects.get(person=teresa)


def sign_all(office: Office, people: int = 10) -> Petition:
    """Let so many members, no officers among them, sign the petition to recall an officer."""
    for person in [one for one in members() if not one.offices.exists()][:people]:
        petition = petitions.ask_to_recall(office, by=person, at=clock.now())
    return petition


@pytest.fixture
def vote(treasury: Office) -> Proposal:
    """Return the vote that ten members called on the treasurer."""
    called = petitions.called(sign_all(treasury))
    assert called is not None
    return called


@pytest.fixture
def recalled(vote: Proposal) -> Callable[..., Proposal]:
    """Return a function that takes the recall of the treasurer through its vote and counts it."""

    def count(*, yes: int = 0, no: int = 0, abstain: int = 0) -> Proposal:
        cast_all(vote, yes=yes, no=no, abstain=abstain)
        voting.close(vote, at=reach(vote.closes_at))
        return voting.listed().get(pk=vote.pk)

    return count


def draft_by_hand(by: Person, petition: Petition, office: int) -> Proposal:
    """Draft a recall as whoever runs the site could."""
    return Proposal.objects.create(
        policy="recall", rule=Rule.objects.get(key="N13"), title="?", text="…", proposed_by=by, petition=petition,
        payload=options.canonical({"office": office}), subject=f"office:{office}", drafted_at=clock.now(),
    )  # fmt: skip


def test_the_tenth_signature_calls_the_vote_and_no_officer_is_asked(treasury: Office) -> None:
    assert petitions.called(sign_all(treasury, 9)) is None
    called = petitions.called(sign_all(treasury, 10))
    assert called is not None
    assert (called.rule.key, called.policy, len(electors(called))) == ("N13", "recall", 36)
    days = [(end - begin).days for begin, end in (
        (called.published_at, called.opens_at), (called.opens_at, called.closes_at),
        (called.closes_at, called.locked_until),
    ) if begin and end]  # fmt: skip
    assert days == [7, 7, 0]


def test_the_office_and_its_rights_end_that_instant(recalled: Callable[..., Proposal], teresa: Person) -> None:
    passed = recalled(yes=6, no=5)
    assert offices.may(teresa, Right.MONEY, clock.now())
    assert not mandates.enact(passed.mandate, at=clock.now()).failure
    at = clock.now()
    assert not offices.is_officer(teresa, at)
    assert offices.rights_of(teresa, at) == set()
    assert voting.state(voting.listed().get(pk=passed.pk), at) == voting.State.ENACTED
    assert Event.objects.filter(kind="offices.ended", data__post="treasurer").count() == 1


def test_what_the_recalled_might_still_try_the_database_refuses(
    recalled: Callable[..., Proposal], amina: Person, treasury: Office, attack: Attack
) -> None:
    mandates.enact(recalled(yes=11).mandate, at=clock.now())
    attack(
        """INSERT INTO governance_pauserequest
            (person_id, ground, scope, reason, evidence, hours, first_officer_id, asked_at)
        VALUES (%s, 'payment_fraud', 'work', 'Revenge.', repeat('a', 64), 72, %s, now())""",
        [amina.pk, treasury.pk], guard="pause_is_asked_by_an_officer",
    )  # fmt: skip
    attack(END, [treasury.pk, 1], guard="office_ends_by_its_recall")


@pytest.mark.parametrize(("yes", "no", "abstain"), [(5, 5, 0), (5, 0, 0), (4, 6, 0), (0, 0, 20)])
def test_a_majority_with_enough_taking_part_or_nothing_changes(
    recalled: Callable[..., Proposal], treasury: Office, attack: Attack, yes: int, no: int, abstain: int
) -> None:
    lost = recalled(yes=yes, no=no, abstain=abstain)
    assert not lost.tally.passed
    attack(END, [treasury.pk, 1], guard="office_ends_by_its_recall")


def test_a_recall_ends_no_other_office(recalled: Callable[..., Proposal], samuel: Person, attack: Attack) -> None:
    passed = recalled(yes=11)
    attack(END, [Office.objects.get(person=samuel).pk, passed.mandate.pk], guard="office_ends_by_its_recall")


def test_no_other_vote_ends_an_office(voted: Voted, treasury: Office, attack: Attack) -> None:
    bylaw = voted("N14", yes=36)
    reach(bylaw.locked_until)
    attack(END, [treasury.pk, bylaw.mandate.pk], guard="office_ends_by_its_recall")


def test_a_recall_names_the_office_of_its_petition(
    treasury: Office, samuel: Person, amina: Person, attack: Attack
) -> None:
    other = Office.objects.get(person=samuel)
    petition = sign_all(treasury, 9)
    early = draft_by_hand(amina, petition, treasury.pk)
    attack(PUBLISH, [early.pk], guard="petition_calls_its_vote")
    wrong = draft_by_hand(amina, petition, other.pk)
    sign = [one for one in members() if not one.offices.exists()][9]
    with connection.cursor() as site:
        site.execute(SIGN, [petition.pk, sign.pk])
    attack(PUBLISH, [wrong.pk], guard="petition_calls_its_vote")
    alone = proposals.draft(
        policy="recall", payload={"office": other.pk}, title="?", text="…", by=amina, at=clock.now()
    )
    attack(PUBLISH, [alone.pk], guard="petition_calls_its_vote")


def test_a_recall_says_one_office_that_there_is_and_nothing_else(treasury: Office) -> None:
    said = {"office": treasury.pk}
    assert recalling.Recall().problems(said) == []
    for wrong in ({}, {"office": 0}, said | {"reason": "late"}):
        assert [one.rule for one in recalling.Recall().problems(wrong)] == ["N13"]


def test_signatures_are_members_own_once_and_stay(
    treasury: Office, newcomer: Person, amina: Person, attack: Attack
) -> None:
    petition = petitions.ask_to_recall(treasury, by=amina, at=clock.now())
    attack(SIGN, [petition.pk, amina.pk], guard="one_signature_per_petition")
    attack(SIGN, [petition.pk, newcomer.pk], guard="petition_is_signed_by_members")
    for statement in (
        "DELETE FROM governance_signature", "UPDATE governance_signature SET person_id = person_id + 1",
        "DELETE FROM governance_petition", "UPDATE governance_petition SET opened_at = opened_at - interval '31 days'",
        "UPDATE governance_petition SET recalls_id = recalls_id + 1", "TRUNCATE governance_signature",
    ):  # fmt: skip
        attack(statement, guard="permission denied")


def test_not_even_the_owner_closes_a_petition(
    committed: None, treasury: Office, amina: Person, owner: psycopg.Connection
) -> None:
    petitions.ask_to_recall(treasury, by=amina, at=clock.now())
    for statement in ("DELETE FROM governance_petition", "UPDATE governance_petition SET recalls_id = recalls_id + 1"):
        with pytest.raises(psycopg.errors.CheckViolation) as refused, owner.transaction(force_rollback=True):
            owner.execute(statement.encode())
        assert refused.value.diag.constraint_name == "governance_petition_is_append_only"


def test_nobody_delays_or_takes_back_a_recall(vote: Proposal, treasury: Office, attack: Attack) -> None:
    for column in ("opens_at", "closes_at", "locked_until"):
        attack(f"UPDATE governance_proposal SET {column} = {column} + interval '1 year'", guard="permission denied")
    attack("UPDATE governance_proposal SET published_at = NULL WHERE id = %s", [vote.pk],
           guard="proposal_stands_once_published")  # fmt: skip
    attack(OPEN, [treasury.pk, members()[0].pk], guard="petition_is_opened_in_its_time")
    with pytest.raises(Refused, match="called already"):
        petitions.ask_to_recall(treasury, by=members()[0], at=clock.now())


def test_a_vote_that_nobody_called_calls_itself_even_after_the_signing_is_over(treasury: Office, amina: Person) -> None:
    petition = sign_all(treasury, 9)
    assert petitions.call_all(clock.now()) == 0
    last = [one for one in members() if not one.offices.exists()][9]
    with connection.cursor() as site:  # a site that keeps the last signature to itself
        site.execute(SIGN, [petition.pk, last.pk])
    at = reach(petitions.ends_at(petition))
    with pytest.raises(Refused, match="is over"):
        petitions.sign(petition, by=members()[-1], at=at)
    assert petitions.call_all(at) == 1
    assert petitions.call_all(at) == 0
    called = petitions.called(petition)
    assert called is not None
    assert called.payload == options.canonical({"office": treasury.pk})


def test_a_recall_is_asked_only_of_who_is_in_office(
    recalled: Callable[..., Proposal], treasury: Office, amina: Person, attack: Attack
) -> None:
    mandates.enact(recalled(yes=11).mandate, at=clock.now())
    at = clock.advance(timedelta(days=31))
    with pytest.raises(Refused, match="Nobody holds this post"):
        petitions.ask_to_recall(treasury, by=amina, at=at)
    attack(OPEN, [treasury.pk, amina.pk], guard="petition_is_opened_in_its_time")


def test_the_officer_answers_until_the_vote_opens(
    vote: Proposal, teresa: Person, samuel: Person, attack: Attack
) -> None:
    petition = vote.petition
    assert petition is not None
    with pytest.raises(Refused, match="answered by that officer"):
        recalling.answer(petition, text="She is right.", by=samuel, at=clock.now())
    recalling.answer(petition, text="First.", by=teresa, at=clock.now())
    recalling.answer(petition, text="The books balance.", by=teresa, at=clock.now())
    said = recalling.answer_to(petition)
    assert said is not None
    assert (said.text, Answer.objects.count()) == ("The books balance.", 2)
    attack(ANSWER, [petition.pk, "x" * 1201], guard="answer_is_given_before_the_vote")
    attack("UPDATE governance_answer SET text = 'I resign.'", guard="permission denied")
    attack("DELETE FROM governance_answer", guard="permission denied")
    at = reach(vote.opens_at)
    with pytest.raises(Refused, match="stands"):
        recalling.answer(petition, text="Too late.", by=teresa, at=at)
    attack(ANSWER, [petition.pk, "Too late."], guard="answer_is_given_before_the_vote")


def test_an_answer_belongs_to_a_recall(voted: Voted, amina: Person, attack: Attack) -> None:
    stop = petitions.ask_to_stop(voted("N1", yes=36), by=amina, at=clock.now())
    attack(ANSWER, [stop.pk, "I answer."], guard="answer_is_given_before_the_vote")


def test_whoever_is_recalled_may_stand_again_and_a_call_is_open_at_once(
    recalled: Callable[..., Proposal], teresa: Person, amina: Person
) -> None:
    mandates.enact(recalled(yes=11).mandate, at=clock.now())
    call = elections.call(Post.objects.get(name="treasurer"), 1, by=amina, at=clock.now())
    assert call.starts_at < clock.now() + timedelta(days=60)
    assert elections.stand(call, statement="Ask me again.", by=teresa, at=clock.now()).person == teresa


def test_a_recall_after_the_term_changes_nothing(vote: Proposal, treasury: Office) -> None:
    cast_all(vote, yes=11)
    voting.close(vote, at=reach(vote.closes_at))
    mandate = voting.listed().get(pk=vote.pk).mandate
    OfficeEnd.objects.create(office=treasury, mandate=mandate, at=clock.now())
    assert not mandates.enact(mandate, at=clock.now()).failure
    assert OfficeEnd.objects.get(office=treasury).mandate == mandate


@pytest.mark.usefixtures("committed")
def test_an_older_view_ends_and_answers_nothing(
    attack_from_the_past: Attack, recalled: Callable[..., Proposal], treasury: Office
) -> None:
    passed = recalled(yes=11)
    attack_from_the_past(END, [treasury.pk, passed.mandate.pk], guard="a_failed_vote_gives_no_officeend")
    attack_from_the_past(ANSWER, [passed.petition_id, "Me."], guard="answer_is_given_before_the_vote")


def test_a_recall_over_the_pages(
    treasury: Office, teresa: Person, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    address = f"/offices/{treasury.pk}/"
    assert address in Browser().get("/elections/").text
    assert "Sign to recall" not in Browser().get(address).text
    sign_all(treasury, 8)
    browser = signed_in([one for one in members() if not one.offices.exists()][8])
    assert "Sign to recall" in browser.get(address).text
    assert "You have signed" in browser.post(f"{address}recall/", follow=True).text
    officer = signed_in(teresa)
    officer.post(address, {"text": "The books balance."})
    assert signed_in(amina).post(address, {"text": "I am she."}).status_code == 403
    page = officer.post(f"{address}recall/", follow=True).text
    assert "Shall the treasurer (seat 1) be recalled?" in page
    assert "The books balance." in page
    assert "It is about your post." in page


def test_the_page_of_an_office_costs_the_same_for_one_signature_and_for_nine(
    treasury: Office, amina: Person, signed_in: Callable[[Person], Browser], at: datetime
) -> None:
    browser, costs = signed_in(amina), []
    for people in (1, 9):
        sign_all(treasury, people)
        with CaptureQueriesContext(connection) as queries:
            browser.get(f"/offices/{treasury.pk}/")
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_question_names_the_post_and_its_seat(treasury: Office) -> None:
    question = recalling.Recall().describe({"office": treasury.pk})
    assert question.startswith(f"Whoever is treasurer (seat {treasury.seat}) now is so no longer")
