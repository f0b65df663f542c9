"""Promises about letters: each is made once and sent once, and who has not voted is known, never how anybody did."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

NOT_VOTED = """
CREATE FUNCTION public.governance_not_voted(vote bigint)
RETURNS SETOF bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $missing$
    SELECT r.person_id FROM public.governance_rollentry r WHERE r.proposal_id = vote AND NOT EXISTS (
        SELECT FROM public.governance_ballot b WHERE b.proposal_id = vote AND b.person_id = r.person_id
    );
$missing$;
"""

MAKING = f"""
    NEW.made_at := public.coop_now();
    IF num_nonnulls(NEW.claimed_at, NEW.sent_at) > 0 THEN
        {guards.refuse("letter_is_made_unsent", "A letter is made before it is sent.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0019_letters")]
    operations: ClassVar = [
        migrations.RunSQL(NOT_VOTED, migrations.RunSQL.noop),
        guards.Allow("governance_not_voted(bigint)"),
        guards.Procedure("letter_is_made_unsent", table="governance_letter", body=MAKING),
        guards.Frozen(
            "governance_letter",
            ["id", "person_id", "kind", "subject", "made_at"],
            name="governance_letter_stays_the_same",
            otherwise="To whom a letter went and what it was is not rewritten.",
        ),
        guards.Guard(
            "letter_is_sent_once",
            table="governance_letter",
            on="UPDATE",
            holds="OLD.sent_at IS NULL AND (NEW.sent_at IS NULL OR NEW.claimed_at IS NOT NULL)",
            otherwise="A letter that was sent is not sent again.",
        ),
        guards.NeverDeleted("governance_letter", otherwise="Which letters were sent is kept: nobody gets one twice."),
        guards.Grant("governance_letter", "SELECT", "INSERT", "UPDATE (claimed_at, sent_at)"),
        guards.NeverDeleted("governance_letterwish", otherwise="What somebody chose is changed, not forgotten."),
        guards.Frozen(
            "governance_letterwish",
            ["id", "person_id"],
            name="governance_letterwish_stays_the_same",
            otherwise="What one person chose is not another's.",
        ),
        guards.Grant(
            "governance_letterwish",
            "SELECT",
            "INSERT",
            "UPDATE (proposals, replies, reminders, quiet_from, quiet_until)",
        ),
    ]
