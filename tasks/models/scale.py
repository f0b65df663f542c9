"""What programs written for Scale AI keep here: projects, batches and orders in that interface's own words.

What a test key made is marked `test`: it orders no work, moves no money, and no live key sees it. An order is one task
as it was asked for; a live one has a `task` once members may take it.
"""

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.models import Client, Person
from coop.people.privacy import Audience
from payments.models import WorkType
from payments.money import MoneyField
from tasks.models.lately import lately
from tasks.models.work import Job, Task


class Project(models.Model):
    """Orders of one kind under one name; what they have in common stands in its versions."""

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    client = models.ForeignKey(Client, models.PROTECT, related_name="projects", db_index=False)
    test = models.BooleanField()
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, help_text="One of the interface's own, as imageannotation.")
    options = models.JSONField(default=dict, help_text="What else was said when it was made, as rapid or studio.")
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(
            ("id", "key", "client", "test", "name", "kind", "options", "created_by", "created_at"), Audience.CLIENT
        )
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "test", "name"], name="one_project_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ProjectVersion(models.Model):
    """What every order of a project inherits from this version on; `pay` is US$ for each answer and never falls."""

    project = models.ForeignKey(Project, models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    params = models.JSONField(default=dict)
    work_type = models.ForeignKey(WorkType, models.PROTECT, null=True, related_name="+")
    pay = MoneyField(null=True, help_text="At least the voted rate; empty: the voted rate.")
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()

    privacy.declare(
        **dict.fromkeys(
            ("id", "project", "number", "params", "work_type", "pay", "created_by", "created_at"), Audience.CLIENT
        )
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="one_version_per_number"),
        ]

    def __str__(self) -> str:
        return f"version {self.number} of {self.project}"


class BatchState(models.TextChoices):
    """What a client did with a batch; that it is completed follows from its orders."""

    STAGING = "staging", _("Being filled")
    IN_PROGRESS = "in_progress", _("In work")
    PAUSED = "paused", _("Paused")
    CANCELLED = "cancelled", _("Cancelled")


# In the options of a batch that starts by itself: a key that may spend made it where Scale asks nobody to finalize.
BY_ITSELF = "starts_by_itself"


class Batch(models.Model):
    """Orders of a project that are finalized together."""

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    client = models.ForeignKey(Client, models.PROTECT, related_name="batches", db_index=False)
    project = models.ForeignKey(Project, models.PROTECT, related_name="batches")
    test = models.BooleanField()
    name = models.CharField(max_length=200)
    callback = models.CharField(max_length=2000, blank=True, help_text="An address or an e-mail to tell of its end.")
    options = models.JSONField(default=dict, help_text="What else was said when it was made, as calibration_batch.")
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    metadata = models.JSONField(default=dict)
    state = models.CharField(max_length=11, choices=BatchState)
    priority = models.PositiveSmallIntegerField(null=True)
    finalized_at = models.DateTimeField(null=True)

    privacy.declare(
        **dict.fromkeys(
            ("id", "key", "client", "project", "test", "name", "callback", "options", "created_by", "created_at",
             "metadata", "state", "priority", "finalized_at"),
            Audience.CLIENT,
        )
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "test", "name"], name="one_batch_per_name"),
        ]
        indexes = [models.Index(fields=["client", "test", "-id"], name="batches_of_a_client")]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What an order is for. All are work, and paid as such."""

    WORK = "", _("Work")
    EVALUATION = "evaluation", _("Its answer is known to the client")
    TRAINING = "training", _("Practice with an answer that the client knows")


class Audit(models.TextChoices):
    """What a client said of an answer."""

    PENDING = "pending", _("Nothing yet")
    ACCEPTED = "accepted", _("Accepted")
    FIXED = "fixed", _("Fixed by the client")
    COMMENTED = "commented", _("Commented on")
    REJECTED = "rejected", _("Rejected; members look at it")


class Order(models.Model):
    """One task as a client's program asked for it. `params` hold what it inherited from its project, its own above."""

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    client = models.ForeignKey(Client, models.PROTECT, related_name="orders", db_index=False)
    test = models.BooleanField()
    kind = models.CharField(max_length=40)
    project = models.ForeignKey(Project, models.PROTECT, null=True, related_name="orders")
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="orders")
    version = models.ForeignKey(ProjectVersion, models.PROTECT, null=True, related_name="orders", db_index=False)
    params = models.JSONField()
    instruction = models.TextField(blank=True)
    callback_url = models.CharField(max_length=2000, blank=True, help_text="An address or an e-mail.")
    role = models.CharField(max_length=10, choices=Role, blank=True)
    expected = models.JSONField(null=True, help_text="The answer that the client knows; no member sees it.")
    initial = models.JSONField(null=True, help_text="The answer to be reviewed.")
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    metadata = models.JSONField(default=dict)
    tags = models.JSONField(default=list)
    unique_id = models.CharField(max_length=200, null=True)  # noqa: DJ001 - none is no id, and many have none
    priority = models.PositiveSmallIntegerField(null=True)
    canceled_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True, help_text="Why it failed: a file that never came, or no money when it had.")
    audit = models.CharField(max_length=9, choices=Audit, default=Audit.PENDING)
    audit_words = models.TextField(blank=True)
    task = models.OneToOneField(Task, models.PROTECT, null=True, related_name="order")

    privacy.declare(
        **dict.fromkeys(
            ("id", "key", "client", "test", "kind", "project", "batch", "version", "params", "instruction",
             "callback_url", "role", "expected", "initial", "created_by", "created_at", "updated_at", "metadata",
             "tags", "unique_id", "priority", "canceled_at", "failed_at", "error", "audit", "audit_words", "task"),
            Audience.CLIENT,
        )
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "test", "unique_id"], name="one_order_per_unique_id"),
            models.CheckConstraint(condition=Q(test=False) | Q(task=None), name="tests_order_no_work"),
            models.CheckConstraint(
                condition=Q(failed_at=None, error="") | Q(failed_at__isnull=False, task=None) & ~Q(error=""),
                name="what_failed_says_why_and_is_not_done",
            ),
        ]
        indexes = [
            models.Index(fields=["client", "test", "-id"], name="orders_of_a_client"),
            lately("updated_at", name="orders_changed_lately"),
            models.Index(
                fields=["batch"], condition=Q(test=False, task=None, canceled_at=None, failed_at=None),
                name="orders_in_no_job",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"order {self.key}"


class Lot(models.Model):
    """The job that does the orders of a project and a batch which ask the same at the same pay."""

    job = models.OneToOneField(Job, models.PROTECT, primary_key=True, related_name="lot")
    project = models.ForeignKey(Project, models.PROTECT, related_name="lots", db_index=False)
    batch = models.ForeignKey(Batch, models.PROTECT, null=True, related_name="lots")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what they ask, at which pay.")

    privacy.declare(job=Audience.CLIENT, project=Audience.CLIENT, batch=Audience.CLIENT, digest=Audience.CLIENT)

    class Meta:
        indexes = [models.Index(fields=["project", "digest"], name="lots_that_ask_the_same")]

    def __str__(self) -> str:
        return f"lot of job {self.job_id}"


class Asset(models.Model):
    """A file that a client handed in, or the address of one, to be named as scaledata://KEY.

    One of an `order` was named there by its address, and is fetched for it alone.
    """

    key = models.UUIDField(unique=True, default=uuid.uuid4)
    client = models.ForeignKey(Client, models.PROTECT, related_name="assets", db_index=False)
    test = models.BooleanField()
    name = models.CharField(max_length=200)
    project_name = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=200, null=True)  # noqa: DJ001 - none is no reference, and many have none
    metadata = models.JSONField(default=dict)
    address = models.CharField(max_length=2000, blank=True, help_text="Where it lies; empty: it was handed in.")
    created_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    file = models.FileField(upload_to="assets/", max_length=200, blank=True)
    content_type = models.CharField(max_length=100, blank=True)
    bytes = models.PositiveIntegerField(default=0)
    order = models.ForeignKey(
        Order, models.PROTECT, null=True, related_name="assets", help_text="Whose attachment it is; empty: any order's."
    )
    next_at = models.DateTimeField(null=True, help_text="When it is fetched; empty: it is here, or never comes.")
    tries = models.PositiveSmallIntegerField(default=0)
    problem = models.JSONField(null=True, help_text="Why it never comes: a key of PROBLEMS in tasks.scale.fetching.")

    privacy.declare(
        **dict.fromkeys(
            ("id", "key", "client", "test", "name", "project_name", "reference", "metadata", "address", "created_by",
             "created_at", "content_type", "bytes", "order", "next_at", "tries", "problem"),
            Audience.CLIENT,
        ),
        file=Audience.NOBODY,
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["client", "test", "reference"], name="one_asset_per_reference"),
        ]
        indexes = [
            models.Index(fields=["client", "next_at"], condition=Q(next_at__isnull=False), name="assets_to_be_fetched"),
        ]

    def __str__(self) -> str:
        return self.name


class Sandbox(models.Model):
    """The team and its labellers as a client's test keys left them: made up, and nobody is told or assigned."""

    client = models.OneToOneField(Client, models.PROTECT, primary_key=True, related_name="sandbox")
    teammates = models.JSONField(default=dict, help_text="E-mail to role.")
    assignments = models.JSONField(default=dict, help_text="E-mail to names of projects.")
    groups = models.JSONField(default=dict, help_text="Name of a project to groups by name, each e-mails.")
    batches = models.JSONField(default=dict, help_text="Name of a batch to its groups.")

    privacy.declare(
        client=Audience.CLIENT,
        teammates=Audience.CLIENT,
        assignments=Audience.CLIENT,
        groups=Audience.CLIENT,
        batches=Audience.CLIENT,
    )

    def __str__(self) -> str:
        return f"sandbox of {self.client_id}"
