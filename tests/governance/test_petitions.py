"""Support, petitions and the right to stop: members put a question, and members stop a decision; nobody else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.record.models import Event
from coop.refusals import Refused
from governance import mandates, options, petitions, proposals, resigning, supporting, voting
from governance.models import Office, Petition, Proposal, Rule
from governance.policy import Payload
from governance.stopping import Stop
from governance.voting import State
from payments import rates
from payments.models import WorkType
from tests.governance.conftest import Voted, cast_all, electors, members, reach, support

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
PUBLISH = "UPDATE governance_proposal SET published_at = now() WHERE id = %s"
BACK = "INSERT INTO governance_support (draft_id, person_id, backs, said_at) VALUES (%s, %s, true, now())"
SIGN = "INSERT INTO governance_signature (petition_id, person_id, signed_at) VALUES (%s, %s, now())"
OPEN = """
INSERT INTO governance_petition (kind, stops_id, recalls_id, opened_by_id, opened_at) VALUES (%s, %s, %s, %s, now())
"""
FEE = """
INSERT INTO payments_fee (version, on_wage, training, care, mandate_id, since) VALUES (2, 1500, 0, 0, %s, now())
"""
INSTRUMENT = """
INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
SELECT kind, key, version + 1, value, %s, now() FROM payments_instrument ORDER BY id LIMIT 1
"""
ENACT = "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, now(), '')"


@pytest.fixture
def alone(amina: Person) -> Proposal:
    """Give a draft of Amina's that nobody backs yet."""
    return proposals.draft(
        policy="paint", payload={"rule": "N10", "colour": "red"}, title="Red?", text="Red.", by=amina, at=clock.now()
    )


def state(proposal: Proposal) -> State:
    return voting.state(voting.listed().get(pk=proposal.pk), clock.now())


def sign_all(proposal: Proposal, people: int) -> Petition:
    """Let so many members sign the petition to stop a decision."""
    for person in members()[:people]:
        petition = petitions.ask_to_stop(proposal, by=person, at=clock.now())
    return petition


def test_five_members_put_a_draft_to_all(alone: Proposal, amina: Person, attack: Attack) -> None:
    support(alone, people=4)
    with pytest.raises(Refused, match="4 of 5 members back this draft"):
        proposals.publish(alone, by=amina, at=clock.now())
    attack(PUBLISH, [alone.pk], guard="proposal_is_supported")
    support(alone, people=5)
    assert proposals.publish(alone, by=amina, at=clock.now()).published_at


def test_no_officer_stands_in_the_way(alone: Proposal, samuel: Person, teresa: Person, amina: Person) -> None:
    support(alone)
    for officer in (samuel, teresa):
        supporting.withdraw(alone, by=officer, at=clock.now())
    backed = supporting.of(alone)
    others = [person for person in members() if person not in {samuel, teresa}]
    for person in others[: backed.needed]:
        supporting.back(alone, by=person, at=clock.now())
    assert proposals.publish(alone, by=amina, at=clock.now()).published_at


def test_support_holds_for_the_text_it_was_given_for(alone: Proposal, amina: Person, attack: Attack) -> None:
    support(alone)
    Proposal.objects.filter(pk=alone.pk).update(title="Black?")
    assert supporting.of(alone).by == 0
    with pytest.raises(Refused, match="0 of 5"):
        proposals.publish(alone, by=amina, at=clock.now())
    attack(PUBLISH, [alone.pk], guard="proposal_is_supported")


def test_the_text_is_not_changed_in_the_moment_of_publication(alone: Proposal, attack: Attack) -> None:
    support(alone)
    attack(
        "UPDATE governance_proposal SET title = 'Black?', published_at = now() WHERE id = %s", [alone.pk],
        guard="proposal_is_supported",
    )  # fmt: skip


def test_support_is_taken_back_and_given_again(alone: Proposal, amina: Person, luis: Person) -> None:
    supporting.back(alone, by=amina, at=clock.now())
    supporting.back(alone, by=luis, at=clock.now())
    supporting.back(alone, by=luis, at=clock.now())
    assert supporting.of(alone).by == 2
    supporting.withdraw(alone, by=luis, at=clock.now())
    assert (supporting.of(alone).by, supporting.said(alone, luis)) == (1, False)


def test_only_members_back_and_only_a_draft(
    alone: Proposal, newcomer: Person, amina: Person, attack: Attack, published: Callable[..., Proposal]
) -> None:
    supporting.back(alone, by=amina, at=clock.now())
    with pytest.raises(Refused, match="Members vote"):
        supporting.back(alone, by=newcomer, at=clock.now())
    attack(BACK, [alone.pk, newcomer.pk], guard="support_is_a_members_own_word")
    attack(BACK, [published().pk, amina.pk], guard="support_is_a_members_own_word")


def test_whoever_left_backs_no_more(alone: Proposal, luis: Person) -> None:
    support(alone)
    before = supporting.of(alone).by
    assert supporting.said(alone, luis)
    resigning.give_notice(luis, pressure="none", at=clock.now())
    resigning.leave_due(clock.advance(timedelta(days=7, seconds=1)))
    assert supporting.of(alone).by == before - 1


def test_a_draft_is_its_authors_own_until_they_put_it_before_the_members(
    alone: Proposal, amina: Person, luis: Person, signed_in: Callable[[Person], Browser]
) -> None:
    address, other = f"/votes/{alone.pk}/", signed_in(luis)
    assert other.get(address).status_code == 404
    assert other.post(f"{address}back/").status_code == 404
    with pytest.raises(Refused, match="has not put this draft"):
        supporting.back(alone, by=luis, at=clock.now())
    assert "You back it." in signed_in(amina).post(f"{address}back/", follow=True).text
    assert alone.title in other.get("/votes/").text
    page = " ".join(other.post(f"{address}back/", follow=True).text.split())
    assert "2 of 5 members back it" in page
    assert "Publish" not in page
    assert "1 of 5" in " ".join(other.post(f"{address}back/", {"withdraw": ""}, follow=True).text.split())


def test_ten_signatures_stop_nothing_yet_but_call_a_vote_of_all(voted: Voted) -> None:
    decision = voted("N1", yes=36)
    assert petitions.called(sign_all(decision, 9)) is None
    stop = petitions.called(sign_all(decision, 10))
    assert stop is not None
    assert (stop.rule.key, len(electors(stop))) == ("3.2", 36)
    assert stop.closes_at is not None
    assert stop.opens_at is not None
    assert stop.closes_at - stop.opens_at == timedelta(days=7)


def test_a_majority_of_all_stops_a_cut(voted: Voted, attack: Attack) -> None:
    decision = voted("N1", yes=36)
    stop = petitions.called(sign_all(decision, 10))
    assert stop is not None
    cast_all(stop, yes=6, no=5)
    voting.close(stop, at=reach(stop.closes_at))
    assert state(decision) == State.STOPPED
    at = reach(decision.mandate.due_at)
    with pytest.raises(Refused, match="asked to stop"):
        mandates.enact(decision.mandate, at=at)
    attack(ENACT, [decision.mandate.pk], guard="enactment_is_not_stopped")
    voting.carry_on(voting.listed().get(pk=stop.pk), at=at)
    assert Event.objects.filter(kind="mandates.stopped", subject=f"proposal:{decision.pk}").count() == 1
    assert not Event.objects.filter(kind="hall.painted").exists()


def test_a_cut_waits_for_the_vote_that_may_stop_it(voted: Voted, attack: Attack) -> None:
    decision = voted("N1", yes=36)
    clock.advance(timedelta(days=13))
    stop = petitions.called(sign_all(decision, 10))
    assert stop is not None
    reach(decision.mandate.due_at)
    assert state(decision) == State.LOCKED
    attack(ENACT, [decision.mandate.pk], guard="enactment_is_not_stopped")
    cast_all(stop, yes=5, no=6)
    reach(stop.closes_at)
    attack(ENACT, [decision.mandate.pk], guard="enactment_is_not_stopped")
    voting.close(stop, at=clock.now())
    assert state(decision) == State.DUE
    voting.carry_on_all(clock.now())
    assert state(decision) == State.ENACTED


def test_pay_does_not_move_while_it_may_be_stopped(amina: Person, attack: Attack) -> None:
    kind = WorkType.objects.get(slug="product-match")
    payload = {"work_type": kind.pk, "amount": "0.087", "currency": "USD", "estimated_seconds": 30, "replaces": 1}
    draft = proposals.draft(policy="rate_change", payload=payload, title="?", text="…", by=amina, at=clock.now())
    cut = proposals.publish(support(draft), by=amina, at=clock.now())
    cast_all(cut, yes=36)
    voting.close(cut, at=reach(cut.closes_at))
    cut = voting.listed().get(pk=cut.pk)
    clock.advance(timedelta(days=13))
    sign_all(cut, 10)
    at = reach(cut.mandate.due_at)
    from payments.policies import RateChange  # noqa: PLC0415 - the act that an attacker would call by itself

    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        RateChange().enact(cut.mandate, payload, at)
    assert "rate_is_not_stopped" in repr(caught.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]
    assert rates.current(kind).version == 1
    attack(FEE, [cut.mandate.pk], guard="fee_is_not_stopped")
    attack(INSTRUMENT, [cut.mandate.pk], guard="instrument_is_not_stopped")


def test_a_petition_ends_when_the_decision_is_due(voted: Voted, attack: Attack, amina: Person) -> None:
    decision = voted("N1", yes=36)
    petition = sign_all(decision, 9)
    at = reach(decision.mandate.due_at)
    late = members()[9]
    with pytest.raises(Refused, match="petition is over"):
        petitions.sign(petition, by=late, at=at)
    attack(SIGN, [petition.pk, late.pk], guard="petition_is_signed_by_members")
    other = voted("N10", "blue", yes=20)
    with pytest.raises(Refused, match="Only a cut"):
        petitions.ask_to_stop(other, by=amina, at=clock.now())
    attack(OPEN, ["stop", other.pk, None, amina.pk], guard="petition_is_opened_in_its_time")


def test_what_is_no_cut_is_not_stopped_while_it_waits(voted: Voted, amina: Person) -> None:
    waiting = voted("N14", yes=36)
    assert clock.now() < waiting.mandate.due_at
    with pytest.raises(Refused, match="Only a cut"):
        petitions.ask_to_stop(waiting, by=amina, at=clock.now())


def test_a_cut_is_stopped_before_the_moment_it_is_due(voted: Voted, amina: Person) -> None:
    cut = voted("N1", yes=36)
    due = cut.mandate.due_at
    assert petitions.stop_refusal(cut, by=amina, at=due - timedelta(microseconds=1)) is None
    assert petitions.stop_refusal(cut, by=amina, at=due) is not None


def test_a_name_counts_once_and_only_a_members(voted: Voted, newcomer: Person, amina: Person, attack: Attack) -> None:
    decision = voted("N1", yes=36)
    petition = sign_all(decision, 3)
    petitions.sign(petition, by=amina, at=clock.now())
    petitions.sign(petition, by=amina, at=clock.now())
    by = petitions.signed(petition).by
    assert by == petition.signatures.count()
    attack(SIGN, [petition.pk, amina.pk], guard="one_signature_per_petition")
    attack(SIGN, [petition.pk, newcomer.pk], guard="petition_is_signed_by_members")
    attack(OPEN, ["stop", None, None, amina.pk], guard="petition_is_opened_in_its_time")


def test_only_a_decision_can_be_stopped(voted: Voted) -> None:
    waits, lost = voted("N1", yes=36), voted("N10", "blue", yes=0, no=20)
    known: list[Payload] = [{"proposal": waits.pk}, {"proposal": waits.pk, "more": 1}, {}]
    known += [{"proposal": other} for other in (lost.pk, str(waits.pk), True)]
    assert [not Stop().problems(payload) for payload in known] == [True, False, False, False, False, False]


def test_no_vote_to_stop_is_called_without_its_petition(voted: Voted, amina: Person, attack: Attack) -> None:
    decision = voted("N1", yes=36)
    payload = {"proposal": decision.pk}
    draft = proposals.draft(policy="stop", payload=payload, title="Stop?", text="…", by=amina, at=clock.now())
    support(draft)
    attack(PUBLISH, [draft.pk], guard="petition_calls_its_vote")
    petition = sign_all(decision, 9)
    early = Proposal.objects.create(
        policy="stop", rule=Rule.objects.get(key="3.2"), title="Stop?", text="…", proposed_by=amina, petition=petition,
        payload=options.canonical(payload), subject=f"proposal:{decision.pk}", drafted_at=clock.now(),
    )  # fmt: skip
    attack(PUBLISH, [early.pk], guard="petition_calls_its_vote")
    sign_all(decision, 10)
    attack(PUBLISH, [early.pk], guard="petition_calls_once")


def test_a_petition_is_signed_over_the_pages(
    voted: Voted, amina: Person, signed_in: Callable[[Person], Browser]
) -> None:
    decision = voted("N1", yes=36)
    browser, address = signed_in(amina), f"/votes/{decision.pk}/"
    assert "Sign to stop it" in browser.get(f"{address}result/").text
    assert "1 of 10 have signed" in " ".join(browser.post(f"{address}stop/", follow=True).text.split())
    for person in [one for one in members() if one != amina][:8]:
        signed_in(person).post(f"{address}stop/")
    last = [one for one in members() if one != amina][8]
    page = signed_in(last).post(f"{address}stop/", follow=True).text
    assert "Shall vote" in page
    assert "Members called a vote to stop it" in browser.get(f"{address}result/").text


def test_a_recall_is_asked_for_once_in_thirty_days(amina: Person, luis: Person, teresa: Person, attack: Attack) -> None:
    office = Office.objects.get(person=teresa)
    petition = petitions.ask_to_recall(office, by=amina, at=clock.now())
    attack(OPEN, ["recall", None, office.pk, luis.pk], guard="petition_is_opened_in_its_time")
    at = reach(petitions.ends_at(petition))
    with pytest.raises(Refused, match="is over"):
        petitions.sign(petition, by=luis, at=at)
    assert petitions.ask_to_recall(office, by=luis, at=at).pk > petition.pk
    attack(OPEN, ["recall", None, None, luis.pk], guard="petition_is_opened_in_its_time")


@pytest.mark.usefixtures("committed")
def test_an_older_view_backs_signs_and_opens_nothing(
    attack_from_the_past: Attack, alone: Proposal, voted: Voted, amina: Person
) -> None:
    attack_from_the_past(BACK, [alone.pk, amina.pk], guard="support_is_a_members_own_word")
    decision = voted("N1", yes=36)
    petition = sign_all(decision, 1)
    attack_from_the_past(SIGN, [petition.pk, members()[5].pk], guard="petition_is_signed_by_members")
    attack_from_the_past(OPEN, ["stop", decision.pk, None, amina.pk], guard="petition_is_opened_in_its_time")
