"""Whoever has an account keeps it: its address changes by its person's wish, told to the old one, after seven days."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

LATER = guards.refuse(
    "address_changes_after_seven_days",
    "An address changes seven days after the old one was told, unless its person stops it.",
)

ASKING = f"""
    SELECT p.email INTO current FROM public.people_person p WHERE p.id = NEW.person_id FOR NO KEY UPDATE;
    NEW.asked_at := public.coop_now();
    NEW.old_address := current;
    IF num_nonnulls(NEW.told_at, NEW.confirmed_at, NEW.stopped_at, NEW.done_at) > 0
        OR lower(NEW.new_address) = lower(current) OR NEW.new_address !~ '^[^@[:space:]]+@[^@[:space:]]+$'
    THEN
        {guards.refuse("address_change_begins_at_its_beginning", "A change of address begins with being asked for.")}
    END IF;
    RETURN NEW;
"""

STEPPING = f"""
    IF num_nonnulls(OLD.stopped_at, OLD.done_at) > 0 THEN
        {guards.refuse("address_change_goes_step_by_step", "This change of address is over.")}
    END IF;
    IF num_nulls(NEW.told_at, NEW.confirmed_at, NEW.stopped_at, NEW.done_at)
        <> num_nulls(OLD.told_at, OLD.confirmed_at, OLD.stopped_at, OLD.done_at) - 1
        OR (OLD.told_at IS NOT NULL AND NEW.told_at IS DISTINCT FROM OLD.told_at)
        OR (OLD.confirmed_at IS NOT NULL AND NEW.confirmed_at IS DISTINCT FROM OLD.confirmed_at)
    THEN
        {guards.refuse("address_change_goes_step_by_step", "Each step of a change of address is written once.")}
    END IF;
    moment := public.coop_now();
    NEW.told_at := CASE WHEN OLD.told_at IS NULL AND NEW.told_at IS NOT NULL THEN moment ELSE OLD.told_at END;
    NEW.confirmed_at :=
        CASE WHEN OLD.confirmed_at IS NULL AND NEW.confirmed_at IS NOT NULL THEN moment ELSE OLD.confirmed_at END;
    NEW.stopped_at := CASE WHEN NEW.stopped_at IS NOT NULL THEN moment END;
    NEW.done_at := CASE WHEN NEW.done_at IS NOT NULL THEN moment END;
    IF NEW.done_at IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.people_person p WHERE p.id = NEW.person_id AND p.email = NEW.new_address
    ) THEN
        {guards.refuse("address_change_goes_step_by_step", "A change of address is done when the address is changed.")}
    END IF;
    RETURN NEW;
"""

# Locked, so that a stop that comes at the same moment is seen or waits.
CHANGING = f"""
    IF NEW.email IS NOT DISTINCT FROM OLD.email THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("address_changes_after_seven_days")}
    PERFORM FROM public.people_addresschange c
    WHERE c.person_id = NEW.id AND c.new_address = NEW.email AND c.old_address = OLD.email
        AND c.told_at <= public.coop_now() - interval '7 days'
        AND c.confirmed_at IS NOT NULL AND c.stopped_at IS NULL AND c.done_at IS NULL
    FOR UPDATE;
    IF NOT FOUND THEN
        {LATER}
    END IF;
    RETURN NEW;
"""

# allauth signs in, and sends new passwords, by these rows.
OWN = f"""
    IF (
        lower(NEW.email) = (SELECT lower(p.email) FROM public.people_person p WHERE p.id = NEW.user_id)
        AND (TG_OP = 'INSERT' OR (NEW.user_id = OLD.user_id AND NEW.id = OLD.id AND (NEW.verified OR NOT OLD.verified)))
    ) IS NOT TRUE THEN
        {guards.refuse("sign_in_address_is_the_accounts_own", "An account is signed in to by its own address alone.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [
        ("people", "0003_address_changes"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]
    operations: ClassVar = [
        guards.Procedure(
            "address_change_begins_at_its_beginning",
            table="people_addresschange",
            body=ASKING,
            declare="current text;",
            definer=True,
        ),
        guards.Frozen(
            "people_addresschange",
            ["id", "person_id", "old_address", "new_address", "asked_at"],
            name="people_addresschange_stays_the_same",
            otherwise="Whose address changes to which is never rewritten.",
        ),
        guards.Procedure(
            "address_change_goes_step_by_step",
            table="people_addresschange",
            on="UPDATE",
            body=STEPPING,
            declare="moment timestamptz;",
            definer=True,
        ),
        guards.NeverDeleted("people_addresschange", otherwise="Which address an account had is kept."),
        guards.Grant("people_addresschange", "SELECT", "INSERT", "UPDATE (told_at, confirmed_at, stopped_at, done_at)"),
        guards.Procedure(
            "address_changes_after_seven_days", table="people_person", on="UPDATE", body=CHANGING, definer=True
        ),
        guards.Procedure(
            "sign_in_address_is_the_accounts_own",
            table="account_emailaddress",
            on="INSERT OR UPDATE",
            body=OWN,
            definer=True,
        ),
        guards.NeverDeleted(
            "account_emailaddress", otherwise="Nobody is locked out by taking the address they sign in with."
        ),
    ]
