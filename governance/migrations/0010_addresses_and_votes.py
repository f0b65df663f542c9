"""Whoever has the address can have the password and the vote: an address stands while a vote of its person is open."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

STANDING = f"""
    IF NEW.email IS DISTINCT FROM OLD.email AND EXISTS (
        SELECT FROM public.governance_rollentry r JOIN public.governance_proposal p ON p.id = r.proposal_id
        WHERE r.person_id = NEW.id AND p.opens_at <= public.coop_now() AND p.closes_at > public.coop_now()
    ) THEN
        {guards.refuse("address_stands_during_a_vote", "An address stands while a vote of its person is open.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guard; it watches a table of the people below."""

    dependencies: ClassVar = [("governance", "0009_offices_guards"), ("people", "0004_address_guards")]
    operations: ClassVar = [
        guards.Procedure(
            "address_stands_during_a_vote", table="people_person", on="UPDATE", body=STANDING, definer=True
        ),
    ]
