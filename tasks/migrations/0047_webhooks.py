"""Where clients' programs hear of what happened: addresses, messages, tries, and how far the record was told."""

import uuid
from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

ITS_OWN = """EXISTS (SELECT FROM public.people_clientseat s WHERE s.client_id = NEW.client_id
    AND s.person_id = NEW.created_by_id AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)"""
ITS_ADDRESS = """NEW.webhook_id IS NULL OR EXISTS (SELECT FROM public.tasks_webhook w
    WHERE w.id = NEW.webhook_id AND w.client_id = NEW.client_id AND w.url = NEW.url AND w.ended_at IS NULL)"""
FORGET = """
CREATE FUNCTION public.tasks_forget_messages(most integer) RETURNS integer LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $forget$
    WITH old AS (SELECT id FROM tasks_message WHERE ended_at < coop_now() - interval '30 days' ORDER BY ended_at
            LIMIT most FOR UPDATE SKIP LOCKED),
        tries AS (DELETE FROM tasks_attempt WHERE message_id IN (SELECT id FROM old)),
        gone AS (DELETE FROM tasks_message WHERE id IN (SELECT id FROM old) RETURNING 1)
    SELECT count(*)::integer FROM gone
$forget$;
"""
PLACE = """NEW.place >= OLD.place
    AND NEW.place <= (SELECT coalesce(max(l.index), -1) FROM public.record_leaf l)"""


class Migration(migrations.Migration):
    """Make the tables, and let nobody send a client's messages elsewhere or rewrite what was sent."""

    dependencies: ClassVar = [
        ("people", "0004_address_guards"),
        ("record", "0006_moves"),
        ("tasks", "0046_paid_skips"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations: ClassVar = [
        migrations.CreateModel(
            name="Told",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("place", models.BigIntegerField(default=-1)),
            ],
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("url", models.CharField(max_length=2000)),
                (
                    "kinds",
                    models.JSONField(
                        default=list,
                        help_text="Of which events it hears, as tasks.webhooks.addresses.KINDS names them.",
                    ),
                ),
                ("sealed", models.TextField()),
                ("fingerprint", models.CharField(max_length=64)),
                ("former_sealed", models.TextField(blank=True)),
                ("former_fingerprint", models.CharField(blank=True, max_length=64)),
                ("renewed_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="webhooks",
                        to="people.client",
                    ),
                ),
                (
                    "created_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "key",
                    models.UUIDField(
                        default=uuid.uuid4,
                        help_text="The message's name at the other side.",
                        unique=True,
                    ),
                ),
                ("url", models.CharField(max_length=2000)),
                ("kind", models.CharField(max_length=40)),
                ("subject", models.CharField(max_length=80)),
                ("payload", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("taken", "Taken"),
                            ("given_up", "Given Up"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("made_at", models.DateTimeField()),
                (
                    "next_at",
                    models.DateTimeField(help_text="When it is sent, or sent again."),
                ),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "client",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="people.client",
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="tasks.webhook",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                (
                    "problem",
                    models.CharField(blank=True, help_text="A coop.door.Why.", max_length=20),
                ),
                ("milliseconds", models.PositiveIntegerField()),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="attempts",
                        to="tasks.message",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("problem", ""), ("status__isnull", False)),
                            models.Q(
                                ("status", None),
                                models.Q(("problem", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="attempts_say_what_came_back",
                    )
                ],
            },
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["client", "next_at"],
                name="messages_that_are_due",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "waiting")),
                fields=["subject", "id"],
                name="messages_in_their_order",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["webhook", "subject", "kind"], name="messages_about_a_thing"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["webhook", "-id"], name="messages_of_a_webhook"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("ended_at__isnull", False)),
                fields=["ended_at"],
                name="messages_by_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at", None), ("state", "waiting")),
                    models.Q(
                        ("ended_at__isnull", False),
                        ("state__in", ["taken", "given_up"]),
                    ),
                    _connector="OR",
                ),
                name="messages_end_once",
            ),
        ),
        guards.Guard(
            "webhooks_are_added_by_people_of_the_client",
            table="tasks_webhook",
            holds=ITS_OWN,
            otherwise="A webhook is added by somebody with a seat in the organisation.",
            definer=True,
        ),
        guards.Frozen(
            "tasks_webhook",
            ["client_id", "url", "kinds", "created_by_id", "created_at"],
            otherwise="A webhook stays as it was added; end it and add another.",
        ),
        guards.Guard(
            "webhooks_end_for_good",
            table="tasks_webhook",
            on="UPDATE",
            holds="OLD.ended_at IS NULL",
            otherwise="This webhook has ended.",
        ),
        guards.NeverDeleted("tasks_webhook"),
        guards.Guard(
            "messages_go_to_their_webhook",
            table="tasks_message",
            holds=ITS_ADDRESS,
            otherwise="A message goes to the address of a webhook of its client.",
            definer=True,
        ),
        guards.Frozen(
            "tasks_message",
            ["key", "client_id", "webhook_id", "url", "kind", "subject", "payload", "made_at"],
            otherwise="What a message says stays as it was sent.",
        ),
        guards.Frozen(
            "tasks_attempt",
            ["message_id", "at", "status", "problem", "milliseconds"],
            otherwise="A try stays as it was noted.",
        ),
        guards.Guard(
            "the_record_is_told_in_order",
            table="tasks_told",
            on="UPDATE",
            holds=PLACE,
            otherwise="Messages go on where they stood, as far as the record goes.",
        ),
        guards.NeverDeleted("tasks_told"),
        # What happened before there were messages is told to nobody.
        migrations.RunSQL("INSERT INTO tasks_told (place) SELECT coalesce(max(index), -1) FROM record_leaf"),
        guards.Grant(
            "tasks_webhook",
            "SELECT",
            "INSERT",
            "UPDATE (sealed, fingerprint, former_sealed, former_fingerprint, renewed_at, ended_at)",
        ),
        guards.Grant("tasks_message", "SELECT", "INSERT", "UPDATE (state, tries, next_at, ended_at)"),
        guards.Grant("tasks_attempt", "SELECT", "INSERT"),
        migrations.RunSQL(FORGET),
        guards.Allow("tasks_forget_messages(integer)"),
        guards.Grant("tasks_told", "SELECT", "UPDATE (place)"),
    ]
