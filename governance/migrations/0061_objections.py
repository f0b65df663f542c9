"""A panel may object to a candidate's membership, with reasons (R2): a case like any other, that ends by itself."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

MEASURES = [
    ("nothing", "Nothing follows"),
    ("advice", "Advice"),
    ("retraining", "Paid retraining"),
    ("limit", "A limit, 30 days at most"),
    ("pause", "A pause of new work, 60 days at most"),
    ("expulsion", "Expulsion, if the general meeting agrees"),
    ("objection", "An objection to membership, 90 days at most"),
    ("repair", "The cooperative repairs what was done to the member"),
    ("prolong", "The emergency pause goes on, 14 days in all at most"),
    ("unfounded", "The emergency pause was unfounded: the time is paid double"),
]
LADDER = models.Q(
    models.Q(
        ("days__range", (1, 30)),
        ("measure", "limit"),
        ("scope__regex", "^(work|job:[0-9]+|client:[0-9]+|mute|tier:[a-z0-9_:-]{1,60})$"),
        models.Q(("scope", "work"), _negated=True),
    ),
    models.Q(("days__range", (1, 60)), ("measure", "pause"), ("scope", "work")),
    models.Q(("days__range", (1, 90)), ("measure", "objection"), ("scope", "membership")),
    models.Q(("days__range", (1, 14)), ("measure", "prolong"), ("scope__regex", "^(work|job:[0-9]+)$")),
    models.Q(
        ("days", 0),
        ("measure__in", ["advice", "expulsion", "nothing", "repair", "retraining", "unfounded"]),
        ("scope", ""),
    ),
    _connector="OR",
)
CHARGED = models.Q(
    models.Q(("kind", "charge"), _negated=True),
    models.Q(
        ("measure__in", ("advice", "retraining", "limit", "pause", "expulsion", "objection")),
        models.Q(("remedy", ""), _negated=True),
    ),
    _connector="OR",
)

# Only while they are a candidate whose days and hours are not over, and once: what was appealed does not count.
OPEN_TO_OBJECTION = """
CREATE FUNCTION public.governance_may_be_objected_to(who bigint) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $open$
    SELECT coalesce((
        SELECT s.status = 'candidate'
            AND s.since > public.coop_now() - public.governance_candidate_time(s.since, public.coop_now())
            AND NOT EXISTS (
                SELECT FROM public.governance_paid_time t WHERE t.person_id = who AND t.seconds >= 72000)
            AND NOT EXISTS (
                SELECT FROM public.governance_decision d
                JOIN public.governance_motion m ON m.id = d.motion_id
                JOIN public.governance_case c ON c.id = d.case_id
                WHERE c.person_id = who AND m.measure = 'objection' AND public.governance_stands(d.id))
        FROM public.governance_standing s WHERE s.person_id = who ORDER BY s.id DESC LIMIT 1
    ), false)
$open$;
"""
OPENING = f"""
    IF NEW.measure <> 'objection' THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("objection_is_to_a_candidate")}
    IF (
        -- Who belongs to the cooperative is no client's matter.
        NEW.kind = 'charge' AND NEW.seat_id IS NULL AND public.governance_may_be_objected_to(NEW.person_id)
    ) IS NOT TRUE THEN
        {guards.refuse("objection_is_to_a_candidate", "Only a candidate is objected to: in time, once, by no client.")}
    END IF;
    RETURN NEW;
"""
DECIDING = f"""
    IF EXISTS (
        SELECT FROM public.governance_motion m WHERE m.id = NEW.motion_id AND m.measure <> 'objection'
    ) THEN
        RETURN NEW;
    END IF;
    {guards.in_the_present("objection_comes_before_membership")}
    IF (
        SELECT public.governance_may_be_objected_to(c.person_id) FROM public.governance_case c WHERE c.id = NEW.case_id
    ) IS NOT TRUE THEN
        {guards.refuse("objection_comes_before_membership", "Too late: the candidate's days or hours are over.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Let a charge ask for it, a panel decide it, and a candidate wait while it stands."""

    dependencies: ClassVar = [("governance", "0060_affected")]
    operations: ClassVar = [
        migrations.AlterField("case", "measure", models.CharField(choices=MEASURES, default="nothing", max_length=10)),
        migrations.AlterField("motion", "measure", models.CharField(choices=MEASURES, max_length=10)),
        migrations.RemoveConstraint("case", "charge_keeps_to_the_ladder"),
        migrations.AddConstraint("case", models.CheckConstraint(condition=LADDER, name="charge_keeps_to_the_ladder")),
        migrations.RemoveConstraint("case", "charge_says_measure_and_remedy"),
        migrations.AddConstraint(
            "case", models.CheckConstraint(condition=CHARGED, name="charge_says_measure_and_remedy")
        ),
        migrations.RemoveConstraint("motion", "motion_keeps_to_the_ladder"),
        migrations.AddConstraint("motion", models.CheckConstraint(condition=LADDER, name="motion_keeps_to_the_ladder")),
        migrations.RunSQL(OPEN_TO_OBJECTION),
        guards.Allow("governance_may_be_objected_to(bigint)"),
        guards.Procedure("objection_is_to_a_candidate", table="governance_case", body=OPENING, definer=True),
        guards.Procedure("objection_comes_before_membership", table="governance_decision", body=DECIDING, definer=True),
        guards.Edited(
            "guard_motion_is_written_by_the_panel",
            (
                "        WHEN panel.stage = 'appeal' THEN public.governance_step",
                """        WHEN 'objection' IN (NEW.measure, file.measure) THEN NEW.measure = 'nothing'
            OR (NEW.measure = file.measure AND NEW.days <= coalesce(before.days, file.days))
        WHEN panel.stage = 'appeal' THEN public.governance_step""",
            ),
        ),
        guards.Edited(
            "guard_restriction_follows_a_decision", ("'pause', 'prolong')", "'pause', 'prolong', 'objection')")
        ),
        guards.Edited(
            "guard_standing_rises_in_order",
            (
                "OR (NEW.status = 'member' AND was = 'candidate' AND (",
                """OR (NEW.status = 'member' AND was = 'candidate'
            AND NOT public.governance_bars(NEW.person_id, ARRAY['membership']) AND (""",
            ),
            ("the voted days or 20 paid hours.", "the voted days or 20 paid hours, unless a panel objects."),
        ),
    ]
