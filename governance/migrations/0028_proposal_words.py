"""A published proposal asks something and says why (3.5): neither may be blank."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """Add the constraint."""

    dependencies: ClassVar = [("governance", "0027_addresses_in_late_votes")]
    operations: ClassVar = [
        migrations.AddConstraint(
            model_name="proposal",
            constraint=models.CheckConstraint(
                condition=models.Q(published_at=None) | models.Q(title__regex=r"\S", text__regex=r"\S"),
                name="proposal_asks_and_says_why",
            ),
        ),
    ]
