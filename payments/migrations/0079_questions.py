"""What fitted nothing is answered by an officer, in words, once."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from coop.database import guards

in_office = import_module("payments.migrations.0009_offices").in_office
PAYEE = """(SELECT p.person_id FROM public.payments_railevent e
    JOIN public.payments_payout p ON p.id = e.payout_id WHERE e.id = NEW.event_id)"""


class Migration(migrations.Migration):
    """Keep the answers, and let nobody answer about their own money."""

    dependencies: ClassVar = [("payments", "0078_statements_follow_on")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="RailAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("words", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                )),
                ("event", models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT, related_name="answer", to="payments.railevent"
                )),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(("words__regex", "[^[:space:]]")), name="answers_have_words")
                ],
            },
        ),
        guards.Guard(
            "questions_are_answered_in_office",
            table="payments_railanswer",
            holds=f"""isfinite(NEW.at) AND {in_office("NEW.by_id", f"o.person_id IS DISTINCT FROM {PAYEE}")}
                AND EXISTS (SELECT FROM public.payments_railevent e
                    WHERE e.id = NEW.event_id AND e.outcome IN ('partial', 'repeated', 'unknown'))""",
            otherwise="What fitted nothing is answered by officers who handle money, never about their own.",
            definer=True,
        ),
        guards.AppendOnly("payments_railanswer", otherwise="What became of a line stays as it was answered."),
        guards.Grant("payments_railanswer", "SELECT", "INSERT"),
    ]  # fmt: skip
