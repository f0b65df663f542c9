"""What the owner of the database can still do, the audit finds: the row, what it is, and what it should have been."""

import json
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection
from pytest_django import DjangoDbBlocker

from coop.audit import money, schema, standing, walks
from coop.database import roles
from coop.database.embedded import Cluster
from coop.record import log, tree
from coop.record.models import Event
from tests.audit.conftest import Tamper
from tests.conftest import person, recreate


def around(table: str, statement: str) -> tuple[str, ...]:
    """Return the steps of an owner who switches a table's guards off, does it, and switches them on again."""
    off = f"ALTER TABLE {table} DISABLE TRIGGER USER"
    names = f"SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND NOT tgisinternal"
    on = f"""DO $on$ DECLARE name text; BEGIN FOR name IN {names} LOOP
        EXECUTE format('ALTER TABLE {table} ENABLE ALWAYS TRIGGER %%I', name); END LOOP; END $on$"""
    return off, statement, "SET CONSTRAINTS ALL IMMEDIATE", on.replace("%%", "%")


def test_a_cooperative_that_nobody_tampered_with_adds_up(tamper: Tamper) -> None:
    assert tamper() == []


@pytest.mark.parametrize(
    ("table", "statement", "row", "words"),
    [
        (
            "governance_tally", "UPDATE governance_tally SET closed_at = closed_at - interval '1 hour'",
            "governance_tally", "says that the vote closed at",
        ),
        (
            "tasks_assignment",
            "UPDATE tasks_assignment SET state = 'submitted' WHERE state = 'accepted' AND fee = 9000",
            "payments_account job:", "the claims and checks that are open ask for",
        ),
        (
            "record_checkpoint", "UPDATE record_checkpoint SET stood_still_since = at - interval '2 hours'",
            "record_checkpoint", "the checkpoint before it says otherwise",
        ),
        (
            "payments_rate", "UPDATE payments_rate SET amount = 60000 WHERE version = 2",
            "payments_rate", "vote 1 said 0.1 USD",
        ),
        (
            "payments_rate", "UPDATE payments_rate SET amount = 60000 WHERE id = (SELECT min(id) FROM payments_rate)",
            "payments_rate", "is not what the founding meeting wrote",
        ),
        ("payments_rate", "DELETE FROM payments_rate WHERE version = 2", "governance_mandate", "has no rate"),
        (
            "payments_rate", "UPDATE payments_rate SET version = 3 WHERE version = 2",
            "payments_rate", "version 2 of its kind of work comes here",
        ),
        (
            "payments_fee", "UPDATE payments_fee SET training = 0",
            "payments_fee", "is not what the founding meeting wrote",
        ),
        (
            "payments_fee",
            """INSERT INTO payments_fee (version, on_wage, training, care, mandate_id, since)
            SELECT 2, 1500, 0, 0, mandate_id, since FROM payments_rate WHERE version = 2""",
            "payments_fee", "version 2 says 1500, 0, 0, 0; vote 1 said",
        ),
        (
            "payments_instrument",
            """INSERT INTO payments_instrument (kind, key, version, value, mandate_id, since)
            SELECT 'payout_delay', '', 2, '{"hours":72}', mandate_id, since FROM payments_rate WHERE version = 2""",
            "payments_instrument", "version 2 of payout_delay says",
        ),
        (
            "tasks_assignment", "UPDATE tasks_assignment SET pay = pay - 1 WHERE id % 7 = 1",
            "tasks_assignment", "the record says it was taken at 0.09",
        ),
        (
            "tasks_assignment", "UPDATE tasks_assignment SET fee = fee + 1 WHERE id % 7 = 1",
            "tasks_assignment", "of 10,000, makes it",
        ),
        (
            "payments_fee", "UPDATE payments_fee SET since = coop_now() + interval '1 hour'",
            "tasks_assignment", "another was in force when it was taken",
        ),
        (
            "payments_transfer", "UPDATE payments_transfer SET amount = amount + 1 WHERE kind = 7",
            "assignment:", "of its fee of",
        ),
        (
            "payments_transfer", "DELETE FROM payments_transfer WHERE kind = 6",
            "assignment:", "gave the house 0",
        ),
        (
            "payments_close", "UPDATE payments_close SET income = income - 1",
            "payments_close", "for 2026-Q4",
        ),
        (
            "payments_allocation", "UPDATE payments_allocation SET reserve = reserve + 1, education = education - 1",
            "payments_allocation", "makes it",
        ),
        (
            "payments_share", "UPDATE payments_share SET cash = cash + 1 WHERE capital > 1",
            "payments_allocation", "their work makes it",
        ),
        (
            "payments_budget", "UPDATE payments_budget SET hosting = hosting * 2",
            "payments_budget", "says",
        ),
        (
            "payments_outlay",
            """WITH bill AS (INSERT INTO payments_expense (purpose, amount, payee, asked_by_id, at)
            SELECT 'hosting', 2000001, 'x', o.id, coop_now() FROM governance_office o WHERE o.post = 'treasurer'
            RETURNING id, asked_by_id)
            INSERT INTO payments_outlay (expense_id, period, reference, paid_by_id, at)
            SELECT bill.id, (SELECT period FROM payments_budget), 'r', bill.asked_by_id, coop_now() FROM bill""",
            "payments_outlay of", "hosting took 2.000001",
        ),
        (
            "payments_allocation",
            "UPDATE payments_allocation SET mandate_id = (SELECT id FROM governance_mandate WHERE proposal_id = 1)",
            "payments_allocation", "a vote on the surplus divides it",
        ),
        (
            "governance_ballot", "UPDATE governance_ballot SET choice = 'no' WHERE choice = 'yes'",
            "governance_tally", "the ballots say",
        ),
        (
            "governance_ballot",
            """DELETE FROM governance_ballot WHERE id = (
            SELECT max(id) FROM governance_ballot WHERE proposal_id = 1)""",
            "record_event", "a ballot in proposal:1 that is gone",
        ),
        (
            "governance_ballot",
            """INSERT INTO governance_ballot (proposal_id, person_id, number, choice, receipt, cast_at)
            SELECT 1, person_id, 1, 'no', repeat('a', 64), cast_at FROM (
                SELECT l.person_id, (SELECT max(cast_at) FROM governance_ballot) AS cast_at
                FROM governance_rollentry l WHERE NOT EXISTS (
                    SELECT FROM governance_ballot b WHERE b.person_id = l.person_id) LIMIT 1) absent""",
            "governance_ballot", "was never cast on record",
        ),
        (
            "governance_tally", """UPDATE governance_tally SET counts = jsonb_set(counts, '{whole,yes}', '36')""",
            "governance_tally", "the ballots say",
        ),
        ("governance_tally", "UPDATE governance_tally SET passed = NOT passed", "governance_tally", "say otherwise"),
        (
            "governance_rollentry", "DELETE FROM governance_rollentry WHERE position = 3",
            "governance_proposal", "the roll is not the one that was frozen",
        ),
        (
            "governance_proposal", "UPDATE governance_proposal SET payload = replace(payload, '0.1', '0.08')",
            "governance_proposal", "not those it was published with",
        ),
        (
            "governance_proposal", "UPDATE governance_proposal SET closes_at = closes_at - interval '1 day'",
            "governance_proposal", "its text, change or times",
        ),
        (
            "governance_mandate",
            "UPDATE governance_mandate SET due_at = due_at - interval '1 day' WHERE proposal_id IS NOT NULL",
            "governance_mandate", "the lock of vote 1 ends at",
        ),
        (
            "governance_rule", "UPDATE governance_rule SET whole_floor = 0 WHERE key = 'N2'",
            "governance_rule", "is not what the founding meeting wrote",
        ),
        (
            "governance_office",
            """INSERT INTO governance_office (person_id, post, mandate_id, starts_at, ends_at)
            SELECT 1, 'treasurer', mandate_id, starts_at, ends_at FROM governance_office LIMIT 1""",
            "governance_office", "it wrote no such row",
        ),
        (
            "governance_tally", "UPDATE governance_tally SET extended = true",
            "governance_tally", "says that the vote closed at",
        ),
        (
            "governance_datause", "UPDATE governance_datause SET kept = 'For ever'",
            "governance_datause", "is not what the founding meeting wrote",
        ),
        (
            "governance_datause",
            """INSERT INTO governance_datause (key, version, title, data, whose, purpose, seen_by, kept, decides,
                in_use, published_at, applies_from, mandate_id)
            SELECT key, 2, title, data, whose, purpose, 'nobody', 'Ever', decides, in_use, published_at, applies_from,
                mandate_id FROM governance_datause WHERE key = 'content_reports'""",
            "governance_datause", "changes a use of data by no vote",
        ),
        (
            "governance_datause",
            """INSERT INTO governance_datause (key, version, title, data, whose, purpose, seen_by, kept, decides,
                in_use, published_at, applies_from, mandate_id)
            SELECT 'eyes', 1, title, data, whose, purpose, seen_by, kept, decides, in_use, published_at, applies_from,
                (SELECT id FROM governance_mandate WHERE proposal_id = 1)
            FROM governance_datause WHERE key = 'watching'""",
            "governance_datause", "is not what vote 1 said",
        ),
        (
            "governance_datause", "UPDATE governance_datause SET seen_by = 'nobody' WHERE key = 'content_reports'",
            "tasks_report.words", "is shown to officers; the votes say nobody",
        ),
        (
            "governance_datause", "DELETE FROM governance_datause WHERE key = 'watching'",
            "data use watching", "was never voted on",
        ),
        (
            "tasks_answer", "ALTER TABLE tasks_answer ADD COLUMN screenshot bytea",
            "tasks_answer.screenshot", "is kept for no use of data",
        ),
        (
            "governance_standing",
            """INSERT INTO governance_standing (person_id, status, since, rule)
            VALUES (1, 'expelled', coop_now(), 'N7')""",
            "governance_standing", "says that person 1 is expelled, by nobody who may",
        ),
        (
            "governance_standing",
            """INSERT INTO governance_standing (person_id, status, since, rule, recorded_by_id)
            VALUES (1, 'left', coop_now(), 'D1', 1)""",
            "governance_standing", "no event of that day says so",
        ),
        (
            "governance_standing", "DELETE FROM governance_standing WHERE status = 'left'",
            "record_event", "no such row stands",
        ),
        (
            "governance_pause", "UPDATE governance_pause SET ends_at = ends_at - interval '1 hour'",
            "governance_pause", "without two officers",
        ),
        (
            "governance_office",
            """INSERT INTO governance_office (person_id, post, mandate_id, starts_at, ends_at)
            SELECT 1, 'treasurer', id, due_at, due_at + interval '1 year' FROM governance_mandate
            WHERE proposal_id IS NOT NULL LIMIT 1""",
            "governance_office", "gives seat 1 of treasurer to somebody who did not win it",
        ),
        (
            "governance_turnedaway", "UPDATE governance_turnedaway SET row = row + 7",
            "governance_turnedaway", "which did not stand in the way then",
        ),
        (
            "governance_turnedaway", "UPDATE governance_turnedaway SET at = at + interval '25 hours'",
            "governance_turnedaway", "which did not stand in the way then",
        ),
        (
            "governance_turnedaway", "UPDATE governance_turnedaway SET ground = 'instrument'",
            "governance_turnedaway", "away by instrument",
        ),
        (
            "governance_turnedaway", "UPDATE governance_turnedaway SET ground = 'restriction'",
            "governance_turnedaway", "away by restriction",
        ),
        (
            "governance_turnedaway",
            """INSERT INTO governance_turnedaway (person_id, act, rule, at)
            SELECT 1, 'speak', '', coop_now() FROM generate_series(1, 2)""",
            "governance_turnedaway", "turned person 1 away (speak), and no row stood in the way",
        ),
        (
            "governance_restriction", "UPDATE governance_restriction SET ends_at = ends_at + interval '1 day'",
            "governance_restriction", "does not say, or for longer",
        ),
        (
            "governance_restriction",
            "UPDATE governance_restriction SET person_id = (SELECT min(id) FROM people_person)",
            "governance_restriction", "keeps person",
        ),
        (
            "governance_panelvote", "UPDATE governance_panelvote SET agrees = false WHERE id % 2 = 0",
            "governance_decision", "agreed, and",
        ),
        (
            "governance_decision", "UPDATE governance_decision SET decided_at = decided_at - interval '1 day'",
            "governance_decision", "no event of that day says so",
        ),
        (
            "payments_transfer", "UPDATE payments_transfer SET amount = amount - 1 WHERE kind = 5",
            "payments", "Each balance is what its transfers add up to",
        ),
        (
            "payments_transfer", "UPDATE payments_transfer SET ref = 'job:9' WHERE kind = 2",
            "ledger ", "the record sealed",
        ),
        (
            "record_event", "UPDATE record_event SET subject = 'job:9' WHERE kind = 'jobs.opened'",
            "record_event", "the event is not the one that was sealed",
        ),
        (
            "record_event",
            """ALTER TABLE record_leaf DISABLE TRIGGER USER;
            DELETE FROM record_leaf WHERE event_id = 30; DELETE FROM record_event WHERE id = 30""",
            "record_event", "a place is missing",
        ),
    ],
)  # fmt: skip
def test_what_the_owner_changed_with_the_guards_off_is_found_with_the_guards_on_again(
    tamper: Tamper, table: str, statement: str, row: str, words: str
) -> None:
    found = tamper(*around(table, statement))
    assert [one for one in found if one.row.startswith(row) and words in str(one)], "\n".join(map(str, found))


FIRST_RATE = "UPDATE payments_rate SET amount = amount - 1 WHERE id = 2"


def test_of_the_founding_just_the_row_that_was_cut_is_named(tamper: Tamper) -> None:
    assert [one.row for one in tamper(*around("payments_rate", FIRST_RATE))] == ["payments_rate 2"]


def test_of_a_founding_that_named_no_rows_all_are_told_in_one(tamper: Tamper) -> None:
    forgotten = "UPDATE record_event SET data = data - 'rows' WHERE kind = 'payments.books_opened'"
    found = tamper(*around("record_event", forgotten), *around("payments_rate", FIRST_RATE))
    assert [one for one in found if "the payments rows of the founding meeting" in str(one)]
    assert not [one for one in found if one.row.startswith("payments_rate")]


def test_a_row_of_the_founding_that_is_gone_is_named(tamper: Tamper) -> None:
    found = tamper(*around("governance_parameter", "DELETE FROM governance_parameter WHERE name = 'hidden_dollars'"))
    assert [one for one in found if one.row.startswith("governance_parameter ") and "is gone" in str(one)]


# Zainab left by a notice of hers; who is written to have gone again, a week after that, gave none.
AGAIN = """INSERT INTO governance_standing (person_id, status, since, rule, recorded_by_id)
    SELECT l.person_id, s.status, l.since + interval '1 hour' * s.hours, 'D1', l.person_id
    FROM governance_standing l CROSS JOIN (VALUES ('member', 1), ('left', 170)) s (status, hours)
    WHERE l.status = 'left' ORDER BY s.hours"""
FIRST = """INSERT INTO governance_standing (person_id, status, since, rule, recorded_by_id)
    VALUES (1, 'left', coop_now(), 'D1', 1)"""
TAKEN_BACK = """INSERT INTO record_event (at, kind, subject, data)
    SELECT e.at + interval '1 hour', 'standing.notice_taken_back', e.subject, '{}' FROM record_event e
    WHERE e.kind = 'standing.notice'"""


@pytest.mark.parametrize(
    ("table", "statement", "whose"),
    [
        ("governance_standing", "SELECT 1", []), ("governance_standing", FIRST, ["amina"]),
        ("governance_standing", AGAIN, ["zainab"]), ("record_event", TAKEN_BACK, ["zainab"]),
    ],
)  # fmt: skip
def test_who_is_made_to_leave_without_a_notice_that_has_effect_is_found(
    tamper: Tamper, table: str, statement: str, whose: list[str]
) -> None:
    tamper(*around(table, statement))
    told = [str(one) for one in standing.walk(len_of) if "no notice of theirs" in str(one)]
    assert [re.findall(r"person (\d+) left", line) for line in told] == [[str(person(name).pk)] for name in whose]


def test_who_became_a_member_against_an_objection_is_found(tamper: Tamper) -> None:
    found = tamper(
        *around("governance_motion", "UPDATE governance_motion SET measure = 'objection', scope = 'membership'"
                " WHERE measure = 'limit'"),
        *around("governance_restriction", """UPDATE governance_restriction r SET starts_at = s.since
            FROM governance_standing s WHERE s.person_id = r.person_id AND s.status = 'member'"""),
    )  # fmt: skip
    assert [one for one in found if str(one.row).startswith("governance_standing") and "objected to it" in str(one)]


def test_the_guards_of_a_tampered_table_are_on_again_and_the_trace_is_their_age(tamper: Tamper) -> None:
    tamper(*around("payments_rate", "UPDATE payments_rate SET amount = 60000 WHERE version = 2"))
    told = [one for one in schema.walk(len_of) if "payments_rate" in one.row]
    assert told
    assert not [one for one in told if one.certain]
    assert "was written anew after" in str(told[0])


def len_of(_rows: int) -> None:
    """Count nothing."""


@pytest.mark.parametrize(
    ("statement", "row"),
    [
        ("ALTER TABLE payments_rate DISABLE TRIGGER rate_is_what_the_vote_said", "trigger rate_is_what_the_vote_said"),
        ("ALTER TABLE payments_rate ENABLE TRIGGER rate_is_what_the_vote_said", "trigger rate_is_what_the_vote_said"),
        ("DROP TRIGGER rate_is_what_the_vote_said ON payments_rate", "trigger rate_is_what_the_vote_said"),
        ("GRANT UPDATE (amount) ON payments_rate TO workhall_web", "rights on public.payments_rate"),
        ("GRANT DELETE ON governance_ballot TO workhall_web", "rights on public.governance_ballot"),
        ("GRANT EXECUTE ON FUNCTION governance_box(bigint) TO workhall_web", "function public.governance_box"),
        ("GRANT CREATE ON SCHEMA public TO workhall_web", "the schema public"),
        (
            "CREATE OR REPLACE FUNCTION governance_closed(vote bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
            "function public.governance_closed",
        ),
        ("ALTER TABLE payments_fee DROP CONSTRAINT fee_at_most_15_percent", "table public.payments_fee"),
        ("ALTER TABLE payments_rate ALTER currency SET DEFAULT 'EUR'", "table public.payments_rate"),
        ("CREATE RULE quiet AS ON UPDATE TO payments_rate DO INSTEAD NOTHING", "table public.payments_rate"),
        ("CREATE TABLE mine (id int)", "table public.mine"),
        ("ALTER TABLE governance_ballot ENABLE ROW LEVEL SECURITY", "table public.governance_ballot"),
        (
            "CREATE OR REPLACE VIEW governance_paid_time AS SELECT 1::bigint AS person_id, 1e9::numeric AS seconds",
            "table public.governance_paid_time",
        ),
        ("ALTER FUNCTION governance_count(bigint) SET search_path = public", "function public.governance_count"),
    ],
)
def test_a_schema_that_is_not_the_recorded_one_is_found_by_its_part(tamper: Tamper, statement: str, row: str) -> None:
    found = tamper(statement)
    assert [one for one in found if one.row.startswith(row)], "\n".join(map(str, found))


def test_a_function_replaced_and_put_back_is_told_by_its_age_alone(tamper: Tamper) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_functiondef('guard_rate_is_what_the_vote_said()'::regprocedure)")
        (body,) = cursor.fetchone()
    loose = body.replace("RAISE EXCEPTION", "RAISE NOTICE")
    assert tamper(loose.replace("%", "%%"), body.replace("%", "%%")) == []
    told = [str(one) for one in walks.run()]
    assert [line for line in told if "guard_rate_is_what_the_vote_said" in line and "was written anew" in line]


def test_an_auditor_walks_everything_and_sees_no_secret(copy: str, cluster: Cluster) -> None:
    walked = audit(cluster.url(roles.AUDITOR, copy))
    assert walked.returncode == 0, walked.stdout + walked.stderr
    with psycopg.connect(cluster.url(roles.AUDITOR, copy), autocommit=True) as auditor:
        for secret in (
            "SELECT email FROM people_person",
            "SELECT choice FROM governance_ballot",
            "SELECT person_id FROM governance_ballot",
            "SELECT reason FROM governance_pause",
            "SELECT method FROM payments_payout",
            "SELECT value FROM tasks_answer",
            "SELECT session_data FROM django_session",
            "INSERT INTO record_event (at, kind, subject) VALUES (coop_now(), 'a.b', 'c')",
            "UPDATE payments_rate SET amount = 1",
            "SELECT governance_box(1)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                auditor.execute(secret)


def test_an_auditor_reads_in_whose_names_ballots_were_counted(copy: str, cluster: Cluster) -> None:
    said = audit(cluster.url(roles.AUDITOR, copy), "--voters", "1")
    assert said.returncode == 0, said.stderr
    assert len(said.stdout.split()) == len(set(said.stdout.split())) == 24


def test_an_auditor_of_the_books_walks_the_money_alone(copy: str, cluster: Cluster) -> None:
    walked = audit(cluster.url(roles.AUDITOR, copy), "money", "--json")
    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert list(json.loads(walked.stdout)["walks"]) == [walk.name for walk in money.WALKS]
    unknown = audit(cluster.url(roles.AUDITOR, copy), "gold")
    assert unknown.returncode == 2
    assert "invalid choice: 'gold'" in unknown.stderr


def test_only_the_owner_says_what_the_schema_is(tamper: Tamper, copy: str, cluster: Cluster) -> None:
    with psycopg.connect(cluster.url(roles.WEB, copy)) as web, pytest.raises(psycopg.errors.CheckViolation) as refused:
        web.execute(
            "INSERT INTO record_event (at, kind, subject, data) VALUES (coop_now(), 'schema.recorded', 'x', '{}')"
        )
    assert refused.value.diag.constraint_name == "schema_is_recorded_by_its_owner"


def audit(url: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command as an outsider does, with nothing but an address."""
    environment = os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "coop.settings"}
    command = [sys.executable, "manage.py", "audit", *options]
    return subprocess.run(command, cwd=settings.BASE_DIR, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - our own command


def test_the_command_walks_a_tampered_copy_and_names_the_row(copy: str, cluster: Cluster) -> None:
    clean = audit(cluster.url(roles.WEB, copy))
    assert clean.returncode == 0, clean.stdout + clean.stderr
    assert clean.stdout.count("good  ") == len(walks.ALL)
    tampered = f"{copy}_2"
    recreate(cluster, tampered, template=copy)
    with psycopg.connect(cluster.url(roles.OWNER, tampered)) as owner:
        for step in around("payments_rate", "UPDATE payments_rate SET amount = 60000 WHERE version = 2"):
            owner.execute(step)
        (number,) = owner.execute("SELECT id FROM payments_rate WHERE version = 2").fetchone() or (0,)
    found = audit(cluster.url(roles.WEB, tampered), "--json")
    assert found.returncode == 1
    answer = json.loads(found.stdout)
    assert answer["adds_up"] is False
    first, second = [one for one in answer["walks"]["pay"] if one["certain"]]
    assert first["row"] == second["row"] == f"payments_rate {number}"
    assert first["what"] == "says 0.06 USD for 30 s after v1"
    assert first["should"] == "vote 1 said 0.1 USD for 30 s after v1"
    assert second["should"] == "a change of this size needs N3"


@pytest.fixture
def head(copy: str, django_db_blocker: DjangoDbBlocker, tmp_path: Path) -> Path:
    """Return a file with the head of the log, as anybody keeps it."""
    with django_db_blocker.unblock():
        now = log.head()
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps({"size": now.size, "root": now.root.hex(), "chain": now.chain.hex()}))
    return kept


def found_by(head: Path) -> list[str]:
    """Return what a kept head finds, in words."""
    return [str(one) for one in walks.of_head(head).find(len_of)]


def test_a_kept_head_finds_a_log_that_was_written_anew(tamper: Tamper, head: Path) -> None:
    tamper()
    kept = json.loads(head.read_text())
    head.write_text(json.dumps(kept | {"root": "0" * 64}))
    assert any("are not those of kept.json" in one for one in found_by(head))
    head.write_text(json.dumps(kept | {"size": kept["size"] + 1}))
    assert any("places; the head in kept.json had" in one for one in found_by(head))


def test_a_head_kept_by_another_clock_finds_times_that_cannot_be(tamper: Tamper, head: Path) -> None:
    tamper()
    latest = Event.objects.latest("at").at.timestamp()
    os.utime(head, (latest, latest))
    assert found_by(head) == []
    os.utime(head, (latest - 3600, latest - 3600))
    assert any("kept.json had it at" in one for one in found_by(head)), "a clock put forward (E1)"
    kept = json.loads(head.read_text())
    fewer = tree.root_of(log._leaves(kept["size"] - 1)).hex()  # noqa: SLF001 - as of then
    head.write_text(json.dumps({"size": kept["size"] - 1, "root": fewer}))
    os.utime(head, (latest + 8000, latest + 8000))
    assert any("did not have it at" in one for one in found_by(head)), "a clock put back (E2)"


def letter(size: int, root: str, *hops: float) -> bytes:
    """Return a letter as a reader saves it, with the times at which mail servers took it in, the last one first."""
    servers = [f"from site by mx; {format_datetime(datetime.fromtimestamp(hop, UTC))}" for hop in hops]
    lines = [f"Received: {server}\r\n" for server in servers]
    sent = EmailMessage("What is new", f"Hello,\n\nWorkhall-Record: {size} {root}\n", to=["amina@example.org"])
    return "".join(lines).encode() + sent.message().as_bytes()


def test_a_letter_that_a_member_saved_is_a_head_with_the_time_of_their_mail_server(tamper: Tamper, head: Path) -> None:
    """E1, E2, E4: no clock of ours has a say, not even the date that the letter itself gives."""
    tamper()
    kept, latest = json.loads(head.read_text()), Event.objects.latest("at").at.timestamp()
    saved = head.with_name("kept.eml")
    saved.write_bytes(letter(kept["size"], kept["root"], latest, latest - 9000))
    assert found_by(saved) == []
    saved.write_bytes(letter(kept["size"], kept["root"], latest - 3600, latest))
    assert any("kept.eml had it at" in one for one in found_by(saved)), "a clock put forward"
    saved.write_bytes(letter(kept["size"], "0" * 64, latest))
    assert any("their root was 000" in one for one in found_by(saved)), "a log written anew"
    saved.write_bytes(letter(kept["size"] - 1, tree.root_of(log._leaves(kept["size"] - 1)).hex(), latest + 8000))  # noqa: SLF001 - as of then
    assert any("did not have it at" in one for one in found_by(saved)), "a clock put back"
    saved.write_text("Dear all,\nno head here.")
    with pytest.raises(ValueError, match="No head"):
        found_by(saved)
