"""The report of a change says what its rule says: whoever is paid later loses, and a longer silence is a delay (D4)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Of each kind of work: whether an hour of it pays less, or whether what it pays comes later.
WORSE = """((becomes).amount * (10000 - (becomes).taken) / 10000 * (was).seconds < (was).amount * (becomes).seconds
                OR (becomes).delay_hours > (was).delay_hours) IS TRUE AS worse"""
# By their silence clients decide when an answer is paid; a day of it is a day of waiting.
SILENCE = """
        WHEN 'acceptance' THEN public.payments_replay(NULL, NULL,
            jsonb_build_object('delay_hours',
                24 * (public.payments_in_force('acceptance', '') ->> 'silence_days')::bigint),
            jsonb_build_object('delay_hours', 24 * (payload -> 'value' ->> 'silence_days')::bigint))
        WHEN 'floor' THEN public.payments_replay(
            NULL, nullif(split_part(payload ->> 'key', ':', 2), ''), '{}', '{}')
        WHEN 'reopening' THEN public.payments_replay(
            ARRAY[split_part(payload ->> 'key', 'work_type:', 2)::bigint], NULL, '{}', '{}')"""


class Migration(migrations.Migration):
    """Change the replay and what is printed of it on a proposal."""

    dependencies: ClassVar = [("payments", "0062_cuts_by_number")]
    operations: ClassVar = [
        guards.Edited(
            "payments_replay",
            ("(becomes).wage_step AS step2\n", f"(becomes).wage_step AS step2,\n            {WORSE}\n"),
            ("SELECT u.work_type_id, u.person_id, count(*) AS units,",
             "SELECT u.work_type_id, u.person_id, bool_or(k.worse) AS worse, count(*) AS units,"),
            ("SELECT d.person_id, p.country, sum(d.units)",
             "SELECT d.person_id, p.country, bool_or(d.worse) AS worse, sum(d.units)"),
            ("SELECT country, units, net2 - net AS difference,\n            net2 < net OR",
             "SELECT country, units, net2 - net AS difference,\n            worse OR net2 < net OR"),
            ("""coalesce(bool_or(
            amount2 * (10000 - taken2) / 10000 * seconds < amount * seconds2
            OR (becomes).delay_hours > (was).delay_hours
        ), false) AS worse FROM flat""", "coalesce(bool_or(worse), false) AS worse FROM flat"),
        ),
        guards.Edited(
            "payments_impact",
            ("SELECT CASE policy\n", """SELECT found || jsonb_build_object('rule', needed,
        -- A higher fee is decided as a cut is, and takes nothing from a wage.
        'cut', (found -> 'cut')::boolean OR (needed IN ('N1', 'N2', 'N3') AND policy <> 'fee_change'))
    FROM (SELECT CASE policy
"""),
            ("\n        ELSE public.payments_replay(CASE", SILENCE + "\n        ELSE public.payments_replay(CASE"),
            ("END || jsonb_build_object('rule', public.payments_needed_rule(policy, payload))",
             "END AS found, public.payments_needed_rule(policy, payload) AS needed) it"),
        ),
    ]  # fmt: skip
