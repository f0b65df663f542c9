"""Say what those who check the books may do since: confirm payouts to those who handle money."""

from typing import ClassVar

from django.db import migrations, models

RIGHTS = [
    ("handles_money", "records deposits, sends payouts and confirms them"),
    ("asks_for_pauses", "asks for an emergency pause, or confirms one"),
    ("reads_reports", "reads what members report about content"),
    ("checks_the_books", "looks at every account and transfer, and confirms payouts to those who handle money"),
    ("keeps_panels", "prepares panels and keeps their files"),
]


class Migration(migrations.Migration):
    """Change the words."""

    dependencies: ClassVar = [("governance", "0081_gone_for_a_week")]
    operations: ClassVar = [
        migrations.AlterField("officeact", "duty", models.CharField(blank=True, choices=RIGHTS, max_length=20))
    ]
