"""The sample of attacks, told in `coop/docs/attacks.md` with what refuses each; here are those tried nowhere else."""

import ast
import json
import re
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from coop.database import roles
from coop.database.embedded import Cluster
from payments.models import Rate

type Attack = Callable[..., None]

ROOT = Path(settings.BASE_DIR)
SAMPLE = (
    {f"A{n}" for n in range(1, 18)}
    | {f"B{n}" for n in range(1, 23)}
    | {f"E{n}" for n in range(1, 10)}
    | {f"G{n}" for n in range(1, 17)}
    | {f"I{n}" for n in range(1, 32, 2)}
    | {f"J{n}" for n in range(1, 24, 2)}
    | {f"L{n}" for n in range(1, 11)}
)
OUTCOMES = {"refused", "detected", "void", "not there", "open"}
ROW = re.compile(r"^\| ([A-Z]\d+) \| ([a-z ]+) \| (.+) \|$", re.MULTILINE)
CHEAPER = """INSERT INTO payments_rate (work_type_id, version, amount, currency, estimated_seconds, mandate_id, since)
    SELECT work_type_id, {version}, {amount}, currency, estimated_seconds, mandate_id, since
    FROM payments_rate ORDER BY id LIMIT 1"""


def told() -> list[tuple[str, str, str]]:
    """Return the rows of the document: number, outcome, test or reason."""
    return ROW.findall((ROOT / "coop/docs/attacks.md").read_text())


def test_every_attack_of_the_sample_is_told_once() -> None:
    numbers = [number for number, _outcome, _test in told()]
    assert set(numbers) == SAMPLE
    assert len(numbers) == len(SAMPLE)
    assert {outcome for _number, outcome, _test in told()} <= OUTCOMES


def test_every_test_that_is_named_exists() -> None:
    missing = []
    for number, outcome, test in told():
        if outcome == "open":
            continue
        path, name = test.strip("`").split("::")
        known = {
            node.name for node in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(node, ast.FunctionDef)
        }
        if name not in known:
            missing.append((number, test))
    assert missing == []


def cheaper() -> Rate:
    """Return the first rate as somebody would like to have it."""
    rate = Rate.objects.earliest("pk")
    rate.amount /= 2
    return rate


@pytest.mark.parametrize(
    "write",
    [
        lambda: Rate.objects.update(amount=1),
        lambda: Rate.objects.bulk_update([cheaper()], ["amount"]),
        lambda: cheaper().save(),
        lambda: cheaper().save_base(raw=True),
        lambda: Rate.objects.bulk_create(
            [cheaper()], update_conflicts=True, unique_fields=["id"], update_fields=["amount"]
        ),
        lambda: Rate.objects.all().delete(),
        lambda: Rate.objects.all()._raw_delete("default"),  # noqa: SLF001 - an attacker does not ask
    ],
    ids=["update", "bulk_update", "save", "save raw", "upsert", "delete", "raw delete"],
)
def test_no_way_of_the_orm_rewrites_a_rate(db: None, write: Callable[[], object]) -> None:
    before = list(Rate.objects.order_by("pk").values())
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        write()
    assert list(Rate.objects.order_by("pk").values()) == before


def test_a_fixture_loads_no_rate(db: None, tmp_path: Path) -> None:
    rate = Rate.objects.earliest("pk")
    fields = {
        "work_type": rate.work_type_id, "version": 2, "amount": "0.01", "currency": "USD", "estimated_seconds": 1,
        "mandate": rate.mandate_id, "since": rate.since.isoformat(), "nobody_knows": 1,
    }  # fmt: skip
    fixture = tmp_path / "rates.json"
    fixture.write_text(json.dumps([{"model": "payments.rate", "fields": fields}]))
    with pytest.raises(DatabaseError, match="passed vote"), transaction.atomic():
        call_command("loaddata", str(fixture), ignorenonexistent=True, verbosity=0)


@pytest.mark.parametrize(
    ("statement", "guard"),
    [
        (f"{CHEAPER.format(version=1, amount=1)} ON CONFLICT (id) DO UPDATE SET amount = 1", "permission denied"),
        (
            "MERGE INTO payments_rate r USING payments_rate o ON o.id = r.id WHEN MATCHED THEN UPDATE SET amount = 1",
            "permission denied",
        ),
        ("COPY payments_rate (amount) FROM PROGRAM 'echo 1'", "permission denied"),
        ("SELECT * FROM payments_rate FOR UPDATE", "permission denied"),
        ("TRUNCATE payments_rate CASCADE", "permission denied"),
    ],
)
def test_no_statement_of_any_kind_rewrites_a_rate(db: None, attack: Attack, statement: str, guard: str) -> None:
    attack(statement, guard=guard)


def test_rates_are_not_copied_in_either(db: None) -> None:
    rate = Rate.objects.earliest("pk")
    columns = "work_type_id, version, amount, currency, estimated_seconds, mandate_id, since"
    row = (rate.work_type_id, 2, 1, "USD", 1, rate.mandate_id, rate.since)
    with (
        pytest.raises(psycopg.errors.CheckViolation) as refused,
        transaction.atomic(),
        connection.cursor() as cursor,
        cursor.copy(f"COPY payments_rate ({columns}) FROM STDIN") as copy,
    ):
        copy.write_row(row)
    assert refused.value.diag.constraint_name == "rate_is_what_the_vote_said"


def test_an_error_swallowed_lets_nothing_through(db: None) -> None:
    before = Rate.objects.count()
    with connection.cursor() as cursor:
        cursor.execute(f"""
            DO $quiet$ BEGIN
                SET CONSTRAINTS ALL DEFERRED;
                {CHEAPER.format(version=2, amount=1)};
            EXCEPTION WHEN OTHERS THEN NULL; END $quiet$""")
    assert Rate.objects.count() == before


@pytest.mark.parametrize(
    ("version", "amount", "guard"),
    [
        ("2", "0", "rate_is_what_the_vote_said"),
        ("2", "-1", "rate_is_what_the_vote_said"),
        ("-1", "1", "rate_is_what_the_vote_said"),
        ("2147483647", "1", "rate_is_what_the_vote_said"),
        ("2147483648", "1", "integer out of range"),
        ("2", "9223372036854775807 + 1", "bigint out of range"),
        ("2", "'NaN'::numeric", "cannot convert NaN to bigint"),
        ("2", "'Infinity'::numeric", "cannot convert infinity to bigint"),
        ("2", "NULL", "rate_is_what_the_vote_said"),
    ],
)
def test_no_number_that_is_none_becomes_a_rate(db: None, attack: Attack, version: str, amount: str, guard: str) -> None:
    attack(CHEAPER.format(version=version, amount=amount), guard=guard)


def test_no_transaction_is_kept_until_after_the_lock(db: None, cluster: Cluster, database_name: str) -> None:
    with psycopg.connect(cluster.url(roles.WEB, database_name)) as web:
        web.execute("SELECT 1")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState):
            web.execute("PREPARE TRANSACTION 'for later'")


def test_another_time_zone_moves_no_moment(superuser: psycopg.Connection) -> None:
    loose = superuser.execute("""
        SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'
        AND data_type IN ('timestamp without time zone', 'time without time zone', 'time with time zone')""").fetchall()
    assert loose == []
