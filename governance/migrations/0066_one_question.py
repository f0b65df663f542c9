"""What stood on one ballot is one question: it keeps no second reading of what passed there waiting (3.3, P10)."""

from typing import ClassVar

from django.db import migrations

# As before; a cut that lost beside the one that passed its first reading is no other proposal to cut.
RHYTHM = """
CREATE OR REPLACE FUNCTION public.governance_too_soon(p public.governance_proposal, moment timestamptz)
RETURNS boolean LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT EXISTS (
        SELECT FROM public.governance_proposal other
        JOIN public.governance_rule r ON r.id = other.rule_id
        LEFT JOIN public.governance_tally t ON t.proposal_id = other.id
        WHERE other.subject = p.subject AND r.key IN ('N1', 'N2', 'N3')
            AND other.id <> p.id AND other.id IS DISTINCT FROM p.first_reading_id
            AND public.governance_first(other.id) IS DISTINCT FROM p.rival_of_id
            AND public.governance_first(other.id) IS DISTINCT FROM public.governance_first(p.first_reading_id)
            AND (
                other.published_at > moment - interval '2160 hours'
                OR (t.counted_at > moment - interval '4320 hours' AND NOT t.passed)
            )
    );
END;
"""


class Migration(migrations.Migration):
    """Count it as the one it is."""

    dependencies: ClassVar = [("governance", "0065_words_of_signs")]
    operations: ClassVar = [migrations.RunSQL(RHYTHM)]
