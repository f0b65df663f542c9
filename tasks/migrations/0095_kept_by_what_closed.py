"""Kept from work is whom something kept from it: no word of one's own, no later vote, no work since (D6)."""

from typing import ClassVar

from django.db import migrations

# Of whom the site turned away, only those in whose way nothing stood: pauses and restrictions count as long as they
# run, closed countries below, and whoever does not meet a qualification is not kept from what they are not qualified
# for. A country is closed from the first version that says so to the next that opens it; whoever did not move to it
# since was kept from all they ever did, whoever did from what they did in the year before, alone or in a team.
KEPT = """
CREATE OR REPLACE VIEW public.tasks_kept_from_work AS
WITH closed AS NOT MATERIALIZED (
    SELECT v.key, v.since, coalesce((
        SELECT min(o.since) FROM public.payments_instrument o WHERE o.kind = 'region' AND o.key = v.key
            AND o.version > v.version AND o.value::jsonb -> 'open' IS DISTINCT FROM 'false'
    ), public.coop_now()) AS until
    FROM (
        SELECT i.key, i.version, i.since, i.value::jsonb -> 'open' AS opened,
            lag(i.value::jsonb -> 'open') OVER (PARTITION BY i.key ORDER BY i.version) AS before
        FROM public.payments_instrument i WHERE i.kind = 'region'
    ) v WHERE v.opened = 'false' AND v.before IS DISTINCT FROM 'false' AND v.since <= public.coop_now()
)
SELECT k.person_id, max(least(k.until, public.coop_now())) AS last_at, k.kind FROM (
    SELECT p.person_id, p.ends_at AS until, NULL::bigint AS kind FROM public.governance_pause p
    WHERE p.scope <> 'session' AND p.scope NOT LIKE 'payout:%'
    UNION ALL SELECT r.person_id, r.ends_at, NULL FROM public.governance_restriction r WHERE r.scope <> 'mute'
    UNION ALL SELECT t.person_id, t.at, NULL FROM public.governance_turnedaway t
    WHERE t.act IN ('claim', 'board') AND t.ground = ''
    UNION ALL SELECT c.person_id, public.coop_now(), NULL FROM public.governance_case c
    WHERE c.kind = 'equivalent' AND c.ground IN ('no_offers', 'lost_tier') AND NOT EXISTS (
        SELECT FROM public.tasks_assignment a WHERE a.person_id = c.person_id AND a.claimed_at > c.opened_at)
    UNION ALL SELECT p.id, closed.until, did.kind FROM public.people_person p
    JOIN closed ON closed.key = 'country:' || coalesce(nullif(p.country, ''), '--')
    CROSS JOIN LATERAL (
        SELECT NULL::bigint AS kind WHERE NOT EXISTS (
            SELECT FROM public.record_event e
            WHERE e.subject = 'person:' || p.id AND e.kind = 'people.moved' AND e.at > closed.since)
        UNION ALL SELECT j.work_type_id FROM (
            SELECT a.job_id, a.claimed_at FROM public.tasks_assignment a WHERE a.person_id = p.id
            UNION ALL SELECT a.job_id, a.claimed_at FROM public.tasks_teammember m
            JOIN public.tasks_assignment a ON a.team_id = m.team_id WHERE m.person_id = p.id
        ) a JOIN public.tasks_job j ON j.id = a.job_id
        WHERE a.claimed_at > closed.since - interval '8760 hours' AND a.claimed_at <= closed.since
    ) did
) k GROUP BY k.person_id, k.kind;
"""
# As before, and of who was kept from some kinds, these.
HELD = """
    SELECT k.id AS kind, did.person_id, CASE WHEN asked.units > 0 OR did.last_at >= asked.since THEN asked.until
        WHEN kept.last_at IS NOT NULL THEN least(kept.last_at, asked.until) END AS last_at
    FROM public.payments_worktype k
    CROSS JOIN LATERAL (
        SELECT v.units, v.kind, v.until, coalesce((
            SELECT (date '2000-01-03' + 7 * w.week)::timestamp AT TIME ZONE interval '0' FROM (
                SELECT ((a.claimed_at AT TIME ZONE interval '0')::date - date '2000-01-03') / 7 AS week, a.person_id
                FROM public.tasks_job j JOIN public.tasks_assignment a ON a.job_id = j.id
                LEFT JOIN (SELECT r.job_id, max(r.until) AS until FROM public.tasks_reserve r GROUP BY r.job_id) shared
                    ON shared.job_id = j.id
                WHERE j.work_type_id = k.id AND v.units = 0 AND NOT j.is_onboarding AND a.team_id IS NULL
                    AND a.state = 'accepted' AND a.claimed_at < v.until
                    AND a.claimed_at >= greatest(j.opened_at + interval '24 hours', shared.until)
            ) w GROUP BY w.week HAVING bit_count(bit_or(1::bigint << (w.person_id % 63)::integer)::bit(64)) >= 5
            ORDER BY w.week DESC OFFSET 13 LIMIT 1
        ), '-infinity') AS since
        FROM (
            SELECT 0::bigint AS units, k.id AS kind, coalesce(min(i.since), public.coop_now()) AS until
            FROM public.payments_instrument i WHERE i.kind = 'qualification' AND i.key = 'work_type:' || k.id
            UNION ALL
            SELECT (i.value::jsonb ->> 'units')::bigint,
                CASE i.value::jsonb ->> 'units' WHEN '0' THEN k.id ELSE (i.value::jsonb ->> 'of')::bigint END,
                coalesce(lead(i.since) OVER (ORDER BY i.version), public.coop_now())
            FROM public.payments_instrument i WHERE i.kind = 'qualification' AND i.key = 'work_type:' || k.id
        ) v OFFSET 0
    ) asked
    CROSS JOIN LATERAL (
        SELECT a.person_id, max(a.claimed_at) AS last_at
        FROM public.tasks_job j JOIN public.tasks_assignment a ON a.job_id = j.id
        WHERE j.work_type_id = asked.kind AND a.state = 'accepted' AND a.decided_at <= asked.until
            AND (asked.units > 0 OR NOT j.is_onboarding)
        GROUP BY a.person_id HAVING count(*) >= greatest(asked.units, 1)
    ) did
    LEFT JOIN public.tasks_kept_from_work kept
        ON kept.person_id = did.person_id AND coalesce(kept.kind, k.id) = k.id
"""
QUALIFIED = f"""
CREATE OR REPLACE VIEW public.governance_qualified AS
SELECT 'work_type:' || h.kind AS subject, h.person_id, h.last_at FROM ({HELD}) h WHERE h.last_at IS NOT NULL
UNION ALL
SELECT 'everybody', h.person_id, max(h.last_at) FROM ({HELD}) h WHERE h.last_at IS NOT NULL GROUP BY h.person_id;
"""


class Migration(migrations.Migration):
    """Ask what kept them, of which kinds, and since when."""

    dependencies: ClassVar = [
        ("tasks", "0094_the_day_is_fixed"),
        ("record", "0012_moves_are_the_databases"),
        ("governance", "0077_status_by_name"),
    ]
    operations: ClassVar = [migrations.RunSQL(KEPT), migrations.RunSQL(QUALIFIED)]
