"""Tasks join an open job in one statement: who waits for the job waits for one trip to the database, not for seven."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from coop.database import guards

# As whoever calls it, with every guard of what it writes: it saves trips, and decides nothing.
JOIN = """
CREATE FUNCTION public.tasks_join(
    job bigint, names text[], data text[], predictions text[], fact uuid, actor bigint, at timestamptz
) RETURNS TABLE (joined bigint[], after integer, short bigint, deposit bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $join$
DECLARE
    work record;
    room record;
    refused text;
BEGIN
    SELECT j.pay, j.overlap, j.client_id, j.opened_at IS NOT NULL AND j.closed_at IS NULL AS open INTO work
        FROM public.tasks_job j WHERE j.id = job FOR NO KEY UPDATE;
    IF NOT work.open THEN
        RETURN;
    END IF;
    SELECT * INTO room FROM public.tasks_room(job);
    IF room.leads THEN
        RETURN;
    END IF;
    short := cardinality(names) * work.overlap * room.price - room.spare;
    IF short > 0 THEN
        BEGIN
            INSERT INTO public.payments_transfer
                (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
                SELECT fact, fact, 2, d.id, c.id, tasks_join.short, 'job:' || job, tasks_join.at
                FROM public.payments_account d, public.payments_account c
                WHERE d.code = 'client:' || work.client_id || ':available' AND d.currency = 'USD'
                AND c.code = 'job:' || job || ':escrow' AND c.currency = 'USD';
            IF NOT FOUND THEN
                RETURN;
            END IF;
        EXCEPTION WHEN check_violation THEN
            GET STACKED DIAGNOSTICS refused = CONSTRAINT_NAME;
            IF refused <> 'account_above_its_floor' THEN
                RAISE;
            END IF;
            RETURN NEXT;
            RETURN;
        END;
        INSERT INTO public.record_event (at, kind, actor_id, subject, data) VALUES (tasks_join.at, 'escrow.funded',
            actor, 'job:' || job, jsonb_build_object('revision', room.fundings + 1));
    END IF;
    WITH new AS (
        INSERT INTO public.tasks_task (job_id, position, external_id, data, prediction, open_slots)
        SELECT job, room.last + given.number, given.name, given.data::jsonb, given.prediction::jsonb, work.overlap
        FROM unnest(names, tasks_join.data, predictions) WITH ORDINALITY AS given (name, data, prediction, number)
        RETURNING id, position
    ) SELECT array_agg(new.id ORDER BY new.position) INTO joined FROM new;
    INSERT INTO public.record_event (at, kind, actor_id, subject, data) VALUES (tasks_join.at, 'jobs.grew',
        actor, 'job:' || job, jsonb_build_object('tasks', cardinality(names)));
    after := room.last;
    deposit := public.tasks_deposit_needed(job, work.pay);
    RETURN NEXT;
END $join$;
"""


class Migration(migrations.Migration):
    """Let the site call it."""

    dependencies: ClassVar = [("tasks", "0064_tallies")]
    operations: ClassVar = [
        migrations.RunSQL(JOIN),
        migrations.AddIndex("lot", models.Index(fields=["project", "digest"], name="lots_that_ask_the_same")),
        migrations.AlterField("lot", "project", models.ForeignKey(
            db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="lots", to="tasks.project"
        )),
        guards.Allow("tasks_join(bigint, text[], text[], text[], uuid, bigint, timestamptz)"),
    ]  # fmt: skip
