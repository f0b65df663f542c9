"""A draft keeps which pilots it had: what is found with the data at one is found at the job that is made of it, too."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import migrations, models

from coop.database import guards

NOW = "NEW.at := public.coop_now();"
KEPT = """
    NEW.pilots := CASE TG_OP WHEN 'INSERT' THEN '{}'::bigint[] ELSE OLD.pilots END;
    IF NEW.pilot_id IS NOT NULL AND NEW.pilot_id <> ALL (NEW.pilots) THEN
        NEW.pilots := NEW.pilots || NEW.pilot_id;
    END IF;"""
# The latest is all that was kept of those before; ended drafts have theirs, too.
BEFORE = """
ALTER TABLE public.tasks_sketch DISABLE TRIGGER sketches_are_their_clients;
UPDATE public.tasks_sketch SET pilots = ARRAY[pilot_id] WHERE pilot_id IS NOT NULL;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE public.tasks_sketch ENABLE ALWAYS TRIGGER sketches_are_their_clients;
"""
# Every job that shows the same data: stages, by whichever way they follow each other, and those of one draft.
SAME = """
CREATE OR REPLACE FUNCTION public.tasks_of_its_data(job bigint) RETURNS SETOF bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $same$
    WITH RECURSIVE line (id) AS (
        SELECT tasks_of_its_data.job
        UNION SELECT beside.id FROM line l CROSS JOIN LATERAL (
            SELECT s.after_id FROM public.tasks_stage s WHERE s.job_id = l.id
            UNION ALL SELECT s.job_id FROM public.tasks_stage s WHERE s.after_id = l.id
            UNION ALL SELECT unnest(d.pilots || d.job_id) FROM public.tasks_sketch d
                WHERE d.job_id = l.id OR d.pilots @> ARRAY[l.id]
        ) beside (id) WHERE beside.id IS NOT NULL
    ) SELECT l.id FROM line l
$same$;
"""
OF_A_STAGE = "OR EXISTS (SELECT FROM public.tasks_stage s WHERE s.job_id = NEW.job_id)"
OF_A_DRAFT = """ OR EXISTS (SELECT FROM public.tasks_sketch d
            WHERE d.job_id = NEW.job_id AND d.pilots <> '{}' OR d.pilots @> ARRAY[NEW.job_id])"""


class Migration(migrations.Migration):
    """Keep them, and find with the data at each."""

    dependencies: ClassVar = [("tasks", "0117_videos")]
    operations: ClassVar = [
        migrations.AddField(
            "sketch",
            "pilots",
            ArrayField(models.BigIntegerField(), db_default=[], default=list, editable=False),
        ),
        migrations.AddIndex("sketch", GinIndex(fields=["pilots"], name="sketches_by_their_pilots")),
        guards.Grant("tasks_sketch", "INSERT (pilots)"),
        guards.Edited("guard_sketches_are_their_clients", (NOW, NOW + KEPT)),
        migrations.RunSQL(BEFORE),
        migrations.RunSQL(SAME),
        guards.Edited("guard_hidden_content_is_found_by_reports", (OF_A_STAGE, OF_A_STAGE + OF_A_DRAFT)),
    ]
