"""Letters by e-mail and what people want to be told."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Make the tables."""

    dependencies = [
        ("governance", "0018_petition_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Letter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("digest", "What is new"), ("reminder", "Reminder of a vote")], max_length=8
                    ),
                ),
                ("subject", models.CharField(max_length=40)),
                ("made_at", models.DateTimeField()),
                ("claimed_at", models.DateTimeField(null=True)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letters",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("claimed_at", None)), fields=["id"], name="letters_to_send")
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("person", "kind", "subject"), name="each_letter_once"),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["digest", "reminder"])), name="letter_kind_is_known"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LetterWish",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("proposals", models.BooleanField(default=True)),
                ("replies", models.BooleanField(default=True)),
                ("reminders", models.BooleanField(default=True)),
                ("quiet_from", models.PositiveSmallIntegerField(default=21)),
                ("quiet_until", models.PositiveSmallIntegerField(default=7)),
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="letter_wish",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("quiet_from__range", (0, 23)), ("quiet_until__range", (0, 23))),
                        name="quiet_hours_are_of_the_day",
                    )
                ],
            },
        ),
    ]
