"""Ways out of the care and the education fund: care by rule and without a reason, education as two officers answer."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import payments.money
from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
changed = import_module("payments.migrations.0024_checking").changed
in_office = import_module("payments.migrations.0009_offices").in_office

FIRST = "(37, 'reserve:collective', 'raise', NULL, NULL)"
POSTINGS = changed(
    import_module("payments.migrations.0054_capital_paid_in").POSTINGS,
    (
        FIRST,
        f"""(41, 'fund:care', 'member:payable', NULL, NULL),
        (41, 'fund:education', 'member:payable', NULL, NULL),
        {FIRST}""",
    ),
)
# What was said no to does not count.
LEFT = """
CREATE FUNCTION public.payments_support_left(person bigint, of_fund text) RETURNS bigint LANGUAGE sql STABLE
SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $left$
    SELECT greatest(0, CASE WHEN EXISTS (
        SELECT FROM public.payments_transfer t JOIN public.payments_account a ON a.id = t.credit_id
        WHERE a.code = 'member:' || person || ':payable' AND a.currency = 'USD' AND t.kind IN (5, 9, 10, 26, 28, 31)
        AND t.posted_at > public.coop_now() - interval '91 days'
    ) AND NOT public.payments_has_left(person) THEN most.micro - coalesce((
        SELECT sum(s.amount) FROM public.payments_support s
        WHERE s.person_id = person AND s.fund = of_fund AND s.at > public.coop_now() - most.days * interval '1 day'
        AND NOT EXISTS (SELECT FROM public.payments_supportanswer a WHERE a.support_id = s.id AND NOT a.agrees)
    ), 0) ELSE 0 END)::bigint
    FROM (VALUES ('care', 100000000, 91), ('education', 500000000, 365)) most (fund, micro, days)
    WHERE most.fund = of_fund
$left$;
"""
OTHERWISE = "Whoever worked in the last 91 days asks a fund for as much as it gives each at most."
BOUNDED = f"""
    {guards.in_the_present("support_keeps_to_its_bounds")}
    -- One at a time for each person.
    PERFORM FROM public.payments_account a WHERE a.code = 'member:' || NEW.person_id || ':payable'
        AND a.currency = 'USD' FOR NO KEY UPDATE;
    NEW.at := public.coop_now();
    IF (NEW.amount > 0 AND NEW.amount % 10000 = 0
        AND NEW.amount <= public.payments_support_left(NEW.person_id, NEW.fund)) IS NOT TRUE THEN
        {guards.refuse("support_keeps_to_its_bounds", OTHERWISE)}
    END IF;
    RETURN NEW;
"""
ASKER = "(SELECT s.person_id FROM public.payments_support s WHERE s.id = NEW.support_id)"
ANSWERED = f"""
    {guards.in_the_present("support_is_answered_by_officers")}
    PERFORM FROM public.payments_support s WHERE s.id = NEW.support_id FOR NO KEY UPDATE;
    NEW.at := public.coop_now();
    IF ({in_office("NEW.office_id", f"o.person_id <> {ASKER}")} AND EXISTS (
        SELECT FROM public.payments_support s WHERE s.id = NEW.support_id AND s.fund = 'education'
    ) AND NOT EXISTS (
        SELECT FROM public.payments_supportanswer a JOIN public.governance_office b ON b.id = a.office_id
        WHERE a.support_id = NEW.support_id AND (NOT a.agrees OR b.person_id = (
            SELECT o.person_id FROM public.governance_office o WHERE o.id = NEW.office_id))
    ) AND (
        SELECT count(*) < 2 FROM public.payments_supportanswer a WHERE a.support_id = NEW.support_id
    )) IS NOT TRUE THEN
        {
    guards.refuse(
        "support_is_answered_by_officers",
        "Two officers answer, each once and nobody for themselves, until one says no.",
    )
}
    END IF;
    RETURN NEW;
"""
AGREED = "(SELECT count(*) FROM public.payments_supportanswer a WHERE a.support_id = {support} AND a.agrees) = 2"
MOVES = f"""
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_support s ON p.ref = 'support:' || s.id
        WHERE p.kind = 41 AND (p.amount = s.amount AND c.currency = 'USD' AND d.code = 'fund:' || s.fund
            AND c.code = 'member:' || s.person_id || ':payable'
            AND (s.fund = 'care' OR {AGREED.format(support="s.id")})) IS NOT TRUE
"""
PAID = "EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'support:' || {support} AND t.kind = 41)"


class Migration(migrations.Migration):
    """Write down who asked what and who answered, and let the kind 41 move accordingly."""

    dependencies: ClassVar = [
        ("payments", "0054_capital_paid_in"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Support",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("fund", models.CharField(choices=[("care", "Care"), ("education", "Education")], max_length=10)),
                ("amount", payments.money.MoneyField()),
                (
                    "words",
                    models.CharField(
                        blank=True, help_text="What is to be learnt, and where. Never for care.", max_length=200
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="supports",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("fund", "care"), ("words", ""))
                        | Q(("fund", "education"), ("words__regex", "[^[:space:]]")),
                        name="nobody_says_why_they_need_care",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SupportAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("agrees", models.BooleanField()),
                ("words", models.CharField(blank=True, max_length=200)),
                ("at", models.DateTimeField()),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
                (
                    "support",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="payments.support"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("support", "office"), name="officers_answer_once"),
                    models.CheckConstraint(
                        condition=Q(("agrees", True)) | Q(("words__regex", "[^[:space:]]")), name="a_no_says_why"
                    ),
                ],
            },
        ),
        *(migrations.RunSQL(sql) for sql in (POSTINGS, LEFT)),
        guards.Procedure("support_keeps_to_its_bounds", table="payments_support", body=BOUNDED, definer=True),
        guards.Procedure(
            "support_is_answered_by_officers", table="payments_supportanswer", body=ANSWERED, definer=True
        ),
        guards.AppendOnly("payments_support", otherwise="What was asked stays as it was asked."),
        guards.AppendOnly("payments_supportanswer", otherwise="What was answered stays answered."),
        guards.Grant("payments_support", "SELECT", "INSERT"),
        guards.Grant("payments_supportanswer", "SELECT", "INSERT"),
        migrations.RunSQL(
            SURPLUS.posted(
                "support_moves_as_it_was_asked",
                MOVES,
                "A fund pays a member what they asked: for care by rule, to learn as two officers agree.",
            )
        ),
        guards.OfKinds("support_moves_as_it_was_asked", 41),
        migrations.RunSQL(
            SURPLUS.deferred(
                "care_is_paid_at_once",
                "payments_support",
                f"NEW.fund <> 'care' OR {PAID.format(support='NEW.id')}",
                "Care is paid in the same act in which it is asked for.",
            )
        ),
        migrations.RunSQL(
            SURPLUS.deferred(
                "support_is_paid_when_two_agree",
                "payments_supportanswer",
                f"NOT {AGREED.format(support='NEW.support_id')} OR {PAID.format(support='NEW.support_id')}",
                "What two officers agree to is paid in the same act.",
            )
        ),
        guards.Allow("payments_support_left(bigint, text)"),
    ]
