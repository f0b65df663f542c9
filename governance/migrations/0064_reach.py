"""An emergency reaches no further than it has to: sign-ins, a payout, a job, a project, a kind of work, or all work."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

HELP = "The smallest that works, as session, payout:3, job:12, project:4, class:image_boxes or work."
NUMBER = "[1-9][0-9]{0,17}"
WORK = f"work|(job|project):{NUMBER}|class:[A-Za-z0-9_-]{{1,50}}"
LADDER = models.Q(
    models.Q(
        ("days__range", (1, 30)),
        ("measure", "limit"),
        ("scope__regex", "^(work|job:[0-9]+|client:[0-9]+|mute|tier:[a-z0-9_:-]{1,60})$"),
        models.Q(("scope", "work"), _negated=True),
    ),
    models.Q(("days__range", (1, 60)), ("measure", "pause"), ("scope", "work")),
    models.Q(("days__range", (1, 90)), ("measure", "objection"), ("scope", "membership")),
    models.Q(("days__range", (1, 14)), ("measure", "prolong"), ("scope__regex", f"^({WORK})$")),
    models.Q(
        ("days", 0),
        ("measure__in", ["advice", "expulsion", "nothing", "repair", "retraining", "unfounded"]),
        ("scope", ""),
    ),
    _connector="OR",
)

# The work and the money are known only to apps above; their migrations put the real answers behind these names.
ABOVE = """
-- By which scopes a pause can reach a job, the smallest first; nothing where there is no such job.
CREATE FUNCTION public.governance_scopes_of(job bigint) RETURNS text[] LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT '{}'::text[];
END;
-- The jobs that a scope reaches.
CREATE FUNCTION public.governance_jobs_in(scope text) RETURNS SETOF bigint LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT NULL::bigint WHERE false;
END;
-- Until when a payout of a person's can be held (E3), and nothing where it is not theirs or has gone out.
CREATE FUNCTION public.governance_holdable_until(who bigint, payout bigint) RETURNS timestamptz LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT NULL::timestamptz;
END;
"""

# In the same act: nobody has to come by for an account that was taken over to be its owner's again.
SIGN_OUT = """
CREATE FUNCTION public.governance_end_sign_ins() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, public, pg_temp AS $end$
BEGIN
    UPDATE public.people_person SET signed_out_at = NEW.starts_at WHERE id = NEW.person_id;
    RETURN NULL;
END $end$;
CREATE TRIGGER end_sign_ins AFTER INSERT ON public.governance_pause
    FOR EACH ROW WHEN (NEW.scope = 'session') EXECUTE FUNCTION public.governance_end_sign_ins();
ALTER TABLE public.governance_pause ENABLE ALWAYS TRIGGER end_sign_ins;
"""
SIGNED_OUT = """NEW.signed_out_at IS NOT DISTINCT FROM OLD.signed_out_at OR (
    NEW.signed_out_at > coalesce(OLD.signed_out_at, '-infinity') AND EXISTS (
        SELECT FROM public.governance_pause p
        WHERE p.person_id = NEW.id AND p.scope = 'session' AND p.starts_at = NEW.signed_out_at
    )
)"""


class Migration(migrations.Migration):
    """Name the scopes, and end sign-ins where two officers say so."""

    dependencies: ClassVar = [("governance", "0063_signs"), ("people", "0007_signed_out")]
    operations: ClassVar = [
        migrations.AlterField("pauserequest", "scope", models.CharField(help_text=HELP, max_length=80)),
        migrations.AlterField("pause", "scope", models.CharField(help_text=HELP, max_length=80)),
        migrations.RemoveConstraint("pauserequest", "pause_touches_only_work"),
        migrations.AddConstraint(
            "pauserequest",
            models.CheckConstraint(
                condition=models.Q(("scope__regex", f"^(session|payout:{NUMBER}|{WORK})$")),
                name="pause_has_a_scope_of_the_list",
            ),
        ),
        migrations.AddConstraint(
            "pauserequest",
            models.CheckConstraint(
                condition=models.Q(models.Q(("scope", "session"), _negated=True), ("hours", 1), _connector="OR"),
                name="sign_ins_end_at_once",
            ),
        ),
        migrations.RemoveConstraint("case", "charge_keeps_to_the_ladder"),
        migrations.AddConstraint("case", models.CheckConstraint(condition=LADDER, name="charge_keeps_to_the_ladder")),
        migrations.RemoveConstraint("motion", "motion_keeps_to_the_ladder"),
        migrations.AddConstraint("motion", models.CheckConstraint(condition=LADDER, name="motion_keeps_to_the_ladder")),
        migrations.RunSQL(ABOVE),
        migrations.RunSQL(SIGN_OUT),
        guards.Allow("governance_scopes_of(bigint)"),
        guards.Allow("governance_jobs_in(text)"),
        guards.Allow("governance_holdable_until(bigint, bigint)"),
        guards.Guard(
            "sign_ins_end_by_two_officers",
            table="people_person",
            on="INSERT OR UPDATE",
            holds=SIGNED_OUT,
            definer=True,
            otherwise="All sign-ins of an account end by two officers in an emergency, and are not brought back.",
        ),
    ]
