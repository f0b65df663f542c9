"""Who has an account, which organisations post work, and the keys they use. Never what anybody may do: see standing."""

import hashlib
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower, Now
from django.utils.translation import gettext_lazy as _

from coop.people import privacy
from coop.people.privacy import Audience


class People(BaseUserManager["Person"]):
    """Makes accounts the way Django's and allauth's own code asks for."""

    def create_user(self, email: str, password: str | None = None, **facts: object) -> "Person":
        """Return a new, saved account; without a password it cannot sign in by one."""
        person = self.model(email=self.normalize_email(email), **facts)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """Somebody with an account. `is_active` is no column: nobody is shut out by clearing a flag."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name you want shown"), max_length=60)
    country = models.CharField(_("country"), max_length=2, blank=True, help_text=_("Two letters, as KE or VE."))
    language = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(_("time zone"), max_length=40, default="UTC")
    display_currency = models.CharField(_("currency to show beside US$"), max_length=3, default="USD")
    joined_at = models.DateTimeField(db_default=Now(), editable=False)
    signed_out_at = models.DateTimeField(null=True, editable=False, help_text="When every sign-in was ended (part 6).")

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = People()

    privacy.declare(
        id=Audience.MEMBERS,
        email=Audience.SELF,
        password=Audience.NOBODY,
        last_login=Audience.SELF,
        name=Audience.MEMBERS,
        country=Audience.SELF,
        language=Audience.SELF,
        time_zone=Audience.SELF,
        display_currency=Audience.SELF,
        joined_at=Audience.MEMBERS,
        signed_out_at=Audience.SELF,
    )

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_account_per_address")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_session_auth_hash(self) -> str:
        """Return what a sign-in is bound to: the password, and when all sign-ins were last ended."""
        return self._bound(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Return the same by the secrets of before."""
        yield from map(self._bound, super().get_session_auth_fallback_hash())

    def _bound(self, digest: str) -> str:
        ended = self.signed_out_at
        return hashlib.sha256(f"{digest} {ended.isoformat()}".encode()).hexdigest() if ended else digest

    @property
    def spoken(self) -> str:
        """The language to write to them in: theirs, or the site's where theirs is not spoken here."""
        return self.language if self.language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


class AddressChange(models.Model):
    """A change of a person's e-mail address: asked for by them, told to the old address, in force seven days later.

    All times are the database's own. Until `done_at` the old address signs in and gets every letter.
    """

    person = models.ForeignKey(Person, models.PROTECT, related_name="address_changes")
    old_address = models.EmailField()
    new_address = models.EmailField()
    asked_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    privacy.declare(
        **dict.fromkeys((
            "id", "person", "old_address", "new_address", "asked_at", "told_at", "confirmed_at", "stopped_at",
            "done_at",
        ), Audience.SELF)
    )  # fmt: skip

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person"],
                condition=models.Q(stopped_at=None, done_at=None),
                name="one_change_of_address_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"change of address {self.pk}"


def display_name(person: Person) -> str:
    """Return the name a page shows for an account."""
    return person.name or person.email


class Client(models.Model):
    """An organisation that posts work. The cooperative is itself one, for onboarding."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    is_cooperative = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField()

    privacy.declare(
        id=Audience.PUBLIC,
        name=Audience.PUBLIC,
        slug=Audience.PUBLIC,
        is_cooperative=Audience.PUBLIC,
        created_at=Audience.PUBLIC,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["is_cooperative"], condition=models.Q(is_cooperative=True), name="one_cooperative"
            )
        ]

    def __str__(self) -> str:
        return self.name


# A seat counts from the moment its person accepted it until it ends; before that it is an offer.
SEATED = models.Q(accepted_at__isnull=False, ended_at=None)
OFFERED = models.Q(accepted_at=None, ended_at=None)


class ClientSeat(models.Model):
    """A person's seat in a client organisation, or the offer of one.

    An offer holds the address as its giver typed it; its person is None when no account has that address.
    """

    client = models.ForeignKey(Client, models.PROTECT, related_name="seats")
    person = models.ForeignKey(Person, models.PROTECT, null=True, blank=True, related_name="seats")
    offered_to = models.EmailField(blank=True)
    created_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    privacy.declare(
        id=Audience.CLIENT,
        client=Audience.CLIENT,
        person=Audience.CLIENT,
        offered_to=Audience.CLIENT,
        created_at=Audience.CLIENT,
        accepted_at=Audience.CLIENT,
        ended_at=Audience.CLIENT,
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["client", "person"], condition=models.Q(ended_at=None), name="one_seat_per_person_and_client"
            )
        ]

    def __str__(self) -> str:
        return f"{self.person or self.offered_to} at {self.client}"


# The scope of keys that try things out (tasks.scale); it stands alone.
TEST = "test"


class ApiKey(models.Model):
    """A client's key for the API. Only the SHA-256 of its high-entropy secret is kept; the prefix tells keys apart."""

    client = models.ForeignKey(Client, models.PROTECT, related_name="api_keys")
    created_by = models.ForeignKey(Person, models.PROTECT, related_name="+")
    name = models.CharField(max_length=60)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list, help_text=_("Any of read, post, fund, download, team; or test alone."))
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    asked_at: datetime  # when it was used, on a key that `authentication.find` found

    privacy.declare(
        id=Audience.CLIENT,
        client=Audience.CLIENT,
        created_by=Audience.CLIENT,
        name=Audience.CLIENT,
        prefix=Audience.CLIENT,
        digest=Audience.NOBODY,
        scopes=Audience.CLIENT,
        created_at=Audience.CLIENT,
        expires_at=Audience.CLIENT,
        last_used_at=Audience.CLIENT,
        revoked_at=Audience.CLIENT,
    )

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"

    @property
    def is_test(self) -> bool:
        """Tell whether it only tries things out: nothing it asks for is ordered, and no money moves."""
        return bool(self.scopes == [TEST])


class KeyUse(models.Model):
    """How many calls a key has made in the minute that runs. It need not outlive a crash: its table is not logged."""

    key = models.OneToOneField(ApiKey, models.PROTECT, primary_key=True, related_name="use")
    minute = models.BigIntegerField(help_text="Minutes since 1970.")
    calls = models.PositiveIntegerField()

    privacy.declare(key=Audience.CLIENT, minute=Audience.CLIENT, calls=Audience.CLIENT)

    def __str__(self) -> str:
        return f"{self.calls} calls of key {self.key_id}"
