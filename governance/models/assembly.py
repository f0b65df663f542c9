"""Discussion: threads and what members write in them. Nothing of it is ever edited or deleted, by anybody."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience

LONGEST_MESSAGE = 5000
# As they are written in a PostgreSQL expression; coop.markdown takes the same out of whatever is shown.
UNSEEN = (
    r"[\u0001-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u180E\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF]"
)


class Topic(models.TextChoices):
    """What a thread is about. The first is first: elsewhere people lose their work for talking about it."""

    CONDITIONS = "conditions", _("Pay, conditions and clients")
    VOTES = "votes", _("Votes and rules")
    WORK = "work", _("Jobs and guides")
    OTHER = "other", _("Everything else")


class Thread(models.Model):
    """A talk: free, with a title of its own, or about one thing ("proposal:3", "job:12"), one for each."""

    topic = models.CharField(max_length=10, choices=Topic)
    title = models.CharField(
        max_length=140, blank=True, help_text="Empty for a thread about a thing: its name says it."
    )
    subject = models.CharField(max_length=40, blank=True, help_text="As proposal:3 or job:12; empty for a free one.")
    opened_by = models.ForeignKey(Person, models.PROTECT, related_name="threads")
    opened_at = models.DateTimeField()

    privacy.declare(
        id=Audience.MEMBERS,
        topic=Audience.MEMBERS,
        title=Audience.MEMBERS,
        subject=Audience.MEMBERS,
        opened_by=Audience.MEMBERS,
        opened_at=Audience.MEMBERS,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(topic__in=Topic.values), name="topic_is_known"),
            models.CheckConstraint(
                condition=Q(subject="", title__regex=r"\S") | Q(~Q(subject=""), title=""), name="thread_has_one_name"
            ),
            models.CheckConstraint(
                condition=Q(subject="") | Q(subject__regex=r"^(proposal|job):[1-9][0-9]{0,17}$"),
                name="thread_is_about_a_thing",
            ),
            models.CheckConstraint(condition=~Q(title__regex=UNSEEN), name="title_is_all_seen"),
            models.UniqueConstraint(fields=["subject"], condition=~Q(subject=""), name="one_thread_per_thing"),
        ]

    def __str__(self) -> str:
        return self.title or self.subject


class Message(models.Model):
    """What somebody wrote, as Markdown. A correction is a further message that stands in its place; both stay readable.

    The text is for whoever may read the thread: officers see no more of it than others.
    """

    thread = models.ForeignKey(Thread, models.PROTECT, related_name="messages", db_index=False)
    author = models.ForeignKey(Person, models.PROTECT, related_name="messages", db_index=False)
    text = models.TextField(max_length=LONGEST_MESSAGE)
    corrects = models.ForeignKey("self", models.PROTECT, null=True, related_name="corrections")
    written_at = models.DateTimeField()

    privacy.declare(
        id=Audience.MEMBERS,
        thread=Audience.MEMBERS,
        author=Audience.MEMBERS,
        text=Audience.PARTIES,
        corrects=Audience.MEMBERS,
        written_at=Audience.MEMBERS,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("text"), LONGEST_MESSAGE), name="message_is_bounded"
            ),
            models.CheckConstraint(condition=Q(text__regex=r"\S"), name="message_says_something"),
            models.CheckConstraint(condition=~Q(text__regex=UNSEEN), name="message_is_all_seen"),
        ]
        indexes = [
            models.Index(fields=["thread", "id"], name="messages_of_a_thread"),
            models.Index(fields=["author", "written_at"], name="messages_of_an_author"),
        ]

    def __str__(self) -> str:
        return f"message {self.pk} by {self.author_id}"
