"""Questions with more answers than yes and no: a method, its options, longer ballots, a winner, a turnout."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    """Add them."""

    dependencies = [
        ("governance", "0003_votes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # It reads a column that becomes longer; the next migration writes it again.
        migrations.RunSQL("DROP FUNCTION public.governance_box(bigint)", migrations.RunSQL.noop),
        migrations.CreateModel(
            name="Option",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.PositiveSmallIntegerField(help_text="1 to 99, without gaps.")),
                ("title", models.CharField(max_length=140)),
                (
                    "text",
                    models.TextField(blank=True, help_text="A reason, or a candidate's statement.", max_length=5000),
                ),
                ("payload", models.TextField(blank=True, help_text="Canonical JSON, or nothing.")),
            ],
            options={
                "ordering": ["position"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="ballot",
            name="choice_is_known",
        ),
        migrations.AddField(
            model_name="proposal",
            name="method",
            field=models.CharField(
                choices=[("yes_no", "Yes or no"), ("approval", "Approve any number"), ("ranked", "Put in order")],
                db_default="yes_no",
                default="yes_no",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="rule",
            name="turnout_floor",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="tally",
            name="winner",
            field=models.PositiveIntegerField(editable=False, help_text="Set by the database: an option.", null=True),
        ),
        migrations.AlterField(
            model_name="ballot",
            name="choice",
            field=models.CharField(
                help_text="yes, no or abstain; else positions of options: 1,3 approved, or 3,1 in order.",
                max_length=300,
            ),
        ),
        migrations.AddConstraint(
            model_name="ballot",
            constraint=models.CheckConstraint(
                condition=models.Q(("choice__regex", "^(yes|no|abstain|[0-9]{1,2}(,[0-9]{1,2})*)$")),
                name="choice_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(("method__in", ["yes_no", "approval", "ranked"])), name="method_is_known"
            ),
        ),
        migrations.AddField(
            model_name="option",
            name="person",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="candidacies",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="option",
            name="proposal",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="options",
                to="governance.proposal",
            ),
        ),
        migrations.AddConstraint(
            model_name="option",
            constraint=models.UniqueConstraint(fields=("proposal", "position"), name="one_option_per_position"),
        ),
        migrations.AddConstraint(
            model_name="option",
            constraint=models.UniqueConstraint(fields=("proposal", "person"), name="one_candidacy_per_vote"),
        ),
        migrations.AddConstraint(
            model_name="option",
            constraint=models.CheckConstraint(
                condition=models.Q(("position__range", (1, 99))), name="options_fit_on_a_ballot"
            ),
        ),
    ]
