"""What one officer noted and another may turn down instead of confirming it: nothing of it is ever booked."""

from datetime import datetime

from django.db import models

from governance.models import Office


class TurnedDown(models.Model):
    """Something that may be turned down, by whoever handles money; each says so in an act of its own."""

    turned_down_by = models.ForeignKey(Office, models.PROTECT, null=True, related_name="+")
    turned_down_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True

    def turn_down(self, *, by: Office, at: datetime) -> None:
        """Keep who turned it down, and when."""
        self.turned_down_by, self.turned_down_at = by, at
        self.save(update_fields=["turned_down_by", "turned_down_at"])
