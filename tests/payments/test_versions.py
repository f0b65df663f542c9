"""Votes on everything besides rates: what may be proposed, by which rule, and that it takes effect as voted."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client as Browser

from coop import clock
from coop.people.models import Client, Person
from coop.refusals import Refused
from governance import mandates, policies, proposals, voting
from governance.models import Mandate, Proposal
from governance.policy import Stale
from payments import instruments, payouts, rates
from payments.models import Fee, Instrument, Kind, WorkType
from tests.governance.conftest import cast_all, reach, support
from tests.payments.conftest import owning

pytestmark = pytest.mark.django_db
type Attack = Callable[..., None]
ENACT = "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, coop_now(), %s)"

MINIMUM: dict[str, object] = {"key": "", "value": {"micro": 500_000}, "replaces": 1}
LOWER_FEE: dict[str, object] = {"on_wage": 900, "training": 3000, "care": 500, "floor": 1200, "replaces": 1}


def published(policy: str, payload: dict[str, object], by: Person) -> Proposal:
    draft = proposals.draft(policy=policy, payload=payload, title="Shall it?", text="…", by=by, at=clock.now())
    return proposals.publish(support(draft), by=by, at=clock.now())


def voted(policy: str, payload: dict[str, object], by: Person) -> Mandate:
    """Take a change through its vote, to the moment its mandate is due."""
    proposal = published(policy, payload, by)
    cast_all(proposal, yes=40)
    voting.close(proposal, at=reach(proposal.closes_at))
    mandate = Mandate.objects.get(proposal=proposal)
    reach(mandate.due_at)
    return mandate


def work(slug: str = "product-match") -> str:
    return f"work_type:{WorkType.objects.get(slug=slug).pk}"


RULES: list[tuple[str, dict[str, object], str]] = [
    (Kind.PAYOUT_MINIMUM, {"micro": 999_999}, "N10"),
    (Kind.PAYOUT_MINIMUM, {"micro": 1_000_001}, "N3"),
    (Kind.PAYOUT_DELAY, {"hours": 1}, "N3"),
    (Kind.ROUNDING, {"wage_step": 1, "payout_step": 50_000}, "N3"),
    (Kind.ACCEPTANCE, {"silence_days": 6}, "N10"),
    (Kind.TIME_LIMIT, {"least": 60}, "N10"),
]


@pytest.mark.parametrize(("kind", "value", "rule"), RULES)
def test_what_could_pay_less_or_later_for_all_is_decided_by_n3(
    amina: Person, kind: str, value: dict[str, object], rule: str
) -> None:
    assert published(kind, {"key": "", "value": value, "replaces": 1}, amina).rule.key == rule


@pytest.mark.parametrize(
    ("kind", "value", "rule"),
    [
        (Kind.OPENING, {"open": False, "notice_days": 30}, "N9"),
        (Kind.OPENING, {"open": False, "notice_days": 29}, "N3"),
        (Kind.ALLOCATION, {"order": "first_come", "most_a_day": 40}, "N9"),
    ],
)
def test_who_is_offered_what_is_decided_by_those_affected(
    amina: Person, kind: str, value: dict[str, object], rule: str
) -> None:
    proposal = published(kind, {"key": work(), "value": value, "replaces": 0}, amina)
    assert proposal.rule.key == rule
    assert proposal.subject == work()


def test_a_region_is_closed_by_its_residents_and_the_whole(amina: Person) -> None:
    proposal = published(Kind.REGION, {"key": "country:KE", "value": {"open": False}, "replaces": 0}, amina)
    assert (proposal.rule.key, proposal.subject) == ("N6", "country:KE")
    words = policies.find(Kind.REGION).changes_for(amina, proposals.payload_of(proposal), clock.now())
    assert "your region" in words


def test_a_way_to_be_paid_is_closed_by_the_whole_and_not_the_one_for_everybody(amina: Person) -> None:
    closing: dict[str, object] = {"key": "rail:bank", "value": {"open": False}, "replaces": 1}
    proposal = published(Kind.RAIL, closing, amina)
    assert (proposal.rule.key, proposal.subject) == ("N6", "everybody")
    assert "Bank transfer" in policies.find(Kind.RAIL).describe(closing)
    assert policies.find(Kind.RAIL).changes_for(amina, closing, clock.now()) == ""
    with pytest.raises(Refused):
        published(Kind.RAIL, closing | {"key": "rail:by_hand"}, amina)


def test_reopening_for_less_is_asked_of_those_who_do_the_work_by_n3(amina: Person, orbit: Client) -> None:
    key = f"client:{orbit.pk}/{work()}"
    proposal = published(Kind.REOPENING, {"key": key, "value": {"micro": 95_000}, "replaces": 0}, amina)
    assert (proposal.rule.key, proposal.subject) == ("N3", work())


@pytest.mark.parametrize(("on_wage", "rule"), [(900, "N11"), (1000, "N11"), (1050, "N3"), (1500, "N3")])
def test_a_higher_fee_is_decided_by_n3(amina: Person, on_wage: int, rule: str) -> None:
    payload = LOWER_FEE | {"on_wage": on_wage, "care": 400}
    assert published("fee_change", payload, amina).rule.key == rule


@pytest.mark.parametrize(
    "facts", [{"on_wage": 1501}, {"on_wage": -1}, {"on_wage": 10.5}, {"on_wage": True}, {"care": 6000}, {"floor": 6501},
              {"replaces": 2}, {"floor": -1},
              {"on_wage": 1000, "training": 2500, "floor": 500}, {"unless": "the board decides otherwise"}],
)  # fmt: skip
def test_a_fee_out_of_its_bounds_cannot_be_proposed(amina: Person, facts: dict[str, object]) -> None:
    with pytest.raises(Refused):
        published("fee_change", LOWER_FEE | facts, amina)


@pytest.mark.parametrize(
    "facts",
    [
        {"value": {"micro": 5_000_001}}, {"value": {"micro": 1_000_000}}, {"value": {"micro": 1, "fee": 1}},
        {"value": "table:7"}, {"key": "work_type:1"}, {"replaces": 2}, {"replaces": True}, {"since": "at once"},
    ],
)  # fmt: skip
def test_only_literal_values_of_the_kind_can_be_proposed(amina: Person, facts: dict[str, object]) -> None:
    with pytest.raises(Refused):
        published(Kind.PAYOUT_MINIMUM, MINIMUM | facts, amina)


@pytest.mark.parametrize("kind", ["auction", "points", "fx", "surge", "penalty", "bonus", "currency", "client_block"])
def test_what_has_no_policy_is_no_question(amina: Person, kind: str) -> None:
    assert kind not in {policy.name for policy in policies.known()}


def test_a_lower_minimum_is_voted_and_pays_out(amina: Person, now: datetime) -> None:
    mandate = voted(Kind.PAYOUT_MINIMUM, MINIMUM, amina)
    assert instruments.payout_terms().minimum == 1
    assert not mandates.enact(mandate, at=clock.now()).failure
    assert instruments.payout_terms().minimum == Decimal("0.5")
    assert payouts.refusal(amina, Decimal("0.49"))
    assert [one.version for one in instruments.history(Kind.PAYOUT_MINIMUM)] == [2, 1]


def test_a_lower_fee_is_voted_and_charged(amina: Person) -> None:
    mandates.enact(voted("fee_change", LOWER_FEE, amina), at=clock.now())
    fee = rates.fee_now()
    assert (fee.on_wage, fee.training, fee.care, fee.floor, fee.version) == (900, 3000, 500, 1200, 2)


def test_a_vote_from_before_the_floor_had_a_share_gives_it_none(amina: Person, attack: Attack) -> None:
    """A payload of that time could not name the share; carried out today, nothing of the fee goes there."""
    mandate = voted("fee_change", LOWER_FEE, amina)
    with owning(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE governance_proposal DISABLE TRIGGER USER")
        old = "UPDATE governance_proposal SET payload = (payload::jsonb - 'floor')::text WHERE id = %s"
        cursor.execute(old, [mandate.proposal_id])
    attack(
        """INSERT INTO payments_fee (version, on_wage, training, care, floor, mandate_id, since)
        VALUES (2, 900, 3000, 500, 1200, %s, coop_now())""",
        [mandate.pk],
        guard="fee_is_what_the_vote_said",
    )
    assert not mandates.enact(Mandate.objects.get(pk=mandate.pk), at=clock.now()).failure
    assert rates.fee_now().floor == 0


def test_a_vote_overtaken_by_another_fails(amina: Person, luis: Person) -> None:
    first = voted(Kind.PAYOUT_MINIMUM, MINIMUM, amina)
    second = voted(Kind.PAYOUT_MINIMUM, MINIMUM | {"value": {"micro": 400_000}}, luis)
    mandates.enact(second, at=clock.now())
    assert mandates.enact(first, at=clock.now()).failure
    with pytest.raises(Stale):
        policies.find(Kind.PAYOUT_MINIMUM).enact(first, MINIMUM, clock.now())


@pytest.mark.parametrize("micro", [499_999, 500_001, 0])
def test_a_version_that_differs_from_its_vote_is_refused(amina: Person, micro: int) -> None:
    mandate = voted(Kind.PAYOUT_MINIMUM, MINIMUM, amina)
    with pytest.raises(DatabaseError, match="what a passed vote says"), transaction.atomic():
        Instrument.objects.create(
            kind=Kind.PAYOUT_MINIMUM, version=2, value=f'{{"micro":{micro}}}', mandate=mandate, since=clock.now()
        )


@pytest.mark.parametrize("facts", [{"on_wage": 1000}, {"care": 501}, {"floor": 0}, {"floor": 1201}, {"version": 3}])
def test_a_fee_that_differs_from_its_vote_is_refused(amina: Person, facts: dict[str, int]) -> None:
    mandate = voted("fee_change", LOWER_FEE, amina)
    said: dict[str, int] = {"on_wage": 900, "training": 3000, "care": 500, "floor": 1200, "version": 2}
    with pytest.raises(DatabaseError, match="what a passed vote says"), transaction.atomic():
        Fee.objects.create(**(said | facts), mandate=mandate, since=clock.now())


def test_no_mandate_about_one_thing_changes_another(amina: Person, attack: Attack) -> None:
    mandate = voted(Kind.PAYOUT_MINIMUM, MINIMUM, amina)
    attack(
        """INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
        VALUES ('payout_delay', '', 2, '{"hours":72}', %s, coop_now())""",
        [mandate.pk],
        guard="instrument_is_what_the_vote_said",
    )


@pytest.mark.parametrize("failure", ["", "not convenient"])
def test_a_vote_is_not_ticked_off_without_its_version(amina: Person, attack: Attack, failure: str) -> None:
    mandate = voted(Kind.PAYOUT_MINIMUM, MINIMUM, amina)
    attack(ENACT, [mandate.pk, failure], guard="enactment_wrote_the_version_it_says")


def test_a_change_harmless_when_voted_and_harmful_when_due_fails(amina: Person, luis: Person) -> None:
    """Two proposals, each lower than what stood when it was voted: the later one would raise the minimum again (P3)."""
    raised = voted(Kind.PAYOUT_MINIMUM, MINIMUM | {"value": {"micro": 900_000}}, amina)
    lowered = voted(Kind.PAYOUT_MINIMUM, MINIMUM, luis)
    mandates.enact(lowered, at=clock.now())
    assert mandates.enact(raised, at=clock.now()).failure
    assert instruments.payout_terms().minimum == Decimal("0.5")


OURS = [policy.name for policy in policies.known() if type(policy).__module__.startswith("payments")]


@pytest.mark.parametrize("policy", OURS)
def test_every_kind_can_be_asked_for_on_the_propose_page(
    amina: Person, signed_in: Callable[[Person], Browser], policy: str
) -> None:
    assert signed_in(amina).get(f"/votes/new/{policy}/").status_code == 200


def test_every_change_is_told_in_words(amina: Person, orbit: Client) -> None:
    ke, matching = "country:KE", work()
    comparing = WorkType.objects.get(slug="compare-answers").pk
    said = {
        Kind.PAYOUT_MINIMUM: ("", {"micro": 500_000}), Kind.PAYOUT_DELAY: ("", {"hours": 5}),
        Kind.ROUNDING: ("", {"wage_step": 1, "payout_step": 50_000}), Kind.ACCEPTANCE: ("", {"silence_days": 3}),
        Kind.TIME_LIMIT: ("", {"least": 30}), Kind.FLOOR: (ke, {"micro_an_hour": 4_000_000}),
        Kind.REGION: (ke, {"open": False}), Kind.OPENING: (matching, {"open": False, "notice_days": 30}),
        Kind.ALLOCATION: (matching, {"order": "first_come", "most_a_day": 9}),
        Kind.REOPENING: (f"client:{orbit.pk}/{matching}", {"micro": 95_000}),
        Kind.QUALIFICATION: (matching, {"of": comparing, "units": 3}),
    }  # fmt: skip
    tests = (Kind.QUALIFICATION, ("skills", {"drawn": 10, "right": 9, "again_days": 3}))
    asks = (Kind.QUALIFICATION, (f"asks/work_type:{comparing}", {"skills": list(instruments.skills_named())}))
    for kind, (key, value) in [*said.items(), tests, asks]:
        policy = policies.find(kind)
        latest = instruments.latest(kind, key)
        payload = {"key": key, "value": value, "replaces": latest.version if latest else 0}
        assert not policy.problems(payload), kind
        words = policy.describe(payload)
        assert "{" not in words
        assert policy.impact_lines(policy.impact(payload, clock.now()))
