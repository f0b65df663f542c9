"""Rejected answers: the rejection, the peers, what they found, how it was settled; two more states of the work."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.money


class Migration(migrations.Migration):
    """Make the tables."""

    dependencies = [
        ("payments", "0014_hearings_paid"),
        ("tasks", "0010_units_at_once"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Dispute",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "looks_for",
                    models.CharField(
                        choices=[("client", "The client"), ("peer", "A member who checks answers")], max_length=6
                    ),
                ),
                ("reason", models.TextField(max_length=2000)),
                ("place", models.CharField(help_text="Which part of the answer it is about.", max_length=200)),
                ("opened_at", models.DateTimeField(editable=False, null=True)),
                ("decide_by", models.DateTimeField(editable=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stands", models.BooleanField()),
                ("reason", models.TextField(max_length=2000)),
                ("pay", payments.money.MoneyField(editable=False, null=True)),
                ("found_at", models.DateTimeField(editable=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Peer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("rank", models.PositiveSmallIntegerField(editable=False, null=True)),
                ("seated_at", models.DateTimeField(editable=False, null=True)),
                ("decide_by", models.DateTimeField(editable=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Settlement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stands",
                    models.BooleanField(editable=False, help_text="The answer stands: the client pays.", null=True),
                ),
                (
                    "by_time",
                    models.BooleanField(editable=False, help_text="Nobody found otherwise within 72 hours.", null=True),
                ),
                ("settled_at", models.DateTimeField(editable=False, null=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="assignment",
            name="one_assignment_per_slot",
        ),
        migrations.AlterField(
            model_name="assignment",
            name="state",
            field=models.CharField(
                choices=[
                    ("claimed", "Open"),
                    ("submitted", "Being checked"),
                    ("sent_back", "Sent back"),
                    ("accepted", "Accepted"),
                    ("disputed", "Rejected, and paid meanwhile"),
                    ("rejected", "Found wrong; the pay stays"),
                    ("left", "Left"),
                    ("skipped", "Skipped"),
                    ("expired", "Time ran out"),
                ],
                default="claimed",
                max_length=9,
            ),
        ),
        migrations.AddConstraint(
            model_name="assignment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("claimed", "submitted", "sent_back", "accepted", "disputed"))),
                fields=("task", "slot"),
                name="one_assignment_per_slot",
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="assignment",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="dispute", to="tasks.assignment"
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="rejected_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="peer",
            name="dispute",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="peers", to="tasks.dispute"
            ),
        ),
        migrations.AddField(
            model_name="peer",
            name="person",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="finding",
            name="peer",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="finding", to="tasks.peer"
            ),
        ),
        migrations.AddField(
            model_name="settlement",
            name="dispute",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="settlement", to="tasks.dispute"
            ),
        ),
        migrations.AddIndex(
            model_name="dispute",
            index=models.Index(fields=["opened_at"], name="disputes_by_time"),
        ),
        migrations.AddConstraint(
            model_name="peer",
            constraint=models.UniqueConstraint(fields=("dispute", "person"), name="one_place_per_peer"),
        ),
        migrations.AddConstraint(
            model_name="peer",
            constraint=models.UniqueConstraint(fields=("dispute", "rank"), name="one_peer_per_rank"),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__regex", "\\S")), name="findings_have_a_reason"
            ),
        ),
    ]
