"""How long somebody is a candidate and how long an emergency lasts are what was voted, and no constants."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Whoever began under fewer days keeps them, and fewer that are voted meanwhile reach them too: nobody waits longer than
# they were told (E9).
CANDIDATE = """
CREATE FUNCTION public.governance_candidate_time(begun timestamptz, moment timestamptz) RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $time$
    SELECT make_interval(hours => 24 * least(public.governance_number_at('candidate_days', begun),
        public.governance_number_at('candidate_days', moment))::integer)
$time$;
"""
NOT_ASKED = guards.refuse("pause_is_asked_by_an_officer", "A pause is asked for no longer than an emergency lasts.")


class Migration(migrations.Migration):
    """Let both guards of a pause, and the one of a rising standing, ask for the number that applies."""

    dependencies: ClassVar = [("governance", "0056_nothing_calls_it")]
    operations: ClassVar = [
        migrations.RunSQL(CANDIDATE),
        guards.Edited(
            "guard_standing_rises_in_order",
            (
                "became <= public.coop_now() - interval '90 days'",
                "became <= public.coop_now() - public.governance_candidate_time(became, public.coop_now())",
            ),
            ("candidates become members after 90 days or", "candidates become members after the voted days or"),
        ),
        guards.Edited(
            "guard_pause_is_asked_by_an_officer",
            (
                "    RETURN NEW;",
                f"""    IF (NEW.hours <= public.governance_number('emergency_hours')) IS NOT TRUE THEN
        {NOT_ASKED}
    END IF;
    RETURN NEW;""",
            ),
        ),
        guards.Edited(
            "guard_pause_needs_two_officers",
            ("    IF asked.hours * interval", "    IF (asked.hours * interval"),
            (
                ") > interval '72 hours' THEN",
                ") <= public.governance_number('emergency_hours') * interval '1 hour') IS NOT TRUE THEN",
            ),
            (
                "Officers pause nobody for more than 72 hours in 30 days.",
                "Officers pause nobody for more hours in 30 days than an emergency lasts.",
            ),
        ),
        guards.Allow("governance_candidate_time(timestamptz, timestamptz)"),
    ]
