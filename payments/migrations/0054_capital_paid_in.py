"""Members pay into their capital out of what they earned, and a vote on a surplus may pay interest on capital first."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import payments.money
from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
CAPITAL = import_module("payments.migrations.0026_capital")
CHECKING = import_module("payments.migrations.0024_checking")
again = import_module("payments.migrations.0046_chargebacks").again
changed, part = CHECKING.changed, CHECKING.part

BACK = "(22, 'member:capital', 'member:payable', 2, 2)"
POSTINGS = changed(
    import_module("payments.migrations.0051_raises").POSTINGS,
    (BACK, f"{BACK},\n        (22, 'member:payable', 'member:capital', 2, 2)"),
)

# Interest on what somebody's capital was when the quarter began, a quarter of the yearly share of it, rounded down. It
# falls only when they leave: so no less was there at any time of the quarter.
INTEREST = """
CREATE FUNCTION public.payments_interest_due(period text, share bigint)
RETURNS TABLE (person_id bigint, held bigint, amount bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $due$
    SELECT h.person_id, h.held, div(h.held::numeric * share, 40000)::bigint FROM (
        SELECT split_part(a.code, ':', 2)::bigint AS person_id,
            sum(CASE WHEN t.credit_id = a.id THEN t.amount ELSE -t.amount END)::bigint AS held
        FROM public.payments_account a JOIN public.payments_transfer t ON a.id IN (t.credit_id, t.debit_id)
        WHERE a.kind = 'member:capital' AND a.currency = 'USD' AND share > 0
        AND t.posted_at < lower(public.payments_quarter(period)) GROUP BY a.code
    ) h
    WHERE h.held::numeric * share >= 40000 AND NOT public.payments_has_left(h.person_id) AND NOT EXISTS (
        SELECT FROM public.payments_redemption r
        WHERE r.person_id = h.person_id AND r.at >= lower(public.payments_quarter(period)))
$due$;

CREATE FUNCTION public.payments_interest_of(period text, said jsonb) RETURNS bigint LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $sum$
    SELECT coalesce(sum(i.amount), 0)::bigint
    FROM public.payments_interest_due(period, coalesce((said ->> 'interest')::bigint, 0)) i
$sum$;
"""
# A vote from before says nothing of interest: none.
SAYABLE = changed(
    part(SURPLUS.SAYABLE, "payments_surplus_can_say"),
    ("public.payments_named(said, 'key',", "public.payments_named('{\"interest\": 0}' || said, 'interest', 'key',"),
    (
        "        AND public.payments_whole(said, 'cash',",
        """        AND public.payments_whole('{"interest": 0}' || said, 'interest', 0, 800)
        AND public.payments_whole(said, 'cash',""",
    ),
)
OPEN = changed(
    part(SURPLUS.SAYABLE, "payments_surplus_open"),
    (
        "AND c.income > c.expenses\n",
        """AND c.income > c.expenses
        AND c.income - c.expenses >= public.payments_interest_of(c.period, said)
""",
    ),
)
IMPACT = changed(
    part(SURPLUS.SAYABLE, "payments_surplus_impact"),
    (
        "'reserve', public.payments_plain(p.reserve),",
        """'interest', public.payments_plain(public.payments_interest_of(c.period, said)),
        'reserve', public.payments_plain(p.reserve),""",
    ),
)
LINES = changed(
    part(SURPLUS.SAYABLE, "payments_allocation_lines"),
    ("SELECT line.code, line.amount FROM", "SELECT line.code, sum(line.amount)::bigint FROM"),
    (
        "    ) line WHERE line.amount > 0\n",
        """        UNION ALL SELECT 'member:' || i.person_id || ':capital', i.amount FROM public.payments_interest i
        WHERE i.allocation_id = divided
    ) line WHERE line.amount > 0 GROUP BY line.code
""",
    ),
)
# What is divided is what interest leaves.
ANYBODY = import_module("payments.migrations.0029_surplus_asked_once").ANYBODY
PARTS = changed(
    "CREATE OR REPLACE FUNCTION public.payments_parts" + ANYBODY.partition("FUNCTION public.payments_parts")[2],
    (
        "public.payments_divided(surplus, ARRAY",
        "public.payments_divided(\n            surplus - public.payments_interest_of(period, said), ARRAY",
    ),
)
DIVIDING = changed(
    SURPLUS.DIVIDING,
    (
        "    NEW.at := public.coop_now();",
        "    NEW.interest := public.payments_interest_of(closed.period, said);\n    NEW.at := public.coop_now();",
    ),
)
WRITE = changed(
    SURPLUS.DIVIDE.partition("CREATE TRIGGER")[0],
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    (
        "    RETURN NULL;",
        """    INSERT INTO public.payments_interest (allocation_id, person_id, held, amount)
    SELECT NEW.id, i.person_id, i.held, i.amount
    FROM public.payments_close c, public.governance_mandate m JOIN public.governance_proposal p ON p.id = m.proposal_id,
        public.payments_interest_due(c.period, coalesce((p.payload::jsonb ->> 'interest')::bigint, 0)) i
    WHERE c.id = NEW.close_id AND m.id = NEW.mandate_id ORDER BY i.person_id;
    RETURN NULL;""",
    ),
)
PAY = changed(
    SURPLUS.ALLOCATIONS_PAY,
    (
        "        WHERE p.kind = 21",
        """        LEFT JOIN public.payments_interest i ON i.allocation_id = a.id
            AND c.code = 'member:' || i.person_id || ':capital'
        WHERE p.kind = 21""",
    ),
    ("THEN s.capital END", "THEN coalesce(s.capital, 0) + coalesce(i.amount, 0) END"),
)

OTHERWISE = "A member pays into their own capital, out of what they have earned; it is theirs, whole, when they leave."
PAID_IN = f"""
    {guards.in_the_present("capital_is_paid_in_by_its_member")}
    NEW.at := public.coop_now();
    IF (NEW.amount > 0 AND NEW.amount % 10000 = 0 AND (SELECT s.status = 'member' FROM public.governance_standing s
        WHERE s.person_id = NEW.person_id ORDER BY s.id DESC LIMIT 1)) IS NOT TRUE THEN
        {guards.refuse("capital_is_paid_in_by_its_member", OTHERWISE)}
    END IF;
    RETURN NEW;
"""
MOVED = """
        SELECT FROM posted p JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_redemption r ON p.ref = 'redemption:' || r.id
        LEFT JOIN public.payments_contribution b ON p.ref = 'contribution:' || b.id
        WHERE p.kind = 22 AND (c.currency = 'USD' AND p.amount = coalesce(r.amount, b.amount)
            AND c.code IN ('member:' || r.person_id || ':payable', 'member:' || b.person_id || ':capital')
        ) IS NOT TRUE
"""


class Migration(migrations.Migration):
    """Write down what is paid in and each interest, and watch both."""

    dependencies: ClassVar = [
        ("payments", "0053_asked_by_kind"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.AddField("allocation", "interest", payments.money.MoneyField(db_default=0, default=0)),
        migrations.CreateModel(
            name="Interest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("held", payments.money.MoneyField(help_text="The person's capital when the quarter began.")),
                ("amount", payments.money.MoneyField()),
                (
                    "allocation",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interests",
                        to="payments.allocation",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interests",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("allocation", "person"), name="one_interest_each"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Contribution",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", payments.money.MoneyField()),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="contributions",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
        ),
        *(migrations.RunSQL(sql) for sql in (POSTINGS, INTEREST, SAYABLE, OPEN, IMPACT, LINES, PARTS, WRITE)),
        guards.Grant("payments_allocation", "INSERT (interest)"),
        guards.Procedure(
            "surplus_is_divided_as_voted",
            table="payments_allocation",
            declare="closed record; said jsonb;",
            body=DIVIDING,
            definer=True,
        ),
        guards.AppendOnly("payments_interest", otherwise="What was somebody's interest stays theirs."),
        guards.Grant("payments_interest", "SELECT"),
        migrations.RunSQL(
            again(
                SURPLUS.posted("surplus_goes_where_it_was_voted", PAY, "A surplus goes only where it was voted to go.")
            )
        ),
        guards.OfKinds("surplus_goes_where_it_was_voted", 21),
        guards.Procedure("capital_is_paid_in_by_its_member", table="payments_contribution", body=PAID_IN, definer=True),
        guards.AppendOnly("payments_contribution", otherwise="What was paid in stays on the books."),
        guards.Grant("payments_contribution", "SELECT", "INSERT"),
        migrations.RunSQL(again(SURPLUS.posted("capital_goes_to_its_member", MOVED, CAPITAL.OTHERWISE))),
        guards.OfKinds("capital_goes_to_its_member", 22),
        migrations.RunSQL(
            SURPLUS.deferred(
                "contribution_is_posted",
                "payments_contribution",
                "EXISTS (SELECT FROM public.payments_transfer t"
                " WHERE t.ref = 'contribution:' || NEW.id AND t.kind = 22)",
                "Capital that is written down as paid in is posted in the same act.",
            )
        ),
        guards.Allow("payments_interest_due(text, bigint)"),
    ]
