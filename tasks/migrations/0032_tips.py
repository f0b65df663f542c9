"""Tips for accepted answers: given by who has a seat at the client, once, and moved whole."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

import payments.money
from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")

GIVEN = f"""
    {guards.in_the_present("tips_are_for_accepted_answers")}
    NEW.at := public.coop_now();
    IF (SELECT a.state = 'accepted' AND NOT j.is_onboarding AND EXISTS (
            SELECT FROM public.people_clientseat s WHERE s.client_id = j.client_id AND s.person_id = NEW.given_by_id
            AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL)
        FROM public.tasks_assignment a JOIN public.tasks_job j ON j.id = a.job_id WHERE a.id = NEW.assignment_id
    ) IS NOT TRUE THEN
        {guards.refuse("tips_are_for_accepted_answers", "A client gives its tips for answers that were accepted.")}
    END IF;
    RETURN NEW;
"""
MOVED = """
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_assignment a ON a.id =
            CASE WHEN p.ref ~ '^assignment:[1-9][0-9]{0,17}$' THEN split_part(p.ref, ':', 2)::bigint END
        LEFT JOIN public.tasks_job j ON j.id = a.job_id
        LEFT JOIN public.tasks_tip t ON t.assignment_id = a.id
        WHERE p.kind = 12 AND (p.amount = t.amount AND c.currency = 'USD'
            AND d.code = 'client:' || j.client_id || ':available'
            AND c.code = 'member:' || a.person_id || ':payable') IS NOT TRUE
"""
POSTED = """EXISTS (SELECT FROM public.payments_transfer t
    WHERE t.ref = 'assignment:' || NEW.assignment_id AND t.kind = 12 AND t.amount = NEW.amount)"""


class Migration(migrations.Migration):
    """Make the table and watch what moves."""

    dependencies: ClassVar = [
        ("tasks", "0031_paces"),
        ("payments", "0050_tips"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Tip",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("amount", payments.money.MoneyField()),
                ("at", models.DateTimeField()),
                ("assignment", models.OneToOneField(
                    on_delete=django.db.models.deletion.PROTECT, related_name="tip", to="tasks.assignment"
                )),
                ("given_by", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
            ],
            options={"constraints": [models.CheckConstraint(condition=Q(("amount__gt", 0)), name="tips_are_positive")]},
        ),
        guards.Procedure("tips_are_for_accepted_answers", table="tasks_tip", body=GIVEN, definer=True),
        guards.AppendOnly("tasks_tip", otherwise="A tip is not asked back."),
        guards.Grant("tasks_tip", "SELECT", "INSERT"),
        migrations.RunSQL(
            SURPLUS.posted("tips_go_to_who_answered", MOVED, "A tip goes whole, from the client, to who answered.")
        ),
        migrations.RunSQL(
            SURPLUS.deferred("tip_is_posted", "tasks_tip", POSTED, "A tip written down is paid in the same act.")
        ),
    ]  # fmt: skip
