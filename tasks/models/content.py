"""What may upset: the topics a client names for its job, and with which of them a member takes work."""

from collections.abc import Mapping

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience


class Topic(models.TextChoices):
    """What a task may show or speak of; OTHER is said in words beside it."""

    VIOLENCE = "violence", _("Violence and injuries")
    SEXUAL = "sexual", _("Sexual content")
    SELF_HARM = "self_harm", _("Self-harm and suicide")
    HATE = "hate", _("Hate and insults")
    CHILD_SAFETY = "child_safety", _("Texts about harm to children")
    MEDICAL = "medical", _("Wounds, illness and operations")
    ANIMALS = "animals", _("Harm to animals")
    OTHER = "other", _("Something else that may upset")


class Share(models.TextChoices):
    """In how many of a job's tasks a topic comes up."""

    RARE = "rare", _("in up to 1 task of 100")
    SOME = "some", _("in up to 1 task of 10")
    OFTEN = "often", _("in up to half of the tasks")
    MOST = "most", _("in more than half of the tasks")


def told(content: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return topics with how often each comes up, in words."""
    named = [(Topic(topic), Share(content[topic])) for topic in Topic.values if topic in content]
    return [(str(topic.label), str(share.label)) for topic, share in named]


class ContentChoice(models.Model):
    """With which topics a member takes work, and for how many minutes of 24 hours; none, as long as they say nothing.

    `minutes` is at most the members' ceiling, and none means that ceiling.
    """

    person = models.OneToOneField(Person, models.PROTECT, primary_key=True, related_name="content_choice")
    topics = ArrayField(models.CharField(max_length=12, choices=Topic), default=list)
    minutes = models.PositiveSmallIntegerField(null=True)
    at = models.DateTimeField()

    privacy.declare(**dict.fromkeys(("person", "topics", "minutes", "at"), Audience.SELF))

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(topics__contained_by=Topic.values), name="topics_are_known"),
            models.CheckConstraint(condition=Q(minutes=None) | Q(minutes__gt=0), name="caps_are_positive"),
        ]

    def __str__(self) -> str:
        return f"content choice of {self.person_id}"
