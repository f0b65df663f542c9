"""A case like a ban says what the rows show, in the database's words: the site chooses no facts and no times (7.11)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Which row a sign is about, where it is one; the apps above know.
NUMBER = """
CREATE FUNCTION public.governance_number_of_sign(who bigint, sign text) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $number$
    SELECT NULL::bigint
$number$;
"""
# The same sentences as in governance/signs.py, where they are translated.
WORDS = """
CREATE FUNCTION public.governance_words_of_sign(sign text, number bigint) RETURNS text LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    SELECT CASE sign
        WHEN 'no_offers' THEN 'No job that the member can do was open to them for a day within 14 days, while others'
            || ' had such work.'
        WHEN 'lost_tier' THEN 'A kind of work that the member did is not open to them any more.'
        WHEN 'held_payout' THEN 'Payout ' || number || ' was asked for more than 72 hours ago and has neither arrived'
            || ' nor come back.'
        WHEN 'muted' THEN 'For more than 24 hours the site did not let the member write in the assembly, or did not'
            || ' show what they wrote.'
        WHEN 'mass_rejection' THEN 'One client sent back or rejected at least five of the member''s answers in a week,'
            || ' over a tenth of them.'
        WHEN 'pressed_to_leave' THEN 'Asked when giving notice, the member said so.'
    END;
END;
"""
OTHERWISE = "A case like a ban opens on what the rows show: no offers, a lost tier, a held payout."
OPENING = f"""
    IF NEW.kind <> 'equivalent' THEN
        RETURN NEW;
    END IF;
    IF NOT EXISTS (
        SELECT FROM public.governance_sign s WHERE s.person_id = NEW.person_id AND s.ground = NEW.ground
    ) THEN
        {guards.refuse("equivalents_stand_on_facts", OTHERWISE)}
    END IF;
    NEW.facts := public.governance_words_of_sign(
        NEW.ground, public.governance_number_of_sign(NEW.person_id, NEW.ground));
    NEW.facts_digest := public.governance_same(NEW.facts);
    NEW.happened_from := NEW.opened_at;
    NEW.happened_until := NEW.opened_at;
    NEW.remedy := '';
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Let the guard write them."""

    dependencies: ClassVar = [("governance", "0064_reach")]
    operations: ClassVar = [
        migrations.RunSQL(NUMBER),
        migrations.RunSQL(WORDS),
        guards.Procedure("equivalents_stand_on_facts", table="governance_case", body=OPENING, definer=True),
    ]
