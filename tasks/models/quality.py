"""What a job's answers were found to come to, and how each person's compare. No measure rests on either (7.5)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Person
from coop.people.privacy import Audience
from tasks.models.work import Job, Task


class Weighing(models.TextChoices):
    """How the answers to a task become one."""

    MAJORITY = "majority", _("Each answer counts alike")
    DAWID_SKENE = "dawid-skene", _("By what each person takes for what (Dawid and Skene, 1979)")
    MACE = "mace", _("By how often each person guesses (MACE, 2013)")


class Estimate(models.Model):
    """What was found when all answers of a job were last compared; new answers are weighed by it until the next time.

    `priors` says how often each label is true, `usual` how the usual answer errs, `doubtful` the least certain tasks,
    `systems` how often each system that the data name would win against the others. `counted` is how many answers of
    the job were handed in up to the one numbered `counted_to`: of a large job no answer is counted twice.
    """

    job = models.OneToOneField(Job, models.PROTECT, primary_key=True, related_name="estimate")
    way = models.CharField(max_length=11, choices=Weighing)
    answers = models.PositiveIntegerField()
    people = models.PositiveIntegerField()
    priors = models.JSONField(default=dict)
    usual = models.JSONField(default=dict)
    alpha = models.FloatField(null=True, help_text="Krippendorff's alpha; nothing where chance could not be told.")
    alpha_low = models.FloatField(null=True, help_text="95 of 100 times it lies above this.")
    alpha_high = models.FloatField(null=True, help_text="And below this.")
    scales = models.JSONField(default=list, help_text="[{name, alpha, low, high}]: of each ordered scale.")
    systems = models.JSONField(default=list, help_text="[{system, compared, wins, low, high}], the best first.")
    doubtful = models.JSONField(default=list, help_text="[[task, confidence from 0 to 1], …], the least certain first.")
    at = models.DateTimeField()
    counted = models.PositiveIntegerField(default=0)
    counted_to = models.BigIntegerField(default=0)

    privacy.declare(
        **dict.fromkeys(
            (
                "job", "way", "answers", "people", "priors", "usual", "alpha", "alpha_low", "alpha_high", "scales",
                "systems", "doubtful", "at", "counted", "counted_to",
            ),
            Audience.CLIENT,
        )
    )  # fmt: skip

    def __str__(self) -> str:
        return f"estimate of job {self.job_id}"

    def least_certain(self, most: int | None = None) -> list[tuple[str, int]]:
        """Return the client's own ids of the tasks least certain, with their confidence in basis points. One query."""
        doubts = self.doubtful[:most]
        names = dict(Task.objects.filter(pk__in=[task for task, _sure in doubts]).values_list("pk", "external_id"))
        return [(names[task], round(10_000 * sure)) for task, sure in doubts]


class Reliability(models.Model):
    """How a person's answers in a job compare with what all came to. Theirs alone to see."""

    job = models.ForeignKey(Job, models.PROTECT, related_name="reliabilities", db_index=False)
    person = models.ForeignKey(Person, models.PROTECT, related_name="reliabilities")
    answers = models.PositiveIntegerField()
    agreed = models.PositiveIntegerField(help_text="How many say what all answers came to.")
    errors = models.JSONField(default=dict, help_text="{said: {true: chance}}.")

    privacy.declare(**dict.fromkeys(("id", "job", "person", "answers", "agreed", "errors"), Audience.SELF))

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "person"], name="one_reliability_per_person_and_job")]

    def __str__(self) -> str:
        return f"reliability of {self.person_id} in job {self.job_id}"
