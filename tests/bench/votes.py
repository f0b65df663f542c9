"""A vote of a hundred thousand: publishing its roll, casting, counting it and giving the mandate.

Ballots through the acts would take an hour: the superuser writes people and ballots past the guards, in a database for
measuring; what is measured goes through the acts, as the web role, with all guards on.
"""

import time

import psycopg

from coop.database import roles
from tests.bench import crowd, place
from tests.bench.place import CONCURRENCY, Place

MEMBERS, CASTS, UNITS = 100_000, 1_000, 1_000_000

PEOPLE = """
ALTER TABLE people_person DISABLE TRIGGER ALL;
ALTER TABLE governance_standing DISABLE TRIGGER ALL;
CREATE TEMP TABLE crowd AS SELECT nextval(pg_get_serial_sequence('people_person', 'id')) AS id
    FROM generate_series(1, %(people)s);
INSERT INTO people_person OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(p, jsonb_build_object(
    'id', c.id, 'email', 'c' || c.id || '@crowd.example'))).*
    FROM crowd c CROSS JOIN people_person p WHERE p.id = (SELECT min(id) FROM people_person);
INSERT INTO governance_standing (person_id, status, since, rule, mandate_id)
    SELECT c.id, 'member', now() - interval '300 days', 'founding', m.id
    FROM crowd c CROSS JOIN governance_mandate m WHERE m.proposal_id IS NULL;
ALTER TABLE people_person ENABLE TRIGGER ALL;
ALTER TABLE governance_standing ENABLE TRIGGER ALL;
ANALYZE people_person; ANALYZE governance_standing;
"""
# Yes from three in four, so that it passes, spread over the days; triggers are put back as they were: always on.
BALLOTS = """
ALTER TABLE governance_ballot DISABLE TRIGGER ALL;
INSERT INTO governance_ballot (proposal_id, person_id, number, choice, receipt, cast_at)
    SELECT l.proposal_id, l.person_id, 1, CASE WHEN l.position %% 4 = 0 THEN 'no' ELSE 'yes' END,
        encode(sha256(convert_to('bench' || l.position, 'UTF8')), 'hex'),
        p.opens_at + (p.closes_at - p.opens_at) * (l.position / %(people)s.0)
    FROM governance_rollentry l JOIN governance_proposal p ON p.id = l.proposal_id
    WHERE l.proposal_id = %(vote)s
        AND NOT EXISTS (SELECT FROM governance_ballot b WHERE b.proposal_id = p.id AND b.person_id = l.person_id);
ALTER TABLE governance_ballot ENABLE TRIGGER ALL;
ANALYZE governance_ballot;
"""
# A million units of one kind, ten each, seven in ten of them done more than 90 days ago: some members are affected by
# their work of late, most by having its qualification (D6).
WORKED = """
ALTER TABLE tasks_assignment DISABLE TRIGGER ALL;
INSERT INTO tasks_assignment (task_id, job_id, person_id, slot, rate_id, fee_version_id, card_id, pay, fee, state,
    claimed_at, expires_at, submitted_at, accept_by, decided_at)
SELECT 20000000 + n, terms.job_id, people.ids[1 + n / 10], 1, terms.rate_id, terms.fee_id, '', terms.pay, 0, 'accepted',
    days.at, days.at + interval '1 hour', days.at, days.at + interval '3 days', days.at
FROM generate_series(0, %(units)s - 1) n
CROSS JOIN (SELECT array_agg(person_id ORDER BY person_id) AS ids FROM governance_rollentry
    WHERE proposal_id = %(vote)s AND position <= %(people)s) people
CROSS JOIN (SELECT j.id AS job_id, j.pay, r.id AS rate_id, (SELECT max(id) FROM payments_fee) AS fee_id
    FROM tasks_job j JOIN payments_rate r ON r.work_type_id = j.work_type_id WHERE j.id = %(job)s LIMIT 1) terms
CROSS JOIN LATERAL (SELECT coop_now() - make_interval(days => CASE WHEN n %% 100000 < 70000 THEN 200 ELSE 20 END) AS at
    ) days;
ALTER TABLE tasks_assignment ENABLE TRIGGER ALL;
ANALYZE tasks_assignment;
"""
ROLL = """SELECT count(*) FILTER (WHERE e.affected) FROM governance_rule r CROSS JOIN LATERAL governance_electors(
    (SELECT 'work_type:' || work_type_id FROM tasks_job WHERE id = %s), r, coop_now()) e
    WHERE r.key = 'N2' AND r.version = 1"""


def measure(here: Place) -> list[tuple[str, str]]:
    """Return the seconds of publishing and counting, and the rate of casting against TPC-B."""
    as_superuser(here, PEOPLE, people=MEMBERS)
    vote, publishing = here.run("-m", "tests.bench.voting", "publish").split()
    before = place.tpc_b(here)
    casting = crowd.work(here, "tests.bench.voters", vote, count=CASTS)
    tpc_b = (before + place.tpc_b(here)) / 2
    as_superuser(here, BALLOTS, people=MEMBERS, vote=int(vote))
    _, counting = here.run("-m", "tests.bench.voting", "count", vote).split()
    _, listing = here.run("-m", "tests.bench.voting", "list").split()
    return [
        (f"publish a roll of {MEMBERS:,} (aim: 5 s)", f"{float(publishing):.2f} s"),
        (f"count {MEMBERS:,} ballots and give the mandate (aim: 2 s)", f"{float(counting):.2f} s"),
        (f"ballots cast, {CONCURRENCY} voters", f"{casting.rate:,.0f}/s"),
        ("  fraction of TPC-B in the same run (aim: 1/4)", f"{casting.rate / tpc_b:.3f}"),
        ("the page of votes, of this crowd", f"{float(listing) * 1000:.0f} ms"),
        (f"  the roll of those affected by {UNITS:,} units (aim: 5 s)", f"{affected(here, int(vote)):.2f} s"),
    ]


def affected(here: Place, vote: int) -> float:
    """Return the seconds in which the electors of a cut are found, everybody affected; raise if somebody is missed."""
    job, _loading = here.run("-m", "tests.bench.prepare", "1").split()
    as_superuser(here, WORKED, people=MEMBERS, units=UNITS, vote=vote, job=int(job))
    with psycopg.connect(here.cluster.url("postgres", roles.DATABASE)) as superuser:
        began = time.perf_counter()
        row = superuser.execute(ROLL, [int(job)]).fetchone()
    seconds = time.perf_counter() - began
    if row is None or row[0] < MEMBERS:
        message = f"the roll misses some of those affected: {row}"
        raise SystemExit(message)
    return seconds


def as_superuser(here: Place, statements: str, *, database: str = roles.DATABASE, **facts: int) -> None:
    """Run statements past the guards, which stand again afterwards."""
    url = here.cluster.url("postgres", database)
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as superuser:
        # ENABLE TRIGGER ALL would leave the guards on in ordinary sessions only; they are always on (see guards).
        always = superuser.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgenabled = 'A' AND NOT tgisinternal"
        ).fetchall()
        superuser.execute(statements, facts)
        for table, name in always:
            superuser.execute(f'ALTER TABLE {table} ENABLE ALWAYS TRIGGER "{name}"')
