"""A sum of back pay that was paid stays as it was, whatever its member and others do afterwards (7.10)."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

# Whose work each assignment was, and of which kind; the work above knows.
DID = """
CREATE VIEW public.payments_did AS
SELECT NULL::bigint AS assignment_id, NULL::bigint AS person_id, NULL::bigint AS work_type_id WHERE false;
"""
# As before; who did which kind of work is asked of the wages that were posted by then.
PEERS = """
CREATE OR REPLACE FUNCTION public.payments_peers_earned(who bigint, since timestamptz, until timestamptz)
RETURNS numeric LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $peers$
    WITH did AS (
        SELECT DISTINCT d.person_id, d.work_type_id
        FROM public.payments_did d JOIN public.payments_transfer t ON t.ref = 'assignment:' || d.assignment_id
        WHERE t.kind IN (5, 10, 28) AND t.posted_at <= until
    ), mine AS (
        SELECT d.work_type_id FROM did d WHERE d.person_id = who
    ), peers AS (
        SELECT DISTINCT d.person_id FROM did d WHERE d.person_id <> who
            AND (d.work_type_id IN (SELECT m.work_type_id FROM mine m) OR NOT EXISTS (SELECT FROM mine))
    )
    SELECT coalesce(avg(e.amount), 0) FROM peers p
    CROSS JOIN LATERAL (SELECT public.payments_earned(p.person_id, since, until, until, true) AS amount) e
    WHERE e.amount > 0
$peers$;
"""
SAID = "By which sum back pay was found; 1 by the one before decision 0186."
FOUND = "    NEW.at := public.coop_now();\n"


class Migration(migrations.Migration):
    """Ask what stood then, and tell apart what was paid by the sum before this one."""

    dependencies: ClassVar = [("payments", "0082_from_the_hand_over")]
    operations: ClassVar = [
        migrations.RunSQL(DID),
        migrations.RunSQL(PEERS),
        # Whatever stands already is of the first edition, and the database alone says of which the next is.
        migrations.AddField(
            "entitlement",
            "edition",
            models.PositiveSmallIntegerField(db_default=1, editable=False, help_text=SAID),
        ),
        migrations.AlterField(
            "entitlement",
            "edition",
            models.PositiveSmallIntegerField(db_default=2, editable=False, help_text=SAID),
        ),
        guards.Edited("guard_entitlement_is_what_the_facts_say", (FOUND, f"{FOUND}    NEW.edition := 2;\n")),
        guards.Grant("payments_entitlement", "INSERT (edition)"),
        guards.Grant("payments_did", "SELECT"),
    ]
