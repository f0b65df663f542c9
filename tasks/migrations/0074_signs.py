"""What the work shows of whoever is kept from it: refusals with their ground, no offers, a lost kind, mass returns."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Whether the database would let a person take a task of a job now. In doubt no: content that may upset has its own
# choices and rests, and a pilot its own measure.
OFFERED = """
CREATE FUNCTION public.tasks_is_offered(who bigint, about bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $offered$
    SELECT coalesce((
        SELECT public.tasks_may_work(who, j.id) AND NOT public.tasks_hides(j.id)
            AND coalesce(public.tasks_kept_for(who, j.id), 1) > 0
            AND j.pay >= r.amount
            AND j.pay >= (SELECT public.payments_least_by_floor(j.work_type_id, NULL, p.country)
                FROM public.people_person p WHERE p.id = who)
            AND (SELECT e.balance FROM public.payments_account e
                WHERE e.code = 'job:' || j.id || ':escrow' AND e.currency = 'USD') >= j.pay * (1 + f.on_wage / 10000.0)
            AND EXISTS (SELECT FROM public.tasks_task t WHERE t.job_id = j.id AND t.open_slots > 0
                AND public.tasks_is_new_to(t.id, ARRAY[who]))
        FROM public.tasks_job j CROSS JOIN LATERAL (
            SELECT v.amount FROM public.payments_rate v WHERE v.work_type_id = j.work_type_id
            ORDER BY v.version DESC LIMIT 1
        ) r CROSS JOIN LATERAL (SELECT v.on_wage FROM public.payments_fee v ORDER BY v.version DESC LIMIT 1) f
        WHERE j.id = about AND j.opened_at <= public.coop_now() AND j.closed_at IS NULL AND NOT j.is_onboarding
            AND j.content = '{}'
            AND NOT EXISTS (SELECT FROM public.tasks_shortfall s WHERE s.job_id = j.id AND s.made_up_at IS NULL)
            AND NOT EXISTS (SELECT FROM public.tasks_halt h WHERE h.job_id = j.id AND h.ended_at IS NULL)
            AND NOT EXISTS (SELECT FROM public.tasks_rescoping c WHERE c.job_id = j.id
                AND NOT EXISTS (SELECT FROM public.tasks_pilot p WHERE p.job_id = j.id))
            AND NOT EXISTS (SELECT FROM public.tasks_teammember m JOIN public.tasks_team g ON g.id = m.team_id
                WHERE m.person_id = who AND g.job_id = j.id)
            AND NOT EXISTS (SELECT FROM public.tasks_guideversion v WHERE v.job_id = j.id
                AND EXISTS (SELECT FROM public.tasks_assignment a
                    WHERE a.job_id = j.id AND a.person_id = who AND a.claimed_at <= v.at)
                AND NOT EXISTS (SELECT FROM public.tasks_reading g WHERE g.version_id = v.id AND g.person_id = who))
    ), false)
$offered$;
"""
# The voted rule that closes a kind of work to somebody: the region first, then the qualification, then the day's share.
INSTRUMENTS = """
CREATE FUNCTION public.tasks_rule_in_the_way(who bigint, kind bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $rule$
    SELECT i.id FROM public.people_person p CROSS JOIN LATERAL (
        SELECT DISTINCT ON (n.kind, n.key) n.* FROM public.payments_instrument n
        WHERE (n.kind = 'region' AND n.key = 'country:' || coalesce(nullif(p.country, ''), '--'))
            OR (n.kind IN ('qualification', 'allocation') AND n.key IN ('', 'work_type:' || tasks_rule_in_the_way.kind))
        ORDER BY n.kind, n.key, n.version DESC
    ) i
    WHERE p.id = who AND NOT public.payments_opens_to(who, tasks_rule_in_the_way.kind) AND CASE i.kind
        WHEN 'region' THEN i.value::jsonb ->> 'open' = 'false'
        WHEN 'qualification' THEN i.value::jsonb ->> 'units' <> '0' AND coalesce((
            SELECT d.accepted FROM public.payments_units_done d WHERE d.person_id = who
                AND d.work_type_id = (i.value::jsonb ->> 'of')::bigint), 0) < (i.value::jsonb ->> 'units')::bigint
        ELSE i.value::jsonb ->> 'most_a_day' <> '0' END
    ORDER BY i.kind = 'region' DESC, i.kind = 'qualification' DESC, i.key DESC LIMIT 1
$rule$;
"""
TURNED = """
CREATE OR REPLACE FUNCTION public.governance_turned_from_work(who bigint, act text, job bigint)
RETURNS TABLE (ground text, number bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $work$
    SELECT coalesce(way.ground, CASE WHEN rule.id IS NOT NULL THEN 'instrument' ELSE '' END),
        coalesce(way.number, rule.id)
    FROM public.tasks_job j JOIN public.payments_worktype t ON t.id = j.work_type_id
    LEFT JOIN LATERAL public.governance_in_the_way(
        who, ARRAY['work', 'job:' || j.id, 'client:' || j.client_id, 'tier:' || t.tier], true) way ON true
    LEFT JOIN LATERAL (SELECT public.tasks_rule_in_the_way(who, t.id) AS id) rule ON true
    WHERE act = 'claim' AND j.id = governance_turned_from_work.job AND j.opened_at <= public.coop_now()
        AND j.closed_at IS NULL AND NOT j.is_onboarding
        AND (way.ground IS NOT NULL OR rule.id IS NOT NULL OR public.tasks_is_offered(who, j.id))
    UNION ALL
    SELECT '', NULL::bigint WHERE act = 'board' AND EXISTS (
        SELECT FROM public.tasks_job j WHERE j.opened_at <= public.coop_now() AND j.closed_at IS NULL
            AND NOT j.is_onboarding AND public.tasks_is_offered(who, j.id))
$work$;
"""

# Who did a kind of work in the last 90 days, or was turned away from it without a ground, and had no offer of any such
# in the last 14 days, though others worked. A job was an offer to whoever may work at it if they had a day for it: a
# share kept for them, tasks left now, or the last one taken a day or more after it opened. Whoever took a task was
# offered one; to whoever was turned away without a ground since, nothing was. Whoever left, or is limited by a panel,
# is not meant. When somebody signed in does not matter.
NO_OFFERS = """
CREATE VIEW public.tasks_turned_away_since AS
SELECT t.person_id, t.act, t.job, t.at FROM public.governance_turnedaway t
WHERE t.act IN ('claim', 'board') AND t.ground = '' AND t.at > public.coop_now() - interval '90 days'
    AND NOT EXISTS (SELECT FROM public.tasks_assignment a WHERE a.person_id = t.person_id AND a.claimed_at > t.at);
CREATE VIEW public.tasks_had_no_offers AS
SELECT DISTINCT w.person_id FROM (
    SELECT j.work_type_id, a.person_id, max(a.claimed_at) AS last_at
    FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
    WHERE a.claimed_at > public.coop_now() - interval '90 days' AND NOT j.is_onboarding
    GROUP BY j.work_type_id, a.person_id
    UNION ALL
    SELECT j.work_type_id, t.person_id, min(t.at)
    FROM public.tasks_turned_away_since t JOIN public.tasks_job j ON NOT j.is_onboarding
        AND (t.job = j.id OR (t.act = 'board' AND j.opened_at <= t.at AND coalesce(j.closed_at, t.at) >= t.at))
    GROUP BY j.work_type_id, t.person_id
) w
CROSS JOIN LATERAL (
    SELECT s.status FROM public.governance_standing s WHERE s.person_id = w.person_id ORDER BY s.id DESC LIMIT 1
) now
WHERE now.status IN ('candidate', 'member') AND NOT public.governance_bars(w.person_id, ARRAY['work'])
AND w.last_at <= public.coop_now() - interval '14 days' AND EXISTS (
    SELECT FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
    WHERE j.work_type_id = w.work_type_id AND a.person_id <> w.person_id
        AND a.claimed_at > public.coop_now() - interval '14 days'
) AND NOT EXISTS (
    SELECT FROM public.tasks_assignment a WHERE a.person_id = w.person_id
        AND a.claimed_at > public.coop_now() - interval '14 days'
) AND (EXISTS (
    SELECT FROM public.tasks_turned_away_since t WHERE t.person_id = w.person_id
) OR NOT EXISTS (
    SELECT FROM public.tasks_job j WHERE j.opened_at IS NOT NULL AND NOT j.is_onboarding
    AND j.work_type_id IN (SELECT o.work_type_id FROM public.tasks_assignment b
        JOIN public.tasks_job o ON o.id = b.job_id
        WHERE b.person_id = w.person_id AND b.claimed_at > public.coop_now() - interval '90 days')
    AND coalesce(j.closed_at, public.coop_now()) > public.coop_now() - interval '14 days'
    AND public.tasks_may_work(w.person_id, j.id)
    AND (EXISTS (SELECT FROM public.tasks_reserve r
            WHERE r.job_id = j.id AND r.person_id = w.person_id AND r.units > 0)
        OR (j.closed_at IS NULL AND EXISTS (
                SELECT FROM public.tasks_task t WHERE t.job_id = j.id AND t.open_slots > 0)
            AND NOT EXISTS (SELECT FROM public.tasks_halt h WHERE h.job_id = j.id AND h.ended_at IS NULL))
        OR (SELECT max(a.claimed_at) FROM public.tasks_assignment a WHERE a.job_id = j.id)
            >= greatest(j.opened_at, public.coop_now() - interval '14 days') + interval '24 hours')
));
"""
# Who did a kind of work in the last 90 days and is not let into it any more, and not because the day's share is used.
LOST_TIER = """
CREATE VIEW public.tasks_lost_a_kind AS
SELECT DISTINCT w.person_id FROM (
    SELECT j.work_type_id, a.person_id FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
    WHERE a.claimed_at > public.coop_now() - interval '90 days' AND a.state = 'accepted' AND NOT j.is_onboarding
    GROUP BY j.work_type_id, a.person_id HAVING max(a.claimed_at) <= public.coop_now() - interval '24 hours'
) w WHERE NOT public.payments_opens_to(w.person_id, w.work_type_id);
"""
# At least five answers sent back or rejected for one client in a week, and more than a tenth of what was handed in.
MASS_RETURNS = """
CREATE VIEW public.tasks_had_mass_returns AS
SELECT DISTINCT s.person_id FROM (
    SELECT j.client_id, a.person_id, count(*) AS handed_in,
        count(*) FILTER (WHERE r.id IS NOT NULL OR q.id IS NOT NULL) AS returned
    FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id
    LEFT JOIN public.tasks_review r ON r.assignment_id = a.id AND r.decision = 'send_back' AND r.ground = 'client'
        AND r.at > public.coop_now() - interval '7 days'
    LEFT JOIN public.tasks_dispute q ON q.assignment_id = a.id AND q.looks_for = 'client'
        AND q.opened_at > public.coop_now() - interval '7 days'
    WHERE a.submitted_at > public.coop_now() - interval '7 days' OR r.id IS NOT NULL OR q.id IS NOT NULL
    GROUP BY j.client_id, a.person_id
) s WHERE s.returned >= 5 AND s.returned * 10 > s.handed_in;
"""
SIGNS = """
CREATE OR REPLACE VIEW public.governance_sign_of_work AS
SELECT n.person_id, 'no_offers' AS ground FROM public.tasks_had_no_offers n
UNION ALL SELECT l.person_id, 'lost_tier' FROM public.tasks_lost_a_kind l
UNION ALL SELECT m.person_id, 'mass_rejection' FROM public.tasks_had_mass_returns m;
"""
# Work counts when it was handed in (7.10). Of mass returns, what ended unpaid of the clients who sent so much back, in
# the week before the case and the one after: another case opens 14 days later at the earliest.
REPAIR = """
CREATE OR REPLACE VIEW public.payments_done_at AS
SELECT a.id AS assignment_id, coalesce(a.submitted_at, a.claimed_at) AS at FROM public.tasks_assignment a;
CREATE OR REPLACE VIEW public.payments_returned_unpaid AS
SELECT c.source, c.person_id, sum(c.answers)::bigint AS answers, sum(c.amount)::bigint AS amount FROM (
    SELECT 'case:' || c.id AS source, c.person_id, count(*) FILTER (WHERE a.state IN ('expired', 'left')) AS answers,
        coalesce(sum(a.pay) FILTER (WHERE a.state IN ('expired', 'left')), 0) AS amount
    FROM public.governance_case c
    JOIN public.governance_decision d ON d.case_id = c.id
    JOIN public.governance_motion m ON m.id = d.motion_id AND m.measure = 'repair'
    JOIN public.tasks_review r ON r.decision = 'send_back' AND r.ground = 'client'
        AND r.at > c.opened_at - interval '168 hours' AND r.at <= c.opened_at + interval '168 hours'
    JOIN public.tasks_assignment a ON a.id = r.assignment_id AND a.person_id = c.person_id
    JOIN public.tasks_job j ON j.id = a.job_id
    WHERE c.kind = 'equivalent' AND c.ground = 'mass_rejection'
    GROUP BY c.id, c.person_id, j.client_id HAVING count(*) >= 5
) c GROUP BY c.source, c.person_id;
"""


class Migration(migrations.Migration):
    """Say so, and let governance read it."""

    dependencies: ClassVar = [
        ("tasks", "0073_affected"),
        ("governance", "0063_signs"),
        ("payments", "0068_back_pay"),
    ]
    operations: ClassVar = [
        *(
            migrations.RunSQL(sql)
            for sql in (OFFERED, INSTRUMENTS, TURNED, NO_OFFERS, LOST_TIER, MASS_RETURNS, SIGNS, REPAIR)
        ),
        guards.Allow("tasks_is_offered(bigint, bigint)"),
    ]
