"""Deposits by card: nobody's money before the processor says it was paid, and no job's before it is settled."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import payments.money
from coop.database import guards

changed = import_module("payments.migrations.0024_checking").changed
SURPLUS = import_module("payments.migrations.0021_surplus_guards")
RUNS = import_module("payments.migrations.0033_runs_guards")
EXCHANGE = import_module("payments.migrations.0043_exchange_guards")
NUMBER = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")
OUTCOMES = [("paid", "Paid, on its way to the bank"), ("settled", "Settled"), ("expired", "Not paid")]

CHART = changed(
    EXCHANGE.CHART,
    (
        "        ('clearing:out',",
        """        ('clearing:in', '^clearing:in$', NULL, 0, true),
        ('client:held', '^client:[1-9][0-9]*:held$', 0, NULL, true),
        ('clearing:out',""",
    ),
)
LAST = "(32, 'reserve:collective', 'fund:care', NULL, NULL)"
POSTINGS = changed(
    EXCHANGE.POSTINGS,
    (
        LAST,
        f"""{LAST},
        (33, 'clearing:in', 'client:held', NULL, NULL),
        (34, 'client:held', 'clearing:in', NULL, NULL)""",
    ),
)
BOOKKEEPING = changed(
    RUNS.BOOKKEEPING, ("        WHERE p.kind = 1 AND (", "        WHERE p.kind = 1 AND p.ref !~ '^card_event:' AND (")
)
# Each movement of a card's money: which word of the processor's it follows, and which side is the client's what.
MOVED = """
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_cardevent e ON p.ref = 'card_event:' || e.id
        LEFT JOIN public.payments_cardpayment b ON b.id = e.payment_id
        WHERE (p.kind IN (33, 34) OR p.kind = 1 AND p.ref ~ '^card_event:') AND (
            p.amount = e.amount AND c.currency = b.currency AND CASE p.kind
                WHEN 33 THEN e.outcome = 'paid' AND c.code = 'client:' || b.client_id || ':held'
                WHEN 34 THEN e.outcome = 'settled' AND d.code = 'client:' || b.client_id || ':held'
                WHEN 1 THEN e.outcome = 'settled' AND c.code = 'client:' || b.client_id || ':available'
            END
        ) IS NOT TRUE
"""
MOVES = "Money paid by card moves only as the processor said of it, to the client who paid."
SAYS = "A processor says of a card payment that the whole was paid, then that it is settled; or that it never was paid."
# One after the other for each payment, each once.
SAID = f"""
    {guards.in_the_present("processors_say_what_was_paid")}
    NEW.noted_at := public.coop_now();
    SELECT * INTO payment FROM public.payments_cardpayment b WHERE b.id = NEW.payment_id FOR NO KEY UPDATE;
    SELECT coalesce(array_agg(e.outcome ORDER BY e.id), '{{}}') INTO before FROM public.payments_cardevent e
        WHERE e.payment_id = NEW.payment_id;
    IF (NEW.event <> '' AND NEW.amount = payment.amount AND CASE NEW.outcome
        WHEN 'paid' THEN before = '{{}}'
        WHEN 'settled' THEN before = '{{paid}}'
        WHEN 'expired' THEN before = '{{}}'
    END) IS NOT TRUE THEN
        {guards.refuse("processors_say_what_was_paid", SAYS)}
    END IF;
    RETURN NEW;
"""
BOOKED = """(SELECT coalesce(array_agg(t.kind::integer ORDER BY t.kind), '{}') FROM public.payments_transfer t
    WHERE t.ref = 'card_event:' || NEW.id)
    = CASE NEW.outcome WHEN 'paid' THEN '{33}' WHEN 'settled' THEN '{1,34}' ELSE '{}' END::integer[]"""


class Migration(migrations.Migration):
    """Make the tables, open the accounts, and watch what is written."""

    dependencies: ClassVar = [
        ("payments", "0043_exchange_guards"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="CardPayment",
            fields=[
                ("id", NUMBER),
                ("session", models.CharField(max_length=120)),
                ("amount", payments.money.MoneyField()),
                ("currency", models.CharField(default="USD", max_length=3)),
                ("at", models.DateTimeField()),
                ("asked_by", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
                ("client", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="card_payments", to="people.client"
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("session",), name="one_card_payment_for_each_session"),
                    models.CheckConstraint(condition=Q(("amount__gt", 0)), name="card_payments_are_positive"),
                ],
            },
        ),
        migrations.CreateModel(
            name="CardEvent",
            fields=[
                ("id", NUMBER.clone()),
                ("outcome", models.CharField(choices=OUTCOMES, max_length=12)),
                ("event", models.CharField(max_length=120)),
                ("amount", payments.money.MoneyField()),
                ("noted_at", models.DateTimeField()),
                ("payment", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="events", to="payments.cardpayment"
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("event",), name="a_processor_says_a_thing_once"),
                    models.CheckConstraint(
                        condition=Q(("outcome__in", [name for name, _words in OUTCOMES])),
                        name="processors_say_what_is_known",
                    ),
                    models.CheckConstraint(condition=Q(("amount__gt", 0)), name="processors_move_amounts"),
                ],
            },
        ),
        *(migrations.RunSQL(sql) for sql in (CHART, POSTINGS, BOOKKEEPING)),
        guards.Guard(
            "cards_are_paid_for_ones_own_client",
            table="payments_cardpayment",
            holds="""NEW.session <> '' AND NEW.currency = 'USD' AND isfinite(NEW.at) AND NEW.at <= public.coop_now()
                AND NEW.amount % 10000 = 0 AND EXISTS (
                    SELECT FROM public.people_clientseat s WHERE s.client_id = NEW.client_id
                    AND s.person_id = NEW.asked_by_id AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)""",
            otherwise="Whoever has a seat at a client begins to pay for it by card, in whole cents.",
            definer=True,
        ),
        guards.AppendOnly("payments_cardpayment", otherwise="What was to be paid by card stays what it was."),
        guards.Grant("payments_cardpayment", "SELECT", "INSERT"),
        guards.Procedure(
            "processors_say_what_was_paid",
            table="payments_cardevent",
            declare="payment record; before text[];",
            body=SAID,
            definer=True,
        ),
        guards.AppendOnly("payments_cardevent", otherwise="What a processor said stays as it was said."),
        guards.Grant("payments_cardevent", "SELECT", "INSERT"),
        migrations.RunSQL(SURPLUS.posted("card_money_moves_as_was_said", MOVED, MOVES)),
        migrations.RunSQL(
            SURPLUS.deferred(
                "what_a_processor_said_is_booked",
                "payments_cardevent",
                BOOKED,
                "What a processor said of a card payment is on the books in the same act.",
            )
        ),
    ]  # fmt: skip
