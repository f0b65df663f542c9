"""Of the addresses, secrets often, whose files were read before 0115 a hash stays, too."""

from typing import ClassVar

from django.db import migrations

GUARD = "files_of_drafts_stay_with_them"
# With its signature: signed anew it counts as another address, and its file stands beside this one.
FORGET = f"""
ALTER TABLE public.tasks_sketchfile DISABLE TRIGGER {GUARD};
UPDATE public.tasks_sketchfile SET address = encode(sha256(convert_to(address, 'UTF8')), 'hex')
    WHERE done_at IS NOT NULL AND address LIKE '%://%';
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE public.tasks_sketchfile ENABLE ALWAYS TRIGGER {GUARD};
"""


class Migration(migrations.Migration):
    """Write them down once, past the guard by which what was read stays as it is."""

    dependencies: ClassVar = [("tasks", "0115_told_when_closed_and_of_no_address")]
    operations: ClassVar = [migrations.RunSQL(FORGET)]
