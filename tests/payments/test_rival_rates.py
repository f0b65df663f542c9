"""Rival rates on one ballot: a milder cut and a raise beside a cut, and no rate of another kind of work."""

import json
from collections.abc import Callable
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import mandates, proposals, rivals, supporting, voting
from governance.models import Mandate, Proposal
from governance.options import canonical
from governance.voting import State
from payments import rates
from payments.models import Rate, WorkType
from payments.policies import impacts
from tests.governance.conftest import cast_choices, electors, members, reach
from tests.payments.test_policies import change, matching

__all__ = ["matching"]
pytestmark = pytest.mark.django_db
DRAFT = """
INSERT INTO governance_proposal (policy, rule_id, title, text, payload, impact, method, subject, proposed_by_id,
    drafted_at, digest, roll_root, rival_of_id)
SELECT 'rate_change', r.id, 'Rival', 'Why', %s, '{}', 'yes_no', %s, %s, now(), '', '', %s
FROM governance_rule r WHERE r.key = 'N1' ORDER BY r.version DESC LIMIT 1 RETURNING id
"""
BACK = "INSERT INTO governance_support (draft_id, person_id, backs, said_at) VALUES (%s, %s, true, now())"
PUBLISH = "UPDATE governance_proposal SET published_at = now() WHERE id = %s"


def publish(draft: Proposal, *, by: int) -> Proposal:
    for person in members()[by : by + 5]:
        supporting.back(draft, by=person, at=clock.now())
    return proposals.publish(draft, by=members()[by], at=clock.now())


@pytest.fixture
def cut(matching: WorkType) -> Proposal:
    """A proposal to cut the rate from 0.09 to 0.0865 that is being discussed."""
    author, payload = members()[0], change(matching, "0.0865")
    draft = proposals.draft(policy="rate_change", payload=payload, title="A cut", text="…", by=author, at=clock.now())
    return publish(draft, by=0)


def beside(cut: Proposal, payload: dict[str, object], *, by: int) -> Proposal:
    draft = proposals.draft_rival(
        cut, payload=payload, title=f"Rather {payload['amount']}", text="…", by=members()[by], at=clock.now()
    )
    return publish(draft, by=by)


def test_a_milder_cut_and_a_raise_stand_beside_a_cut_each_by_its_own_rule(cut: Proposal, matching: WorkType) -> None:
    milder = beside(cut, change(matching, "0.088"), by=5)
    raised = beside(cut, change(matching, "0.095"), by=10)
    assert [one.rule.key for one in (cut, milder, raised)] == ["N1", "N1", "N10"]
    assert len({one.digest for one in (cut, milder, raised)}) == len({one.impact for one in (cut, milder, raised)}) == 3
    cast_choices(cut, ["3"] * 15 + ["2,3"] * 8 + ["1"] * 5)
    at = reach(cut.closes_at)
    for one in rivals.on_the_ballot(cut):
        voting.close(one, at=at)
    votes = [voting.listed().get(pk=one.pk) for one in rivals.on_the_ballot(cut)]
    assert [voting.state(one, at) for one in votes] == [State.LOST, State.LOST, State.DUE]
    mandates.enact(Mandate.objects.get(proposal=raised), at=at)
    assert rates.current(matching).amount == Decimal("0.095")


def test_a_deeper_cut_than_the_ballot_has_time_for_is_no_rival(cut: Proposal, matching: WorkType) -> None:
    with pytest.raises(Refused, match="more time"):
        beside(cut, change(matching, "0.08"), by=5)


def test_a_rival_lowers_no_rate_of_another_kind_of_work(
    cut: Proposal, matching: WorkType, attack: Callable[..., None]
) -> None:
    other = WorkType.objects.get(slug="compare-answers")
    payload = {**change(other, "0.86"), "replaces": Rate.objects.get(work_type=other).version}
    with pytest.raises(Refused, match="very same thing"):
        beside(cut, payload, by=5)
    people = members()
    for subject in (f"work_type:{other.pk}", cut.subject):
        with connection.cursor() as cursor:
            cursor.execute(DRAFT, [canonical(payload), subject, people[5].pk, cut.pk])
            (number,) = cursor.fetchone()
            cursor.executemany(BACK, [(number, person.pk) for person in people[5:10]])
        attack(PUBLISH, [number], guard="rival_stands_beside_the_first" if subject != cut.subject else "impact_is")


def test_the_same_rate_written_otherwise_is_no_rival(
    cut: Proposal, matching: WorkType, attack: Callable[..., None]
) -> None:
    payload = change(matching, "0.086500")
    with pytest.raises(Refused, match="very change"):
        beside(cut, payload, by=5)
    people = members()
    with connection.cursor() as cursor:
        cursor.execute(DRAFT, [canonical(payload), cut.subject, people[5].pk, cut.pk])
        (number,) = cursor.fetchone()
        cursor.executemany(BACK, [(number, person.pk) for person in people[5:10]])
    attack(PUBLISH, [number], guard="rival_stands_beside_the_first")


def test_a_loser_writes_no_rate(cut: Proposal, matching: WorkType, attack: Callable[..., None]) -> None:
    raised = beside(cut, change(matching, "0.095"), by=5)
    cast_choices(cut, ["2"] * 25 + ["1"] * 3)
    at = reach(cut.closes_at)
    for one in rivals.on_the_ballot(cut):
        voting.close(one, at=at)
    assert not Mandate.objects.filter(proposal=cut).exists()
    insert = (
        "INSERT INTO payments_rate (work_type_id, version, amount, currency, estimated_seconds, mandate_id, since)"
        " VALUES (%s, 2, 86500, 'USD', 30, %s, now())"
    )
    mandate = Mandate.objects.get(proposal=raised)
    attack(insert, [matching.pk, mandate.pk], guard="rate_is_what_the_vote_said")


def test_a_member_files_another_way_and_all_approve_over_the_pages(
    cut: Proposal, matching: WorkType, signed_in: Callable[[Person], Browser]
) -> None:
    author, browser = members()[5], signed_in(members()[5])
    page = browser.get(f"/votes/{cut.pk}/").text
    assert "Propose another way" in page
    assert f"/votes/{cut.pk}/another/" in page
    form = browser.get(f"/votes/{cut.pk}/another/").text
    assert f'<option value="{matching.pk}" selected>' in form
    said = {"work_type": matching.pk, "amount": "0.095", "estimated_seconds": 30, "title": "Rather more", "text": "…"}
    other = WorkType.objects.get(slug="compare-answers")
    assert "very same thing" in browser.post(f"/votes/{cut.pk}/another/", {**said, "work_type": other.pk}).text
    draft = browser.post(f"/votes/{cut.pk}/another/", said, follow=True).text
    assert "Another way, for the ballot of" in draft
    rival = publish(Proposal.objects.get(rival_of=cut, proposed_by=author), by=5)
    visitor = Browser()
    assert "Rather more" in visitor.get(f"/votes/{cut.pk}/").text
    assert visitor.get("/votes/").text.count("Rather more") == 0
    voter = signed_in(electors(rival)[9])
    at = reach(cut.opens_at)
    assert voter.get(f"/votes/{rival.pk}/ballot/").headers["location"] == f"/votes/{cut.pk}/ballot/"
    ballot = voter.get(f"/votes/{cut.pk}/ballot/").text
    assert "Leave it as it is" in ballot
    assert "Rather more" in ballot
    assert [ballot.count(impacts.digest(json.loads(one.impact))) for one in (cut, rival)] == [1, 1]
    assert ballot.count("Is it a cut?") == 2
    assert impacts.digest(json.loads(rival.impact)) in voter.post(f"/votes/{cut.pk}/ballot/", {"choice": "2"}).text
    assert "Your vote is in" in voter.post(f"/votes/{cut.pk}/ballot/cast/", {"choice": "2"}, follow=True).text
    cast_choices(cut, ["2"] * 20)
    at = reach(cut.closes_at)
    for one in rivals.on_the_ballot(cut):
        voting.close(one, at=at)
    lost = " ".join(visitor.get(f"/votes/{cut.pk}/result/").text.split())
    assert "another way on the same ballot won" in lost
    assert "won</span>" in lost.replace(" </span>", "</span>")
    assert visitor.get(f"/votes/{rival.pk}/result/").status_code == 200
    assert visitor.get(f"/votes/{cut.pk}/recount/rule.json").json()["passed"] is False
