"""Skips that the care fund pays: few, small, and of what may upset alone."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

import payments.money
from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")

FEW = "Of what may upset, three skips in 24 hours are paid and ten in 28 days, each as its task and a dollar at most."
BOUNDED = f"""
    {guards.in_the_present("paid_skips_are_few")}
    SELECT a.person_id, a.pay, a.state, j.is_onboarding, j.content, a.task_id INTO held
        FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id WHERE a.id = NEW.assignment_id;
    -- One at a time for each person.
    PERFORM FROM public.people_person p WHERE p.id = held.person_id FOR NO KEY UPDATE;
    NEW.at := public.coop_now();
    NEW.amount := least(held.pay, 1000000);
    IF (held.state = 'claimed' AND NOT held.is_onboarding AND (held.content <> '{{}}' OR EXISTS (
            SELECT FROM public.tasks_report r WHERE r.task_id = held.task_id AND r.person_id = held.person_id))
        AND (SELECT count(*) FILTER (WHERE s.at > NEW.at - interval '24 hours') < 3 AND count(*) < 10
            FROM public.tasks_paidskip s JOIN public.tasks_assignment a ON a.id = s.assignment_id
            WHERE a.person_id = held.person_id AND s.at > NEW.at - interval '28 days')
    ) IS NOT TRUE THEN
        {guards.refuse("paid_skips_are_few", FEW)}
    END IF;
    RETURN NEW;
"""
PAID = """EXISTS (SELECT FROM public.payments_transfer t WHERE t.ref = 'skip:' || NEW.assignment_id AND t.kind = 41)
    AND (SELECT a.state = 'skipped' FROM public.tasks_assignment a WHERE a.id = NEW.assignment_id)"""
MOVES = """
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_paidskip s ON p.ref = 'skip:' || s.assignment_id
        LEFT JOIN public.tasks_assignment a ON a.id = s.assignment_id
        WHERE p.kind = 41 AND p.ref LIKE 'skip:%' AND (p.amount = s.amount AND c.currency = 'USD'
            AND d.code = 'fund:care' AND c.code = 'member:' || a.person_id || ':payable') IS NOT TRUE
"""
# What members asked of funds is asked about as before; a paid skip is asked about by its own guard.
BESIDE = """
DO $beside$
DECLARE
    stands CONSTANT text := pg_get_functiondef('public.guard_support_moves_as_it_was_asked()'::regprocedure);
    made CONSTANT text := replace(stands,
        'WHERE p.kind = 41 AND (', 'WHERE p.kind = 41 AND p.ref NOT LIKE ''skip:%'' AND (');
BEGIN
    IF made = stands THEN
        RAISE 'guard_support_moves_as_it_was_asked does not ask of the kind 41';
    END IF;
    EXECUTE made;
END $beside$;
"""


class Migration(migrations.Migration):
    """Write down each, pay it in the same act, and nothing else by its name."""

    dependencies: ClassVar = [("tasks", "0045_alerts"), ("payments", "0057_sharing")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="PaidSkip",
            fields=[
                (
                    "assignment",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="paid_skip",
                        serialize=False,
                        to="tasks.assignment",
                    ),
                ),
                ("amount", payments.money.MoneyField(editable=False, null=True)),
                ("at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(("amount__gt", 0)), name="paid_skips_are_paid_something")
                ]
            },
        ),
        guards.Procedure(
            "paid_skips_are_few", table="tasks_paidskip", declare="held record;", body=BOUNDED, definer=True
        ),
        guards.AppendOnly("tasks_paidskip", otherwise="A skip that was paid stays paid."),
        guards.Grant("tasks_paidskip", "SELECT", "INSERT"),
        migrations.RunSQL(
            SURPLUS.deferred(
                "paid_skips_are_paid_at_once", "tasks_paidskip", PAID, "A paid skip is a skip, paid in the same act."
            )
        ),
        migrations.RunSQL(BESIDE),
        migrations.RunSQL(
            SURPLUS.posted("paid_skips_pay_who_skipped", MOVES, "The care fund pays a skip once, to who skipped.")
        ),
        guards.OfKinds("paid_skips_pay_who_skipped", 41),
    ]
