"""The cooperative's clock: ahead in a demonstration, never in a real one, never back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from coop import clock

Attack = Callable[..., None]


def test_the_clock_jumps_ahead_in_a_demonstration(later: Callable[..., datetime]) -> None:
    before = clock.now()
    assert timedelta(days=42) <= later(days=42) - before < timedelta(days=42, minutes=1)
    assert clock.ahead() >= timedelta(days=42)


def test_jumps_add_up(later: Callable[..., datetime]) -> None:
    before = clock.now()
    later(days=1)
    assert timedelta(days=3) <= later(days=2) - before < timedelta(days=3, minutes=1)


def test_the_clock_never_runs_back(attack: Attack, later: Callable[..., datetime]) -> None:
    later(days=1)
    attack("INSERT INTO coop_clockadvance (ahead) VALUES ('-1 second')", guard="clock_never_runs_back")


@pytest.mark.parametrize("ahead", ["infinity", "5000 years"])
def test_the_clock_stays_within_the_calendar(attack: Attack, now: datetime, ahead: str) -> None:
    attack("INSERT INTO coop_clockadvance (ahead) VALUES (%s)", [ahead], guard="clock_never_runs_back")


def test_a_jump_cannot_be_taken_back(attack: Attack, later: Callable[..., datetime]) -> None:
    later(days=1)
    attack("UPDATE coop_clockadvance SET ahead = '0'", guard="permission denied for table coop_clockadvance")
    attack("DELETE FROM coop_clockadvance", guard="permission denied for table coop_clockadvance")


def test_even_the_owner_is_stopped_from_rewriting_the_clock(owner: psycopg.Connection) -> None:
    owner.execute("INSERT INTO coop_clockadvance (ahead) VALUES ('1000 years')")
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        owner.execute("UPDATE coop_clockadvance SET ahead = '0'")
    assert caught.value.diag.constraint_name == "coop_clockadvance_is_append_only"


def test_a_real_cooperative_lives_in_the_worlds_time(superuser: psycopg.Connection) -> None:
    superuser.execute("INSERT INTO coop_clockadvance (ahead) VALUES ('1000 years')")
    superuser.execute("SET LOCAL session_replication_role = replica")
    superuser.execute("ALTER TABLE coop_cooperative DISABLE TRIGGER ALL")
    superuser.execute("UPDATE coop_cooperative SET simulated = false")
    (time,) = superuser.execute("SELECT coop_now()").fetchone() or (None,)
    assert abs(time - datetime.now(UTC)) < timedelta(minutes=1)
    with pytest.raises(psycopg.errors.CheckViolation) as caught:
        superuser.execute("INSERT INTO coop_clockadvance (ahead) VALUES ('2000 years')")
    assert caught.value.diag.constraint_name == "clock_runs_ahead_only_in_a_simulation"


def test_nobody_founds_a_second_cooperative(attack: Attack) -> None:
    attack(
        "INSERT INTO coop_cooperative (name, simulated, founded_at) VALUES ('Mine', true, now())",
        guard="permission denied for table coop_cooperative",
    )


def test_a_demonstration_never_becomes_real_nor_a_real_one_a_demonstration(attack: Attack) -> None:
    attack("UPDATE coop_cooperative SET simulated = false", guard="permission denied for table coop_cooperative")


def test_the_clock_means_the_catalogues_own_whatever_a_session_looks_in_first(superuser: psycopg.Connection) -> None:
    superuser.execute("CREATE SCHEMA nearer")
    for name, kind in (("clock_timestamp()", "timestamptz"), ("pg_relation_size(regclass)", "bigint")):
        superuser.execute(f"CREATE FUNCTION nearer.{name} RETURNS {kind} LANGUAGE sql AS 'SELECT NULL::{kind}'")
    superuser.execute("SET LOCAL search_path = nearer, pg_catalog, public")
    assert superuser.execute("SELECT clock_timestamp()").fetchone() == (None,)
    (time,) = superuser.execute("SELECT public.coop_now()").fetchone() or (None,)
    assert time >= datetime(2026, 1, 1, tzinfo=UTC)
