"""The same refusal is noted once an hour, whoever notes it: twice is no double click and no flood (A9)."""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

NAME = "turned_away_is_what_the_rows_say"
AT = "    NEW.at := public.coop_now();\n"
# Two requests of a moment wait for each other. Another ground is another refusal: a lawful one hides none without.
WAITS = f"    PERFORM FROM public.people_person p WHERE p.id = NEW.person_id FOR NO KEY UPDATE;\n{AT}"
ONCE = f"""    IF EXISTS (
        SELECT FROM public.governance_turnedaway t WHERE t.person_id = NEW.person_id AND t.act = NEW.act
            AND t.job IS NOT DISTINCT FROM NEW.job AND t.ground = NEW.ground AND t.at > NEW.at - interval '1 hour'
    ) THEN
        {guards.refuse(NAME, "What somebody is turned away from is kept once an hour.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Ask for the hour where it is written."""

    dependencies: ClassVar = [("governance", "0069_published_orders")]
    operations: ClassVar = [guards.Edited(f"guard_{NAME}", (AT, WAITS), ("    RETURN NEW;\n", ONCE))]
