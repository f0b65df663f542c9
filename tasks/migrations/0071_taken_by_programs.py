"""Answers that programs take home are written down: by key, or by whoever has the address of a file of a response."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

SEATED = "IF NOT EXISTS (SELECT FROM public.people_clientseat s"
NAMELESS = "num_nonnulls(NEW.person_id, NEW.key_id) = 0 AND starts_with(NEW.subject, 'file of task:')"


class Migration(migrations.Migration):
    """Let a fetch have no name where none is known, and find what a key took and what was sent to a client."""

    dependencies: ClassVar = [("tasks", "0070_protected_work")]
    operations: ClassVar = [
        migrations.AlterField(
            model_name="fetch",
            name="person",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddIndex(
            model_name="fetch",
            index=models.Index(fields=["subject", "key"], name="fetches_of_a_thing"),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["client", "id"], name="messages_of_a_client"),
        ),
        guards.Edited(
            "guard_fetches_are_by_the_clients_own", (SEATED, f"IF ({NAMELESS}) IS NOT TRUE AND {SEATED[3:]}")
        ),
    ]
