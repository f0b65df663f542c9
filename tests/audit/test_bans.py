"""What works like a ban, done by the owner of the database: held pay, ended sign-ins, late objections, no case."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.apps import apps

from coop import clock
from coop.audit import bans, reading, walks
from coop.database import roles
from coop.database.embedded import Cluster
from governance import pauses
from governance.models import PauseGround
from tests.audit.conftest import Tamper, live
from tests.audit.test_audit import around
from tests.conftest import person

# Asked for so long ago by the member with the smallest number, in a state.
PAYOUT = """INSERT INTO payments_payout (person_id, amount, currency, rail, method, state, reference, key, requested_at,
    sent_by_id, sent_at)
    SELECT {whose}, 1000000, 'USD', 'by_hand', 'x', '{state}', '{state}', gen_random_uuid(),
        coop_now() - interval '{hours} hours', {by}, {sent} FROM governance_office o ORDER BY o.id LIMIT 1"""
WAITS = {"state": "requested", "by": "NULL", "sent": "NULL", "whose": "1"}
WENT = {"state": "sent", "by": "o.id", "sent": "coop_now() - interval '1 hour'", "whose": "1"}
# Zainab left three hours ago, as to the rows of her standing; others never began.
GONE = {"whose": "(SELECT s.person_id FROM governance_standing s WHERE s.status = 'left')"}
NEVER = {"whose": "(SELECT min(p.id) FROM people_person p WHERE NOT EXISTS (SELECT FROM governance_standing s"
                  " WHERE s.person_id = p.id))"}  # fmt: skip
LEFT_EARLY = "UPDATE governance_standing SET since = coop_now() - interval '{hours} hours' WHERE status = 'left'"
# A case of the kind that the ground says, so long ago.
OPENED = """INSERT INTO governance_case (kind, ground, facts, facts_digest, happened_from, happened_until, measure,
    scope, days, remedy, presumed, opened_at, person_id)
    SELECT 'equivalent', '{ground}', 'x', 'x', at, at, 'nothing', '', 0, '', false, at, 1
    FROM (SELECT coop_now() - interval '{hours} hours' AS at) begun"""
BECAME = "UPDATE governance_standing SET since = coop_now() - interval '{hours} hours' WHERE person_id = 1"
# A hold of a payout from now on, in the place of the pause that there is.
HOLD = """UPDATE governance_pause SET scope = 'payout:' || (SELECT max(id) FROM payments_payout),
    starts_at = coop_now(), ends_at = coop_now() + interval '24 hours' WHERE scope = 'work'"""
OBJECTION = """UPDATE governance_motion SET measure = 'objection', scope = 'membership' WHERE measure = 'limit'"""
NOTICE = """INSERT INTO governance_resignation (person_id, pressure, given_at)
    VALUES (1, 'pressed', coop_now() - interval '{hours} hours')"""
REFUSED = """INSERT INTO governance_turnedaway (person_id, act, rule, at)
    VALUES (1, 'speak', '', coop_now() - interval '{hours} hours')"""


@pytest.fixture(scope="module")
def history() -> Callable[[], None]:
    """Let two officers also have ended somebody's sign-ins, as they may."""

    def lived() -> None:
        live()
        asked = pauses.ask(
            person("amina"), ground=PauseGround.ACCOUNT_TAKEN_OVER, scope="session", reason="Not her.",
            evidence=pauses.evidence_of("a letter"), hours=1, by=person("samuel"), at=clock.now(),
        )  # fmt: skip
        pauses.confirm(asked, by=person("teresa"), at=clock.now())
        clock.advance(timedelta(hours=2))

    return lived


def told(tamper: Tamper, *steps: tuple[str, str]) -> list[str]:
    """Return what the audit is certain of once the owner did something to tables, the guards off meanwhile."""
    return [str(one) for one in tamper(*(sql for table, statement in steps for sql in around(table, statement)))]


def test_sign_ins_that_two_officers_ended_add_up(tamper: Tamper) -> None:
    assert tamper() == []


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        (
            [("payments_payout", PAYOUT.format(hours=73, **WAITS))],
            "and has not gone out; earnings are held for 72 hours at most (E3)",
        ),
        (
            [("payments_payout", PAYOUT.format(hours=97, **WENT))],
            "and no case says why; a payout held for more than 72 hours opens a case by itself",
        ),
        (
            [("payments_payout", PAYOUT.format(hours=49, **WAITS)), ("governance_pause", HOLD)],
            "earnings are held for 72 hours from then at most (E3)",
        ),
        (
            [("tasks_assignment", """UPDATE tasks_assignment SET state = 'submitted', decided_at = NULL,
                accept_by = coop_now() - interval '73 hours'
                WHERE id = (SELECT min(id) FROM tasks_assignment WHERE state = 'accepted')""")],
            "silence accepts an answer, and its pay is nobody's to hold",
        ),
        (
            [("people_person", "UPDATE people_person SET signed_out_at = coop_now() WHERE id = 1")],
            "people_person 1: had every sign-in ended",
        ),
        (
            [("people_person", "UPDATE people_person SET signed_out_at = NULL")],
            "and they go on; they end in the same act",
        ),
        ([("governance_motion", OBJECTION)], "when their days or paid hours were over"),
        (
            [("payments_payout", PAYOUT.format(hours=97, **WAITS))],
            "governance_case of person 1: there is none for held_payout",
        ),
        (
            [("governance_resignation", NOTICE.format(hours=25))],
            "governance_case of person 1: there is none for pressed_to_leave",
        ),
        (
            [("governance_turnedaway", REFUSED.format(hours=49))],
            "governance_case of person 1: there is none for muted",
        ),
    ],
)  # fmt: skip
def test_what_the_owner_did_like_a_ban_is_found(tamper: Tamper, steps: list[tuple[str, str]], words: str) -> None:
    found = told(tamper, *steps)
    assert [one for one in found if words in one], "\n".join(found)


@pytest.mark.parametrize(
    "steps",
    [
        [("payments_payout", PAYOUT.format(hours=71, **WAITS))],
        [("payments_payout", PAYOUT.format(hours=95, **WENT))],
        [("payments_payout", PAYOUT.format(hours=47, **WAITS)), ("governance_pause", HOLD)],
        [("governance_resignation", NOTICE.format(hours=23))],
        [("governance_turnedaway", REFUSED.format(hours=47))],
        [("payments_payout", PAYOUT.format(hours=97, **WENT | {"sent": "coop_now() - interval '24 hours'"}))],
    ],
)
def test_what_is_still_in_time_is_no_fault(tamper: Tamper, steps: list[tuple[str, str]]) -> None:
    tamper(*(sql for table, statement in steps for sql in around(table, statement)))
    assert [one for one in bans.walk(lambda _rows: None) if one.certain] == []


WAITED = ("payments_payout", PAYOUT.format(hours=400, **WAITS))
PRESSED = ("governance_resignation", NOTICE.format(hours=26))


@pytest.mark.parametrize(
    ("steps", "ground", "certain"),
    [
        ([WAITED], "held_payout", [True]),
        # Whose case was opened 14 days ago is looked at within the hour; and who came back, as from then.
        ([WAITED, ("governance_case", OPENED.format(ground="held_payout", hours=359))], "held_payout", [False]),
        ([WAITED, ("governance_case", OPENED.format(ground="held_payout", hours=361))], "held_payout", [True]),
        ([WAITED, ("governance_case", OPENED.format(ground="held_payout", hours=335))], "held_payout", []),
        ([WAITED, ("governance_standing", BECAME.format(hours=23))], "held_payout", [False]),
        ([WAITED, ("governance_standing", BECAME.format(hours=25))], "held_payout", [True]),
        ([("payments_payout", PAYOUT.format(hours=400, **WENT))], "held_payout", [False]),
        ([("payments_payout", PAYOUT.format(hours=400, **WAITS | GONE))], "held_payout", []),
        ([("payments_payout", PAYOUT.format(hours=400, **WAITS | NEVER))], "held_payout", []),
        ([PRESSED], "pressed_to_leave", [True]),
        # A second notice within 14 days of a case opens none.
        ([PRESSED, ("governance_case", OPENED.format(ground="pressed_to_leave", hours=361))],
         "pressed_to_leave", [False]),
        ([PRESSED, ("governance_case", OPENED.format(ground="pressed_to_leave", hours=363))],
         "pressed_to_leave", [True]),
    ],
)  # fmt: skip
def test_a_case_is_missed_of_whom_it_can_be_about_and_when_it_is_due(
    tamper: Tamper, steps: list[tuple[str, str]], ground: str, certain: list[bool]
) -> None:
    tamper(*(sql for table, statement in steps for sql in around(table, statement)))
    found = [one.certain for one in bans.walk(lambda _rows: None) if f"none for {ground}" in one.what]
    assert found == certain


@pytest.mark.parametrize(
    ("steps", "missed"),
    [
        ([("payments_payout", PAYOUT.format(hours=97, **WENT | NEVER))], False),
        ([("governance_standing", LEFT_EARLY.format(hours=26)),
          ("payments_payout", PAYOUT.format(hours=97, **WENT | GONE))], False),
        ([("governance_standing", LEFT_EARLY.format(hours=24)),
          ("payments_payout", PAYOUT.format(hours=97, **WENT | GONE))], False),
        ([("governance_standing", LEFT_EARLY.format(hours=0)),
          ("payments_payout", PAYOUT.format(hours=97, **WENT | GONE))], True),
    ],
)  # fmt: skip
def test_a_late_payout_is_explained_to_who_could_have_a_case(
    tamper: Tamper, steps: list[tuple[str, str]], *, missed: bool
) -> None:
    tamper(*(sql for table, statement in steps for sql in around(table, statement)))
    assert any("no case says why" in str(one) for one in bans.walk(lambda _rows: None)) == missed


def test_a_sign_that_may_be_of_this_hour_is_told_and_fails_nothing(tamper: Tamper) -> None:
    tamper(*around("governance_resignation", NOTICE.format(hours=1)))
    said = [one for one in bans.walk(lambda _rows: None) if "pressed_to_leave" in one.what]
    assert [one.certain for one in said] == [False]


def test_an_auditor_walks_it_too(copy: str, cluster: Cluster) -> None:
    with psycopg.connect(cluster.url(roles.AUDITOR, copy), autocommit=True) as auditor:
        for walked in (
            value for value in vars(bans).values() if isinstance(value, str) and value.startswith("\nSELECT")
        ):
            assert auditor.execute(walked).fetchall() is not None
        for secret in ("SELECT name FROM people_person", "SELECT facts FROM governance_case"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                auditor.execute(secret)
    assert "bans" in [walk.name for walk in walks.ALL]


def test_what_an_auditor_reads_by_name_holds_codes(copy: str, cluster: Cluster) -> None:
    """A column is open to auditors because it is on the list, not because of what it is called."""
    with psycopg.connect(cluster.url("postgres", copy)) as superuser:
        for name in sorted(reading.CODES):
            label, _dot, field = name.rpartition(".")
            model = apps.get_model(label)
            assert not model._meta.get_field(field).choices, f"{name} has choices, and is open by them"  # noqa: SLF001
            where = f"{field} !~ '^[A-Za-z0-9_:-]*$'"
            table = model._meta.db_table  # noqa: SLF001 - Django's own name
            assert superuser.execute(f"SELECT {field} FROM {table} WHERE {where}").fetchall() == [], name
