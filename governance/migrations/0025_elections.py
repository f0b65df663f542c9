"""Calls for candidates, and those who stand."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KEY = {"auto_created": True, "primary_key": True, "serialize": False, "verbose_name": "ID"}


class Migration(migrations.Migration):
    """Add the tables."""

    dependencies: ClassVar = [
        ("governance", "0024_ranked"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Call",
            fields=[
                ("id", models.BigAutoField(**KEY)),
                ("post", models.CharField(max_length=30)),
                ("seat", models.PositiveSmallIntegerField()),
                ("starts_at", models.DateTimeField(help_text="When the term begins.")),
                ("ends_at", models.DateTimeField(help_text="When the term ends.")),
                ("opened_at", models.DateTimeField()),
                ("closes_at", models.DateTimeField(help_text="Until then members put themselves forward.")),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="terms_end")
                ],
            },
        ),
        migrations.CreateModel(
            name="Candidacy",
            fields=[
                ("id", models.BigAutoField(**KEY)),
                ("statement", models.TextField(max_length=1200)),
                ("put_forward_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(null=True)),
                (
                    "call",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="candidacies", to="governance.call"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("call", "person"), name="one_candidacy_per_call")],
            },
        ),
    ]
