"""What clients' programs keep here stays with its client; pay of a project never falls; begun work is not cancelled."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

FORWARD = f"""
    SELECT v.pay INTO before FROM public.tasks_projectversion v WHERE v.project_id = NEW.project_id
        ORDER BY v.number DESC LIMIT 1;
    IF (NEW.number = 1 + (SELECT count(*) FROM public.tasks_projectversion v WHERE v.project_id = NEW.project_id)
        AND (before IS NULL OR NEW.pay >= before)) IS NOT TRUE
    THEN
        {guards.refuse("project_pay_never_falls", "The pay of a project may rise and never falls.")}
    END IF;
    RETURN NEW;
"""
# Orders that share a key's client and whether it tries things out; what they name shares both.
ORDER = """
    (NEW.project_id IS NULL OR EXISTS (SELECT FROM public.tasks_project p WHERE p.id = NEW.project_id
        AND p.client_id = NEW.client_id AND p.test = NEW.test))
    AND (NEW.batch_id IS NULL OR EXISTS (SELECT FROM public.tasks_batch b WHERE b.id = NEW.batch_id
        AND b.client_id = NEW.client_id AND b.test = NEW.test AND b.project_id = NEW.project_id))
    AND (NEW.version_id IS NULL OR EXISTS (SELECT FROM public.tasks_projectversion v WHERE v.id = NEW.version_id
        AND v.project_id = NEW.project_id))
    AND (NEW.task_id IS NULL OR EXISTS (SELECT FROM public.tasks_task t JOIN public.tasks_job j ON j.id = t.job_id
        WHERE t.id = NEW.task_id AND j.client_id = NEW.client_id))
"""
ONCE = """
    (OLD.task_id IS NULL OR NEW.task_id = OLD.task_id)
    AND (OLD.canceled_at IS NULL OR NEW.canceled_at = OLD.canceled_at)
    AND (NEW.canceled_at IS NULL OR OLD.canceled_at IS NOT NULL OR NEW.task_id IS NULL
        OR EXISTS (SELECT FROM public.tasks_task t WHERE t.id = NEW.task_id AND t.open_slots = 0
            AND NOT EXISTS (SELECT FROM public.tasks_assignment a WHERE a.task_id = t.id)))
"""
# A task that nobody has taken is offered no more. Whoever takes it at this moment holds its row: then it stays.
CALL_OFF = """
CREATE FUNCTION public.tasks_call_off(task bigint) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $off$
BEGIN
    PERFORM FROM public.tasks_task t WHERE t.id = task FOR UPDATE;
    IF NOT EXISTS (SELECT FROM public.tasks_order o WHERE o.task_id = task)
        OR EXISTS (SELECT FROM public.tasks_assignment a WHERE a.task_id = task)
    THEN
        RETURN false;
    END IF;
    UPDATE public.tasks_task SET open_slots = 0 WHERE id = task;
    RETURN true;
END $off$;
"""


class Migration(migrations.Migration):
    """Install the guards, and open the tables to the site."""

    dependencies: ClassVar = [("tasks", "0040_scale")]
    operations: ClassVar = [
        guards.AppendOnly("tasks_project", otherwise="A project keeps its name and its kind."),
        guards.Grant("tasks_project", "SELECT", "INSERT"),
        guards.Procedure(
            "project_pay_never_falls", table="tasks_projectversion", declare="before bigint;", body=FORWARD
        ),
        guards.AppendOnly("tasks_projectversion", otherwise="A version of a project stays as it was made."),
        guards.Grant("tasks_projectversion", "SELECT", "INSERT"),
        guards.Frozen(
            "tasks_batch",
            ["id", "key", "client_id", "project_id", "test", "name", "created_by_id", "created_at"],
            otherwise="A batch stays in its project.",
        ),
        guards.Guard(
            "batches_stay_with_their_client",
            table="tasks_batch",
            holds="""EXISTS (SELECT FROM public.tasks_project p WHERE p.id = NEW.project_id
                AND p.client_id = NEW.client_id AND p.test = NEW.test)""",
            otherwise="A batch is its project's client's, and tries things out where that does.",
        ),
        guards.NeverDeleted("tasks_batch"),
        guards.Grant(
            "tasks_batch", "SELECT", "INSERT", "UPDATE (callback, options, metadata, state, priority, finalized_at)"
        ),
        guards.Frozen(
            "tasks_order",
            [
                "id", "key", "client_id", "test", "kind", "project_id", "batch_id", "version_id", "params",
                "instruction", "callback_url", "role", "expected", "initial", "created_by_id", "created_at",
            ],
            otherwise="What was ordered stays as it was ordered.",
        ),
        guards.Guard(
            "orders_stay_with_their_client",
            table="tasks_order",
            on="INSERT OR UPDATE",
            holds=ORDER,
            otherwise="An order names its own client's project, batch and task, and tries things out where they do.",
        ),
        guards.Guard(
            "begun_work_is_not_cancelled",
            table="tasks_order",
            on="UPDATE",
            holds=ONCE,
            otherwise="Work that somebody has begun is not cancelled; an order has one task, and is cancelled once.",
            definer=True,
        ),
        guards.NeverDeleted("tasks_order"),
        guards.Grant(
            "tasks_order",
            "SELECT",
            "INSERT",
            "UPDATE (updated_at, metadata, tags, unique_id, priority, canceled_at, audit, audit_words, task_id)",
        ),
        guards.Guard(
            "lots_stay_with_their_client",
            table="tasks_lot",
            holds="""EXISTS (SELECT FROM public.tasks_project p JOIN public.tasks_job j ON j.client_id = p.client_id
                WHERE p.id = NEW.project_id AND j.id = NEW.job_id AND NOT p.test
                AND (NEW.batch_id IS NULL OR EXISTS (SELECT FROM public.tasks_batch b
                    WHERE b.id = NEW.batch_id AND b.project_id = p.id)))""",
            otherwise="A job does the live orders of its own client.",
        ),
        guards.AppendOnly("tasks_lot", otherwise="Which job does which orders stays known."),
        guards.Grant("tasks_lot", "SELECT", "INSERT"),
        guards.Frozen(
            "tasks_asset",
            ["id", "key", "client_id", "test", "name", "project_name", "reference", "address", "created_by_id",
             "created_at"],
            otherwise="What a client handed in stays what it was.",
        ),
        guards.NeverDeleted("tasks_asset"),
        guards.Grant("tasks_asset", "SELECT", "INSERT", "UPDATE (metadata, file, content_type, bytes)"),
        guards.NeverDeleted("tasks_sandbox"),
        guards.Grant(
            "tasks_sandbox", "SELECT", "INSERT", "UPDATE (teammates, assignments, groups, batches)"
        ),
        migrations.RunSQL(CALL_OFF),
        guards.Allow("tasks_call_off(bigint)"),
    ]  # fmt: skip
