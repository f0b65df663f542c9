"""Sign-ins end in a moment: whose do is counted over days, and blocks no pause that others need (part 6)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

NAME = "pause_needs_two_officers"
OTHERS = "WHERE p.ends_at > NEW.starts_at AND p.person_id <> NEW.person_id\n"
APART = """WHERE p.person_id <> NEW.person_id AND CASE NEW.scope
            WHEN 'session' THEN p.scope = 'session' AND p.starts_at > NEW.starts_at - interval '72 hours'
            ELSE p.scope <> 'session' AND p.ends_at > NEW.starts_at END
"""
AGAIN = f"""    IF NEW.scope = 'session' AND 2 <= (
        SELECT count(*) FROM public.governance_pause p WHERE p.person_id = NEW.person_id AND p.scope = 'session'
            AND p.starts_at > NEW.starts_at - interval '720 hours'
    ) THEN
        {guards.refuse(NAME, "Officers end nobody's sign-ins more than twice in 30 days.")}
    END IF;
    IF 5 <= ("""


class Migration(migrations.Migration):
    """Count them apart."""

    dependencies: ClassVar = [("governance", "0066_one_question")]
    operations: ClassVar = [guards.Edited(f"guard_{NAME}", (OTHERS, APART), ("    IF 5 <= (", AGAIN))]
