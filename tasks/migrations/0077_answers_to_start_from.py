"""What a stage carries as `prediction` stands in the fields of the next: an answer is reviewed where it was drawn."""

from importlib import import_module
from typing import ClassVar

from django.db import migrations

changed = import_module("payments.migrations.0024_checking").changed
STAGES = import_module("tasks.migrations.0048_stages")
CARRIED = changed(
    STAGES.CARRIED,
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    (
        "CASE\n",
        "CASE\n        WHEN takes = 'each' AND c.key = 'prediction' THEN jsonb_build_object('value', answers -> 0)\n",
    ),
)
_DUE, HAND_ON = STAGES.DUE.split("-- Writes what of that is given")
HAND_ON = changed(
    HAND_ON[HAND_ON.index("CREATE FUNCTION") :],
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    (
        "(id, job_id, position, external_id, data, open_slots)",
        "(id, job_id, position, external_id, data, prediction, open_slots)",
    ),
    ("d.data, whole.overlap", "d.data - 'prediction', d.data -> 'prediction', whole.overlap"),
)


class Migration(migrations.Migration):
    """Replace both functions."""

    dependencies: ClassVar = [("tasks", "0076_changed_lately")]
    operations: ClassVar = [migrations.RunSQL(CARRIED), migrations.RunSQL(HAND_ON)]
