"""Money that a payer's bank takes back: from what its client has, the rest is owed, and no member's pay is touched."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations, models
from django.db.models import Q

from coop.database import guards

changed = import_module("payments.migrations.0024_checking").changed
SURPLUS = import_module("payments.migrations.0021_surplus_guards")
CARDS = import_module("payments.migrations.0044_cards")
OUTCOMES = [*CARDS.OUTCOMES, ("charged_back", "Taken back by the payer's bank"), ("won", "Given back to us")]

CHART = changed(
    CARDS.CHART,
    (
        "        ('clearing:out',",
        """        ('client:receivable', '^client:[1-9][0-9]*:receivable$', NULL, 0, true),
        ('clearing:out',""",
    ),
)
LAST = "(34, 'client:held', 'clearing:in', NULL, NULL)"
POSTINGS = changed(
    CARDS.POSTINGS,
    (
        LAST,
        f"""{LAST},
        (19, 'client:receivable', 'bank:main', NULL, NULL),
        (35, 'client:available', 'client:receivable', 2, 2),
        (36, 'bank:main', 'client:available', NULL, NULL)""",
    ),
)
MOVED = changed(
    CARDS.MOVED,
    ("p.kind IN (33, 34)", "p.kind IN (19, 33, 34, 36)"),
    (
        "                WHEN 33",
        """
                WHEN 19 THEN e.outcome = 'charged_back' AND d.code = 'client:' || b.client_id || ':receivable'
                WHEN 36 THEN e.outcome = 'won' AND c.code = 'client:' || b.client_id || ':available'
                WHEN 33""",
    ),
)
BOOKED = changed(CARDS.BOOKED, ("'{1,34}'", "'{1,34}' WHEN 'charged_back' THEN '{19}' WHEN 'won' THEN '{36}'"))
SAYS = (
    "A processor says of a card payment that the whole was paid, then that it is settled; or that it never was paid. "
    "No more is taken back than was paid, nor given back than was taken."
)
# A deposit and a chargeback at once: whoever is second finds what the first left. Both take the accounts in the order
# of their numbers, as every posting does: the bank's, what the client has available, what it owes.
SAID = f"""
    {guards.in_the_present("processors_say_what_was_paid")}
    NEW.noted_at := public.coop_now();
    SELECT * INTO payment FROM public.payments_cardpayment b WHERE b.id = NEW.payment_id FOR NO KEY UPDATE;
    SELECT coalesce(array_agg(e.outcome), '{{}}'), coalesce(sum(CASE e.outcome WHEN 'charged_back' THEN e.amount
        WHEN 'won' THEN -e.amount END), 0) INTO before, away
        FROM public.payments_cardevent e WHERE e.payment_id = NEW.payment_id;
    IF (NEW.event <> '' AND CASE
        WHEN NEW.outcome IN ('paid', 'expired') THEN before = '{{}}' AND NEW.amount = payment.amount
        WHEN NEW.outcome = 'settled' THEN 'paid' = ANY (before) AND NOT 'settled' = ANY (before)
            AND NEW.amount = payment.amount
        WHEN NEW.outcome = 'charged_back' THEN 'paid' = ANY (before) AND NEW.event ~ '/charged_back$'
            AND away + NEW.amount <= payment.amount
        WHEN NEW.outcome = 'won' THEN EXISTS (
            SELECT FROM public.payments_cardevent e WHERE e.payment_id = NEW.payment_id AND e.outcome = 'charged_back'
            AND e.event = regexp_replace(NEW.event, '/won$', '/charged_back') AND NEW.amount <= e.amount)
    END) IS NOT TRUE THEN
        {guards.refuse("processors_say_what_was_paid", SAYS)}
    END IF;
    IF NEW.outcome = 'charged_back' THEN
        INSERT INTO public.payments_account (code, currency)
            VALUES ('client:' || payment.client_id || ':available', payment.currency)
            ON CONFLICT (code, currency) DO NOTHING;
        PERFORM FROM public.payments_account a WHERE a.currency = payment.currency AND a.code IN ('bank:main',
                'client:' || payment.client_id || ':available', 'client:' || payment.client_id || ':receivable')
            ORDER BY a.id FOR NO KEY UPDATE;
    END IF;
    RETURN NEW;
"""
# By the database itself, so that no way of giving a client money leaves it out. Its name comes after that of the
# trigger that moves balances: triggers go in the order of their names.
REPAID = """
CREATE FUNCTION public.payments_repay() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $repay$
BEGIN
    IF NOT EXISTS (SELECT FROM posted p WHERE p.kind IN (1, 18, 19, 36, 99)) THEN
        RETURN NULL;
    END IF;
    PERFORM FROM public.payments_account r JOIN posted p ON true
        JOIN public.payments_account a ON a.id IN (p.debit_id, p.credit_id) AND a.kind = 'client:available'
        WHERE r.code = 'client:' || split_part(a.code, ':', 2) || ':receivable' AND r.currency = a.currency
        ORDER BY r.id FOR NO KEY UPDATE OF r;
    INSERT INTO public.payments_transfer (key, journal, kind, debit_id, credit_id, amount, ref, occurred_at)
    SELECT md5('repaid:' || cause.id)::uuid, md5('repaid:' || cause.id)::uuid, 35, a.id, r.id,
        least(a.balance, -r.balance), 'transfer:' || cause.id, cause.occurred_at
    FROM (
        SELECT max(p.id) AS id, max(p.occurred_at) AS occurred_at, split_part(t.code, ':', 2) AS client, t.currency
        FROM posted p JOIN public.payments_account t ON t.id IN (p.debit_id, p.credit_id)
            AND t.kind IN ('client:available', 'client:receivable')
        WHERE p.kind IN (1, 18, 19, 36, 99) GROUP BY split_part(t.code, ':', 2), t.currency
    ) cause
    JOIN public.payments_account a ON a.code = 'client:' || cause.client || ':available' AND a.currency = cause.currency
    JOIN public.payments_account r ON r.code = 'client:' || cause.client || ':receivable'
        AND r.currency = cause.currency
    WHERE a.balance > 0 AND r.balance < 0 ORDER BY cause.id;
    RETURN NULL;
END $repay$;
CREATE TRIGGER what_is_owed_is_repaid_first AFTER INSERT ON public.payments_transfer
    REFERENCING NEW TABLE AS posted FOR EACH STATEMENT EXECUTE FUNCTION public.payments_repay();
ALTER TABLE public.payments_transfer ENABLE ALWAYS TRIGGER what_is_owed_is_repaid_first;
"""


def again(sql: str) -> str:
    """Return an earlier guard's text so that it takes the place of the earlier one."""
    return sql.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
        "CREATE TRIGGER", "CREATE OR REPLACE TRIGGER"
    )


class Migration(migrations.Migration):
    """Open the account and its movements, and let the database pay what is owed first."""

    dependencies: ClassVar = [("payments", "0045_differences")]
    operations: ClassVar = [
        migrations.AlterField("cardevent", "outcome", models.CharField(choices=OUTCOMES, max_length=12)),
        migrations.RemoveConstraint("cardevent", "processors_say_what_is_known"),
        migrations.AddConstraint(
            "cardevent",
            models.CheckConstraint(
                condition=Q(("outcome__in", [name for name, _words in OUTCOMES])), name="processors_say_what_is_known"
            ),
        ),
        *(migrations.RunSQL(sql) for sql in (CHART, POSTINGS, REPAID)),
        guards.Procedure(
            "processors_say_what_was_paid",
            table="payments_cardevent",
            declare="payment record; before text[]; away bigint;",
            body=SAID,
            definer=True,
        ),
        migrations.RunSQL(again(SURPLUS.posted("card_money_moves_as_was_said", MOVED, CARDS.MOVES))),
        migrations.RunSQL(
            again(
                SURPLUS.deferred(
                    "what_a_processor_said_is_booked",
                    "payments_cardevent",
                    BOOKED,
                    "What a processor said of a card payment is on the books in the same act.",
                ).partition("CREATE CONSTRAINT TRIGGER")[0]
            )
        ),
    ]
