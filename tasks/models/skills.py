"""Skills: what a job may ask of whoever takes it, and by which paid test a member shows it (N9)."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language

from coop.people import privacy
from coop.people.models import Client, Person
from coop.people.privacy import Audience
from payments.models import Instrument

# Which goes at a test showed its skill.
SHOWN = Q(ended_at__isnull=False, correct__gte=F("needed"))


class Skill(models.Model):
    """What somebody can do, as the cooperative words it in both its languages; never changed, as people hold it."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="skills")
    name = models.CharField(max_length=60)
    about = models.TextField(max_length=4_000, help_text="Markdown.")
    name_es = models.CharField(max_length=60)
    about_es = models.TextField(max_length=4_000, help_text="Markdown.")
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(("id", "client", "name", "about", "name_es", "about_es", "created_at"), Audience.PUBLIC),
        created_by=Audience.CLIENT,
    )

    def __str__(self) -> str:
        return self.name_es if _spanish() else self.name

    @property
    def says(self) -> str:
        """Return what it is, in Markdown, in the language of whoever reads."""
        return self.about_es if _spanish() else self.about


class Sitting(models.Model):
    """One go at the test of a skill: begun with its first answer, over with its last. Written by the database alone.

    The instrument in force when its first question was taken says how many are drawn, and how many right ones pass.
    """

    skill = models.ForeignKey(Skill, models.PROTECT, related_name="sittings", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="sittings")
    terms = models.ForeignKey(Instrument, models.PROTECT, related_name="+", db_index=False)
    drawn = models.PositiveSmallIntegerField()
    needed = models.PositiveSmallIntegerField()
    answered = models.PositiveSmallIntegerField()
    correct = models.PositiveSmallIntegerField()
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys(
            ("id", "skill", "person", "terms", "drawn", "needed", "answered", "correct", "begun_at", "ended_at"),
            Audience.SELF,
        )
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["skill", "person"], condition=Q(ended_at=None), name="one_sitting_of_a_test_at_a_time"
            ),
            # It is the index by which a claim asks whether somebody has a skill, too.
            models.UniqueConstraint(
                fields=["skill", "person"], condition=SHOWN, name="a_skill_is_shown_once",
            ),
            models.CheckConstraint(
                condition=Q(correct__lte=F("answered"), answered__lte=F("drawn"), needed__lte=F("drawn")),
                name="no_more_right_than_answered",
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, answered__lt=F("drawn")) | Q(ended_at__isnull=False, answered=F("drawn")),
                name="sittings_end_with_their_last_answer",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"sitting {self.pk} of skill {self.skill_id}"

    @property
    def passed(self) -> bool:
        """Tell whether it showed the skill."""
        return self.ended_at is not None and self.correct >= self.needed


def _spanish() -> bool:
    return (get_language() or "").startswith("es")
