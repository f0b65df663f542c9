"""Letters about new work, as each member wishes: which, when, and how many the database knows."""

from typing import ClassVar

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import F, Q

import payments.money
from coop.database import guards

# Micro-units that an hour at the usual time makes, its rests counted.
TERMS = """
CREATE FUNCTION public.tasks_hourly(job bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $hourly$
    SELECT div(public.tasks_for_the_work(j.pay, j.content)::numeric * 3600, coalesce(
        (SELECT m.median_seconds FROM public.payments_measured_time m
            WHERE m.work_type_id = j.work_type_id AND m.units >= 20 AND m.median_seconds > 0),
        (SELECT r.estimated_seconds FROM public.payments_rate r WHERE r.work_type_id = j.work_type_id
            ORDER BY r.version DESC LIMIT 1)))::bigint
    FROM public.tasks_job j WHERE j.id = tasks_hourly.job
$hourly$;

CREATE FUNCTION public.tasks_wants_to_hear(person bigint, job bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $wants$
    SELECT w.wanted AND (w.kinds = '{}' OR j.work_type_id = ANY (w.kinds))
        AND extract(hour FROM public.coop_now() AT TIME ZONE p.time_zone) >= w.from_hour
        AND extract(hour FROM public.coop_now() AT TIME ZONE p.time_zone) < w.until_hour
        AND (SELECT count(*) FROM public.tasks_alert a
            WHERE a.person_id = p.id AND a.at > public.coop_now() - interval '24 hours') < w.most_a_day
        AND j.opened_at > public.coop_now() - interval '24 hours' AND j.closed_at IS NULL AND NOT j.is_onboarding
        AND coalesce(public.tasks_hourly(j.id) >= w.least_hourly, true)
        AND EXISTS (SELECT FROM public.tasks_task t WHERE t.job_id = j.id AND t.open_slots > 0)
        AND NOT EXISTS (SELECT FROM public.tasks_assignment a WHERE a.job_id = j.id AND a.person_id = p.id)
        AND NOT EXISTS (SELECT FROM public.tasks_shortfall s WHERE s.job_id = j.id AND s.made_up_at IS NULL)
        AND public.tasks_chose(p.id, j.content) AND coalesce(public.tasks_kept_for(p.id, j.id), 1) > 0
        AND public.tasks_may_work(p.id, j.id)
    FROM public.tasks_alertwish w JOIN public.people_person p ON p.id = w.person_id, public.tasks_job j
    WHERE w.person_id = tasks_wants_to_hear.person AND j.id = tasks_wants_to_hear.job
$wants$;
"""
WISHED = f"""
    {guards.in_the_present("alerts_are_wished_for")}
    -- One at a time for each person.
    PERFORM FROM public.tasks_alertwish w WHERE w.person_id = NEW.person_id FOR NO KEY UPDATE;
    NEW.at := public.coop_now();
    IF public.tasks_wants_to_hear(NEW.person_id, NEW.job_id) IS NOT TRUE THEN
        {guards.refuse("alerts_are_wished_for", "Nobody is written to about work but on the terms that they chose.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Keep wishes, and write only what was wished for."""

    dependencies: ClassVar = [
        ("tasks", "0044_sharing"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="AlertWish",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="alert_wish",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("wanted", models.BooleanField(default=False)),
                (
                    "kinds",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        default=list,
                        help_text="Kinds of work; none: any.",
                        size=None,
                    ),
                ),
                (
                    "least_hourly",
                    payments.money.MoneyField(
                        help_text="US dollars that an hour at the usual time makes at least.", null=True
                    ),
                ),
                ("from_hour", models.PositiveSmallIntegerField(default=8, help_text="Where they live.")),
                ("until_hour", models.PositiveSmallIntegerField(default=20)),
                ("most_a_day", models.PositiveSmallIntegerField(default=1)),
                ("at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(("from_hour__lt", F("until_hour")), ("until_hour__lte", 24)),
                        name="alerts_come_in_hours_of_a_day",
                    ),
                    models.CheckConstraint(condition=Q(("most_a_day__range", (1, 10))), name="alerts_are_few"),
                ]
            },
        ),
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(editable=False, null=True)),
                (
                    "job",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="tasks.job",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="alerts",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["person", "-at"], name="alerts_of_a_person")],
                "constraints": [models.UniqueConstraint(fields=("person", "job"), name="one_alert_of_a_job_each")],
            },
        ),
        migrations.RunSQL(TERMS),
        guards.Allow("tasks_hourly(bigint)"),
        guards.Allow("tasks_wants_to_hear(bigint, bigint)"),
        guards.Procedure("alerts_are_wished_for", table="tasks_alert", body=WISHED, definer=True),
        guards.AppendOnly("tasks_alert", otherwise="What was written to somebody stays noted."),
        guards.Grant("tasks_alert", "SELECT", "INSERT"),
        guards.Grant(
            "tasks_alertwish",
            "SELECT",
            "INSERT",
            "UPDATE (wanted, kinds, least_hourly, from_hour, until_hour, most_a_day, at)",
        ),
    ]
