"""The text of an event is the same in every session: one may call another zone UTC."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Name no zone."""

    dependencies: ClassVar = [("record", "0008_passwords")]
    operations: ClassVar = [
        guards.Edited("record_event_text", ("AT TIME ZONE 'UTC'::text", "AT TIME ZONE interval '0'")),
    ]
