"""Promises: a refusal is kept with what stood in the way, and a case like a ban stands on what the rows show (7.11)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# What stood in the way of a person this moment or a minute ago, as a refusal is noted after it was given. A row with an
# empty ground means that nothing did; no row at all, that the thing itself explains it, and it is not kept.
GROUNDS = """
CREATE FUNCTION public.governance_in_the_way(who bigint, scopes text[], works boolean)
RETURNS TABLE (ground text, number bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $way$
    SELECT found.ground, found.number FROM (
        SELECT 1 AS place, 'pause' AS ground, p.id AS number FROM public.governance_pause p
        WHERE works AND p.person_id = who AND p.scope = ANY (scopes) AND p.starts_at <= public.coop_now()
            AND p.ends_at > public.coop_now() - interval '1 minute'
        UNION ALL
        SELECT 2, 'restriction', r.id FROM public.governance_restriction r WHERE r.person_id = who
            AND r.scope = ANY (scopes) AND r.starts_at <= public.coop_now()
            AND r.ends_at > public.coop_now() - interval '1 minute' AND NOT EXISTS (
                SELECT FROM public.governance_appeal a WHERE a.decision_id = r.decision_id
                    AND a.appealed_at < public.coop_now() - interval '1 minute')
    ) found ORDER BY found.place, found.number LIMIT 1
$way$;
-- The apps above say the same of work (`tasks_turned_from`).
CREATE FUNCTION public.governance_turned_from_work(who bigint, act text, job bigint)
RETURNS TABLE (ground text, number bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $work$
    SELECT NULL::text, NULL::bigint WHERE false
$work$;
-- Thirty messages an hour are the most for anybody (`messages_are_no_flood`); a thread that is full of them is no mute.
CREATE FUNCTION public.governance_turned_from(who bigint, act text, job bigint)
RETURNS TABLE (ground text, number bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $from$
    SELECT w.ground, w.number FROM public.governance_turned_from_work(who, act, job) w
    WHERE act IN ('claim', 'board')
    UNION ALL
    SELECT coalesce(w.ground, ''), w.number
    FROM (VALUES (true)) always LEFT JOIN public.governance_in_the_way(who, ARRAY['mute'], false) w ON true
    WHERE act = 'speak' AND 10 > (
        SELECT count(*) FROM public.governance_thread t WHERE t.opened_by_id = who
            AND t.opened_at > public.coop_now() - interval '61 minutes'
    ) AND 30 > (
        SELECT count(*) FROM public.governance_message m WHERE m.author_id = who
            AND m.written_at > public.coop_now() - interval '61 minutes')
    UNION ALL
    SELECT '', NULL::bigint WHERE act = 'heard'
$from$;
"""
OTHERWISE = "What somebody is turned away from is kept where the job itself does not explain it."
NOTING = f"""
    {guards.in_the_present("turned_away_is_what_the_rows_say")}
    NEW.at := public.coop_now();
    SELECT f.ground, f.number INTO NEW.ground, NEW.row
        FROM public.governance_turned_from(NEW.person_id, NEW.act, NEW.job) f;
    IF NEW.ground IS NULL OR public.governance_status(NEW.person_id) NOT IN ('candidate', 'member') THEN
        {guards.refuse("turned_away_is_what_the_rows_say", OTHERWISE)}
    END IF;
    RETURN NEW;
"""

# Refused to write, without a ground, a day ago or more, and nothing written since; or not shown on two days.
SIGNS = """
CREATE VIEW public.governance_sign_of_talk AS
SELECT t.person_id, 'muted' AS ground FROM public.governance_turnedaway t
WHERE t.act = 'speak' AND t.ground = ''
    AND t.at > public.coop_now() - interval '336 hours' AND t.at <= public.coop_now() - interval '24 hours'
    AND NOT EXISTS (
        SELECT FROM public.governance_message m WHERE m.author_id = t.person_id AND m.written_at > t.at)
UNION ALL
SELECT t.person_id, 'muted' FROM public.governance_turnedaway t
WHERE t.act = 'heard' AND t.at > public.coop_now() - interval '336 hours' AND EXISTS (
    SELECT FROM public.governance_turnedaway o
    WHERE o.person_id = t.person_id AND o.act = 'heard' AND o.at >= t.at + interval '24 hours')
UNION ALL
SELECT r.person_id, 'pressed_to_leave' FROM public.governance_resignation r
WHERE r.pressure = 'pressed' AND r.given_at > public.coop_now() - interval '336 hours';
-- What the money and the work show, by the apps above.
CREATE VIEW public.governance_sign_of_money AS SELECT NULL::bigint AS person_id, NULL::text AS ground WHERE false;
CREATE VIEW public.governance_sign_of_work AS SELECT NULL::bigint AS person_id, NULL::text AS ground WHERE false;
CREATE VIEW public.governance_sign AS
SELECT t.person_id, t.ground FROM public.governance_sign_of_talk t
UNION ALL SELECT m.person_id, m.ground FROM public.governance_sign_of_money m
UNION ALL SELECT w.person_id, w.ground FROM public.governance_sign_of_work w;
"""


class Migration(migrations.Migration):
    """Install the guards, the signs and the rights of the site."""

    dependencies: ClassVar = [("governance", "0062_turned_away")]
    operations: ClassVar = [
        migrations.RunSQL(GROUNDS),
        guards.Procedure("turned_away_is_what_the_rows_say", table="governance_turnedaway", body=NOTING, definer=True),
        guards.AppendOnly("governance_turnedaway", otherwise="What somebody was turned away from stays written."),
        guards.Grant("governance_turnedaway", "SELECT", "INSERT"),
        migrations.RunSQL(SIGNS),
        guards.Grant("governance_sign", "SELECT"),
        guards.Guard(
            "equivalents_stand_on_facts",
            table="governance_case",
            holds="""NEW.kind <> 'equivalent' OR EXISTS (
                SELECT FROM public.governance_sign s WHERE s.person_id = NEW.person_id AND s.ground = NEW.ground)""",
            definer=True,
            otherwise="A case like a ban opens on what the rows show: no offers, a lost tier, a held payout.",
        ),
    ]
