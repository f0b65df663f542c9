"""The constitution's own rows: changed by N15 alone, exactly as voted, after 15 days, and never beyond the bounds."""

from collections.abc import Callable
from datetime import timedelta
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.test import Client as Browser

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from governance import amending, mandates, parameters, proposals, voting
from governance.models import BOUNDS, WHOLE, Mandate, Parameter, Proposal, Rule
from tests.governance.conftest import cast_all, reach, support

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
RULE = """
INSERT INTO governance_rule (key, version, decision, deliberation_days, frozen_days, voting_days, lock_days,
    affected_yes, affected_floor, whole_yes, whole_floor, turnout_floor, readings, seniors_too, published_at,
    applies_from, mandate_id)
SELECT key, version + 1, decision, deliberation_days, frozen_days, voting_days, lock_days, affected_yes, affected_floor,
    whole_yes, whole_floor, turnout_floor, readings, seniors_too, now(), now(), %s
FROM governance_rule WHERE key = %s ORDER BY version DESC LIMIT 1
"""


def row(key: str, **changes: object) -> dict[str, Any]:
    rule = Rule.objects.filter(key=key).order_by("-version")[:1].get()
    return {name: getattr(rule, name) for name in amending.ROW} | {"key": key, "replaces": rule.version} | changes


def write(payload: dict[str, Any], by: Person, policy: str = "rule_change") -> Proposal:
    return proposals.draft(
        policy=policy, payload=payload, title="Another rule?", text="Because.", by=by, at=clock.now()
    )


def twice(draft: Proposal, by: Person) -> Mandate:
    """Take a change of the constitution through both readings, to the day it is due."""
    for _reading in range(2):
        vote = proposals.publish(draft if draft.first_reading_id else support(draft), by=by, at=clock.now())
        cast_all(vote, yes=30)
        voting.close(vote, at=reach(vote.closes_at))
        clock.advance(31 * DAY)
        vote = voting.listed().get(pk=vote.pk)
        if hasattr(vote, "mandate"):
            reach(vote.mandate.due_at)
            return vote.mandate
        draft = proposals.draft_second_reading(vote, by=by, at=clock.now())
    raise AssertionError


@pytest.mark.parametrize(("key", "facts"), [
    ("N1", (21, 7, 7, 14, 20_000, 12_000, None, 0, 1, True)),
    ("N2", (21, 7, 10, 21, 22_500, 15_000, 15_000, 4_500, 1, True)),
    ("N3", (30, 7, 10, 30, 22_500, 10_000, 22_500, 10_000, 2, True)),
    ("N6", (30, 7, 10, 60, 20_000, 0, 15_000, 4_500, 1, True)), ("N7", (7, 0, 7, 0, None, 0, 20_000, 6_000, 1, False)),
    ("N8", (21, 7, 7, 14, None, 0, 15_000, 4_500, 1, False)), ("N9", (14, 0, 7, 7, 15_000, 0, None, 0, 1, False)),
    ("N10", (7, 0, 5, 0, None, 0, 15_000, 0, 1, False)), ("N11", (15, 0, 7, 7, None, 0, 15_000, 3_000, 1, False)),
    ("N12", (15, 15, 7, 7, None, 0, 15_000, 0, 1, False)), ("N13", (7, 7, 7, 0, None, 0, 15_000, 0, 1, False)),
    ("N14", (21, 7, 7, 14, None, 0, 20_000, 6_000, 1, False)),
    ("N15", (30, 7, 10, 30, None, 0, 22_500, 10_000, 2, True)), ("3.2", (0, 0, 7, 0, None, 0, 15_000, 0, 1, False)),
])  # fmt: skip
def test_the_table_of_the_constitution_stands_in_rows(key: str, facts: tuple[object, ...]) -> None:
    columns = ("deliberation_days", "frozen_days", "voting_days", "lock_days", "affected_yes", "affected_floor",
               "whole_yes", "whole_floor", "readings", "seniors_too")  # fmt: skip
    assert Rule.objects.filter(key=key).values_list(*columns).get() == facts


def test_where_the_constitution_asks_how_many_take_part() -> None:
    asked = dict(Rule.objects.exclude(turnout_floor=0).values_list("key", "turnout_floor"))
    assert asked == {"N9": WHOLE // 5, "N13": WHOLE * 15 // 100}


def test_every_number_of_part_8_has_its_default_within_its_bounds() -> None:
    standing = dict(Parameter.objects.values_list("name", "value"))
    assert standing == {
        "petition_share": WHOLE * 5 // 100, "petition_most": 500, "support_share": WHOLE // 100, "support_most": 200,
        "panel_size": 5, "reply_days": 15, "candidate_days": 90, "emergency_hours": 72,
        "cuts_in_a_year": WHOLE * 15 // 100, "exposure_minutes": 120, "hidden_dollars": 5,
    }  # fmt: skip
    assert set(standing) == set(BOUNDS)
    assert all(least <= standing[name] <= most for name, (least, most) in BOUNDS.items())


def test_the_bounds_that_no_vote_crosses_are_those_of_part_8() -> None:
    assert WHOLE == 30_000
    assert BOUNDS == {
        "petition_share": (300, 3_000), "petition_most": (10, 500), "support_share": (0, 300), "support_most": (5, 200),
        "panel_size": (5, 11), "reply_days": (15, 60), "candidate_days": (0, 90), "emergency_hours": (1, 72),
        "cuts_in_a_year": (0, 4_500), "exposure_minutes": (15, 240),
        "hidden_dollars": (1, 100),
    }  # fmt: skip


def test_a_rule_changes_by_two_readings_and_applies_15_days_later(
    amina: Person, published: Callable[..., Proposal]
) -> None:
    mandate = twice(write(row("N14", voting_days=10), amina), amina)
    assert not mandates.enact(mandate, at=clock.now()).failure
    assert published("N14").rule.version == 1
    clock.advance(16 * DAY)
    assert published("N14", "blue").rule.version == 2
    assert Rule.objects.get(key="N14", version=2).voting_days == 10


def test_a_new_rule_reaches_no_published_proposal(amina: Person, published: Callable[..., Proposal]) -> None:
    mandate = twice(write(row("N10", whole_yes=20_000), amina), amina)
    mandates.enact(mandate, at=clock.now())
    clock.advance(14 * DAY)
    running = published("N10")
    cast_all(running, yes=15, no=14)
    tally = voting.close(running, at=reach(running.closes_at))
    assert tally.passed
    assert published("N10", "blue").rule.whole_yes == 20_000


def test_a_vote_about_a_version_that_was_replaced_is_not_asked(amina: Person) -> None:
    payload = row("N14", voting_days=10)
    mandates.enact(twice(write(payload, amina), amina), at=clock.now())
    with pytest.raises(Refused, match="has changed since"):
        write(payload | {"voting_days": 12}, amina)


def test_a_number_of_part_8_changes_likewise(amina: Person) -> None:
    mandate = twice(write({"name": "panel_size", "value": 7, "replaces": 1}, amina, "parameter_change"), amina)
    assert not mandates.enact(mandate, at=clock.now()).failure
    assert parameters.value("panel_size", clock.now()) == 5
    assert parameters.value("panel_size", clock.now() + 16 * DAY) == 7


@pytest.mark.parametrize("changes", [
    {"affected_yes": 19_999}, {"affected_floor": 9_899}, {"deliberation_days": 14}, {"frozen_days": 4},
    {"lock_days": 13}, {"voting_days": 4}, {"voting_days": 22}, {"seniors_too": False}, {"affected_yes": 27_001},
    {"affected_yes": None}, {"deliberation_days": 61}, {"readings": 3},
])  # fmt: skip
def test_no_vote_is_even_asked_beyond_the_bounds(amina: Person, changes: dict[str, object]) -> None:
    with pytest.raises(Refused, match=r"no vote can cross|whole row"):
        write(row("N1", **changes), amina)


@pytest.mark.parametrize(("key", "changes", "bound"), [
    ("N1", {"affected_yes": 19_999}, "cut_thresholds_within_bounds"), ("N1", {"frozen_days": 4}, "cut_timing_within"),
    ("N2", {"whole_yes": None}, "deep_cuts_ask_everybody"), ("N3", {"readings": 1}, "the_deepest_is_read_twice"),
    ("N15", {"readings": 1}, "the_deepest_is_read_twice"), ("N6", {"seniors_too": False}, "seniors_are_asked_too"),
    ("N15", {"whole_yes": 15_000}, "the_constitution_is_not_loosened"), ("N14", {"lock_days": 61}, "timing_within"),
    ("N14", {"whole_yes": 28_000}, "nothing_is_made_impossible"), ("3.2", {"voting_days": 8}, "stopping_stays_easy"),
    ("N13", {"voting_days": 21}, "recall_stays_possible"), ("N13", {"lock_days": 14}, "recall_stays_possible"),
    ("N13", {"whole_yes": 20_000}, "recall_stays_possible"), ("N13", {"whole_floor": 1}, "recall_stays_possible"),
    ("N13", {"turnout_floor": 4_501}, "recall_stays_possible"), ("N13", {"readings": 2}, "recall_stays_possible"),
    ("N13", {"seniors_too": True}, "recall_stays_possible"),
    ("N14", {"voting_days": 4}, "voting_within_bounds"), ("N14", {"key": "N16"}, "rule_key_is_known"),
    ("N1", {"affected_yes": None}, "somebody_decides"), ("N10", {"whole_yes": None}, "somebody_decides"),
])  # fmt: skip
def test_no_row_stands_beyond_the_bounds_whoever_writes_it(
    superuser: psycopg.Connection, key: str, changes: dict[str, object], bound: str
) -> None:
    superuser.execute("ALTER TABLE governance_rule DISABLE TRIGGER ALL")
    (number,) = superuser.execute("SELECT id FROM governance_rule WHERE key = %s", [key]).fetchone() or (0,)
    for column, value in changes.items():
        with pytest.raises(psycopg.errors.CheckViolation) as caught:
            superuser.execute(f"UPDATE governance_rule SET {column} = %s WHERE id = %s", [value, number])
        assert str(caught.value.diag.constraint_name).startswith(bound)


SHARE, DAYS = (15_000, 27_000), (0, 60)
CUT: dict[str, tuple[int, int]] = {
    "deliberation_days": (15, 60), "frozen_days": (5, 14), "voting_days": (5, 21), "lock_days": (14, 60),
    "affected_yes": (20_000, 27_000), "affected_floor": (9_900, 18_000), "whole_floor": (0, 15_000),
    "turnout_floor": (0, 15_000),
}  # fmt: skip


@pytest.mark.parametrize(("key", "ranges"), [
    ("N1", CUT | {"readings": (1, 2)}), ("N2", CUT | {"whole_yes": SHARE, "readings": (1, 2)}),
    ("N3", CUT | {"whole_yes": SHARE, "readings": (2, 2)}),
    ("N14", {
        "deliberation_days": (7, 60), "frozen_days": (0, 21), "lock_days": DAYS, "affected_yes": SHARE,
        "affected_floor": (0, 18_000), "whole_yes": SHARE, "whole_floor": (0, 15_000), "turnout_floor": (0, 15_000),
        "readings": (1, 2),
    }),
    ("N15", {
        "deliberation_days": (30, 60), "lock_days": (30, 60), "whole_yes": (22_500, 27_000),
        "whole_floor": (10_000, 15_000), "readings": (2, 2),
    }),
    ("3.2", {
        "deliberation_days": (0, 0), "voting_days": (7, 7), "lock_days": (0, 0), "whole_yes": (15_000, 15_000),
        "whole_floor": (0, 0), "turnout_floor": (0, 0),
    }),
    ("N13", {
        "deliberation_days": (7, 20), "voting_days": (5, 20), "lock_days": (0, 13), "whole_yes": (15_000, 15_000),
        "whole_floor": (0, 0), "turnout_floor": (0, 4_500), "readings": (1, 1),
    }),
])  # fmt: skip
def test_each_bound_of_a_row_is_exact(
    superuser: psycopg.Connection, key: str, ranges: dict[str, tuple[int, int]]
) -> None:
    superuser.execute("ALTER TABLE governance_rule DISABLE TRIGGER ALL")

    def stands(column: str, value: int) -> bool:
        try:
            with superuser.transaction(force_rollback=True):
                superuser.execute(f"UPDATE governance_rule SET {column} = %s WHERE key = %s", [value, key])
        except psycopg.errors.CheckViolation:
            return False
        return True

    for column, (least, most) in ranges.items():
        told = [stands(column, value) for value in (least - 1, least, most, most + 1)]
        assert (column, told) == (column, [False, True, True, False])


@pytest.mark.parametrize(("name", "value"), [
    (name, value) for name, (least, most) in BOUNDS.items() for value in (least - 1, most + 1) if value >= 0
])  # fmt: skip
def test_no_number_stands_beyond_its_bounds(
    superuser: psycopg.Connection, amina: Person, name: str, value: int
) -> None:
    with pytest.raises(Refused, match="no vote can cross"):
        write({"name": name, "value": value, "replaces": 1}, amina, "parameter_change")
    superuser.execute("ALTER TABLE governance_parameter DISABLE TRIGGER ALL")
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        superuser.execute("UPDATE governance_parameter SET value = %s WHERE name = %s", [value, name])
    assert caught.value.diag.constraint_name == "parameter_within_bounds"


@pytest.mark.parametrize("value", [0, 1])
def test_each_number_reaches_its_own_bounds(superuser: psycopg.Connection, value: int) -> None:
    superuser.execute("ALTER TABLE governance_parameter DISABLE TRIGGER ALL")
    for name, bounds in BOUNDS.items():
        superuser.execute("UPDATE governance_parameter SET value = %s WHERE name = %s", [bounds[value], name])


@pytest.mark.parametrize("change", [{"pay": "0.01"}, {"seniors_too": 1}, {"voting_days": "7"}, {"voting_days": 7.0}])
def test_rules_and_pay_never_stand_in_one_proposal(amina: Person, change: dict[str, object]) -> None:
    with pytest.raises(Refused, match="whole row"):
        write(row("N14") | change, amina)


@pytest.mark.parametrize("words", ["1/3", "2/3", "3/4", "1/2"])
def test_shares_that_have_a_name_are_written_by_it(words: str) -> None:
    assert amending.written(Fraction(words)) == words
    assert amending.written(Fraction(words) - Fraction(1, 100)) != words


@pytest.mark.parametrize(("said", "parts"), [("2/3", 20_000), ("40 %", 12_000), ("1", 30_000), ("0", 0), ("", None)])
def test_a_share_is_read_as_people_write_it(said: str, parts: int | None) -> None:
    assert amending.ShareField(required=False).clean(said) == parts


@pytest.mark.parametrize("said", ["1/7", "2", "-1/3", "a third", "1/0"])
def test_a_share_beyond_the_whole_or_between_its_parts_is_not_read(said: str) -> None:
    with pytest.raises(ValidationError):
        amending.ShareField().clean(said)


def test_a_form_asks_for_days_from_none_to_sixty(db: None) -> None:
    asked = amending.NewRule().fields
    assert {(asked[name].min_value, asked[name].max_value) for name in amending.DAYS} == {(0, 60)}  # type: ignore[attr-defined]
    assert (asked["readings"].min_value, asked["readings"].max_value) == (1, 2)  # type: ignore[attr-defined]


def test_a_rule_is_not_written_by_hand(
    attack: Callable[..., None], voted: Callable[..., Proposal], amina: Person
) -> None:
    founding_mandate = Mandate.objects.get(proposal=None)
    attack(RULE, [founding_mandate.pk, "N1"], guard="rule_is_what_the_vote_said")
    attack(RULE, [voted("N10", yes=20).mandate.pk, "N1"], guard="rule_is_what_the_vote_said")
    mandate = twice(write(row("N14", voting_days=10), amina), amina)
    attack(RULE, [mandate.pk, "N14"], guard="rule_is_what_the_vote_said")
    attack(RULE, [mandate.pk, "N1"], guard="rule_is_what_the_vote_said")
    attack(
        "INSERT INTO governance_parameter (name, version, value, published_at, applies_from, mandate_id)"
        " VALUES ('panel_size', 2, 11, now(), now(), %s)",
        [mandate.pk],
        guard="parameter_is_what_the_vote_said",
    )
    for failure in ("", "not convenient"):
        attack(
            "INSERT INTO governance_enactment (mandate_id, at, failure) VALUES (%s, now(), %s)", [mandate.pk, failure],
            guard="enactment_wrote_the_rule_it_says",
        )  # fmt: skip


def test_a_change_of_rules_labelled_a_raise_changes_no_rule(amina: Person, attack: Callable[..., None]) -> None:
    # G14: what is enacted decides the row of the table, never the label or the rule that a draft names.
    change = write(row("N14", voting_days=10), amina)
    support(change)
    Proposal.objects.filter(pk=change.pk).update(rule=Rule.objects.get(key="N10"))
    Proposal.objects.filter(pk=change.pk).update(published_at=clock.now())
    vote = voting.listed().get(pk=change.pk)
    cast_all(vote, yes=36)
    voting.close(vote, at=reach(vote.closes_at))
    mandate = voting.listed().get(pk=vote.pk).mandate
    attack(
        RULE.replace("frozen_days, voting_days, lock_days, affected", "frozen_days, 10, lock_days, affected"),
        [mandate.pk, "N14"],
        guard="rule_is_what_the_vote_said",
    )


def test_the_constitution_is_changed_over_the_pages(amina: Person, signed_in: Callable[[Person], Browser]) -> None:
    browser = signed_in(amina)
    said = {name: "" if value is None else value for name, value in row("N14").items() if name != "replaces"}
    said |= {
        "whole_yes": "3/4",
        "whole_floor": "20 %",
        "affected_floor": "",
        "turnout_floor": "0",
        "title": "Stricter?",
    }
    page = browser.post("/votes/new/rule_change/", said | {"seniors_too": "", "text": "Why."}, follow=True).text
    assert "Yes of everybody, at least: 2/3 to 3/4" in page
    assert Proposal.objects.get().rule.key == "N15"
    wrong = browser.post("/votes/new/rule_change/", said | {"whole_yes": "most", "text": "Why."}).text
    assert "Write a share as 2/3 or 40 %." in wrong
