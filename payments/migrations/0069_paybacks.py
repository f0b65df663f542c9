"""A client's unspent money goes back where it came from: what is available, two officers, each deposit once."""

from importlib import import_module
from typing import Any, ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import payments.money
from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
in_office = import_module("payments.migrations.0009_offices").in_office

FIRST = "(41,'fund:care'::text,'member:payable'::text,NULL::integer,NULL::integer)"
# Beside what stands: other apps change the list of what may move, before this or after it.
POSTINGS = guards.Edited("payments_postings", (
    FIRST,
    (
        "(43,'client:available'::text,'clearing:out'::text,NULL::integer,NULL::integer),"
        " (44,'clearing:out'::text,'bank:main'::text,NULL::integer,NULL::integer),"
        f" (45,'clearing:out'::text,'client:available'::text,NULL::integer,NULL::integer), {FIRST}"
    ),
))  # fmt: skip
# Of a deposit that stands, or of a payment by card that is settled less what the payer's bank took: what did not go
# back before. Null for what is neither.
LEFT = """
CREATE FUNCTION public.payments_left_to_go_back(of_deposit bigint, of_card bigint, by_client bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $left$
    SELECT greatest(0, came.amount - coalesce((
        SELECT sum(b.amount) FROM public.payments_payback b
        WHERE (b.deposit_id = of_deposit OR b.card_id = of_card) AND b.state <> 'failed'
    ), 0))::bigint
    FROM (
        SELECT d.amount FROM public.payments_deposit d
        WHERE d.id = of_deposit AND d.client_id = by_client AND d.fund = '' AND d.currency = 'USD' AND NOT EXISTS (
            SELECT FROM public.payments_transfer t JOIN public.payments_transfer r ON r.reverses_id = t.id
            WHERE t.ref = 'deposit:' || d.id AND t.kind = 1
        )
        UNION ALL
        SELECT sum(CASE e.outcome WHEN 'charged_back' THEN -e.amount ELSE e.amount END)
        FROM public.payments_cardevent e JOIN public.payments_cardpayment p ON p.id = e.payment_id
        WHERE p.id = of_card AND p.client_id = by_client AND p.currency = 'USD'
        AND e.outcome IN ('settled', 'charged_back', 'won') HAVING bool_or(e.outcome = 'settled')
    ) came
$left$;
"""
SEAT = """EXISTS (SELECT FROM public.people_clientseat s WHERE s.client_id = NEW.client_id
            AND s.person_id = {person} AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)"""
ASKED = f"""
    {guards.in_the_present("paybacks_are_asked_of_what_came_in")}
    -- One at a time for each client; both accounts in the order in which every posting takes them.
    PERFORM FROM public.payments_account a
        WHERE a.code IN ('clearing:out', 'client:' || NEW.client_id || ':available') AND a.currency = 'USD'
        ORDER BY a.id FOR NO KEY UPDATE;
    NEW.asked_at := public.coop_now();
    IF (NEW.state = 'requested' AND NEW.reference = '' AND NEW.sent_by_id IS NULL AND NEW.sent_at IS NULL
        AND NEW.settled_by_id IS NULL AND NEW.settled_at IS NULL AND NEW.amount % 10000 = 0
        AND NEW.amount <= public.payments_left_to_go_back(NEW.deposit_id, NEW.card_id, NEW.client_id)
        AND {SEAT.format(person="NEW.asked_by_id")}) IS NOT TRUE THEN
        {
    guards.refuse(
        "paybacks_are_asked_of_what_came_in",
        "Whoever has a seat asks back, in whole cents, what of a deposit did not go back before.",
    )
}
    END IF;
    RETURN NEW;
"""
OTHERWISE = "Money goes back by two officers in order, neither of the client; or it is called off before it is sent."
NOT_THEIRS = f"NOT {SEAT.format(person='o.person_id')}"
NOT_THE_SENDER = "o.person_id <> (SELECT f.person_id FROM public.governance_office f WHERE f.id = NEW.sent_by_id)"
STEPS = f"""
    {guards.in_the_present("paybacks_go_by_two_officers")}
    IF OLD.state = 'requested' AND NEW.state = 'sent' THEN
        IF NEW.reference <> '' AND NEW.settled_by_id IS NULL AND NEW.settled_at IS NULL
            AND {in_office("NEW.sent_by_id", NOT_THEIRS)}
            AND EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'payback:' || NEW.id AND t.kind = 43)
        THEN
            NEW.sent_at := public.coop_now();
            RETURN NEW;
        END IF;
    ELSIF OLD.state = 'sent' AND NEW.state IN ('settled', 'failed') THEN
        IF ROW(NEW.reference, NEW.sent_by_id, NEW.sent_at) IS NOT DISTINCT FROM
                ROW(OLD.reference, OLD.sent_by_id, OLD.sent_at)
            AND {in_office("NEW.settled_by_id", f"{NOT_THE_SENDER} AND {NOT_THEIRS}")}
        THEN
            NEW.settled_at := public.coop_now();
            RETURN NEW;
        END IF;
    ELSIF OLD.state = 'requested' AND NEW.state = 'failed' THEN
        IF NEW.reference = '' AND NEW.sent_by_id IS NULL AND NEW.sent_at IS NULL AND NEW.settled_by_id IS NULL THEN
            NEW.settled_at := public.coop_now();
            RETURN NEW;
        END IF;
    END IF;
    {guards.refuse("paybacks_go_by_two_officers", OTHERWISE)}
"""
# A deposit that went back is no mistake that a reversal puts right.
MOVES = """
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.payments_payback b
            ON b.id = CASE WHEN p.ref ~ '^payback:[0-9]{1,18}$' THEN split_part(p.ref, ':', 2)::bigint END
        WHERE p.kind IN (43, 44, 45, 99) AND (CASE p.kind
            WHEN 43 THEN p.amount = b.amount AND b.state = 'requested' AND c.currency = 'USD'
                AND d.code = 'client:' || b.client_id || ':available'
            WHEN 44 THEN p.amount = b.amount AND b.state = 'settled' AND c.currency = 'USD'
            WHEN 45 THEN p.amount = b.amount AND b.state = 'failed' AND c.currency = 'USD'
                AND c.code = 'client:' || b.client_id || ':available'
                AND EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = p.ref AND t.kind = 43)
            ELSE NOT EXISTS (
                SELECT FROM public.payments_transfer t JOIN public.payments_payback o
                    ON t.ref = 'deposit:' || o.deposit_id
                WHERE t.id = p.reverses_id AND t.kind = 1 AND o.state <> 'failed'
            )
        END) IS NOT TRUE
"""
PERSON: dict[str, Any] = {"on_delete": django.db.models.deletion.PROTECT, "related_name": "+"}
SOURCE: dict[str, Any] = {"on_delete": django.db.models.deletion.PROTECT, "related_name": "paybacks"}


class Migration(migrations.Migration):
    """Write down what was asked back, and let the kinds 43 to 45 move accordingly."""

    dependencies: ClassVar = [
        ("payments", "0068_back_pay"),
        ("people", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="PayBack",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", payments.money.MoneyField()),
                ("key", models.UUIDField(help_text="Of the form it was asked with; sent twice, it is asked once.")),
                (
                    "part",
                    models.PositiveSmallIntegerField(
                        help_text="Which of the deposits that the form's amount is made of."
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Asked for"),
                            ("sent", "Sent"),
                            ("settled", "Received"),
                            ("failed", "Came back, or was called off"),
                        ],
                        default="requested",
                        max_length=9,
                    ),
                ),
                (
                    "reference",
                    models.CharField(blank=True, help_text="The bank's or the card service's own.", max_length=80),
                ),
                ("asked_at", models.DateTimeField(editable=False, null=True)),
                ("sent_at", models.DateTimeField(editable=False, null=True)),
                ("settled_at", models.DateTimeField(editable=False, null=True)),
                ("asked_by", models.ForeignKey(to=settings.AUTH_USER_MODEL, **PERSON)),
                ("card", models.ForeignKey(null=True, to="payments.cardpayment", **SOURCE)),
                ("client", models.ForeignKey(to="people.client", **SOURCE)),
                ("deposit", models.ForeignKey(null=True, to="payments.deposit", **SOURCE)),
                ("sent_by", models.ForeignKey(null=True, to="governance.office", **PERSON)),
                ("settled_by", models.ForeignKey(null=True, to="governance.office", **PERSON)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(("amount__gt", 0)), name="paybacks_are_positive"),
                    models.CheckConstraint(
                        condition=Q(("state__in", ["requested", "sent", "settled", "failed"])),
                        name="paybacks_stand_somewhere",
                    ),
                    models.CheckConstraint(
                        condition=Q(("card__isnull", False), ("deposit", None))
                        | Q(("card", None), ("deposit__isnull", False)),
                        name="a_payback_has_one_source",
                    ),
                    models.UniqueConstraint(fields=("client", "key", "part"), name="one_payback_per_form_and_part"),
                ],
            },
        ),
        POSTINGS,
        migrations.RunSQL(LEFT),
        guards.Procedure("paybacks_are_asked_of_what_came_in", table="payments_payback", body=ASKED, definer=True),
        guards.Procedure(
            "paybacks_go_by_two_officers", table="payments_payback", body=STEPS, on="UPDATE", definer=True
        ),
        guards.Frozen(
            "payments_payback",
            ["id", "client_id", "deposit_id", "card_id", "amount", "key", "part", "asked_by_id", "asked_at"],
            otherwise="What was asked back does not change; ask again.",
        ),
        guards.NeverDeleted("payments_payback"),
        guards.Grant(
            "payments_payback",
            "SELECT",
            "INSERT",
            "UPDATE (state, reference, sent_by_id, sent_at, settled_by_id, settled_at)",
        ),
        migrations.RunSQL(
            SURPLUS.posted(
                "money_goes_back_as_was_asked",
                MOVES,
                "A client's money goes back as it was asked and confirmed, and no deposit that went back is reversed.",
            )
        ),
        guards.OfKinds("money_goes_back_as_was_asked", 43, 44, 45, 99),
        guards.Allow("payments_left_to_go_back(bigint, bigint, bigint)"),
    ]
