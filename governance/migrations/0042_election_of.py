"""What the vote of a call is must be the whole row, whatever columns a proposal has by then."""

from typing import ClassVar

from django.db import migrations

# With `p.*` the columns of the day stand in the function for good, and one more breaks it.
ELECTION = """
CREATE OR REPLACE FUNCTION public.governance_election_of(call bigint) RETURNS SETOF public.governance_proposal
LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT p FROM public.governance_proposal p
    WHERE p.policy = 'election' AND p.published_at IS NOT NULL AND p.payload::jsonb ->> 'call' = call::text;
END;
"""


class Migration(migrations.Migration):
    """Write the function anew."""

    dependencies: ClassVar = [("governance", "0041_officeacts_guards")]
    operations: ClassVar = [migrations.RunSQL(ELECTION, migrations.RunSQL.noop)]
