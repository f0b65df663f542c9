"""The hashes of members' statements, sealed by the month: what the record sealed is neither changed nor added to."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

NAME = "statements_are_sealed_when_a_month_is_over"
# Once the record has the root nothing comes under it.
OPEN = f"""
    {guards.in_the_present(NAME)}
    IF (NEW.digest ~ '^[0-9a-f]{{64}}$' AND CASE WHEN NEW.month ~ '^[1-9][0-9]{{3}}-(0[1-9]|1[0-2])$' THEN
            (NEW.month || '-01')::date + interval '1 month' <= public.coop_now() AT TIME ZONE 'UTC' END
        AND NOT EXISTS (SELECT FROM public.record_event e
            WHERE e.kind = 'statements.sealed' AND e.subject = 'statements:' || NEW.month)) IS NOT TRUE
    THEN
        {guards.refuse(NAME, "A month's statements are sealed once, when it is over.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Keep the leaves beside the root."""

    dependencies: ClassVar = [
        ("payments", "0088_nothing_to_who_owes"),
        ("record", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="SealedStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("month", models.CharField(help_text="As 2026-11.", max_length=7)),
                ("place", models.PositiveIntegerField()),
                ("digest", models.CharField(help_text="SHA-256 of the CSV file, in hexadecimal.", max_length=64)),
                ("person", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("month", "person"), name="a_members_month_is_sealed_once"),
                    models.UniqueConstraint(fields=("month", "place"), name="a_sealed_statement_has_its_place"),
                ],
            },
        ),
        guards.Procedure(NAME, table="payments_sealedstatement", body=OPEN, definer=True),
        guards.AppendOnly("payments_sealedstatement", otherwise="What was sealed stays as it was sealed."),
        guards.Grant("payments_sealedstatement", "SELECT", "INSERT"),
    ]  # fmt: skip
