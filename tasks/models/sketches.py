"""Jobs as far as they are written: what each step was given, complete or not, until a job is made of it."""

import re
from datetime import UTC, date, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q, QuerySet

from coop.people import privacy
from coop.people.models import Client, Person
from coop.people.privacy import Audience
from payments.models import WorkType
from tasks.models.files import SeenFile
from tasks.models.work import Job

# What is named so is the same file by whatever signature it is asked; else each may be a file of its own.
NAMED = re.compile(r"\.(png|jpe?g|webp|bmp|wav|flac|og[ag]|mp3|mp4|m4v|mov|webm|mkv|bin|pcd|zip)$", re.IGNORECASE)
# How the stores of Amazon, Google and Microsoft sign: it says who may fetch and until when, not what. A `token` may say
# what, and stays; so do Microsoft's short names without its signature. What stays costs a second file, not the first.
SIGNING = re.compile(
    r"x-(amz|goog)-.*|signature|expires|policy|key-pair-id|awsaccesskeyid|googleaccessid", re.IGNORECASE
)
MICROSOFT = re.compile(rf"{SIGNING.pattern}|sig|s[eprtv]|spr|sk(oid|tid|[estv])", re.IGNORECASE)


# From when a draft that nobody touches is told of until it goes.
NOTICE = timedelta(days=14)


def mark(address: str) -> str:
    """Return by what a file that lies elsewhere is known when it is fetched again: a SHA-256 of where it lies."""
    place, _mark, query = address.partition("?")
    named = [(part.partition("=")[0], part) for part in query.split("&")]
    signing = MICROSOFT if any(name.lower() == "sig" for name, _part in named) else SIGNING
    kept = "&".join(part for name, part in named if not signing.fullmatch(name))
    unsigned = f"{place}?{kept}" if kept else place
    return sha256((unsigned if NAMED.search(place) else address).encode()).hexdigest()


class Sketch(models.Model):
    """A job that a client is writing, step by step. It ends when the job is made of it, or when it is dropped.

    `said` holds what was filled in by field; it and the file are emptied when the sketch ends. `piloted` counts the
    rows of the file that paid pilots have asked, the latest of which is `pilot`. The database keeps the numbers of all.
    Nobody touched it for long before `told_at`; whoever writes on it empties that.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="sketches")
    work_type = models.ForeignKey(WorkType, models.PROTECT, related_name="+")
    said = models.JSONField(default=dict)
    file = models.FileField(upload_to="sketches/", max_length=200, blank=True)
    file_name = models.CharField(max_length=200, blank=True)
    rows = models.PositiveIntegerField(default=0)
    bytes = models.PositiveBigIntegerField(default=0)
    piloted = models.PositiveIntegerField(default=0)
    pilot = models.OneToOneField(Job, models.PROTECT, null=True, related_name="piloted_by")
    pilots = ArrayField(models.BigIntegerField(), default=list, db_default=[], editable=False)
    job = models.OneToOneField(Job, models.PROTECT, null=True, related_name="sketch")
    written_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(null=True, editable=False)
    at = models.DateTimeField(null=True, editable=False)
    dropped_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True, editable=False)

    privacy.declare(
        **dict.fromkeys(
            (
                "id", "client", "work_type", "said", "file", "file_name", "rows", "bytes", "piloted", "pilot",
                "pilots", "job",
                "written_by", "begun_at", "at", "dropped_at",
                "told_at",
            ),
            Audience.CLIENT,
        )
    )  # fmt: skip

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(job=None) | models.Q(dropped_at=None), name="sketches_end_in_one_way"
            ),
        ]
        indexes = [
            models.Index(
                fields=["client", "-at"], condition=models.Q(job=None, dropped_at=None), name="sketches_under_way"
            ),
            GinIndex(fields=["pilots"], name="sketches_by_their_pilots"),
        ]

    def __str__(self) -> str:
        return f"sketch {self.pk}"

    @property
    def title(self) -> str:
        """Return how the job is to be called, as far as it is."""
        said: dict[str, Any] = self.said
        return str(said.get("title", ""))

    @property
    def goes_on(self) -> date | None:
        """Return the day on which it is dropped unless somebody touches it; None where that was not told of."""
        return None if self.told_at is None else (self.told_at + NOTICE).astimezone(UTC).date()


class SketchFile(SeenFile):
    """A file that a job which is being written shows: as it came (`source`, until it is read), then as it is seen.

    Its content goes with the sketch; a job that is made of it, or a pilot, has a file of its own.
    """

    sketch = models.ForeignKey(Sketch, models.PROTECT, related_name="files")
    is_packed = models.BooleanField(default=False, help_text="It came in an archive.")
    address = models.CharField(
        max_length=2000,
        blank=True,
        help_text="Where it is fetched from, if it lies elsewhere; a hash of that once it is read.",
    )
    source = models.FileField(upload_to="drafts/", max_length=200, blank=True)
    file = models.FileField(upload_to="drafts/", max_length=200, blank=True)
    small = models.FileField(upload_to="drafts/", max_length=200, blank=True, help_text="An image for phones.")
    given_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    is_gone = models.BooleanField(default=False, help_text="It was deleted: nothing else of it is kept.")

    privacy.declare(
        **dict.fromkeys(
            (
                "id", "sketch", "is_packed", "name", "key", "address", "kind", "file", "small", "content_type", "bytes",
                "facts", "problem", "given_by", "done_at", "took", "is_gone",
            ),
            Audience.CLIENT,
        ),
        source=Audience.NOBODY,
    )  # fmt: skip

    @property
    def client(self) -> Client:
        """Return whose it is."""
        return self.sketch.client

    def beside(self) -> QuerySet["SketchFile"]:
        """Return the files of the same sketch that were not deleted."""
        return self.sketch.files.filter(is_gone=False)

    def member(self, name: str, key: UUID) -> "SketchFile":
        """Return a row for a file that was packed in this one; not saved."""
        return SketchFile(sketch_id=self.sketch_id, is_packed=True, name=name, key=key, given_by_id=self.given_by_id)

    def hold(self) -> bool:
        """Lock its sketch, before any of its files is; False where that has ended, and its files with it."""
        going = Q(pk=self.sketch_id, job=None, dropped_at=None)
        return Sketch.objects.select_for_update(no_key=True, of=["self"]).filter(going).first() is not None

    def forget_origin(self) -> list[str]:
        """Keep of its address, a secret often, what `mark` makes of it; return the fields that this changed."""
        self.address = self.mark()
        return ["address"]

    def mark(self) -> str:
        """Return by what it is known when it is fetched again; nothing of what was handed in."""
        return self.address if not self.address or self.done_at else mark(self.address)

    def shown(self) -> dict[str, Any]:
        """Return what kinds of answer know of it: kind, address, address of the small image, facts."""
        address = f"/c/{self.sketch.client.slug}/jobs/new/{self.sketch_id}/files/{self.key}/"
        return {"kind": self.kind, "address": address, "small": f"{address}small/", "facts": self.facts}
