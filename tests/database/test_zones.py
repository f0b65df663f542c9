"""No time follows the zone that a session says it is in: it can make one up, where a day has 48 hours and UTC is later.

`SET timezone = 'UTC100'` lets `AT TIME ZONE 'UTC'` be a hundred hours earlier, as PostgreSQL looks for such a name in
the session's own zone first; the web role may say so at any time.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import psycopg
import pytest
from django.db import connection

from coop import clock
from coop.people import addresses, background
from coop.people.models import AddressChange, Person
from coop.record import events
from coop.record.models import Event
from payments.open_ledger import Month

pytestmark = pytest.mark.django_db

type Attack = Callable[..., None]
type Later = Callable[..., datetime]

# Every function, procedure, view, check, default, policy and trigger of ours that is not told to reckon in UTC.
CODE = """
SELECT p.oid::regprocedure::text, regexp_replace(pg_get_functiondef(p.oid), '--[^\n]*', '', 'g') FROM pg_proc p
WHERE p.pronamespace = 'public'::regnamespace AND p.prokind IN ('f', 'p') AND p.proname !~ '^procrastinate'
    AND NOT coalesce(p.proconfig, '{}') @> ARRAY['TimeZone=UTC']
UNION ALL SELECT c.oid::regclass::text, pg_get_viewdef(c.oid) FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('v', 'm')
UNION ALL SELECT k.conname, pg_get_constraintdef(k.oid) FROM pg_constraint k
WHERE k.connamespace = 'public'::regnamespace AND k.contype = 'c'
UNION ALL SELECT d.adrelid::regclass::text, pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
UNION ALL SELECT y.polrelid::regclass || ' ' || y.polname,
    concat_ws(' ', pg_get_expr(y.polqual, y.polrelid), pg_get_expr(y.polwithcheck, y.polrelid)) FROM pg_policy y
UNION ALL SELECT t.tgname, pg_get_triggerdef(t.oid) FROM pg_trigger t WHERE t.tgqual IS NOT NULL
"""
# What reads the same in every zone: a moment of the day in none, a day that is written out, the length of a span.
ZONELESS = re.compile(
    r"(?:(?:to_char|extract)\([^;\n]{,120}?|::timestamp without time zone )?"
    r"AT TIME ZONE (?:interval '0'|'00:00:00'::interval)\)*(?:::date)?|'[\d-]+'::date"
    r"|extract\(epoch FROM |make_interval\((?:hours|secs) =>",
    re.IGNORECASE,
)
ZONED = re.compile(
    r"'-?\d+ (?:day|week|mon|year)|AT TIME ZONE|date_trunc\(|make_timestamptz|make_interval\(|::date\b|\bage\("
    r"|to_char\(|extract\(|current_date|::timestamp(?! with time zone\b|tz)|[+-] \w+\.time_limit"
    # What lies between two moments is kept in days.
    r"|[+-] (?:(?:least|greatest)?\()+(?!\w+\.amount)[\w.()]+ - (?!interval|'|make_interval|\d)"
    # A length that is kept in a variable, and a moment that is read or written as words.
    r"|\w+ interval(?:;| :=)|\b(?:\w+_at|at|since|until)::text|(?<!NULL)(?<=[\w)])::timestamp(?:tz| with time zone)",
    re.IGNORECASE,
)
TAKE = "UPDATE people_person SET email = %s WHERE id = %s"
SEAL = "SELECT payments_seal_statements(%s, '{}', '{}', '{}')"
GUARD = "address_changes_after_seven_days"
STANDSTILL = """
CREATE OR REPLACE FUNCTION public.record_standstills() RETURNS TABLE (since timestamptz, until timestamptz)
LANGUAGE sql AS $$ SELECT '2026-10-29T00:00Z'::timestamptz, '2026-11-01T00:00Z'::timestamptz $$
"""


def zoned(code: str) -> list[str]:
    """Return what follows the session's zone in a piece of code."""
    return ZONED.findall(ZONELESS.sub(" ; ", code))


@pytest.fixture
def say() -> Iterator[Callable[[str], None]]:
    """Return a function by which the web role says what zone it is in."""

    def zone(name: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('TimeZone', %s, false)", [name])

    yield zone
    zone("UTC")


def short_week(at: datetime) -> str:
    """Return a zone in which the clocks went forward a whole day two days before a moment."""
    day = min((at - timedelta(days=2)).timetuple().tm_yday, 365)
    return f"AAA0BBB-24,J{day}/0,J{(day + 100) % 365 + 1}/0"


def test_whatever_counts_days_or_names_a_zone_is_told_to_reckon_in_utc(superuser: psycopg.Connection) -> None:
    found = {name: said for name, code in superuser.execute(CODE).fetchall() if (said := zoned(code))}
    # One compares two spans, of which one is the longest that a simulation may be ahead; the other's has hours alone.
    assert found == {
        "guard_clock_never_runs_back()": ["'5000 year"], "guard_call_is_for_a_seat_to_fill()": ["lasts interval;"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "code",
    ["a.at > coop_now() - interval '7 days'", "(coop_now() - '1 day'::interval)", "at AT TIME ZONE 'UTC'",
     "date_trunc('week', at, 'UTC')", "extract(hour FROM at)", "NEW.at::date", "claimed_at + job.time_limit",
     "p.locked_until + (public.governance_close_of(p.id) - p.closes_at)", "at + least(due - since, longest)",
     "x - GREATEST((b.until - b.since), a)", "lost interval;", "NEW.created_at::text", "t.at::text",
     "(value ->> 'at')::timestamptz", "said::timestamp with time zone"],
)  # fmt: skip
def test_it_sees_what_follows_a_zone(code: str) -> None:
    assert zoned(code)


def test_an_address_changes_no_day_earlier_where_a_week_is_shorter(
    attack: Attack, amina: Person, at: datetime, later: Later, say: Callable[[str], None]
) -> None:
    change = addresses.ask(amina, "amina@new.example", by=amina, at=at)
    background.tell(change=change.pk)
    addresses.confirm(AddressChange.objects.get(pk=change.pk), at=at)
    for name in (short_week(later(days=6, hours=1)), "AAA0BBB,J1/0,J365/0", "UTC-100", "UTC100"):
        say(name)
        attack(TAKE, ["amina@new.example", amina.pk], guard=GUARD)


def test_a_month_is_over_at_the_same_moment_in_every_session(
    attack: Attack, later: Later, say: Callable[[str], None]
) -> None:
    month = Month.of(clock.now() + timedelta(days=40))
    later(hours=(month.after - timedelta(hours=50) - clock.now()) // timedelta(hours=1))
    say("UTC-100")
    attack(SEAL, [str(month)], guard="statements_are_sealed_as_a_whole")
    say("UTC100")
    later(hours=52)
    with connection.cursor() as cursor:
        cursor.execute(SEAL, [str(month)])
    assert Event.objects.filter(kind="statements.sealed", subject=f"statements:{month}").count() == 1


def test_an_event_reads_the_same_in_every_session(amina: Person, say: Callable[[str], None]) -> None:
    events.write("people.signed_in", by=amina, subject=f"person:{amina.pk}", at=clock.now())
    pk = Event.objects.latest("pk").pk

    def text() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT record_event_text(e) FROM record_event e WHERE id = %s", [pk])
            words: str = cursor.fetchone()[0]
            return words

    before = text()
    say("UTC100")
    assert text() == before


@pytest.mark.parametrize("name", ["UTC100", "UTC-100", "AAA0BBB-24,J1/0,J364/0", "AAA0BBB-24,J306/0,J364/0"])
def test_weeks_and_quarters_begin_at_the_same_moment_in_every_session(superuser: psycopg.Connection, name: str) -> None:
    ask = """
    SELECT payments_last_week(), payments_monday('2026-11-23'), payments_quarter('2026-Q4'),
        payments_period_of('2026-10-01T01:00Z'), governance_moment('2026-10-01T01:00Z'),
        governance_voting_days('2026-11-27T23:00Z', 7), payments_first_week(),
        governance_member_by(jsonb_populate_record(NULL::governance_panel,
            '{"commit_by": "2026-12-30T00:00Z", "reveal_by": "2027-01-04T00:00Z"}')),
        governance_ends('2026-01-01T00:00Z', '2026-11-01T00:00Z')
    """
    # The site stood still for three days.
    superuser.execute(STANDSTILL)
    superuser.execute("SET timezone = 'UTC'")
    before = superuser.execute(ask).fetchone()
    superuser.execute("SELECT set_config('TimeZone', %s, false)", [name])
    assert superuser.execute(ask).fetchone() == before
