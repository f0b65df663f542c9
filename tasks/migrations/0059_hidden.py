"""What a job showed and its card did not say: its client pays the care fund, and names it before anybody goes on."""

from importlib import import_module
from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models

import payments.money
from coop.database import guards

SURPLUS = import_module("payments.migrations.0021_surplus_guards")
TOPICS = ["violence", "sexual", "self_harm", "hate", "child_safety", "medical", "animals", "other"]
LABELS = [
    "Violence and injuries", "Sexual content", "Self-harm and suicide", "Hate and insults",
    "Texts about harm to children", "Wounds, illness and operations", "Harm to animals",
    "Something else that may upset",
]  # fmt: skip
CHOICES = list(zip(TOPICS, LABELS, strict=True))

REPORTED = "topics_are_reported_by_who_met_them"
REPORT = """NEW.topic = '' OR (SELECT NOT j.content ? NEW.topic AND EXISTS (
        SELECT FROM public.tasks_assignment a WHERE a.task_id = t.id AND a.person_id = NEW.person_id)
    FROM public.tasks_task t JOIN public.tasks_job j ON j.id = t.job_id WHERE t.id = NEW.task_id)"""
FOUND = "hidden_content_is_found_by_reports"
FIND = f"""
    {guards.in_the_present(FOUND)}
    SELECT j.* INTO work FROM public.tasks_job j WHERE j.id = NEW.job_id FOR NO KEY UPDATE;
    SELECT count(DISTINCT r.person_id) INTO NEW.people FROM public.tasks_report r
        JOIN public.tasks_task t ON t.id = r.task_id WHERE t.job_id = NEW.job_id AND r.topic = NEW.topic;
    NEW.at := public.coop_now();
    NEW.amount := NEW.people * public.governance_number('hidden_dollars') * 1000000;
    IF (work.opened_at IS NOT NULL AND NOT work.is_onboarding AND NOT work.content ? NEW.topic AND NEW.people >= 2
        AND length(btrim(NEW.reason)) >= 10
        AND public.governance_may(NEW.found_by_id, 'reads_reports', NEW.at)
        AND NOT EXISTS (SELECT FROM public.governance_office o WHERE o.id = NEW.found_by_id AND (
            EXISTS (SELECT FROM public.tasks_report r JOIN public.tasks_task t ON t.id = r.task_id
                WHERE t.job_id = NEW.job_id AND r.person_id = o.person_id)
            OR EXISTS (SELECT FROM public.people_clientseat s WHERE s.client_id = work.client_id
                AND s.person_id = o.person_id)))
    ) IS NOT TRUE THEN
        {guards.refuse(FOUND, "An officer without a part in it finds, with a reason, what two members reported.")}
    END IF;
    RETURN NEW;
"""
OPEN = """
CREATE FUNCTION public.tasks_hides(job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $hides$
    SELECT EXISTS (SELECT FROM public.tasks_hiddencontent h JOIN public.tasks_job j ON j.id = h.job_id
        WHERE h.job_id = job AND (NOT j.content ? h.topic OR NOT EXISTS (
            SELECT FROM public.payments_transfer t WHERE t.ref = 'hidden:' || h.id AND t.kind = 42)))
$hides$;
"""
PAID = """
        SELECT FROM posted p JOIN public.payments_account d ON d.id = p.debit_id
        JOIN public.payments_account c ON c.id = p.credit_id
        LEFT JOIN public.tasks_hiddencontent h ON p.ref = 'hidden:' || h.id
        LEFT JOIN public.tasks_job j ON j.id = h.job_id
        WHERE p.kind = 42 AND (p.amount = h.amount AND c.currency = 'USD'
            AND d.code = 'client:' || j.client_id || ':available' AND c.code = 'fund:care') IS NOT TRUE
"""
# What was found may be named, with how often it comes up, and nothing that stood is taken back.
NAMED = """ROW(NEW.content) IS NOT DISTINCT FROM ROW(OLD.content) OR (
        NEW.content @> OLD.content AND NOT EXISTS (
            SELECT FROM jsonb_each_text(NEW.content) one WHERE NOT OLD.content ? one.key AND (
                one.value NOT IN ('rare', 'some', 'often', 'most') OR NOT EXISTS (
                    SELECT FROM public.tasks_hiddencontent h WHERE h.job_id = NEW.id AND h.topic = one.key)))
        AND NEW.pay >= public.tasks_with_rests((SELECT r.amount FROM public.payments_rate r
            WHERE r.work_type_id = NEW.work_type_id ORDER BY r.version DESC LIMIT 1), NEW.content)
        AND NEW.pay >= public.tasks_with_rests(
            public.payments_least_by_floor(NEW.work_type_id, NULL, NULL)::bigint, NEW.content))"""


class Migration(migrations.Migration):
    """Let members say the topic, an officer find it, the client pay; and let nobody go on before."""

    dependencies: ClassVar = [("tasks", "0058_compartments"), ("governance", "0055_hidden")]
    operations: ClassVar = [
        migrations.AddField("report", "topic", models.CharField(
            blank=True, choices=CHOICES, db_default="", default="", max_length=12
        )),
        migrations.CreateModel(
            name="HiddenContent",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic", models.CharField(choices=CHOICES, max_length=12)),
                ("reason", models.TextField(max_length=2000)),
                ("people", models.PositiveIntegerField(editable=False, null=True)),
                ("amount", payments.money.MoneyField(editable=False, null=True)),
                ("at", models.DateTimeField(editable=False, null=True)),
                ("found_by", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                )),
                ("job", models.ForeignKey(
                    db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="hidden_contents",
                    to="tasks.job",
                )),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("job", "topic"), name="a_topic_is_found_once"),
                    models.CheckConstraint(
                        condition=models.Q(("topic__in", TOPICS)), name="found_topics_are_known"
                    ),
                ],
            },
        ),
        guards.Grant("tasks_report", "INSERT (topic)"),
        guards.Guard(
            REPORTED, table="tasks_report", holds=REPORT, definer=True,
            otherwise="A topic that a job did not name is reported by whoever took the task.",
        ),
        guards.Procedure(FOUND, table="tasks_hiddencontent", declare="work record;", body=FIND, definer=True),
        guards.AppendOnly("tasks_hiddencontent", otherwise="What was found stays in the record."),
        guards.Grant("tasks_hiddencontent", "SELECT", "INSERT"),
        guards.Grant("tasks_job", "UPDATE (content)"),
        migrations.RunSQL(OPEN),
        guards.Allow("tasks_hides(bigint)"),
        guards.Edited("payments_postings", (
            "(41,'fund:care'::text,'member:payable'::text,NULL::integer,NULL::integer)",
            (
                "(41,'fund:care'::text,'member:payable'::text,NULL::integer,NULL::integer),"
                " (42,'client:available'::text,'fund:care'::text,NULL::integer,NULL::integer)"
            ),
        )),
        migrations.RunSQL(
            SURPLUS.posted("hidden_content_is_paid_as_found", PAID, "A client pays what was found, once.")
        ),
        guards.OfKinds("hidden_content_is_paid_as_found", 42),
        guards.Guard(
            "nobody_goes_on_before_it_is_named",
            table="tasks_assignment",
            holds="NOT public.tasks_hides(NEW.job_id)",
            otherwise="This job is paused: it showed what its card did not say (E6).",
            definer=True,
        ),
        guards.Guard(
            "job_content_is_frozen",
            table="tasks_job",
            on="UPDATE",
            holds=NAMED,
            otherwise="What a job may show stays as its client named it, but for what was found, with pay for rests.",
            definer=True,
        ),
    ]  # fmt: skip
