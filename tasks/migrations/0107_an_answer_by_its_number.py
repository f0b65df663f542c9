"""The answer that a posting is about is read without a regular expression (decision 0240).

A pattern with a count in it was built anew for each of an answer's five transfers: half of the guard of wages. What is
frozen of an assignment is asked of statements that write it, and of no other.
"""

from typing import ClassVar

from django.db import migrations

from coop.database import guards

# Up to eighteen digits, as before, and no nought before them: `0012` is not another name of answer 12.
PATTERN = "p.ref ~ '^assignment:[1-9][0-9]{0,17}$' THEN split_part(p.ref, ':', 2)::bigint"
DIGITS = """p.ref LIKE 'assignment:%' AND length(p.ref) <= 29 AND substr(p.ref, 12, 1) BETWEEN '1' AND '9'
                AND rtrim(substr(p.ref, 12), '0123456789') = '' THEN substr(p.ref, 12)::bigint"""
TERMS = "task_id job_id person_id slot rate_id fee_version_id card_id pay fee team_id claimed_at"


class Migration(migrations.Migration):
    """Ask the same."""

    dependencies: ClassVar = [("tasks", "0098_no_move_before_a_closing")]
    operations: ClassVar = [
        guards.Edited("guard_wage_is_what_was_promised", (PATTERN, DIGITS)),
        guards.WhenWritten("assignment_terms_are_frozen", "tasks_assignment", TERMS.split()),
    ]
