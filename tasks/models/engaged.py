"""From when to when somebody worked at a task, as the server saw it or as they told it within bounds."""

from django.db import models
from django.db.models import F, Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.work import Assignment


class Span(models.Model):
    """A stretch of time in which a task was worked at; the member's own, for nobody else to read.

    `told` ones were not noted at their end but later, as after a lost connection; the database says which and when.
    """

    # The constraint below is its index.
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="spans", db_index=False)
    from_at = models.DateTimeField()
    to_at = models.DateTimeField()
    told = models.BooleanField(default=False)
    noted_at = models.DateTimeField()
    person = models.ForeignKey(
        Person, models.PROTECT, null=True, related_name="+", db_index=False,
        help_text="Another one of the team than who took the task.",
    )  # fmt: skip

    privacy.declare(
        **dict.fromkeys(("id", "assignment", "from_at", "to_at", "told", "noted_at", "person"), Audience.SELF)
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "noted_at"], name="one_span_at_a_moment"),
            models.CheckConstraint(condition=Q(to_at__gt=F("from_at")), name="spans_have_a_length"),
        ]

    def __str__(self) -> str:
        return f"span of assignment {self.assignment_id}"
