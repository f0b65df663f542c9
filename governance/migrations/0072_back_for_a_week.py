"""Who was called back in their name finds out before they are counted; a notice without effect shuts nobody in."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# As before; but who was away for more than a week is on no roll for the first week after. Whoever is back within the
# week is on it at once, or a notice in their name every week would keep them off every roll. The time is that of now:
# the roll of a rival is made as of the day of the first.
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
        WHERE l.status = 'member' AND (l.rule IS DISTINCT FROM 'D1'
            OR l.since <= public.coop_now() - interval '168 hours'
            OR l.since <= (
                SELECT max(g.since) FROM public.governance_standing g
                WHERE g.person_id = l.person_id AND g.status = 'left') + interval '168 hours')
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
WAS = """SELECT s.status <> 'left' AND EXISTS (
            SELECT FROM public.governance_standing l
            WHERE l.person_id = s.person_id AND l.status = 'left' AND l.since >= OLD.due_at)
        FROM"""
# A notice of before the last change of standing has no effect (`standing_is_lowered_only_by_mandate`).
IS = "SELECT s.status <> 'left' AND s.since > OLD.given_at FROM"


class Migration(migrations.Migration):
    """Let a week pass between the letter and the vote; and let what has no effect be put away by who is here."""

    dependencies: ClassVar = [("governance", "0071_decided_while_away")]
    operations: ClassVar = [
        migrations.RunSQL(ROLL),
        guards.Edited(
            "guard_notice_is_taken_back_in_time",
            (WAS, IS),
            ("in seven days, or by coming back.", "in seven days, or once it has no effect."),
        ),
    ]
