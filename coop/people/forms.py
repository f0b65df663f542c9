"""What we ask of people and organisations, and why."""

import zoneinfo
from datetime import timedelta
from functools import cache

from babel import Locale
from django import forms
from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_language, to_locale
from django.utils.translation import gettext_lazy as _

from coop.people import clients, keys
from coop.people.models import Person

# Zones that people live in; the others are old names of the same places.
REGIONS = ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
CURRENCIES = (
    "USD",
    "EUR",
    "GBP",
    "KES",
    "VES",
    "INR",
    "PHP",
    "NGN",
    "UGX",
    "ZAR",
    "COP",
    "MXN",
    "BRL",
    "IDR",
    "PKR",
    "BDT",
)
# Codes that the list of territories holds beside countries: unions, the unknown, test locales.
NO_COUNTRIES = {"EU", "EZ", "UN", "ZZ", "QO", "XA", "XB"}
KEY_LIVES = {"30": timedelta(days=30), "90": timedelta(days=90), "365": timedelta(days=365)}

type Choices = list[tuple[str, str]]


@cache
def _countries(language: str) -> Choices:
    territories = Locale.parse(to_locale(language)).territories
    named = [(code, name) for code, name in territories.items() if code.isalpha() and code not in NO_COUNTRIES]
    return sorted(named, key=lambda pair: pair[1])


def countries() -> Choices:
    """Return country codes and names in the language of the page, the empty choice first."""
    return [("", "—"), *_countries(get_language() or "en")]


@cache
def time_zones() -> Choices:
    """Return the zones that people live in, under their own names."""
    names = sorted(name for name in zoneinfo.available_timezones() if name.split("/")[0] in REGIONS)
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in names)]


class About(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """What a person says about themselves, at any time."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    country = forms.ChoiceField(
        label=_("Country"), choices=countries, required=False, help_text=_("Decides how we can send you money.")
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=time_zones, help_text=_("All times and deadlines are shown in it.")
    )
    display_currency = forms.ChoiceField(
        label=_("Currency to show beside US$"), choices=[(code, code) for code in CURRENCIES]
    )

    class Meta:
        model = Person
        fields = ("name", "country", "language", "time_zone", "display_currency")
        labels = {"name": _("Name you want shown")}
        help_texts = {"name": _("Other members see it. It need not be the name in your papers.")}


class Join(forms.Form):
    """What we ask at sign-up beside e-mail and password; allauth adds those."""

    name = forms.CharField(
        label=_("Name you want shown"),
        max_length=60,
        help_text=_("Other members see it. It need not be the name in your papers."),
    )
    country = About.base_fields["country"]
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = About.base_fields["time_zone"]

    def signup(self, request: HttpRequest, person: Person) -> None:
        """Do nothing more: the adapter has saved the person."""


class Organisation(forms.Form):
    """A new client organisation."""

    name = forms.CharField(
        label=_("Name of the organisation"), max_length=120, help_text=_("Members see it on every job you post.")
    )
    slug = forms.SlugField(
        label=_("Short name for addresses"),
        max_length=50,
        help_text=_("Small letters, digits and dashes, as orbit-labs."),
    )

    def clean_slug(self) -> str:
        """Return the short name in small letters, refusing one that is taken or that an address needs."""
        slug = str(self.cleaned_data["slug"]).lower()
        if reason := clients.refusal_of_slug(slug):
            raise forms.ValidationError(str(reason.reason))
        return slug


class Seat(forms.Form):
    """Whom to offer a seat."""

    email = forms.EmailField(
        label=_("Their e-mail"),
        max_length=254,
        help_text=_("Of the account they have here; they must have joined first. The seat is theirs once they accept."),
    )


class Address(forms.Form):
    """The new address of an account."""

    email = forms.EmailField(
        label=_("New e-mail"),
        max_length=254,
        help_text=_("Until the change is made, you sign in with the old one and every letter goes there."),
    )


class Key(forms.Form):
    """A new API key."""

    name = forms.CharField(label=_("Name"), max_length=60, help_text=_("Where it will be used, as nightly import."))
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=keys.SCOPES, widget=forms.CheckboxSelectMultiple, initial=["read"]
    )
    days = forms.ChoiceField(
        label=_("Valid for"), choices=[("90", _("90 days")), ("30", _("30 days")), ("365", _("a year"))]
    )

    def life(self) -> timedelta:
        """Return how long the key is to be valid."""
        return KEY_LIVES[self.cleaned_data["days"]]
