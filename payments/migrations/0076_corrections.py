"""A movement that should not be there is taken back once two officers have said why."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
in_office = import_module("payments.migrations.0009_offices").in_office
SAID = f"""
    {guards.in_the_present("corrections_are_said_in_office")}
    -- Of two officers who speak at once, the second finds what the first said.
    PERFORM FROM public.payments_transfer t WHERE t.id = NEW.transfer_id FOR NO KEY UPDATE;
    NEW.at := public.coop_now();
    IF ({in_office("NEW.office_id")} AND EXISTS (
        SELECT FROM public.payments_transfer t WHERE t.id = NEW.transfer_id AND t.kind IN (1, 2, 18)
        AND NOT EXISTS (SELECT FROM public.payments_transfer m WHERE m.reverses_id = t.id)
    )) IS NOT TRUE THEN
        {
    guards.refuse(
        "corrections_are_said_in_office",
        "Officers who handle money say that a deposit, a funding or a refund was wrong, before it is taken back.",
    )
}
    END IF;
    RETURN NEW;
"""
# What can never be mirrored is refused by `reversals_mirror_a_transfer`.
ALONE = """
        SELECT FROM posted p JOIN public.payments_transfer t ON t.id = p.reverses_id
        WHERE p.kind = 99 AND t.kind IN (1, 2, 18) AND (
            SELECT count(DISTINCT o.person_id) FROM public.payments_correction c
            JOIN public.governance_office o ON o.id = c.office_id WHERE c.transfer_id = t.id
        ) < 2
"""


class Migration(migrations.Migration):
    """Write down each officer's word, and take nothing back on one alone."""

    dependencies: ClassVar = [("payments", "0075_at_worst"), ("governance", "0041_officeacts_guards")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Correction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("words", models.CharField(help_text="Why it is wrong, and what shows it.", max_length=140)),
                ("at", models.DateTimeField(editable=False, help_text="The database's own moment.", null=True)),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
                (
                    "transfer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="corrections",
                        to="payments.transfer",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(("words__regex", "[^[:space:]]")), name="corrections_say_why")
                ],
            },
        ),
        guards.Procedure("corrections_are_said_in_office", table="payments_correction", body=SAID, definer=True),
        guards.AppendOnly("payments_correction", otherwise="What an officer said of a movement stays written."),
        guards.Grant("payments_correction", "SELECT", "INSERT"),
        migrations.RunSQL(
            SURPLUS.posted("reversals_are_by_two_officers", ALONE, "Money is taken back once two officers said why.")
        ),
        guards.OfKinds("reversals_are_by_two_officers", 99),
    ]
