"""The registry of instruments: closed kinds, versions by mandate, and nothing else that pay or access reads (D3)."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from django.db import connection

from coop.people.models import Person
from governance.models import Mandate
from payments import instruments
from payments.models import Instrument, Kind, WorkType
from tests.payments.conftest import owning

type Attack = Callable[..., None]

INSERT = """INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
    VALUES (%s, %s, %s, %s, (SELECT id FROM governance_mandate WHERE proposal_id IS NULL), coop_now())"""
# What nobody may say, by any vote: each line is a mechanism of the attacks' list that no kind admits.
UNSAYABLE = {
    "a payout minimum above five": (Kind.PAYOUT_MINIMUM, "", {"micro": 5_000_001}),
    "a payout minimum below zero": (Kind.PAYOUT_MINIMUM, "", {"micro": -1}),
    "a payout held over 72 hours": (Kind.PAYOUT_DELAY, "", {"hours": 73}),
    "silence that lasts over a week": (Kind.ACCEPTANCE, "", {"silence_days": 8}),
    "pay in points (I29)": (Kind.CURRENCY, "", {"codes": ["PTS"]}),
    "pay in gift cards (I17)": (Kind.CURRENCY, "", {"codes": ["USD"], "gift_card": True}),
    "a rate of exchange (I5)": (Kind.CURRENCY, "", {"codes": ["USD"], "fixing": "0.995"}),
    "a bonus (I3)": (Kind.BONUS, "", {"every": 100, "micro": 1}),
    "a penalty called a bonus (L10)": (Kind.BONUS, "", {"every": 0, "micro": -1}),
    "wages rounded down (I7)": (Kind.ROUNDING, "", {"wage_step": 10_000, "payout_step": 10_000}),
    "an auction (I21)": (Kind.ALLOCATION, "", {"order": "lowest_bid", "most_a_day": 0}),
    "offers by rating (J3)": (Kind.ALLOCATION, "", {"order": "by_rating", "most_a_day": 0}),
    "surge prices (I19)": ("surge", "", {"micro": 1}),
    "a withdrawal fee (I17)": (Kind.PAYOUT_MINIMUM, "", {"micro": 1, "fee": 1}),
    "tax corrected backwards (I25)": ("withholding", "", {"micro": 1}),
    "a discount for clients (I27)": ("discount", "client:1", {"micro": 1}),
    "a client's block without a case": (Kind.CLIENT_BLOCK, "", {"by": "client"}),
    "unpaid gold (I15)": (Kind.ACCEPTANCE, "", {"silence_days": 7, "gold": "unpaid"}),
    "a number that is not whole": (Kind.PAYOUT_MINIMUM, "", {"micro": 1.5}),
    "a number in words": (Kind.PAYOUT_MINIMUM, "", {"micro": "1"}),
    "an order that depends (G16)": (Kind.OPENING, "work_type:1", {"open": "unless the board decides otherwise"}),
    "a device shut out (J5)": (Kind.REGION, "device:phone", {"open": False}),
    "a check for nothing (E6)": (Kind.CHECKING, "", {"share": 0}),
    "a check for less than a tenth": (Kind.CHECKING, "work_type:1", {"share": 999}),
    "a check for more than the answer": (Kind.CHECKING, "", {"share": 10_001}),
    "a deposit of more than half": (Kind.DEPOSIT, "", {"share": 5_001}),
    "a deposit of less than nothing": (Kind.DEPOSIT, "work_type:1", {"share": -1}),
    "a deposit of one client's": (Kind.DEPOSIT, "client:1", {"share": 0}),
    "support without an end": (Kind.SUPPORT, "fund:care", {"micro": 10_000_010_000, "days": 1}),
    "support in parts of a cent": (Kind.SUPPORT, "fund:care", {"micro": 1, "days": 91}),
    "support in no time": (Kind.SUPPORT, "fund:education", {"micro": 1_000_000, "days": 0}),
    "support of all funds at once": (Kind.SUPPORT, "", {"micro": 1_000_000, "days": 91}),
    "support out of another fund": (Kind.SUPPORT, "fund:dispute", {"micro": 1_000_000, "days": 91}),
    "support for a reason": (Kind.SUPPORT, "fund:care", {"micro": 1_000_000, "days": 91, "for": "illness"}),
    "every region shut": (Kind.REGION, "", {"open": False}),
    "a way to be paid that does not exist": (Kind.RAIL, "rail:moon", {"open": True}),
    "the last way to be paid shut": (Kind.RAIL, "rail:by_hand", {"open": False}),
    "a test that nobody passes": (Kind.QUALIFICATION, "skills", {"drawn": 5, "right": 6, "again_days": 7}),
    "a test of two questions": (Kind.QUALIFICATION, "skills", {"drawn": 2, "right": 1, "again_days": 7}),
    "a test taken once a year": (Kind.QUALIFICATION, "skills", {"drawn": 5, "right": 4, "again_days": 31}),
    "a test for those who are liked": (
        Kind.QUALIFICATION,
        "skills",
        {"drawn": 5, "right": 4, "again_days": 7, "least_score": 90},
    ),
    "skills that end": (Kind.QUALIFICATION, "skills", {"drawn": 5, "right": 4, "again_days": 7, "lasts_days": 90}),
    "a skill that nobody worded": (Kind.QUALIFICATION, "asks/work_type:2", {"skills": [999_999]}),
    "a skill twice": (Kind.QUALIFICATION, "asks/work_type:2", {"skills": [1, 1]}),
    "a skill by its name": (Kind.QUALIFICATION, "asks/work_type:2", {"skills": ["Mathematics"]}),
    "skills of all work": (Kind.QUALIFICATION, "asks/", {"skills": [1]}),
    "skills and a score": (Kind.QUALIFICATION, "asks/work_type:2", {"skills": [1], "least_score": 90}),
    "a qualification in oneself": (Kind.QUALIFICATION, "work_type:1", {"of": 1, "units": 5}),
}


def test_every_kind_of_instrument_the_constitution_names_has_its_place() -> None:
    named = {
        "rate", "unit", "fee", "rounding", "currency", "bonus", "estimate", "time_limit", "acceptance", "allocation",
        "qualification", "region", "client_block", "payout_minimum", "payout_delay", "floor",
    }  # fmt: skip
    assert named <= set(instruments.REGISTRY)


def test_the_cooperative_begins_with_what_was_always_so(db: None) -> None:
    standing = {(one.kind, one.key): json.loads(one.value) for one in instruments.in_force()}
    founded = {(str(kind), key): dict(value) for (kind, key), value in instruments.FIRST.items()}
    assert founded.items() <= standing.items()
    # Beside that, which kinds of work may ask for the skill of the demonstration.
    assert {key.partition(":")[0] for _kind, key in standing.keys() - founded.keys()} == {"asks/work_type"}


@pytest.mark.parametrize(("kind", "key", "said"), UNSAYABLE.values(), ids=UNSAYABLE.keys())
def test_no_vote_can_say_this(db: None, attack: Attack, kind: str, key: str, said: dict[str, object]) -> None:
    with owning():
        attack(INSERT, [kind, key, 2, instruments.canonical(said)], guard="instrument_can_say_this")


@pytest.mark.parametrize(
    "text",
    ['{"micro":1,"micro":2}', '{"micro": 1}', '{"micro":1e2}', '{"micro":01}', "null", "[1]", '{"mi\\u0063ro":1}'],
)
def test_a_value_is_written_in_one_way_only(db: None, attack: Attack, text: str) -> None:
    with owning():
        attack(INSERT, [Kind.PAYOUT_MINIMUM, "", 2, text], guard="instrument_can_say_this")


@pytest.mark.parametrize("version", [-1, 0, 2, 3, 2_147_483_647])
@pytest.mark.parametrize("kind", [Kind.PAYOUT_MINIMUM, Kind.PAYOUT_DELAY])
def test_no_version_comes_from_anything_but_a_vote(db: None, attack: Attack, kind: str, version: int) -> None:
    said = {Kind.PAYOUT_MINIMUM: '{"micro":5000000}', Kind.PAYOUT_DELAY: '{"hours":72}'}[Kind(kind)]
    attack(INSERT, [kind, "", version, said], guard="instrument_is_what_the_vote_said")


def test_not_even_the_owner_founds_twice(db: None, attack: Attack) -> None:
    with owning():
        attack(INSERT, [Kind.PAYOUT_DELAY, "", 2, '{"hours":72}'], guard="instrument_is_what_the_vote_said")
        attack(INSERT, [Kind.PAYOUT_DELAY, "", 1, '{"hours":72}'], guard="one_instrument_per_version")


def test_a_version_has_a_number_above_zero_and_a_known_kind(db: None, superuser: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("""SELECT conname FROM pg_constraint WHERE conrelid = 'payments_instrument'::regclass
            AND conname IN ('instrument_kind_is_known', 'instruments_are_numbered_from_one')""")
        assert len(cursor.fetchall()) == 2


@pytest.mark.parametrize(
    "statement", ["UPDATE payments_instrument SET value = '{}'", "DELETE FROM payments_instrument",
                  "TRUNCATE payments_instrument", "DELETE FROM payments_confusable",
                  "INSERT INTO payments_confusable VALUES ('x', 'y')"],
)  # fmt: skip
def test_no_version_is_changed_or_removed(db: None, attack: Attack, statement: str) -> None:
    attack(statement, guard="permission denied")


@pytest.mark.parametrize("change", ["UPDATE payments_instrument SET value = '{}'", "DELETE FROM payments_instrument"])
def test_not_even_the_owner_changes_a_version(db: None, attack: Attack, change: str) -> None:
    with owning():
        attack(change, guard="payments_instrument_is_append_only")


ASK = """INSERT INTO payments_payout (person_id, amount, currency, method, state, reference, key, requested_at)
    VALUES (%s, %s, 'USD', 'x', 'requested', '', gen_random_uuid(), coop_now())"""


def test_the_database_pays_out_no_less_than_the_minimum(amina: Person, attack: Attack) -> None:
    attack(ASK, [amina.pk, 990_000], guard="payouts_keep_to_the_instruments")


def found(kind: str, key: str, said: dict[str, object], at: datetime) -> None:
    """Write a first version as the founding meeting would have."""
    mandate = Mandate.objects.get(proposal=None)
    value = instruments.canonical(said)
    Instrument.objects.create(kind=kind, key=key, version=1, value=value, mandate=mandate, since=at)


def test_names_that_look_alike_fold_to_one(db: None) -> None:
    with connection.cursor() as cursor:
        looks = [
            "Label",
            " label ",
            "LABEL",
            "l\u0430bel",
            "La\u0301bel",
            "\uff2cabel",
            "1abe|",
            "LABEI",
            "la\u200bbel",
        ]
        cursor.execute("SELECT DISTINCT payments_fold(x) FROM unnest(%s::text[]) x", [looks])
        assert cursor.fetchall() == [("label",)]


def test_whoever_lives_in_a_closed_region_reads_why(amina: Person, luis: Person, now: datetime) -> None:
    matching = WorkType.objects.get(slug="product-match")
    with owning():
        found(Kind.REGION, "country:KE", {"open": False}, now)
    assert (no := instruments.refusal(amina, matching))
    assert no.rule == "N6"
    assert instruments.refusal(luis, matching) is None


def test_a_qualification_asks_for_paid_work_of_another_kind(luis: Person, now: datetime) -> None:
    matching, comparing = WorkType.objects.get(slug="product-match"), WorkType.objects.get(slug="compare-answers")
    needs: dict[str, object] = {"of": matching.pk, "units": 900}
    with owning():
        found(Kind.QUALIFICATION, f"work_type:{comparing.pk}", needs, now)
    assert (no := instruments.refusal(luis, comparing))
    assert no.rule == "N9"
    assert instruments.refusal(luis, matching) is None
