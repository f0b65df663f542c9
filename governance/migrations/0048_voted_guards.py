"""Promises about ballots in a member's name (B19): who voted is told by the database, to them and to an auditor."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Of a counted vote: in whose name a ballot lies in its box. Whether, never how; of rivals, asked about the first.
VOTERS = """
CREATE FUNCTION public.governance_voters(vote bigint)
RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $voters$
    SELECT b.person_id FROM public.governance_ballot b
    WHERE b.proposal_id = vote AND b.number = 1
        AND EXISTS (SELECT FROM public.governance_tally t WHERE t.proposal_id = vote);
$voters$;
-- Votes counted two days ago or earlier, and how many were not told that their ballot was in the box.
CREATE FUNCTION public.governance_untold() RETURNS TABLE (vote bigint, people bigint) LANGUAGE sql VOLATILE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $untold$
    SELECT b.proposal_id, count(*) FROM public.governance_ballot b
    JOIN public.governance_tally t ON t.proposal_id = b.proposal_id
    WHERE b.number = 1 AND t.closed_at IS NOT NULL AND t.counted_at < public.coop_now() - interval '48 hours'
        AND public.governance_is_member(b.person_id) AND NOT EXISTS (
            SELECT FROM public.governance_letter l WHERE l.person_id = b.person_id AND l.kind = 'voted'
                AND l.subject = 'proposal:' || b.proposal_id AND l.sent_at IS NOT NULL
        )
    GROUP BY b.proposal_id;
$untold$;
"""


class Migration(migrations.Migration):
    """Install the functions."""

    dependencies: ClassVar = [("governance", "0047_voted")]
    operations: ClassVar = [
        migrations.RunSQL(VOTERS, migrations.RunSQL.noop),
        guards.Allow("governance_voters(bigint)"),
        guards.Allow("governance_untold()"),
    ]
