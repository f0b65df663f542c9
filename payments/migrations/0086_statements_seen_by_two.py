"""One officer gives a statement, another sees the same at the bank: nothing of it is booked before."""

from importlib import import_module
from typing import Any, ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

import payments.money
from coop.database import guards

in_office = import_module("payments.migrations.0009_offices").in_office
OFFICE: dict[str, Any] = {
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "governance.office",
}

# Whoever turns it down at the same moment comes before or after.
SEEN = f"""
    {guards.in_the_present("statements_are_seen_by_two")}
    PERFORM FROM public.payments_givenstatement g WHERE g.id = NEW.given_id FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT FROM public.payments_givenstatement g JOIN public.governance_office w ON w.id = g.given_by_id
        WHERE g.id = NEW.given_id AND g.turned_down_by_id IS NULL
        AND (g.number, g.digest, g.currency, g.opening, g.closing)
            = (NEW.number, NEW.digest, NEW.currency, NEW.opening, NEW.closing)
        AND {in_office("NEW.read_by_id", "o.person_id <> w.person_id")}
    ) THEN
        {
    guards.refuse(
        "statements_are_seen_by_two", "A statement is booked once another officer than who gave it saw it at the bank."
    )
}
    END IF;
    RETURN NEW;
"""
NO = f"""
    {guards.in_the_present("statements_are_turned_down_in_office")}
    NEW.turned_down_at := public.coop_now();
    IF OLD.turned_down_by_id IS NOT NULL OR NOT {in_office("NEW.turned_down_by_id")}
        OR EXISTS (SELECT FROM public.payments_bankstatement s WHERE s.given_id = NEW.id)
    THEN
        {
    guards.refuse(
        "statements_are_turned_down_in_office", "An officer who handles money turns down what nobody confirmed, once."
    )
}
    END IF;
    RETURN NEW;
"""
# One look at each statement, however many of its lines are written together.
LINES = f"""
CREATE FUNCTION public.guard_lines_are_as_two_saw_them() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $guard$
BEGIN
    IF EXISTS (SELECT FROM added a WHERE a.statement_id IS NOT NULL) AND EXISTS (
        WITH saw AS MATERIALIZED (
            SELECT s.id, left(s.id || '/' || l.place || '/' || (l.line ->> 'reference'), 120) AS event, l.line,
                (l.line ->> 'amount')::numeric AS amount
            FROM public.payments_bankstatement s JOIN public.payments_givenstatement g ON g.id = s.given_id
            CROSS JOIN LATERAL jsonb_array_elements(g.lines) WITH ORDINALITY AS l (line, place)
            WHERE s.id IN (SELECT a.statement_id FROM added a)
        )
        SELECT FROM added a LEFT JOIN saw ON saw.id = a.statement_id AND saw.event = a.event
        WHERE a.statement_id IS NOT NULL AND (
            a.rail = 'bank' AND a.amount = abs(saw.amount) * 1000000 AND a.incoming = (saw.amount > 0)
            AND a.currency = saw.line ->> 'currency'
            AND a.words = left(coalesce(nullif(saw.line ->> 'reason', ''), saw.line ->> 'words'), 140)
            AND (a.payout_id IS NULL OR saw.line ->> 'key' ~ ('^WORKHALL-PAYOUT-0*' || a.payout_id || '$'))
        ) IS NOT TRUE
    ) THEN
        {guards.refuse("lines_are_as_two_saw_them", "A line of a statement says what its file said.")}
    END IF;
    RETURN NULL;
END $guard$;
CREATE TRIGGER lines_are_as_two_saw_them AFTER INSERT ON public.payments_railevent
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION public.guard_lines_are_as_two_saw_them();
ALTER TABLE public.payments_railevent ENABLE ALWAYS TRIGGER lines_are_as_two_saw_them;
"""


class Migration(migrations.Migration):
    """Keep what was given, let another officer confirm it or turn it down, and book its own lines alone."""

    dependencies: ClassVar = [("payments", "0085_no_cliff_in_back_pay"), ("governance", "0041_officeacts_guards")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="GivenStatement",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.CharField(help_text="The bank's own, after the account.", max_length=80)),
                ("digest", models.CharField(help_text="SHA-256 of the file.", max_length=64)),
                ("currency", models.CharField(max_length=3)),
                ("opening", payments.money.MoneyField()),
                ("closing", payments.money.MoneyField()),
                ("lines", models.JSONField()),
                ("given_at", models.DateTimeField()),
                ("turned_down_at", models.DateTimeField(null=True)),
                ("given_by", models.ForeignKey(**OFFICE)),
                ("turned_down_by", models.ForeignKey(null=True, **OFFICE)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("turned_down_by", None)), fields=("number",), name="a_statement_is_given_once"
                    )
                ],
            },
        ),
        # Null of what one officer read alone, before.
        migrations.AddField("bankstatement", "given", models.OneToOneField(
            null=True, on_delete=django.db.models.deletion.PROTECT, related_name="statement",
            to="payments.givenstatement",
        )),
        guards.Guard(
            "statements_are_given_in_office",
            table="payments_givenstatement",
            holds=f"""isfinite(NEW.given_at) AND jsonb_typeof(NEW.lines) = 'array' AND {in_office("NEW.given_by_id")}
                AND num_nonnulls(NEW.turned_down_by_id, NEW.turned_down_at) = 0""",
            otherwise="Statements are given by officers who handle money.",
            definer=True,
        ),
        guards.Procedure(
            "statements_are_turned_down_in_office",
            table="payments_givenstatement",
            body=NO,
            on="UPDATE",
            definer=True,
        ),
        guards.Frozen(
            "payments_givenstatement",
            ["id", "number", "digest", "currency", "opening", "closing", "lines", "given_by_id", "given_at"],
            otherwise="What was given as a statement stays as it was given.",
        ),
        guards.NeverDeleted("payments_givenstatement"),
        guards.Grant(
            "payments_givenstatement", "SELECT", "INSERT", "UPDATE (turned_down_by_id, turned_down_at)"
        ),
        guards.Procedure("statements_are_seen_by_two", table="payments_bankstatement", body=SEEN, definer=True),
        guards.Grant("payments_bankstatement", "INSERT (given_id)"),
        migrations.RunSQL(LINES),
    ]  # fmt: skip
