"""What a service never answered for is decided by two officers, 72 hours after it was released, neither the payee."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from coop.database import guards

in_office = import_module("payments.migrations.0009_offices").in_office
PAYEE = "(SELECT p.person_id FROM public.payments_payout p WHERE p.id = NEW.payout_id)"
OTHERWISE = (
    "Officers decide what a service never answered for, 72 hours after it went out, never about their own money."
)
JUDGED = f"""
    {guards.in_the_present("verdicts_come_after_72_hours")}
    PERFORM FROM public.payments_payout p WHERE p.id = NEW.payout_id FOR NO KEY UPDATE;
    NEW.at := public.coop_now();
    IF ({in_office("NEW.office_id", f"o.person_id <> {PAYEE}")} AND EXISTS (
        SELECT FROM public.payments_payout p JOIN public.payments_payrun r ON r.id = p.run_id
        WHERE p.id = NEW.payout_id AND p.state IN ('sending', 'sent') AND p.rail <> 'bank'
        AND r.released_at + interval '72 hours' <= public.coop_now()
    )) IS NOT TRUE THEN
        {guards.refuse("verdicts_come_after_72_hours", OTHERWISE)}
    END IF;
    RETURN NEW;
"""
AGREED = """NEW.event !~ '/verdict$' OR (
    SELECT count(*) > 1 FROM (
        SELECT DISTINCT ON (o.person_id) v.arrived FROM public.payments_verdict v
        JOIN public.governance_office o ON o.id = v.office_id
        WHERE v.payout_id = NEW.payout_id ORDER BY o.person_id, v.id DESC
    ) latest WHERE NEW.outcome = CASE WHEN latest.arrived THEN 'settled' ELSE 'failed' END
)"""
# Whose money it is reads who decided, as with a payout that is confirmed by hand.
TELL = """
CREATE FUNCTION public.governance_tell_verdict() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $tell$
BEGIN
    PERFORM public.governance_note_act(NEW.office_id, p.person_id, 'settled_payout', 'payout:' || p.id)
    FROM public.payments_payout p WHERE p.id = NEW.payout_id;
    RETURN NULL;
END $tell$;
CREATE TRIGGER tell_verdict AFTER INSERT ON public.payments_verdict
    FOR EACH ROW EXECUTE FUNCTION public.governance_tell_verdict();
ALTER TABLE public.payments_verdict ENABLE ALWAYS TRIGGER tell_verdict;
"""


class Migration(migrations.Migration):
    """Write down what each officer read, and let two who read the same end a payout."""

    dependencies: ClassVar = [("payments", "0055_support"), ("governance", "0041_officeacts_guards")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Verdict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("arrived", models.BooleanField()),
                (
                    "words",
                    models.CharField(help_text="Which statement, and its line or that there is none.", max_length=140),
                ),
                ("at", models.DateTimeField()),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
                (
                    "payout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="verdicts", to="payments.payout"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("words__regex", "[^[:space:]]")), name="verdicts_name_a_statement"
                    )
                ],
            },
        ),
        guards.Procedure("verdicts_come_after_72_hours", table="payments_verdict", body=JUDGED, definer=True),
        guards.AppendOnly("payments_verdict", otherwise="What an officer read stays written; another word follows it."),
        guards.Grant("payments_verdict", "SELECT", "INSERT"),
        migrations.RunSQL(TELL),
        guards.Guard(
            "two_officers_end_what_was_never_answered",
            table="payments_railevent",
            holds=AGREED,
            otherwise="What a service never answered for ends as two officers read it.",
            definer=True,
        ),
    ]
