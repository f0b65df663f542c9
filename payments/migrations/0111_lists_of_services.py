"""Services' own lists of what moved are read as the bank's statements are, and held against the books each night."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

import payments.money
from coop.database import guards

in_office = import_module("payments.migrations.0009_offices").in_office
PLACES = import_module("payments.migrations.0097_places")

PLACE = models.CharField(choices=PLACES.CHOICES, default="main", max_length=8)
SERVICES = ["stripe", "paypal", "wise", "mpesa"]


def day(of: str) -> str:
    """Return a day that is written out, as a function may read it in whatever zone."""
    return f"to_date({of}, 'YYYY-MM-DD')"


LAST, BEFORE, EACH_DAY = (day(of) for of in (
    "split_part(NEW.number, '/', 2)", "split_part(before.number, '/', 2)", "l ->> 'day'",
))  # fmt: skip
# A list is of one place and currency, of whole days: from the day after the last one's to its own, which its number is.
DAYS = f"""IF NEW.place = 'main' AND NEW.number ~ '^(stripe|paypal|wise|mpesa) ' OR NEW.place <> 'main' AND (
        NEW.number ~ ('^' || NEW.place || ' ' || NEW.currency || '/[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$')
        AND {LAST} < (public.coop_now() AT TIME ZONE interval '0')::date
        AND (before.id IS NULL OR {LAST} > {BEFORE})
        AND (SELECT NEW.opening + coalesce(sum((l ->> 'amount')::numeric), 0) * 1000000 = NEW.closing
                AND coalesce(bool_and((l ->> 'currency' = NEW.currency AND l ->> 'key' <> '' AND {EACH_DAY} <= {LAST}
                    AND (before.id IS NULL OR {EACH_DAY} > {BEFORE})) IS TRUE), true)
            FROM public.payments_givenstatement g CROSS JOIN LATERAL jsonb_array_elements(g.lines) l
            WHERE g.id = NEW.given_id)
    ) IS NOT TRUE THEN
        {guards.refuse("statements_follow_on", "A service's list is of whole days that no other has, and adds up.")}
    END IF;
    RETURN NEW;"""
# At the bank whatever fits; of a service nothing but what it took for itself, as all else is booked by its word.
RAIL = """CASE saw.at_place WHEN 'main' THEN a.rail = 'bank'
                ELSE a.rail = saw.at_place AND a.outcome = 'fee' AND (saw.line ->> 'is_fee')::boolean
                    AND saw.amount < 0 END AND a.amount ="""

# A thing may be listed before it is booked, as a payment by card is until it is settled, or a payout on its way. What
# is booked was listed the same day, give or take a service's own.
NOT_BOOKED_FOR, OTHERWISE_FOR = 14, 5
# What services' own lists say of each thing (`key`), beside what our books have of it. What moved at a place before the
# first list's day is one sum, as is what that opened with: they have no key. What was taken back and its mirror are
# neither. What was booked after the last list's day is `later`, unless it is listed.
BOTH = f"""
    WITH list AS (
        SELECT s.id, s.place, s.currency, s.opening, s.closing, g.lines, {day("split_part(s.number, '/', 2)")} AS until
        FROM public.payments_bankstatement s JOIN public.payments_givenstatement g ON g.id = s.given_id
        WHERE s.place <> 'main'
    ), line AS MATERIALIZED (
        SELECT list.id, list.place, list.currency, number, l ->> 'key' AS key, {EACH_DAY} AS day,
            (l ->> 'amount')::numeric * 1000000 AS amount
        FROM list CROSS JOIN LATERAL jsonb_array_elements(lines) WITH ORDINALITY AS each (l, number)
    ), span AS (
        SELECT list.place, list.currency, (array_agg(opening ORDER BY list.id))[1] AS opening,
            (array_agg(closing ORDER BY list.id DESC))[1] AS closing, max(until) AS until,
            least(min(until), min(first.day)) AS since
        FROM list LEFT JOIN (SELECT id, min(day) AS day FROM line GROUP BY id) first ON first.id = list.id
        GROUP BY list.place, list.currency
    ), moved AS (
        SELECT s.place, s.currency, s.since, s.until, t.ref,
            (t.posted_at AT TIME ZONE interval '0')::date AS day,
            CASE t.debit_id WHEN a.id THEN t.amount ELSE -t.amount END AS amount
        FROM span s JOIN public.payments_account a ON a.code = 'bank:' || s.place AND a.currency = s.currency
        JOIN public.payments_transfer t ON a.id IN (t.debit_id, t.credit_id)
        WHERE t.reverses_id IS NULL AND NOT EXISTS (SELECT FROM public.payments_transfer r WHERE r.reverses_id = t.id)
    ), known AS (
        SELECT m.place, m.currency, m.day, m.until, m.amount, CASE WHEN m.day < m.since THEN '' ELSE
            coalesce(o.key, split_part(c.event, '/', 1), nullif(p.reference, ''), nullif(q.reference, ''),
                split_part(r.event, '/', 1), b.reference, v.reference, u.reference, m.ref) END AS key
        FROM moved m LEFT JOIN public.payments_cardevent c ON m.ref = 'card_event:' || c.id
        LEFT JOIN public.payments_railevent r ON m.ref = 'rail_event:' || r.id
        LEFT JOIN line o ON o.id = r.statement_id AND o.number::text = split_part(r.event, '/', 2)
        LEFT JOIN public.payments_payout p ON m.ref = 'payout:' || p.id
        LEFT JOIN public.payments_payout q ON q.id = r.payout_id
        LEFT JOIN public.payments_payback b ON m.ref = 'payback:' || b.id
        LEFT JOIN public.payments_move v ON m.ref = 'move:' || v.id
        LEFT JOIN public.payments_purchase u ON m.ref = 'purchase:' || u.id
    ), booked AS (
        SELECT place, currency, key, day, amount, day > until AND listed IS NULL AS later
        FROM known LEFT JOIN (SELECT DISTINCT place, currency, key, true AS listed FROM line) one
            USING (place, currency, key)
    ), differ AS (
        SELECT place, currency, key, sum(said) AS said, sum(booked) AS booked, max(said_on) AS said_on,
            max(booked_on) AS booked_on
        FROM (
            SELECT place, currency, key, amount AS said, 0 AS booked, day AS said_on, {day("NULL")} AS booked_on
            FROM line
            UNION ALL SELECT place, currency, '', opening, 0, since, {day("NULL")} FROM span
            UNION ALL SELECT place, currency, key, 0, amount, {day("NULL")}, day FROM booked WHERE NOT later
        ) both_sides GROUP BY place, currency, key HAVING sum(said) <> sum(booked)
    )
"""
DIFFER = f"""{BOTH}
    SELECT place, currency, key, said, booked, since, explained, explained < 2
        AND (public.coop_now() AT TIME ZONE interval '0')::date - since
            > CASE WHEN booked_on IS NULL THEN {NOT_BOOKED_FOR} ELSE {OTHERWISE_FOR} END AS late
    FROM differ CROSS JOIN LATERAL (
        SELECT greatest(said_on, booked_on) AS since, (
            SELECT count(DISTINCT o.person_id) FROM public.payments_explanation x
            JOIN public.governance_office o ON o.id = x.office_id WHERE (x.place, x.currency, x.key, x.amount)
                = (differ.place, differ.currency, differ.key, differ.said - differ.booked)
        ) AS explained
    ) said_of_it
"""
EACH = f"""{BOTH}
    SELECT s.place, s.currency, s.until, s.closing,
        coalesce((SELECT sum(b.amount) FROM booked b
            WHERE later AND (b.place, b.currency) = (s.place, s.currency)), 0) AS later,
        coalesce((SELECT sum(d.booked - d.said) FROM differ d
            WHERE (d.place, d.currency) = (s.place, s.currency)), 0) AS differ,
        coalesce((SELECT -a.balance FROM public.payments_account a
            WHERE a.code = 'bank:' || s.place AND a.currency = s.currency), 0) AS held
    FROM span s
"""
VIEWS = f"""
CREATE VIEW public.payments_differences AS {DIFFER};
CREATE VIEW public.payments_beside_lists AS {EACH};
"""


class Migration(migrations.Migration):
    """Name the place of each statement, and keep what two officers found out about what does not fit."""

    dependencies: ClassVar = [
        ("payments", "0110_what_the_site_alone_asked"),
        ("governance", "0041_officeacts_guards"),
    ]
    operations: ClassVar = [
        migrations.AddField("givenstatement", "place", PLACE),
        migrations.AddField("bankstatement", "place", PLACE),
        migrations.CreateModel(
            name="Explanation",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(choices=PLACES.CHOICES, max_length=8)),
                ("currency", models.CharField(max_length=3)),
                (
                    "key",
                    models.CharField(
                        blank=True, help_text="The service's own; none of what was there before.", max_length=120
                    ),
                ),
                ("amount", payments.money.MoneyField()),
                ("words", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                ("office", models.ForeignKey(**PLACES.OFFICE)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("place__in", SERVICES)), name="explanations_are_of_services"
                    ),
                    models.CheckConstraint(
                        condition=Q(("words__regex", "[^[:space:]]")), name="explanations_have_words"
                    ),
                ],
            },
        ),
        guards.Procedure(
            "differences_are_explained_in_office",
            table="payments_explanation",
            body=f"""{guards.in_the_present("differences_are_explained_in_office")}
    NEW.at := public.coop_now();
    IF NOT {in_office("NEW.office_id")} THEN
        {guards.refuse("differences_are_explained_in_office", "Officers who handle money say why something differs.")}
    END IF;
    RETURN NEW;""",
            definer=True,
        ),
        guards.AppendOnly("payments_explanation", otherwise="What an officer found out stays; more words follow it."),
        guards.Grant("payments_explanation", "SELECT", "INSERT"),
        guards.Grant("payments_givenstatement", "INSERT (place)"),
        guards.Grant("payments_bankstatement", "INSERT (place)"),
        guards.Frozen(
            "payments_givenstatement",
            ["id", "place", "number", "digest", "currency", "opening", "closing", "lines", "given_by_id", "given_at"],
            otherwise="What was given as a statement stays as it was given.",
        ),
        guards.Edited(
            "guard_statements_are_seen_by_two",
            ("(g.number, g.digest,", "(g.place, g.number, g.digest,"),
            ("= (NEW.number, NEW.digest,", "= (NEW.place, NEW.number, NEW.digest,"),
        ),
        guards.Edited("guard_statements_follow_on", ("RETURN NEW;", DAYS)),
        guards.Edited(
            "guard_lines_are_as_two_saw_them",
            ("SELECT s.id, left(s.id", "SELECT s.id, s.place AS at_place, left(s.id"),
            ("a.rail = 'bank' AND a.amount =", RAIL),
        ),
        guards.Edited("payments_place", ("rail ~ '^wise_'", "rail ~ '^wise(_|$)'")),
        migrations.RunSQL(VIEWS),
        guards.Grant("payments_differences", "SELECT"),
        guards.Grant("payments_beside_lists", "SELECT"),
    ]  # fmt: skip
