"""The posts, their rights and terms; the seat that an office is, and its end before its date."""

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

KEY = {"auto_created": True, "primary_key": True, "serialize": False, "verbose_name": "ID"}


class Migration(migrations.Migration):
    """Add the tables."""

    dependencies: ClassVar = [("governance", "0007_assembly_guards")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Post",
            fields=[
                ("id", models.BigAutoField(**KEY)),
                ("name", models.CharField(help_text="As treasurer, secretary, safety officer.", max_length=30)),
                ("version", models.PositiveIntegerField()),
                ("term_days", models.PositiveIntegerField(help_text="The longest term; never more than three years.")),
                ("seats", models.PositiveSmallIntegerField(default=1, help_text="How many people hold it at once.")),
                ("rights", models.JSONField(help_text="A list of rights, as handles_money.")),
                (
                    "excludes",
                    models.JSONField(default=list, help_text="Names of posts that its holder may not hold beside it."),
                ),
                ("since", models.DateTimeField()),
                (
                    "mandate",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="posts", to="governance.mandate"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("name", "version"), name="one_post_per_version"),
                    models.CheckConstraint(
                        condition=models.Q(("term_days__range", (1, 1095))), name="terms_are_three_years_at_most"
                    ),
                    models.CheckConstraint(condition=models.Q(("seats__range", (1, 11))), name="posts_have_seats"),
                ],
            },
        ),
        migrations.CreateModel(
            name="OfficeEnd",
            fields=[
                ("id", models.BigAutoField(**KEY)),
                ("at", models.DateTimeField()),
                (
                    "mandate",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="office_end",
                        to="governance.mandate",
                    ),
                ),
                (
                    "office",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="end", to="governance.office"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="office",
            name="seat",
            field=models.PositiveSmallIntegerField(
                db_default=1, default=1, help_text="From 1 to the seats of the post."
            ),
        ),
        migrations.AddIndex(
            model_name="office",
            index=models.Index(fields=["post", "-ends_at"], name="offices_of_a_post"),
        ),
    ]
