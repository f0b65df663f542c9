"""Work may be shared out: a vote on the order of a kind of work can say so, and for how long (N9)."""

from typing import ClassVar

from django.db import migrations

# The rule as it stands, with one more order; as a change of what stands, so that nothing else of it is said again.
SAYS = """
DO $says$
DECLARE
    stands CONSTANT text := pg_get_functiondef('public.payments_instrument_holds(text, text, jsonb)'::regprocedure);
    says CONSTANT text := replace(stands, $old$
            AND public.payments_named(value, 'order', 'most_a_day')
            AND value ->> 'order' = 'first_come' AND public.payments_whole(value, 'most_a_day', 0, 100000)$old$, $new$
            AND public.payments_whole(value, 'most_a_day', 0, 100000)
            AND CASE value ->> 'order'
                WHEN 'first_come' THEN public.payments_named(value, 'order', 'most_a_day')
                WHEN 'shared' THEN public.payments_named(value, 'order', 'most_a_day', 'hours')
                    AND public.payments_whole(value, 'hours', 1, 72)
                ELSE false END$new$);
BEGIN
    IF says = stands THEN
        RAISE 'payments_instrument_holds says nothing of the order of work that could be changed';
    END IF;
    EXECUTE says;
END $says$;
"""


class Migration(migrations.Migration):
    """Let it be said."""

    dependencies: ClassVar = [("payments", "0056_verdicts")]
    operations: ClassVar = [migrations.RunSQL(SAYS)]
