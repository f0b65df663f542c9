"""When a vote on money or access is ticked off: done only with its version, failed only when it cannot be done."""

import json
from typing import Any

import psycopg
import pytest

from coop import clock
from tests.database.bare import ask_alone, empty, lay, plant, written
from tests.payments.test_new_kinds import alike, kind

pytestmark = pytest.mark.django_db
MINE, OTHERS = 901, 902
FEE: dict[str, Any] = {"on_wage": 900, "training": 3000, "care": 500, "floor": 1200, "replaces": 1}
MINIMUM: dict[str, Any] = {"key": "", "value": {"micro": 500_000}, "replaces": 1}
REGION: dict[str, Any] = {"key": "country:KE", "value": {"open": False}, "replaces": 0}


@pytest.fixture
def till(superuser: psycopg.Connection) -> psycopg.Connection:
    """Let another vote have written a version of everything: of another kind, and of other keys."""
    empty(superuser, "governance_mandate", "governance_proposal", "governance_enactment")
    for table in ("fee", "instrument", "rate", "worktype"):
        lay(superuser, f"payments_{table}")
    for key in ("work_type:7", "rail:bank"):
        for version, said in enumerate(("payout_minimum", "region"), 7):
            plant(superuser, "payments_instrument", kind=said, key=key, version=version, mandate_id=OTHERS, value="{}")
    plant(superuser, "payments_instrument", kind="paint", key="", version=8, mandate_id=OTHERS, value="{}")
    plant(superuser, "payments_instrument", kind="paint", key="country:KE", version=8, mandate_id=OTHERS, value="{}")
    for table in ("fee", "rate"):
        superuser.execute(f"UPDATE payments_{table} SET mandate_id = %s", [OTHERS])
    return superuser


def ticked_off(till: psycopg.Connection, policy: str, payload: dict[str, Any], rule: str, failure: str = "") -> bool:
    """Tell whether a vote by a rule may be ticked off so."""
    (key,) = till.execute("SELECT min(id) FROM governance_rule WHERE key = %s", [rule]).fetchone() or (None,)
    plant(
        till,
        "governance_proposal",
        id=1,
        policy=policy,
        rule_id=key,
        payload=json.dumps(payload),
        published_at=clock.now(),
    )
    plant(till, "governance_mandate", id=MINE, proposal_id=1)
    plant(till, "governance_proposal", id=2, policy="paint", rule_id=key, payload="{}")
    plant(till, "governance_mandate", id=OTHERS, proposal_id=2)
    ask_alone(till, "enactment_wrote_the_version_it_says", "governance_enactment")
    told = written(till, "governance_enactment", {"mandate_id": MINE, "failure": failure})
    assert isinstance(told, dict) or told == "enactment_wrote_the_version_it_says"
    return isinstance(told, dict)


@pytest.mark.parametrize("wrote", [True, False])
@pytest.mark.parametrize(
    ("policy", "payload", "rule", "table"),
    [("new_kind", kind(), "N14", "rate"), ("fee_change", FEE, "N11", "fee"),
     ("payout_minimum", MINIMUM, "N10", "instrument"), ("region", REGION, "N6", "instrument")],
)  # fmt: skip
def test_a_vote_is_done_with_its_version(  # enactment_wrote_the_version_it_says
    till: psycopg.Connection, policy: str, payload: dict[str, Any], rule: str, table: str, *, wrote: bool
) -> None:
    if wrote:
        plant(till, f"payments_{table}", mandate_id=MINE)
    assert ticked_off(till, policy, payload, rule) == wrote


@pytest.mark.parametrize("failure", ["", "It cannot be."])
@pytest.mark.parametrize("policy", ["rate_change", "paint"])
def test_what_writes_no_such_version_is_not_asked_for_one(  # enactment_wrote_the_version_it_says
    till: psycopg.Connection, policy: str, failure: str
) -> None:
    assert ticked_off(till, policy, MINIMUM, "N10", failure)


@pytest.mark.parametrize(
    ("policy", "payload", "rule", "fails"),
    [
        ("new_kind", kind(), "N14", False), ("new_kind", kind(slug="product-match"), "N14", True),
        ("new_kind", alike("0.086"), "N14", True), ("new_kind", alike("0.086"), "N1", False),
        ("new_kind", alike("0.086"), "N3", False), ("new_kind", alike("0.08"), "N1", True),
        ("fee_change", FEE, "N11", False), ("fee_change", FEE | {"replaces": 2}, "N11", True),
        ("fee_change", FEE | {"on_wage": 1400}, "N11", True), ("fee_change", FEE | {"on_wage": 1400}, "N3", False),
        ("payout_minimum", MINIMUM, "N10", False), ("payout_minimum", MINIMUM | {"replaces": 7}, "N10", True),
        ("payout_minimum", MINIMUM | {"replaces": 0}, "N10", True), ("payout_minimum", MINIMUM, "N14", True),
        ("payout_minimum", MINIMUM | {"value": {"micro": 1_000_001}}, "N10", True),
        ("payout_minimum", MINIMUM | {"value": {"micro": 1_000_001}}, "N3", False),
        ("payout_minimum", MINIMUM | {"value": {"micro": 5_000_001}}, "N3", True),
        ("region", REGION, "N6", False), ("region", REGION | {"replaces": 1}, "N6", True),
    ],
    ids=str,
)  # fmt: skip
def test_a_vote_fails_when_it_was_overtaken_or_its_rule_is_not_enough(  # enactment_wrote_the_version_it_says
    till: psycopg.Connection, policy: str, payload: dict[str, Any], rule: str, *, fails: bool
) -> None:
    assert ticked_off(till, policy, payload, rule, "It cannot be.") == fails


@pytest.mark.parametrize(("an_hour", "fails"), [(18_000_000, False), (18_000_001, True)])
def test_a_new_kind_fails_below_the_floor_of_its_own_time(  # enactment_wrote_the_version_it_says
    till: psycopg.Connection, an_hour: int, *, fails: bool
) -> None:
    """Nobody has measured how long it takes: what other kinds of work take says nothing."""
    till.execute("UPDATE payments_rate SET estimated_seconds = 60")
    plant(till, "payments_instrument", kind="floor", key="", version=99, value=f'{{"micro_an_hour": {an_hour}}}',
          since="2020-01-01Z")  # fmt: skip
    assert ticked_off(till, "new_kind", kind(amount="0.1", estimated_seconds=20), "N14", "It cannot be.") == fails
