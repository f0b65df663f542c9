"""What changed lately is found by index: `updated_after` asks for it as often as a program likes.

BRIN: a few bytes for 16 pages, three thousand small rows at most to look through. What is written last lies in the last
pages, and an answer that is handed in or decided is written there anew; nothing is added to what an answer costs but a
look at its page's bounds.
"""

from typing import ClassVar

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations


class Migration(migrations.Migration):
    """Make the indexes."""

    dependencies: ClassVar = [("tasks", "0075_reach")]
    operations: ClassVar = [
        migrations.AddIndex(
            "order",
            BrinIndex(fields=["updated_at"], name="orders_changed_lately", autosummarize=True, pages_per_range=16),
        ),
        migrations.AddIndex(
            "assignment",
            BrinIndex(
                fields=["submitted_at", "decided_at"], name="answers_lately", autosummarize=True, pages_per_range=16
            ),
        ),
        migrations.AddIndex(
            "review", BrinIndex(fields=["at"], name="reviews_made_lately", autosummarize=True, pages_per_range=16)
        ),
    ]
