"""Accounts, organisations, seats and keys are kept: they may change a little, and end, but never vanish."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards


class Migration(migrations.Migration):
    """Install the guards of people and clients and open their tables to the site."""

    dependencies: ClassVar = [("people", "0001_initial"), ("coop", "0001_initial")]
    operations: ClassVar = [
        guards.NeverDeleted(
            "people_person", otherwise="Nobody's account is deleted: it holds their work, pay and vote."
        ),
        guards.Frozen(
            "people_person",
            ["id", "joined_at"],
            name="people_person_stays_the_same",
            otherwise="The number of an account and the day it was opened never change.",
        ),
        guards.Grant(
            "people_person",
            "SELECT",
            "INSERT",
            "UPDATE (email, password, last_login, name, country, language, time_zone, display_currency, joined_at)",
        ),
        guards.NeverDeleted("people_client", otherwise="An organisation is kept: its jobs and its payments name it."),
        guards.Frozen(
            "people_client",
            ["id", "slug", "is_cooperative", "created_at"],
            name="people_client_stays_the_same",
            otherwise="Only the name of an organisation changes.",
        ),
        guards.Guard(
            "cooperative_is_client_by_founding",
            table="people_client",
            holds="NOT NEW.is_cooperative OR pg_has_role(session_user, 'workhall_owner', 'USAGE')",
            otherwise="The cooperative's own jobs are set up when it is founded.",
        ),
        guards.Grant("people_client", "SELECT", "INSERT", "UPDATE (name)"),
        guards.NeverDeleted("people_clientseat", otherwise="Seats are kept: they end, and who held them stays known."),
        guards.Frozen(
            "people_clientseat",
            ["id", "client_id", "person_id", "offered_to", "created_at"],
            name="people_clientseat_stays_the_same",
            otherwise="A seat never passes to somebody else.",
        ),
        guards.Guard(
            "seats_end_once",
            table="people_clientseat",
            on="UPDATE",
            holds="OLD.ended_at IS NULL",
            otherwise="A seat that has ended stays ended.",
        ),
        guards.Guard(
            "seats_are_accepted_once",
            table="people_clientseat",
            on="INSERT OR UPDATE",
            holds="NEW.accepted_at IS NOT DISTINCT FROM OLD.accepted_at OR (OLD.accepted_at IS NULL"
            " AND NEW.person_id IS NOT NULL AND NEW.ended_at IS NULL"
            " AND isfinite(NEW.accepted_at) AND NEW.accepted_at <= public.coop_now())",
            otherwise="A seat is accepted once, by a person, at that moment; an offer that has ended is not accepted.",
        ),
        guards.Grant("people_clientseat", "SELECT", "INSERT", "UPDATE (accepted_at, ended_at)"),
        guards.NeverDeleted("people_apikey", otherwise="Keys are kept: they end, and what they did stays known."),
        guards.Frozen(
            "people_apikey",
            ["id", "client_id", "created_by_id", "name", "prefix", "digest", "scopes", "created_at", "expires_at"],
            name="people_apikey_stays_the_same",
            otherwise="A key's secret, scopes and end never change: make a new one.",
        ),
        guards.Guard(
            "keys_end_once",
            table="people_apikey",
            on="UPDATE",
            holds="OLD.revoked_at IS NULL OR NEW.revoked_at IS NOT DISTINCT FROM OLD.revoked_at",
            otherwise="A key that has ended stays ended.",
        ),
        guards.Grant("people_apikey", "SELECT", "INSERT", "UPDATE (last_used_at, revoked_at)"),
    ]
