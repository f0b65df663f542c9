"""A tally names the files by which anybody counts its vote again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add them."""

    dependencies = [("governance", "0037_rivals_guards")]

    operations = [
        migrations.AddField(
            model_name="tally",
            name="files",
            field=models.JSONField(
                editable=False, help_text="Set by the database: SHA-256 of each file to recount.", null=True
            ),
        ),
    ]
