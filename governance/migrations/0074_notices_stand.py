"""A candidate who gave notice leaves on its day, also as a member; and who leaves does so by D1, whoever writes it."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# What lapsed when somebody rose meanwhile, and whose day is over, sends nobody away now: no page told that it would.
LAPSED = """
UPDATE public.governance_resignation r SET taken_back_at = public.coop_now()
WHERE r.taken_back_at IS NULL AND r.due_at <= public.coop_now() AND r.given_at < (
    SELECT s.since FROM public.governance_standing s WHERE s.person_id = r.person_id AND s.status <> 'left'
    ORDER BY s.id DESC LIMIT 1
) AND public.governance_status(r.person_id) <> 'left'
"""
# Whoever came back or became a candidate since they gave it did so by another word of theirs; a member becomes one by
# time alone.
GONE = """EXISTS (
            SELECT FROM public.governance_standing g WHERE g.person_id = {who}.person_id
                AND g.status <> 'member' AND g.since > {notice}.given_at)"""


class Migration(migrations.Migration):
    """Let becoming a member leave it as it is."""

    dependencies: ClassVar = [("governance", "0073_days_in_utc")]
    operations: ClassVar = [
        migrations.RunSQL(LAPSED),
        guards.Edited(
            "guard_standing_is_lowered_only_by_mandate",
            ("was text; became timestamptz;", "was text;"),
            ("SELECT s.status, s.since INTO was, became FROM", "SELECT s.status INTO was FROM"),
            ("AND (became IS NULL OR r.given_at >= became)", f"AND NOT {GONE.format(who='r', notice='r')}"),
            (
                "    THEN\n        RETURN NEW;\n    END IF;\n    IF NEW.status = 'expelled'",
                """    THEN
        -- By this rule their return is counted, and until when they can be objected to.
        NEW.rule := 'D1';
        RETURN NEW;
    END IF;
    IF NEW.status = 'expelled'""",
            ),
        ),
        guards.Edited(
            "guard_notice_is_taken_back_in_time",
            (
                "SELECT s.status <> 'left' AND s.since > OLD.given_at FROM",
                f"SELECT s.status <> 'left' AND {GONE.format(who='OLD', notice='OLD')} FROM",
            ),
        ),
    ]
