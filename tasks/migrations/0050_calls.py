"""What calls of the API were answered, for a day."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

from coop.database import guards

FORGET = """
CREATE FUNCTION public.tasks_forget_calls(most integer) RETURNS integer LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $forget$
    WITH gone AS (DELETE FROM tasks_call WHERE id IN (
        SELECT id FROM tasks_call WHERE at < coop_now() - interval '1 day' ORDER BY at LIMIT most
            FOR UPDATE SKIP LOCKED) RETURNING 1)
    SELECT count(*)::integer FROM gone
$forget$;
"""


class Migration(migrations.Migration):
    """Make the table; an answer is written once."""

    dependencies: ClassVar = [("tasks", "0049_known"), ("people", "0005_key_use")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Call",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("digest", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("sealed", models.TextField(blank=True)),
                ("fingerprint", models.CharField(blank=True, max_length=64)),
                ("at", models.DateTimeField()),
                ("key", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="calls",
                    to="people.apikey"
                )),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("key", "name"), name="one_answer_to_a_call")],
                "indexes": [models.Index(fields=["at"], name="calls_by_time")],
            },
        ),
        guards.Frozen(
            "tasks_call", ["key_id", "name", "digest", "at"], otherwise="What was asked stays as it was asked.",
        ),
        guards.Guard(
            "calls_are_answered_once", table="tasks_call", on="UPDATE", holds="OLD.status IS NULL",
            otherwise="What was answered stays as it was answered.",
        ),
        migrations.RunSQL(FORGET),
        guards.Allow("tasks_forget_calls(integer)"),
        guards.Grant("tasks_call", "SELECT", "INSERT", "UPDATE (status, sealed, fingerprint)"),
    ]  # fmt: skip
