"""Teams: who works at a job together, and how what it pays is split."""

from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

PROTECT = django.db.models.deletion.PROTECT


def number() -> tuple[str, Any]:
    """Return a table's own key."""
    return "id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def person(**facts: Any) -> "models.Field[Any, Any]":
    """Return a key to somebody."""
    return models.ForeignKey(on_delete=PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, **facts)


def assignment(related_name: str) -> "models.Field[Any, Any]":
    """Return a key to an assignment."""
    return models.ForeignKey(on_delete=PROTECT, related_name=related_name, to="tasks.assignment")


class Migration(migrations.Migration):
    """Make the tables, and say of an assignment whose it is."""

    dependencies: ClassVar = [("tasks", "0053_sketches"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Team",
            fields=[
                number(),
                ("job", models.ForeignKey(on_delete=PROTECT, related_name="teams", to="tasks.job")),
                ("proposed_by", person()),
                ("at", models.DateTimeField(editable=False, null=True)),
                ("began_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("ended_by", person(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="TeamMember",
            fields=[
                number(),
                ("team", models.ForeignKey(
                    db_index=False, on_delete=PROTECT, related_name="members", to="tasks.team"
                )),
                ("person", person()),
                ("percent", models.PositiveSmallIntegerField()),
                ("consent", models.CharField(blank=True, max_length=64)),
                ("consented_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("team", "person"), name="one_place_in_a_team"),
                    models.CheckConstraint(condition=Q(("percent__range", (1, 99))), name="shares_are_whole_percents"),
                ],
            },
        ),
        migrations.CreateModel(
            name="TeamNote",
            fields=[
                number(),
                ("assignment", assignment("team_notes")),
                ("person", person()),
                ("words", models.TextField(max_length=2000)),
                ("at", models.DateTimeField(editable=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="TeamDraft",
            fields=[
                number(),
                ("assignment", assignment("team_drafts")),
                ("person", person()),
                ("value", models.JSONField()),
                ("saved_at", models.DateTimeField()),
            ],
        ),
        migrations.AddField("draft", "written_by", person(db_index=False, null=True)),
        migrations.AddField(
            "span",
            "person",
            person(db_index=False, null=True, help_text="Another one of the team than who took the task."),
        ),
        migrations.AddField(
            "assignment",
            "team",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=PROTECT,
                related_name="assignments",
                to="tasks.team",
            ),
        ),
        migrations.AddIndex(
            "assignment", models.Index(fields=["team"], condition=Q(team__isnull=False), name="assignments_of_a_team")
        ),
    ]  # fmt: skip
