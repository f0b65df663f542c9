"""Affected is who had a unit, an offer or the qualification in 90 days (D6): whoever is starved keeps a vote."""

from typing import ClassVar

from django.db import migrations

# The work itself is known only to apps above; their migrations put the real queries behind these names.
VIEWS = """
CREATE VIEW public.governance_offered AS
    SELECT NULL::text AS subject, NULL::bigint AS person_id, NULL::timestamptz AS last_at WHERE false;
CREATE VIEW public.governance_qualified AS
    SELECT NULL::text AS subject, NULL::bigint AS person_id, NULL::timestamptz AS last_at WHERE false;

CREATE FUNCTION public.governance_affected(about text, moment timestamptz)
RETURNS TABLE (person_id bigint) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT e.person_id FROM public.governance_engagement e
    WHERE e.subject = about AND e.last_at >= moment - interval '2160 hours'
    UNION SELECT o.person_id FROM public.governance_offered o
    WHERE o.subject = about AND o.last_at >= moment - interval '2160 hours'
    UNION SELECT q.person_id FROM public.governance_qualified q
    WHERE q.subject = about AND q.last_at >= moment - interval '2160 hours';
END;
"""

# As before, with those affected asked in one place.
ROLL = """
CREATE OR REPLACE FUNCTION public.governance_electors(about text, rule public.governance_rule, moment timestamptz)
RETURNS TABLE (person_id bigint, affected boolean, senior boolean) LANGUAGE sql STABLE
BEGIN ATOMIC
    WITH latest AS (
        SELECT DISTINCT ON (s.person_id) s.person_id, s.status, s.since, s.mandate_id
        FROM public.governance_standing s ORDER BY s.person_id, s.id DESC
    ), electors AS (
        SELECT l.person_id, l.since <= moment - interval '4320 hours' AS senior,
            worked.person_id IS NOT NULL AS affected
        FROM latest l
        LEFT JOIN public.governance_mandate m ON m.id = l.mandate_id
        LEFT JOIN public.governance_paid_time paid ON paid.person_id = l.person_id
        LEFT JOIN public.governance_affected(about, moment) worked ON worked.person_id = l.person_id
        WHERE l.status = 'member' AND (
            (m.id IS NOT NULL AND m.proposal_id IS NULL)
            OR (l.since <= moment - interval '720 hours' AND paid.seconds >= 36000)
        )
    ), few AS (
        SELECT count(*) FILTER (WHERE e.affected) < 10 AS everybody FROM electors e
    )
    SELECT e.person_id, rule.affected_yes IS NOT NULL AND (e.affected OR few.everybody), e.senior
    FROM electors e CROSS JOIN few
    WHERE rule.whole_yes IS NOT NULL OR e.affected OR few.everybody;
END;
"""


class Migration(migrations.Migration):
    """Ask for all three wherever a roll is made."""

    dependencies: ClassVar = [("governance", "0059_fewest_days_told")]
    operations: ClassVar = [migrations.RunSQL(VIEWS), migrations.RunSQL(ROLL)]
