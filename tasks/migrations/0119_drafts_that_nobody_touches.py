"""A draft that nobody touched for ninety days is told of, and dropped two weeks later, by nobody's act."""

from typing import ClassVar

from django.db import migrations, models

from coop.database import guards

NOW = "NEW.at := public.coop_now();"
# Whoever writes on it keeps it. Told of, or dropped unasked, nothing else of it changes, and nobody has to have a seat.
LEFT = """IF TG_OP = 'UPDATE' AND OLD.job_id IS NULL AND OLD.dropped_at IS NULL THEN
        IF NEW.told_at IS NOT NULL AND OLD.told_at IS NULL AND OLD.at <= public.coop_now() - interval '2160 hours'
            AND to_jsonb(NEW) - 'told_at' = to_jsonb(OLD) - 'told_at'
        THEN
            NEW.told_at := public.coop_now();
            RETURN NEW;
        END IF;
        IF NEW.dropped_at IS NOT NULL AND OLD.told_at <= public.coop_now() - interval '336 hours'
            AND (NEW.said, NEW.file, NEW.file_name) = ('{}'::jsonb, '', '')
            AND to_jsonb(NEW) - '{said,file,file_name,dropped_at}'::text[]
                = to_jsonb(OLD) - '{said,file,file_name,dropped_at}'::text[]
        THEN
            NEW.dropped_at := public.coop_now();
            NEW.at := public.coop_now();
            RETURN NEW;
        END IF;
    END IF;
    NEW.told_at := NULL;
    """


class Migration(migrations.Migration):
    """Keep when it was told of, and let it go after that."""

    dependencies: ClassVar = [("tasks", "0118_pilots_have_their_drafts_data")]
    operations: ClassVar = [
        migrations.AddField("sketch", "told_at", models.DateTimeField(editable=False, null=True)),
        guards.Grant("tasks_sketch", "INSERT (told_at)", "UPDATE (told_at)"),
        guards.Edited("guard_sketches_are_their_clients", (NOW + "\n    NEW.pilots", LEFT + NOW + "\n    NEW.pilots")),
    ]
