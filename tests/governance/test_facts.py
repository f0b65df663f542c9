"""What each table takes by itself: the bounds of its facts, to the last that fits, whoever writes, guards aside."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from governance.models.data_uses import Decides

pytestmark = pytest.mark.django_db
type Facts = Mapping[str, object]
type Takes = Callable[[str, str, Facts], bool]

T = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SECOND, MICROSECOND, DAY = timedelta(seconds=1), timedelta(microseconds=1), timedelta(days=1)
DIGEST = "0a" * 32


@pytest.fixture
def takes(superuser: psycopg.Connection) -> Takes:
    """Return a function that tells whether a bound of a table takes a row of some facts; nothing else is asked."""

    def ask(table: str, name: str, facts: Facts) -> bool:
        names, values = ", ".join(f'"{column}"' for column in facts), ", ".join(["%s"] * len(facts))
        try:
            with superuser.transaction(force_rollback=True):
                superuser.execute(f"CREATE TEMP TABLE facts AS SELECT * FROM {table} LIMIT 0")
                superuser.execute(f"ALTER TABLE facts ADD CONSTRAINT {name} {text(table, name)}")
                superuser.execute(f"INSERT INTO facts ({names}) VALUES ({values})", [*facts.values()])
        except psycopg.errors.CheckViolation:
            return False
        return True

    def text(table: str, name: str) -> str:
        found = superuser.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s",
            [table, name],
        ).fetchone()
        assert found, f"{name} is gone"
        return str(found[0])

    return ask


def one(column: str, *values: object) -> list[Facts]:
    """Return a row for each value of one column."""
    return [{column: value} for value in values]


def rows(columns: str, *values: tuple[object, ...]) -> list[Facts]:
    """Return a row for each set of values of some columns."""
    return [dict(zip(columns.split(), told, strict=True)) for told in values]


def spans(begins: str, ends: str, *lengths: timedelta) -> list[Facts]:
    """Return a row for each length of a time that has a beginning and an end."""
    return [{begins: T, ends: T + length} for length in lengths]


LADDER = (
    rows(
        "measure scope days", ("limit", "mute", 1), ("limit", "job:1", 30), ("limit", "client:12", 5),
        ("limit", "tier:a_b", 3), ("pause", "work", 1), ("pause", "work", 60), ("prolong", "work", 1),
        ("prolong", "job:3", 14), ("prolong", "project:3", 14), ("prolong", "class:boxes", 1),
        ("advice", "", 0), ("expulsion", "", 0), ("nothing", "", 0), ("repair", "", 0),
        ("retraining", "", 0), ("unfounded", "", 0), ("objection", "membership", 1), ("objection", "membership", 90),
    ),
    rows(
        "measure scope days", ("limit", "mute", 0), ("limit", "mute", 31), ("limit", "work", 5), ("limit", "payout", 5),
        ("limit", "", 5), ("pause", "work", 0), ("pause", "work", 61), ("pause", "job:1", 5), ("prolong", "work", 0),
        ("prolong", "work", 15), ("prolong", "mute", 5), ("prolong", "payout:3", 1),
        ("prolong", "session", 1), ("advice", "", 1), ("advice", "work", 0),
        ("advice", "mute", 5), ("objection", "membership", 0), ("objection", "membership", 91),
        ("objection", "work", 5), ("objection", "", 5), ("limit", "membership", 5), ("pause", "membership", 5),
        ("expulsion", "", 30), ("ban", "", 0), ("ban", "work", 5), ("pause", "", 0), ("advice", "job:1", 5),
    ),
)  # fmt: skip
GROUND = "bylaw_id charged_by_id ground kind measure office_id pause_id"
CHARGES = ("fabricated", "account_shared", "harassment", "data_taken", "payment_fraud", "violence", "legal_order")
EQUIVALENTS = ("no_offers", "lost_tier", "held_payout", "muted", "mass_rejection", "pressed_to_leave")
GROUNDS = (
    rows(
        GROUND, *((1, 1, ground, "charge", "advice", None, None) for ground in CHARGES),
        *((None, None, ground, "equivalent", "nothing", None, None) for ground in EQUIVALENTS),
        (None, 1, "", "emergency", "nothing", 1, 1),
    ),
    rows(
        GROUND, (None, 1, "fabricated", "charge", "advice", None, None),
        (1, None, "fabricated", "charge", "advice", None, None), (1, 1, "too slow", "charge", "advice", None, None),
        (1, 1, "no_offers", "charge", "advice", None, None), (1, 1, "fabricated", "equivalent", "advice", None, None),
        (1, None, "too slow", "other", "advice", None, None), (1, 1, "too slow", "other", "advice", None, None),
        (1, 1, "fabricated", "other", "advice", None, None), (None, 1, "too slow", "charge", "advice", None, None),
        (1, None, "no_offers", "equivalent", "nothing", None, None),
        (None, 1, "no_offers", "equivalent", "nothing", None, None),
        (None, None, "no_offers", "equivalent", "pause", None, None),
        (None, None, "fabricated", "equivalent", "nothing", None, None),
        (None, 1, "too slow", "other", "pause", None, None), (None, None, "too slow", "other", "pause", None, None),
        (None, None, "no_offers", "other", "pause", None, None),
        (1, 1, "too slow", "equivalent", "nothing", None, None),
        (None, None, "no_offers", "charge", "nothing", None, None),
        (None, 1, "", "emergency", "nothing", None, 1), (None, 1, "", "emergency", "nothing", 1, None),
        (None, None, "", "emergency", "nothing", 1, 1), (None, 1, "violence", "emergency", "nothing", 1, 1),
        (None, 1, "", "other", "nothing", None, None), (None, 1, "", "emergency", "nothing", None, None),
        (None, 1, "", "other", "nothing", 1, 1), (None, 1, "too slow", "other", "nothing", 1, 1),
    ),
)  # fmt: skip
LONGEST = [3 * DAY], [3 * DAY + MICROSECOND, 3 * DAY + timedelta(minutes=59)]
BLANK = ("", " ", "\n")
# Of each bound: rows that fit, and rows that it refuses.
BOUNDS: dict[str, tuple[list[Facts], list[Facts]]] = {
    "ballot choice_is_known": (one("choice", "yes", "no", "abstain", "1", "12,3"), one("choice", "maybe", "1,", "123")),
    "ballot receipt_is_a_digest": (one("receipt", DIGEST), one("receipt", DIGEST[1:], "g" * 64)),
    "bylaw bylaw_key_is_a_c_number": (one("key", "C1", "C99"), one("key", "C0", "C100", "N1")),
    "call terms_end": (spans("starts_at", "ends_at", SECOND), spans("starts_at", "ends_at", 0 * DAY, -SECOND)),
    "case case_ground_is_on_the_list": GROUNDS,
    "case case_says_the_facts": (one("facts", "x"), one("facts", "")),
    "case charge_keeps_to_the_ladder": LADDER,
    "case charge_says_measure_and_remedy": (
        rows("kind measure remedy", *(("charge", step, "x") for step in ("advice", "retraining", "limit", "pause")),
             ("charge", "expulsion", "x"), ("charge", "objection", "x"), ("equivalent", "nothing", "")),
        rows("kind measure remedy", ("charge", "nothing", "x"), ("charge", "advice", ""), ("charge", "prolong", "x"),
             ("charge", "repair", "x"), ("charge", "nothing", ""), ("charge", "objection", "")),
    ),
    "case facts_have_their_time": (
        spans("happened_from", "happened_until", 0 * DAY, SECOND), spans("happened_from", "happened_until", -SECOND),
    ),
    "case nobody_charges_themselves": (
        rows("charged_by_id person_id", (None, 1), (1, 2)), rows("charged_by_id person_id", (1, 1)),
    ),
    "datause clients_see_nothing_about_members": (
        rows("whose seen_by", ("clients", "client"), ("members", "members"), ("everybody", "members,officers")),
        rows("whose seen_by", ("members", "client"), ("everybody", "members,client"), ("members", "client,officers")),
    ),
    "datause data_use_key_is_a_word": (one("key", "ab", "engaged_time"), one("key", "a", "Ab", "1a", "a" * 40)),
    "datause data_use_names_who_sees": (
        one("seen_by", "public", "members,officers"), one("seen_by", "", "friends", "members,"),
    ),
    "datause data_use_says_whose": (one("whose", "members", "clients", "everybody"), one("whose", "dogs")),
    "datause no_machine_shuts_anybody_out": (one("decides", *Decides.values), one("decides", "ban")),
    "drawpart commitment_is_a_digest": (one("commitment", DIGEST), one("commitment", DIGEST[1:], "g" * 64)),
    "drawreveal words_are_one_line": (one("words", "one line"), one("words", "two\nlines")),
    "evidence evidence_says_something": (
        rows("name text", ("a", "b")), rows("name text", ("", "b"), ("a", ""), ("", "")),
    ),
    "hearing hearings_end": (spans("began_at", "ended_at", SECOND), spans("began_at", "ended_at", 0 * DAY, -SECOND)),
    "letter letter_kind_is_known": (one("kind", "digest", "reminder"), one("kind", "advert")),
    "letterwish quiet_hours_are_of_the_day": (
        rows("quiet_from quiet_until", (0, 0), (23, 23), (21, 7)),
        rows("quiet_from quiet_until", (24, 7), (21, 24), (-1, 7), (21, -1)),
    ),
    "message message_is_all_seen": (one("text", "Plain\ttext\n"), one("text", "a\u200bb", "a\u202eb", "a\x07b")),
    "message message_is_bounded": (one("text", "é" * 5000), one("text", "é" * 5001)),
    "message message_says_something": (one("text", "x"), one("text", *BLANK)),
    "messagereport report_ground_is_on_the_list": (
        one("ground", "child_abuse", "threat", "personal", "unlawful"), one("ground", "annoying"),
    ),
    "messagereport report_says_what_and_why": (
        rows("quote words", ("a", "b")), rows("quote words", (" ", "b"), ("a", " "), (" ", " ")),
    ),
    "motion motion_gives_reasons": (one("reasons", "x" * 20), one("reasons", "x" * 19, f"x{' ' * 30}")),
    "motion motion_keeps_to_the_ladder": LADDER,
    "office offices_end": (spans("starts_at", "ends_at", SECOND), spans("starts_at", "ends_at", 0 * DAY, -SECOND)),
    "officeact officers_acts_are_on_the_list": (
        one("act", "asked_pause", "began_pause", "opened_case", "sent_payout", "settled_payout", "looked"),
        one("act", "slept"),
    ),
    "option options_fit_on_a_ballot": (one("position", 1, 99), one("position", 0, 100)),
    "panel panel_has_its_size": (
        rows("size stage", (5, "first"), (7, "first"), (11, "first"), (9, "appeal"), (3, "emergency")),
        rows("size stage", (4, "first"), (12, "first"), (3, "first"), (9, "emergency"), (3, "appeal"), (5, "appeal"),
             (8, "appeal"), (10, "appeal"), (2, "emergency"), (4, "emergency"),
             (5, "other"), (9, "other"), (3, "other")),
    ),
    "panelseat ranks_begin_at_one": (one("rank", 1), one("rank", 0)),
    "pause pause_ends_within_72_hours": (
        spans("starts_at", "ends_at", *LONGEST[0]), spans("starts_at", "ends_at", *LONGEST[1]),
    ),
    "pause pauses_end": (spans("starts_at", "ends_at", SECOND), spans("starts_at", "ends_at", 0 * DAY, -SECOND)),
    "pause two_officers_pause": (
        rows("first_officer_id second_officer_id", (1, 2)), rows("first_officer_id second_officer_id", (1, 1)),
    ),
    "pauserequest evidence_is_hashed": (one("evidence", DIGEST), one("evidence", "seen", DIGEST[1:])),
    "pauserequest ground_is_on_the_list": (
        one("ground", "account_taken_over", "payment_fraud", "data_leaving", "violence", "legal_order"),
        one("ground", "dislike"),
    ),
    "pauserequest pause_asked_within_72_hours": (one("hours", 1, 72), one("hours", 0, 73)),
    "pauserequest pause_gives_a_reason": (one("reason", "x"), one("reason", "")),
    "pauserequest pause_has_a_scope_of_the_list": (
        one("scope", "session", "payout:1", f"payout:{10**17}", "job:1", "project:12", "class:Image_boxes-2", "work"),
        one("scope", "payout", "vote", "", "job:0", "job:", f"job:{10**18}", "session:1", "class:", "class:a b",
            "client:1", "mute", "work:1"),
    ),
    "pauserequest sign_ins_end_at_once": (
        rows("scope hours", ("session", 1), ("work", 72)), rows("scope hours", ("session", 2), ("session", 72)),
    ),
    "petition petition_asks_for_one_thing": (
        rows("kind recalls_id stops_id", ("stop", None, 1), ("recall", 1, None)),
        rows("kind recalls_id stops_id", ("stop", 1, 1), ("stop", None, None), ("stop", 1, None), ("recall", 1, 1),
             ("recall", None, None), ("recall", None, 1), ("other", None, 1), ("other", 1, None), ("other", 1, 1),
             ("other", None, None)),
    ),
    "post posts_have_seats": (one("seats", 1, 11), one("seats", 0, 12)),
    "post terms_are_three_years_at_most": (one("term_days", 1, 1095), one("term_days", 0, 1096)),
    "proposal method_is_known": (one("method", "yes_no", "approval", "ranked"), one("method", "shout")),
    "proposal phases_follow_each_other": (
        rows("published_at opens_at closes_at locked_until", (None, T, T - DAY, T - DAY),
             (T, T, T + SECOND, T + SECOND)),
        rows("published_at opens_at closes_at locked_until", (T, T, T, T), (T, T - SECOND, T + DAY, T + DAY),
             (T, T, T + DAY, T + DAY - SECOND), (T, T + DAY, T, T + DAY)),
    ),
    "proposal proposal_asks_and_says_why": (
        rows("published_at title text", (None, "", ""), (T, "a", "b")),
        rows("published_at title text", (T, " ", "b"), (T, "a", " "), (T, " ", " ")),
    ),
    "reportanswer report_answer_gives_reasons": (
        rows("outcome words", *((said, "b") for said in ("nothing", "charge", "authority", "withhold"))),
        rows("outcome words", ("nothing", " "), ("burn", "b"), ("burn", " ")),
    ),
    "resignation pressure_was_asked": (one("pressure", "none", "pressed", "silent"), one("pressure", "", "unasked")),
    "restriction restrictions_end": (
        spans("starts_at", "ends_at", SECOND), spans("starts_at", "ends_at", 0 * DAY, -SECOND),
    ),
    "statement statement_says_something": (one("text", "x"), one("text", "")),
    "thread thread_has_one_name": (
        rows("subject title", ("", "T"), ("job:1", "")), rows("subject title", ("", " "), ("job:1", "T"), ("", "")),
    ),
    "thread thread_is_about_a_thing": (
        one("subject", "", "proposal:1", "job:999"), one("subject", "case:1", "proposal:0", "job:01", "job:"),
    ),
    "thread title_is_all_seen": (one("title", "Plain"), one("title", "a\u200bb", "a\u202eb")),
    "thread topic_is_known": (one("topic", "conditions", "votes", "work", "other"), one("topic", "gossip")),
    "withholding withholding_ends_within_72_hours": (
        spans("starts_at", "ends_at", SECOND, *LONGEST[0]),
        spans("starts_at", "ends_at", 0 * DAY, -SECOND, *LONGEST[1]),
    ),
}  # fmt: skip


@pytest.mark.parametrize("bound", BOUNDS)
def test_a_table_takes_what_fits_and_nothing_beside_it(takes: Takes, bound: str) -> None:
    table, name = bound.split()
    fits, others = BOUNDS[bound]
    assert [facts for facts in fits if not takes(f"governance_{table}", name, facts)] == []
    assert [facts for facts in others if takes(f"governance_{table}", name, facts)] == []


def test_each_bound_of_a_table_is_tried(superuser: psycopg.Connection) -> None:
    named = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    named += (Path(__file__).parent.parent / "tasks" / "test_turned_away.py").read_text()
    known = superuser.execute(
        "SELECT conname FROM pg_constraint WHERE contype = 'c' AND conname !~ '_check$'"
        " AND conrelid::regclass::text ~ '^governance_' AND conrelid::regclass::text !~ '_(rule|parameter)$'"
    ).fetchall()
    # Those of the rules and of the constitution's numbers are tried in test_rules, each row for itself.
    assert [name for (name,) in known if name not in named] == []
