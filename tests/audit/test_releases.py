"""A release that lowers a bound is public for a week, or the audit finds it for good (G15)."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from coop import clock
from coop.audit import releases, schema
from coop.audit.findings import Finding
from coop.record.models import Event
from tests.audit.conftest import Tamper, copy, tamper
from tests.audit.test_audit import around

__all__ = ["copy", "tamper"]
LOWER = """
ALTER TABLE governance_rule DROP CONSTRAINT cut_thresholds_within_bounds;
ALTER TABLE governance_rule ADD CONSTRAINT cut_thresholds_within_bounds CHECK (true)
"""
REAL = around("coop_cooperative", "UPDATE coop_cooperative SET simulated = false")


def found() -> list[Finding]:
    return list(releases.walk(len_of))


def len_of(rows: int) -> int:
    return rows


def lowered() -> str:
    """Put a lower bound in force as a release does, and return the schema's digest."""
    with connection.cursor() as cursor:
        cursor.execute(LOWER)
    digest = schema.record(clock.now())
    assert digest
    return digest


def digest_of_lowered() -> str:
    """Return what `migrate` would say of it on a copy."""
    with connection.cursor() as cursor:
        cursor.execute("SAVEPOINT copy")
        cursor.execute(LOWER)
        digest = schema.digest(schema.parts())
        cursor.execute("ROLLBACK TO SAVEPOINT copy")
    return digest


def test_a_bound_lowered_without_a_weeks_notice_is_found(tamper: Tamper) -> None:
    assert tamper() == []
    digest = lowered()
    [perhaps] = found()
    assert (perhaps.what, perhaps.certain) == (f"put the schema {digest[:12]}… in force", False)
    with connection.cursor() as cursor:
        for step in REAL:
            cursor.execute(step)
    [certain] = found()
    assert certain.certain
    assert certain.row == f"record_event {Event.objects.filter(kind='schema.recorded').latest('pk').pk}"


@pytest.mark.parametrize(("days", "findings"), [(6, 1), (7, 0)])
def test_a_weeks_notice_is_seven_days(tamper: Tamper, days: int, findings: int) -> None:
    tamper()
    releases.announce(digest_of_lowered(), at=clock.now())
    clock.advance(timedelta(days=days, seconds=1))
    lowered()
    assert len(found()) == findings


def test_another_schema_than_the_announced_one_is_found(tamper: Tamper) -> None:
    tamper()
    releases.announce("0" * 64, at=clock.now())
    clock.advance(timedelta(days=8))
    lowered()
    assert len(found()) == 1


def test_a_release_that_owes_no_notice_any_more_is_found(tamper: Tamper, monkeypatch: pytest.MonkeyPatch) -> None:
    tamper()
    lowered()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_event (at, kind, subject, data)"
            " SELECT coop_now(), kind, subject, data - 'notice_days' FROM record_event"
            " WHERE kind = 'schema.recorded' ORDER BY id DESC LIMIT 1"
        )
    assert [one.what for one in found()][-1] == "owes no notice"


def test_only_a_digest_is_announced() -> None:
    with pytest.raises(CommandError, match="64 hexadecimal digits"):
        call_command("announce", "v2")
