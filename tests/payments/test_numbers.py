"""How much a year may cut without the strictest rule is voted, and reaches no cut that was published before (3.1)."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest

from coop import clock
from coop.audit import rates as audited
from coop.people.models import Person
from governance import explaining, mandates, proposals, voting
from governance.models import WHOLE, Proposal, Rule
from payments import rates
from payments.models import WorkType
from payments.policies import RateChange
from payments.policies.impacts import needed_rule
from tests.governance.conftest import cast_all, reach, support
from tests.governance.test_numbers import HOUR, coming, until
from tests.payments.test_policies import change

pytestmark = pytest.mark.django_db
POLICY = RateChange()
KIND = {
    "slug": "match-again", "name": "Match products again", "unit": "pair", "tier": "general", "language": "en",
    "currency": "USD", "estimated_seconds": 30,
}  # fmt: skip


@pytest.fixture
def matching(db: None) -> WorkType:
    return WorkType.objects.get(slug="product-match")


def cut(work_type: WorkType, amount: str, by: Person) -> Proposal:
    return proposals.draft(
        policy="rate_change", payload=change(work_type, amount), title="A cut", text="…", by=by, at=clock.now()
    )


def test_a_deeper_cut_than_the_number_needs_the_strictest_rule(
    matching: WorkType, amina: Person, attack: Callable[..., None]
) -> None:
    depths = {"0.0891": "N1", "0.0846": "N2", "0.081": "N2"}
    assert {amount: POLICY.rule_key(change(matching, amount)) for amount in depths} == depths
    until(HOUR, coming("cuts_in_a_year", WHOLE * 6 // 100, amina))
    assert POLICY.rule_key(change(matching, "0.0846")) == "N2"
    assert POLICY.rule_key(change(matching, "0.084599")) == "N3"
    draft = support(cut(matching, "0.081", amina))
    Proposal.objects.filter(pk=draft.pk).update(rule=Rule.objects.filter(key="N2").latest("version"))
    attack(
        "UPDATE governance_proposal SET published_at = now() WHERE id = %s", [draft.pk],
        guard="impact_is_computed_by_the_database",
    )  # fmt: skip


def test_where_no_cut_is_let_in_even_a_small_one_needs_the_strictest_rule(matching: WorkType, amina: Person) -> None:
    said = {**KIND, "shape": matching.shape, "amount": "0.089"}
    assert needed_rule("new_kind", said) == "N1"
    until(HOUR, coming("cuts_in_a_year", 0, amina))
    assert POLICY.rule_key(change(matching, "0.0899")) == "N3"
    assert POLICY.rule_key(change(matching, "0.091")) == "N10"
    assert needed_rule("new_kind", said) == "N3"
    assert needed_rule("new_kind", said | {"amount": "0.09"}) == "N14"


def test_a_number_reaches_no_cut_that_was_published_before(matching: WorkType, amina: Person) -> None:
    number = coming("cuts_in_a_year", WHOLE * 6 // 100, amina)
    until(-timedelta(days=1), number)
    vote = proposals.publish(support(cut(matching, "0.081", amina)), by=amina, at=clock.now())
    assert vote.rule.key == "N2"
    assert explaining.seen(vote, clock.now()).deepest == "15\u00a0%"
    cast_all(vote, yes=30)
    voting.close(vote, at=reach(vote.closes_at))
    mandate = voting.listed().get(pk=vote.pk).mandate
    at = reach(mandate.due_at)
    assert at > number.applies_from
    assert POLICY.rule_key(change(matching, "0.081")) == "N3"
    assert not mandates.enact(mandate, at=at).failure
    assert rates.current(matching).amount == Decimal("0.081")
    assert explaining.seen(vote, at).deepest == "15\u00a0%"
    later = explaining.seen(cut(WorkType.objects.get(slug="compare-answers"), "0.1", amina), at)
    assert (later.proposal.rule.key, later.deepest) == ("N3", "6\u00a0%")
    assert list(audited.walk(lambda _rows: None)) == []
