"""Who looked into a client's compartment, and why; what its own people took home."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

SAID = f"""
    {guards.in_the_present("reasons_are_said_in_office")}
    NEW.given_at := public.coop_now();
    NEW.ends_at := NEW.given_at + interval '8 hours';
    IF (length(regexp_replace(NEW.words, '\\s', '', 'g')) BETWEEN 20 AND 500
        AND public.governance_in_office(NEW.office_id, NEW.given_at)) IS NOT TRUE THEN
        {guards.refuse("reasons_are_said_in_office", "Whoever holds a post says in a sentence why they look.")}
    END IF;
    RETURN NEW;
"""
LOOKED = f"""
    {guards.in_the_present("looks_stand_on_a_reason")}
    NEW.at := public.coop_now();
    IF NOT EXISTS (SELECT FROM public.tasks_reason r WHERE r.id = NEW.reason_id AND r.ends_at > NEW.at
        AND public.governance_in_office(r.office_id, NEW.at)) THEN
        {guards.refuse("looks_stand_on_a_reason", "An officer looks for a reason that was said within eight hours.")}
    END IF;
    RETURN NEW;
"""
FETCHED = f"""
    {guards.in_the_present("fetches_are_by_the_clients_own")}
    NEW.at := public.coop_now();
    IF NOT EXISTS (SELECT FROM public.people_clientseat s WHERE s.client_id = NEW.client_id
        AND s.person_id = NEW.person_id AND s.accepted_at IS NOT NULL AND s.ended_at IS NULL
        AND (NEW.key_id IS NULL OR EXISTS (SELECT FROM public.people_apikey k WHERE k.id = NEW.key_id
            AND k.client_id = NEW.client_id AND k.created_by_id = NEW.person_id))) THEN
        {guards.refuse("fetches_are_by_the_clients_own", "Whoever has a seat at the client takes its answers home.")}
    END IF;
    RETURN NEW;
"""
KEPT = "Who saw what a client has stays written."


class Migration(migrations.Migration):
    """Make the tables with their guards, each in its client's compartment."""

    dependencies: ClassVar = [
        ("governance", "0054_exposure"),
        ("people", "0005_key_use"),
        ("tasks", "0059_hidden"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="Fetch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=80)),
                ("at", models.DateTimeField(editable=False, null=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="fetches", to="people.client"
                    ),
                ),
                (
                    "key",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="people.apikey"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Reason",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("words", models.TextField(max_length=500)),
                ("given_at", models.DateTimeField(editable=False, null=True)),
                ("ends_at", models.DateTimeField(editable=False, null=True)),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reasons", to="people.client"
                    ),
                ),
                (
                    "office",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="governance.office"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Look",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(max_length=80)),
                ("at", models.DateTimeField(editable=False, null=True)),
                (
                    "reason",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="looks", to="tasks.reason"
                    ),
                ),
            ],
        ),
        guards.Procedure("reasons_are_said_in_office", table="tasks_reason", definer=True, body=SAID),
        guards.Procedure("looks_stand_on_a_reason", table="tasks_look", definer=True, body=LOOKED),
        guards.Procedure("fetches_are_by_the_clients_own", table="tasks_fetch", definer=True, body=FETCHED),
        *(guards.AppendOnly(table, otherwise=KEPT) for table in ("tasks_reason", "tasks_look", "tasks_fetch")),
        *(guards.Grant(table, "SELECT", "INSERT") for table in ("tasks_reason", "tasks_look", "tasks_fetch")),
        guards.Compartment("tasks_reason", "client_id = {served}"),
        guards.Compartment("tasks_fetch", "client_id = {served}"),
        guards.Compartment("tasks_look", "EXISTS (SELECT FROM public.tasks_reason above WHERE above.id = reason_id)"),
    ]
