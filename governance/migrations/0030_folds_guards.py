"""Promises about folding: only a panel folds, only what its charge rests on, and only while its decision stands."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# The decision that folds a message now, or null. A first one waits a week, so that it can be appealed before.
FOLDED = """
CREATE FUNCTION public.governance_folded(message bigint) RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $folded$
    SELECT d.id FROM public.governance_fold f
    JOIN public.governance_decision d ON d.motion_id = f.motion_id
    JOIN public.governance_panel p ON p.id = d.panel_id
    WHERE f.message_id = message AND public.governance_stands(d.id)
        AND public.coop_now() >= d.decided_at
            + CASE p.stage WHEN 'first' THEN interval '168 hours' ELSE interval '0' END
    ORDER BY d.id LIMIT 1;
$folded$;
"""

# The member answered what the charging side showed: no other message, and nobody else's.
FOLDING = f"""
    {guards.in_the_present("fold_is_the_panels_on_the_file")}
    IF NOT EXISTS (
        SELECT FROM public.governance_motion m
        JOIN public.governance_panel p ON p.id = m.panel_id
        JOIN public.governance_case c ON c.id = p.case_id
        JOIN public.governance_message w ON w.id = NEW.message_id AND w.author_id = c.person_id
        WHERE m.id = NEW.motion_id AND c.kind = 'charge' AND m.measure <> 'nothing' AND w.corrects_id IS NULL
            AND EXISTS (
                SELECT FROM public.governance_citation x JOIN public.governance_evidence e ON e.id = x.evidence_id
                WHERE x.motion_id = m.id AND e.charging AND e.citable AND e.text ~ ('\\mmessage:' || w.id || '\\M')
            )
    ) THEN
        {guards.refuse("fold_is_the_panels_on_the_file", "A measure folds only what its evidence names.")}
    END IF;
    IF EXISTS (SELECT FROM public.governance_panelvote v WHERE v.motion_id = NEW.motion_id) THEN
        {guards.refuse("fold_is_voted_with_its_motion", "What a motion folds is said before the panel votes on it.")}
    END IF;
    IF EXISTS (
        SELECT FROM public.governance_motion m JOIN public.governance_panel p ON p.id = m.panel_id
        WHERE m.id = NEW.motion_id AND p.stage = 'appeal' AND NOT EXISTS (
            SELECT FROM public.governance_fold f
            JOIN public.governance_decision d ON d.motion_id = f.motion_id
            JOIN public.governance_panel first ON first.id = d.panel_id
            WHERE d.case_id = p.case_id AND first.stage = 'first' AND f.message_id = NEW.message_id
        )
    ) THEN
        {guards.refuse("appeal_folds_no_more", "An appeal folds no message that the first decision left open.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Install the guards and the rights of the site."""

    dependencies: ClassVar = [("governance", "0029_folds")]
    operations: ClassVar = [
        migrations.RunSQL(FOLDED, migrations.RunSQL.noop),
        guards.Allow("governance_folded(bigint)"),
        guards.Procedure("fold_is_the_panels_on_the_file", table="governance_fold", body=FOLDING, definer=True),
        guards.AppendOnly("governance_fold", otherwise="Nobody folds, opens or swaps a message afterwards."),
        guards.Grant("governance_fold", "SELECT", "INSERT"),
    ]
