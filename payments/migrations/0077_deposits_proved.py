"""What one officer writes down is nobody's money: a second one, or a line of the bank's statement, says it arrived."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from coop.database import guards

in_office = import_module("payments.migrations.0009_offices").in_office
posted = import_module("payments.migrations.0021_surplus_guards").posted

RECORDER = """(SELECT w.person_id FROM public.payments_deposit d
    JOIN public.governance_office w ON w.id = d.recorded_by_id WHERE d.id = NEW.deposit_id)"""
# A client's own reference on a line, which the bank's words bear, says whose it is; else an officer does.
PROVED = f"""isfinite(NEW.at) AND CASE
    WHEN NEW.line_id IS NULL THEN {in_office("NEW.by_id", f"o.person_id IS DISTINCT FROM {RECORDER}")}
    ELSE EXISTS (
        SELECT FROM public.payments_railevent e JOIN public.payments_deposit d ON d.id = NEW.deposit_id
        WHERE e.id = NEW.line_id AND e.statement_id IS NOT NULL AND e.incoming AND e.payout_id IS NULL
        AND e.amount = d.amount AND e.currency = d.currency AND CASE
            WHEN e.outcome = 'deposit' THEN NEW.by_id IS NULL
                AND upper(e.words) ~ ('\\mRF[0-9][0-9] ?WH' || d.client_id || '\\M')
            ELSE e.outcome IN ('unknown', 'repeated') AND {in_office("NEW.by_id")}
        END
    )
END"""
UNPROVED = """
        SELECT FROM posted p JOIN public.payments_deposit d ON p.ref = 'deposit:' || d.id
        WHERE p.kind = 1 AND NOT EXISTS (SELECT FROM public.payments_depositproof f WHERE f.deposit_id = d.id)
"""


class Migration(migrations.Migration):
    """Keep what shows that a deposit arrived, and credit none without it."""

    dependencies: ClassVar = [("payments", "0076_corrections")]
    operations: ClassVar = [
        migrations.AddField("railevent", "incoming", models.BooleanField(
            help_text="Of a statement's line: whether it came in.", null=True,
        )),
        migrations.CreateModel(
            name="DepositProof",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("by", models.ForeignKey(
                    null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                )),
                ("deposit", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="proofs", to="payments.deposit"
                )),
                ("line", models.OneToOneField(
                    null=True, on_delete=django.db.models.deletion.PROTECT, related_name="proof",
                    to="payments.railevent",
                )),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=~Q(line=None, by=None), name="proofs_have_a_source"),
                    models.UniqueConstraint(
                        condition=Q(line=None), fields=("deposit",), name="a_deposit_is_confirmed_once"
                    ),
                    models.UniqueConstraint(
                        condition=~Q(line=None), fields=("deposit",), name="a_deposit_is_on_one_line_of_a_statement"
                    ),
                ],
            },
        ),
        guards.Guard(
            "statement_lines_go_one_way",
            table="payments_railevent",
            holds="""(NEW.statement_id IS NULL) = (NEW.incoming IS NULL) AND CASE
                WHEN NEW.incoming THEN NEW.outcome NOT IN ('settled', 'fee')
                WHEN NOT NEW.incoming THEN NEW.outcome NOT IN ('deposit', 'failed', 'returned')
                ELSE true
            END""",
            otherwise="A line of a statement says whether money came in or went out, and is called so.",
        ),
        guards.Grant("payments_railevent", "INSERT (incoming)"),
        guards.Guard(
            "deposits_are_proved_by_another",
            table="payments_depositproof",
            holds=PROVED,
            otherwise="That money arrived is said by a line of the bank's statement, or by a second officer.",
            definer=True,
        ),
        guards.AppendOnly("payments_depositproof", otherwise="What shows that money arrived stays as it was said."),
        guards.Grant("payments_depositproof", "SELECT", "INSERT"),
        migrations.RunSQL(
            posted("deposits_are_credited_once_proved", UNPROVED, "What one officer wrote down is nobody's money yet.")
        ),
        guards.OfKinds("deposits_are_credited_once_proved", 1),
        # What nobody has confirmed goes back to nobody.
        guards.Edited("payments_left_to_go_back", (
            "AND d.currency = 'USD' AND NOT EXISTS (",
            """AND d.currency = 'USD'
        AND EXISTS (SELECT FROM public.payments_depositproof f WHERE f.deposit_id = d.id) AND NOT EXISTS (""",
        )),
    ]  # fmt: skip
