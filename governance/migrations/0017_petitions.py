"""Support for drafts, petitions with their signatures, and votes that go on for 72 hours."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add them."""

    dependencies = [
        ("governance", "0016_hearings_by_numbers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Signature",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("signed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Support",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.PositiveIntegerField(
                        db_default=0, editable=False, help_text="Set by the database: 1, then 2 …"
                    ),
                ),
                ("backs", models.BooleanField()),
                ("digest", models.CharField(db_default="", editable=False, max_length=64)),
                ("said_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="tally",
            name="extended",
            field=models.BooleanField(
                db_default=False, editable=False, help_text="Set by the database: 72 hours more."
            ),
        ),
        migrations.CreateModel(
            name="Petition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("stop", "Stop a decision"), ("recall", "Recall an officer")], max_length=6
                    ),
                ),
                ("opened_at", models.DateTimeField()),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "recalls",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recall_petitions",
                        to="governance.office",
                    ),
                ),
                (
                    "stops",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stop_petition",
                        to="governance.proposal",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="proposal",
            name="petition",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="votes", to="governance.petition"
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.UniqueConstraint(
                condition=models.Q(("published_at", None), _negated=True),
                fields=("petition",),
                name="petition_calls_once",
            ),
        ),
        migrations.AddField(
            model_name="signature",
            name="person",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="signature",
            name="petition",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="signatures",
                to="governance.petition",
            ),
        ),
        migrations.AddField(
            model_name="support",
            name="draft",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="supports",
                to="governance.proposal",
            ),
        ),
        migrations.AddField(
            model_name="support",
            name="person",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="petition",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "stop"), ("recalls", None), ("stops__isnull", False)),
                    models.Q(("kind", "recall"), ("recalls__isnull", False), ("stops", None)),
                    _connector="OR",
                ),
                name="petition_asks_for_one_thing",
            ),
        ),
        migrations.AddConstraint(
            model_name="signature",
            constraint=models.UniqueConstraint(fields=("petition", "person"), name="one_signature_per_petition"),
        ),
        migrations.AddConstraint(
            model_name="support",
            constraint=models.UniqueConstraint(fields=("draft", "person", "number"), name="one_word_per_number"),
        ),
    ]
