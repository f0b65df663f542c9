"""Found the demonstration cooperative, as its owner: the clock, the people, the rules, the first rates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils.translation import gettext_noop

from coop.demo import shown
from coop.models import Cooperative
from coop.people.models import Client, Person
from governance import founding as governance_founding
from payments import details
from payments import founding as payments_founding

PASSWORD = "workhall-demo"  # noqa: S105 - printed on the sign-in page of a demonstration
DOMAIN = "demo.workhall.example"
# Long enough ago that its members have the 180 days that the rules ask of senior ones.
AGE = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Role:
    """One of the cast: who they are and what they are to the cooperative."""

    name: str
    country: str
    time_zone: str
    currency: str = "USD"
    post: str = ""
    member: bool = True
    about: str = ""

    @property
    def email(self) -> str:
        """Return the address the person signs in with."""
        return f"{self.name.split()[0].lower()}@{DOMAIN}"


CAST = [
    Role("Amina", "KE", "Africa/Nairobi", "KES", about=gettext_noop("member, works on her phone")),
    Role("Luis", "VE", "America/Caracas", "VES", about=gettext_noop("member, works on an old laptop")),
    Role("Priya", "IN", "Asia/Kolkata", about=gettext_noop("member, mathematician")),
    Role("Teresa", "PT", "Europe/Lisbon", "EUR", post="treasurer", about="treasurer"),
    Role("Samuel", "GH", "Africa/Accra", post="safety officer", about="safety officer"),
    Role("Petra", "DE", "Europe/Berlin", "EUR", post="secretary", about="secretary"),
    Role("Nia", "KE", "Africa/Nairobi", "KES", member=False, about=gettext_noop("has just joined")),
    Role("Olga", "PL", "Europe/Warsaw", "EUR", member=False, about=gettext_noop("runs data work at the client Orbit")),
]
# Further members, so that a vote is decided by more than a table.
CHORUS = (
    "Abebe",
    "Beatriz",
    "Chidi",
    "Dalia",
    "Emeka",
    "Fatima",
    "Grace",
    "Hassan",
    "Imani",
    "Joao",
    "Kwame",
    "Leila",
    "Mateo",
    "Ngozi",
    "Omar",
    "Paulina",
    "Quentin",
    "Rosa",
    "Sanjay",
    "Thandi",
    "Uma",
    "Valentina",
    "Wanjiru",
    "Ximena",
    "Yusuf",
    "Zainab",
    "Akua",
    "Benoit",
    "Carmen",
    "Dinesh",
)


def found(at: datetime, *, asks: Iterable[str]) -> Cooperative:
    """Found it: a simulated clock, 36 members, three officers, an applicant and a client's manager.

    `asks` are the kinds of work, by slug, that may ask for the skill that an officer words.
    """
    with transaction.atomic():
        then = at - AGE
        coop = Cooperative.objects.create(name="Workhall (demonstration)", simulated=True, founded_at=then)
        people = _people(then)
        members = [people[role.name] for role in CAST if role.member] + [people[name] for name in CHORUS]
        offices = {role.post: people[role.name] for role in CAST if role.post}
        mandate = governance_founding.found(members=members, offices=offices, at=then)
        Client.objects.create(name=coop.name, slug="workhall", is_cooperative=True, created_at=then)
        skill = shown.word(people["Petra"], at=then)
        payments_founding.open_books(mandate=mandate, at=then, asks={slug: [skill.pk] for slug in asks})
        for role in CAST:
            me = people[role.name]
            details.give(me, rail="by_hand", facts=_destination(me), by=me, at=then)
    return coop


def _destination(person: Person) -> dict[str, str]:
    """Return where the money of one of the cast goes, as people say it before they earned anything."""
    return {"way": "M-Pesa", "account": f"0700 {person.pk:06d}", "holder": person.name}


def _people(at: datetime) -> dict[str, Person]:
    """Create the accounts, all with the one printed password, e-mail addresses confirmed."""
    secret = make_password(PASSWORD)
    roles = CAST + [Role(name, "KE", "Africa/Nairobi") for name in CHORUS]
    made = Person.objects.bulk_create(
        Person(
            email=role.email,
            name=role.name,
            country=role.country,
            time_zone=role.time_zone,
            display_currency=role.currency,
            password=secret,
            joined_at=at,
        )
        for role in roles
    )
    _confirm(made)
    return {person.name: person for person in made}


def _confirm(people: list[Person]) -> None:
    EmailAddress.objects.bulk_create(
        EmailAddress(user=person, email=person.email, verified=True, primary=True) for person in people
    )
