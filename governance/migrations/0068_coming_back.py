"""Whoever left by their own word comes back by it, to what they were: no notice in their name shuts anybody out."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Half a year long it is as if they had never left: who came back since then is counted from the day before (rule D1).
RISING = """IF was = 'left' AND NEW.mandate_id IS NULL AND NEW.recorded_by_id = NEW.person_id
        AND NEW.status = coalesce((
            SELECT s.status FROM public.governance_standing s WHERE s.person_id = NEW.person_id AND s.status <> 'left'
            ORDER BY s.id DESC LIMIT 1), 'applicant')
    THEN
        NEW.rule := CASE WHEN became > public.coop_now() - interval '4320 hours' THEN 'D1' ELSE 'R1' END;
        RETURN NEW;
    END IF;
    became := public.governance_has_been(NEW.person_id, was, became);
    IF NEW.mandate_id IS NULL AND NEW.rule NOT IN ('', 'D1') AND ("""
# Whether whoever gave this notice left by it and is back.
CAME_BACK = """SELECT s.status <> 'left' AND EXISTS (
            SELECT FROM public.governance_standing l
            WHERE l.person_id = s.person_id AND l.status = 'left' AND l.since >= OLD.due_at)
        FROM public.governance_standing s WHERE s.person_id = OLD.person_id ORDER BY s.id DESC LIMIT 1"""
SINCE = """
CREATE FUNCTION public.governance_has_been(person bigint, what text, latest timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT coalesce((
        SELECT CASE WHEN s.rule = 'D1' THEN (
            SELECT b.since FROM public.governance_standing b
            WHERE b.person_id = person AND b.status = what AND b.rule <> 'D1' ORDER BY b.id DESC LIMIT 1
        ) END FROM public.governance_standing s WHERE s.person_id = person ORDER BY s.id DESC LIMIT 1
    ), latest);
END;
"""
# As before, but for who came back: their membership counts from the row by which they were admitted.
ROLL = """
CREATE OR REPLACE FUNCTION public.governance_electors(about text, rule public.governance_rule, moment timestamptz)
RETURNS TABLE (person_id bigint, affected boolean, senior boolean) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH latest AS (
        SELECT DISTINCT ON (s.person_id) s.person_id, s.status, s.since, s.mandate_id, s.rule
        FROM public.governance_standing s ORDER BY s.person_id, s.id DESC
    ), admitted AS (
        SELECT l.person_id, coalesce(a.since, l.since) AS since, coalesce(a.mandate_id, l.mandate_id) AS mandate_id
        FROM latest l LEFT JOIN LATERAL (
            SELECT b.since, b.mandate_id FROM public.governance_standing b
            WHERE b.person_id = l.person_id AND b.status = 'member' AND b.rule <> 'D1' ORDER BY b.id DESC LIMIT 1
        ) a ON l.rule = 'D1'
        WHERE l.status = 'member'
    ), electors AS (
        SELECT l.person_id, l.since <= moment - interval '4320 hours' AS senior,
            worked.person_id IS NOT NULL AS affected
        FROM admitted l
        LEFT JOIN public.governance_mandate m ON m.id = l.mandate_id
        LEFT JOIN public.governance_paid_time paid ON paid.person_id = l.person_id
        LEFT JOIN public.governance_affected(about, moment) worked ON worked.person_id = l.person_id
        WHERE (m.id IS NOT NULL AND m.proposal_id IS NULL)
            OR (l.since <= moment - interval '720 hours' AND paid.seconds >= 36000)
    ), few AS (
        SELECT count(*) FILTER (WHERE e.affected) < 10 AS everybody FROM electors e
    )
    SELECT e.person_id, rule.affected_yes IS NOT NULL AND (e.affected OR few.everybody), e.senior
    FROM electors e CROSS JOIN few
    WHERE rule.whole_yes IS NOT NULL OR e.affected OR few.everybody;
END;
"""


class Migration(migrations.Migration):
    """Let them: by the same page on which they left, as long as nobody expelled them."""

    dependencies: ClassVar = [("governance", "0067_sign_outs")]
    operations: ClassVar = [
        migrations.RunSQL(SINCE),
        migrations.RunSQL(ROLL),
        guards.Allow("governance_has_been(bigint, text, timestamptz)"),
        guards.Edited(
            "guard_standing_is_lowered_only_by_mandate",
            (
                "IF NEW.status IN ('candidate', 'member') THEN",
                """IF NEW.status IN ('candidate', 'member')
        OR (NEW.status = 'applicant' AND public.governance_status(NEW.person_id) = 'left') THEN""",
            ),
        ),
        guards.Edited(
            "guard_standing_rises_in_order",
            (
                "IF NEW.status NOT IN ('candidate', 'member')",
                "IF NEW.status NOT IN ('applicant', 'candidate', 'member')",
            ),
            ("IF NEW.mandate_id IS NULL AND NEW.rule <> '' AND (", RISING),
            ("unless a panel objects.", "unless a panel objects; who left comes back as what they were."),
        ),
        # A notice that took effect is taken back by whoever came back, so that another can be given one day.
        guards.Edited(
            "guard_notice_is_taken_back_in_time",
            (
                "OR public.coop_now() >= OLD.due_at",
                f"OR (public.coop_now() >= OLD.due_at AND ({CAME_BACK}) IS NOT TRUE)",
            ),
            (
                "A notice can be taken back for seven days only.",
                "A notice is taken back in seven days, or by coming back.",
            ),
        ),
    ]
