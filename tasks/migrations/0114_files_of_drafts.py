"""Files of jobs that are being written: their client's alone, under names of ours on disk, gone with the draft."""

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from coop.database import guards

NAME = "files_of_drafts_stay_with_them"
AGAIN = "(_[A-Za-z0-9]{7})?)?$"
# On disk it names what was written for it alone, with seven letters more where an interrupted reading had left one.
OWN = f"""
    NEW.source ~ ('^(drafts/' || NEW.key || '{AGAIN}')
        AND NEW.file ~ ('^(drafts/' || left(NEW.key::text, 2) || '/' || NEW.key || '{AGAIN}')
        AND NEW.small ~ ('^(drafts/' || left(NEW.key::text, 2) || '/' || NEW.key || '-small{AGAIN}')
"""
# Whoever has a seat brings it; what it has packed comes with it.
GIVEN = """
    NOT NEW.is_gone AND (EXISTS (SELECT FROM public.people_clientseat c
        JOIN public.tasks_sketch s ON s.client_id = c.client_id WHERE s.id = NEW.sketch_id
            AND c.person_id = NEW.given_by_id AND c.accepted_at IS NOT NULL AND c.ended_at IS NULL)
    OR NEW.is_packed AND EXISTS (SELECT FROM public.tasks_sketchfile f WHERE f.sketch_id = NEW.sketch_id
        AND f.given_by_id = NEW.given_by_id AND NOT f.is_packed))
"""
READ_ONCE = """
    NOT OLD.is_gone AND (NEW.id, NEW.sketch_id, NEW.is_packed, NEW.key, NEW.given_by_id)
        = (OLD.id, OLD.sketch_id, OLD.is_packed, OLD.key, OLD.given_by_id)
    AND CASE WHEN NEW.is_gone THEN NEW.problem IS NULL
        AND (NEW.name, NEW.address, NEW.source, NEW.file, NEW.small, NEW.content_type, NEW.bytes, NEW.facts)
            = ('', '', '', '', '', '', 0, '{}'::jsonb)
    ELSE OLD.done_at IS NULL AND (NEW.name, NEW.address) = (OLD.name, OLD.address) END
"""
# A draft that ends meanwhile is waited for: no file comes to it any more.
BODY = f"""
    {guards.in_the_present(NAME)}
    PERFORM FROM public.tasks_sketch s WHERE s.id = NEW.sketch_id AND s.job_id IS NULL AND s.dropped_at IS NULL
        FOR SHARE;
    IF (FOUND AND {OWN}
        AND (NEW.is_gone OR NEW.done_at IS NULL AND NEW.file = '' AND NEW.small = ''
            OR NEW.done_at IS NOT NULL AND NEW.source = ''
                AND (NEW.problem IS NOT NULL OR NEW.kind = 'archive') = (NEW.file = ''))
        AND CASE TG_OP WHEN 'INSERT' THEN {GIVEN} ELSE {READ_ONCE} END
    ) IS NOT TRUE THEN
        {guards.refuse(NAME, "A file comes to a draft of its own client, is read once, and goes with the draft.")}
    END IF;
    RETURN NEW;
"""


class Migration(migrations.Migration):
    """Make the table and watch it."""

    dependencies: ClassVar = [
        ("tasks", "0113_told_before_it_is_deleted"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations: ClassVar = [
        migrations.CreateModel(
            name="SketchFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("is_packed", models.BooleanField(default=False, help_text="It came in an archive.")),
                ("name", models.CharField(max_length=200)),
                ("key", models.UUIDField(unique=True)),
                ("address", models.CharField(
                    blank=True, help_text="Where it is fetched from, if it lies elsewhere.", max_length=2000
                )),
                ("source", models.FileField(blank=True, max_length=200, upload_to="drafts/")),
                ("kind", models.CharField(
                    blank=True,
                    choices=[
                        ("", "Not read yet"), ("image", "Image"), ("sound", "Recording"), ("cloud", "Point cloud"),
                        ("archive", "Archive"),
                    ],
                    max_length=7,
                )),
                ("file", models.FileField(blank=True, max_length=200, upload_to="drafts/")),
                ("small", models.FileField(
                    blank=True, help_text="An image for phones.", max_length=200, upload_to="drafts/"
                )),
                ("content_type", models.CharField(blank=True, max_length=40)),
                ("bytes", models.PositiveIntegerField(default=0, help_text="Of `file`.")),
                ("facts", models.JSONField(default=dict, help_text="Its measures, as tasks.media says for each kind.")),
                ("problem", models.JSONField(
                    help_text="Why it is not taken: a key of tasks.files.PROBLEMS, and facts.", null=True
                )),
                ("done_at", models.DateTimeField(help_text="When it was read.", null=True)),
                ("is_gone", models.BooleanField(
                    default=False, help_text="It was deleted: nothing else of it is kept."
                )),
                ("given_by", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                )),
                ("sketch", models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT, related_name="files", to="tasks.sketch"
                )),
            ],
        ),
        guards.Procedure(NAME, table="tasks_sketchfile", on="INSERT OR UPDATE", body=BODY, definer=True),
        guards.NeverDeleted("tasks_sketchfile"),
        guards.Compartment(
            "tasks_sketchfile",
            "EXISTS (SELECT FROM public.tasks_sketch above WHERE above.id = sketch_id)",
        ),
        guards.Grant(
            "tasks_sketchfile", "SELECT", "INSERT",
            "UPDATE (name, address, source, kind, file, small, content_type, bytes, facts, problem, done_at, is_gone)",
        ),
    ]  # fmt: skip
