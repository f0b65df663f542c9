"""A change of who is offered which work says how many of those who did it could not take it, or not as much (N9)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Of those who did this work in 28 days: who has not what it would ask; who took more in the last day than a day's most.
OFFERED = """
        WHEN 'qualification' THEN (
            SELECT public.payments_replay(ARRAY[it.work], NULL, '{}', '{}') || jsonb_build_object('shut_out', (
                SELECT count(*) FROM (
                    SELECT DISTINCT u.person_id FROM public.payments_replay_units u WHERE u.work_type_id = it.work
                ) did LEFT JOIN public.payments_units_done has
                    ON has.person_id = did.person_id AND has.work_type_id = (payload -> 'value' ->> 'of')::bigint
                WHERE coalesce(has.accepted, 0) < (payload -> 'value' ->> 'units')::bigint))
            FROM (SELECT nullif(split_part(payload ->> 'key', ':', 2), '')::bigint AS work) it
        )
        WHEN 'allocation' THEN (
            SELECT public.payments_replay(CASE WHEN it.work IS NOT NULL THEN ARRAY[it.work] END, NULL, '{}', '{}')
                || jsonb_build_object('over', (
                    SELECT count(*) FROM public.payments_units_done d
                    WHERE (it.work IS NULL OR d.work_type_id = it.work)
                        AND (payload -> 'value' ->> 'most_a_day')::bigint > 0
                        AND d.taken_today > (payload -> 'value' ->> 'most_a_day')::bigint))
            FROM (SELECT nullif(split_part(payload ->> 'key', ':', 2), '')::bigint AS work) it
        )"""


class Migration(migrations.Migration):
    """Count them in the report."""

    dependencies: ClassVar = [("payments", "0064_no_worse_than_told")]
    operations: ClassVar = [
        guards.Edited(
            "payments_impact", ("\n        WHEN 'acceptance' THEN", f"{OFFERED}\n        WHEN 'acceptance' THEN")
        )
    ]
