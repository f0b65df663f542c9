"""Teams: who works at a job together, how its pay is split, what they say to each other and what each wrote."""

from django.db import models
from django.db.models import Q

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.work import Assignment, Job


class Team(models.Model):
    """An agreement on who works at a job together and for which share of its pay; another split is another team.

    It begins when everybody in it has consented, and ends for what is not taken yet when one of them says so.
    """

    job = models.ForeignKey(Job, models.PROTECT, related_name="teams")
    proposed_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    at = models.DateTimeField(null=True, editable=False)
    began_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")

    privacy.declare(
        **dict.fromkeys(("id", "job", "proposed_by", "at", "began_at", "ended_at", "ended_by"), Audience.PARTIES)
    )

    def __str__(self) -> str:
        return f"team {self.pk} at job {self.job_id}"


class TeamMember(models.Model):
    """One of a team with their share, in percent of the pay; `consent` is the digest of what they consented to."""

    team = models.ForeignKey(Team, models.PROTECT, related_name="members", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    percent = models.PositiveSmallIntegerField()
    consent = models.CharField(max_length=64, blank=True)
    consented_at = models.DateTimeField(null=True)

    privacy.declare(**dict.fromkeys(("id", "team", "person", "percent", "consent", "consented_at"), Audience.PARTIES))

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "person"], name="one_place_in_a_team"),
            models.CheckConstraint(condition=Q(percent__range=(1, 99)), name="shares_are_whole_percents"),
        ]

    def __str__(self) -> str:
        return f"{self.percent} % of team {self.team_id}"


class TeamNote(models.Model):
    """What one of a team said to the others about a task of theirs. Nobody else reads it."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="team_notes")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    words = models.TextField(max_length=2000)
    at = models.DateTimeField(null=True, editable=False)

    privacy.declare(**dict.fromkeys(("id", "assignment", "person", "words", "at"), Audience.PARTIES))

    def __str__(self) -> str:
        return f"note {self.pk} at assignment {self.assignment_id}"


class TeamDraft(models.Model):
    """What one of a team had written before another went on or handed it in. The database alone writes it."""

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="team_drafts")
    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    value = models.JSONField()
    saved_at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("id", "assignment", "person", "value", "saved_at"), Audience.PARTIES))

    def __str__(self) -> str:
        return f"earlier draft {self.pk} of assignment {self.assignment_id}"
