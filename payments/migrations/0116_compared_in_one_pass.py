"""PayPal's and M-Pesa's lists are compared as well, by the names that they have for payouts, and each place by itself.

PayPal lists a payout by the name that we gave it, M-Pesa by the receipt that it told us. Two officers' words are about
a difference as it stands since the last that was listed or booked of it, by the moment and not by the day.
"""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

from coop.database import guards

LISTS = import_module("payments.migrations.0111_lists_of_services")
SINCE = import_module("payments.migrations.0113_since_it_differs")

NUMBERED = "(card_event|rail_event|payout|payback|move|purchase):([0-9]{1,18})"
# One row for each currency, which has no key, and one for each thing of which lists and books say another sum: what
# lies before the first list has the key ''. What was booked after the last list's day is `later`, unless it is listed
# or 14 days old. `since` the day after which the two sums were never the same again, `moved_at` when the last was
# listed or booked of it: words of officers from before are of another time.
COMPARED = f"""
CREATE FUNCTION public.payments_at_services(places text[]) RETURNS TABLE (
    place text, currency text, key text, until date, closing bigint, later numeric, held bigint, said numeric,
    booked numeric, since date, moved_at timestamptz, explained bigint, late boolean
) LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' SET standard_conforming_strings = on AS $compared$
    WITH list AS MATERIALIZED (
        SELECT s.id, s.place, s.currency, s.opening, s.closing, s.read_at, g.lines,
            {LISTS.day("split_part(s.number, '/', 2)")} AS until
        FROM public.payments_bankstatement s JOIN public.payments_givenstatement g ON g.id = s.given_id
        WHERE s.place <> 'main' AND s.place = ANY(places)
    ), line AS MATERIALIZED (
        SELECT list.id, list.place, list.currency, number, l ->> 'key' AS key, {LISTS.EACH_DAY} AS day,
            (l ->> 'amount')::numeric * 1000000 AS amount, list.read_at
        FROM list CROSS JOIN LATERAL jsonb_array_elements(lines) WITH ORDINALITY AS each (l, number)
    ), span AS MATERIALIZED (
        SELECT list.place, list.currency, (array_agg(opening ORDER BY list.id))[1] AS opening,
            (array_agg(closing ORDER BY list.id DESC))[1] AS closing, max(until) AS until,
            least(min(until), min(first.day)) AS since, min(read_at) AS read_at
        FROM list LEFT JOIN (SELECT id, min(day) AS day FROM line GROUP BY id) first ON first.id = list.id
        GROUP BY list.place, list.currency
    ), moved AS MATERIALIZED (
        SELECT s.place, s.currency, s.since, s.until, t.ref, t.posted_at, t.posted_at::date AS day,
            substring(t.ref FROM '^{NUMBERED}$') AS kind,
            substring(t.ref FROM '^[a-z_]+:([0-9]{{1,18}})$')::bigint AS id,
            CASE t.debit_id WHEN a.id THEN t.amount ELSE -t.amount END AS amount
        FROM span s JOIN public.payments_account a ON a.code = 'bank:' || s.place AND a.currency = s.currency
        JOIN public.payments_transfer t ON a.id IN (t.debit_id, t.credit_id)
        WHERE t.reverses_id IS NULL AND NOT EXISTS (SELECT FROM public.payments_transfer r WHERE r.reverses_id = t.id)
    ), known AS (
        SELECT m.place, m.currency, greatest(m.day, m.since) AS day, m.until, m.posted_at, m.amount,
            CASE WHEN m.day < m.since THEN '' ELSE coalesce(
                o.key, split_part(c.event, '/', 1), CASE m.place WHEN 'paypal' THEN 'WORKHALL-PAYOUT-' || w.id
                    WHEN 'mpesa' THEN nullif(e.words, '') END,
                nullif(w.reference, ''), split_part(r.event, '/', 1), b.reference, v.reference, u.reference, m.ref
            ) END AS key
        FROM moved m LEFT JOIN public.payments_cardevent c ON m.kind = 'card_event' AND c.id = m.id
        LEFT JOIN public.payments_railevent r ON m.kind = 'rail_event' AND r.id = m.id
        LEFT JOIN line o ON o.id = r.statement_id AND o.number::text = split_part(r.event, '/', 2)
        LEFT JOIN public.payments_payout w ON w.id = CASE m.kind WHEN 'payout' THEN m.id ELSE r.payout_id END
        LEFT JOIN public.payments_railevent e ON m.place = 'mpesa' AND e.rail = 'mpesa'
            AND e.event = 'WORKHALL-PAYOUT-' || w.id || '/settled'
        LEFT JOIN public.payments_payback b ON m.kind = 'payback' AND b.id = m.id
        LEFT JOIN public.payments_move v ON m.kind = 'move' AND v.id = m.id
        LEFT JOIN public.payments_purchase u ON m.kind = 'purchase' AND u.id = m.id
    ), booked AS MATERIALIZED (
        SELECT place, currency, key, day, posted_at, amount,
            day > until AND day >= {SINCE.TODAY} - {SINCE.NOT_LISTED_FOR} AND listed IS NULL AS later
        FROM known LEFT JOIN (SELECT DISTINCT place, currency, key, true AS listed FROM line) one
            USING (place, currency, key)
    ), side AS (
        SELECT place, currency, key, day, read_at AS at, amount AS said, 0 AS booked FROM line
        UNION ALL SELECT place, currency, '', since, read_at, opening, 0 FROM span
        UNION ALL SELECT place, currency, key, day, posted_at, 0, amount FROM booked WHERE NOT later
    ), by_day AS (
        SELECT place, currency, key, day, sum(said) AS said, sum(booked) AS booked, bool_or(booked <> 0) AS in_books,
            max(at) AS at, sum(sum(said - booked)) OVER (PARTITION BY place, currency, key ORDER BY day) AS more
        FROM side GROUP BY place, currency, key, day
    ), and_same AS (
        SELECT *, max(day) FILTER (WHERE more = 0) OVER (PARTITION BY place, currency, key) AS same_on FROM by_day
    ), differ AS (
        SELECT place, currency, key, sum(said) AS said, sum(booked) AS booked, bool_or(in_books) AS in_books,
            min(day) FILTER (WHERE same_on IS NULL OR day > same_on) AS since, max(at) AS moved_at
        FROM and_same GROUP BY place, currency, key HAVING sum(said) <> sum(booked)
    )
    SELECT s.place, s.currency, NULL, s.until, s.closing,
        coalesce((SELECT sum(b.amount) FROM booked b
            WHERE b.later AND (b.place, b.currency) = (s.place, s.currency)), 0),
        coalesce((SELECT -a.balance FROM public.payments_account a
            WHERE a.code = 'bank:' || s.place AND a.currency = s.currency), 0),
        coalesce((SELECT sum(d.said) FROM differ d WHERE (d.place, d.currency) = (s.place, s.currency)), 0),
        coalesce((SELECT sum(d.booked) FROM differ d WHERE (d.place, d.currency) = (s.place, s.currency)), 0),
        NULL, NULL, NULL, NULL
    FROM span s
    UNION ALL
    SELECT d.place, d.currency, d.key, NULL, NULL, NULL, NULL, d.said, d.booked, d.since, d.moved_at, x.explained,
        x.explained < 2 AND {SINCE.TODAY} - d.since
            > CASE WHEN d.in_books THEN {LISTS.OTHERWISE_FOR} ELSE {LISTS.NOT_BOOKED_FOR} END
    FROM differ d CROSS JOIN LATERAL (
        SELECT count(DISTINCT o.person_id) AS explained FROM public.payments_explanation x
        JOIN public.governance_office o ON o.id = x.office_id WHERE (x.place, x.currency, x.key, x.amount)
            = (d.place, d.currency, d.key, d.said - d.booked) AND x.at >= d.moved_at
    ) x
$compared$;
"""
SERVICES = "ARRAY['stripe', 'paypal', 'wise', 'mpesa']"
VIEWS = f"""
CREATE OR REPLACE VIEW public.payments_differences AS
    SELECT place::varchar(8) AS place, currency::varchar(3) AS currency, key, said, booked, since, explained, late,
        moved_at
    FROM public.payments_at_services({SERVICES}) WHERE key IS NOT NULL;
CREATE OR REPLACE VIEW public.payments_beside_lists AS
    SELECT place::varchar(8) AS place, currency::varchar(3) AS currency, until, closing, later,
        booked - said AS differ, held
    FROM public.payments_at_services({SERVICES}) WHERE key IS NULL;
"""


class Migration(migrations.Migration):
    """Compare by a function, of the places that are asked for."""

    dependencies: ClassVar = [("payments", "0115_found_by_what_it_is_about")]
    operations: ClassVar = [
        migrations.RunSQL(COMPARED),
        guards.Allow("payments_at_services(text[])"),
        migrations.RunSQL(VIEWS),
        # Else words of before a list would be of after it.
        guards.Edited(
            "guard_statements_are_seen_by_two", ("RETURN NEW;", "NEW.read_at := public.coop_now();\n    RETURN NEW;")
        ),
    ]
