"""Files may be videos, of which tasks show frames."""

from typing import ClassVar

from django.db import migrations, models

KINDS = [
    ("", "Not read yet"), ("image", "Image"), ("sound", "Recording"), ("cloud", "Point cloud"), ("video", "Video"),
    ("archive", "Archive"),
]  # fmt: skip


class Migration(migrations.Migration):
    """Name the kind."""

    dependencies: ClassVar = [("tasks", "0116_of_no_address_read_before")]
    operations: ClassVar = [
        migrations.AlterField(name, "kind", models.CharField(blank=True, choices=KINDS, max_length=7))
        for name in ("jobfile", "sketchfile")
    ]
