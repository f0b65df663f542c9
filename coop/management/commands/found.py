"""Found a real cooperative, once, from the minutes of its founding meeting."""

import argparse
import tomllib
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, transaction

from coop import clock
from coop.database import access
from coop.database.embedded import Unavailable
from coop.models import Cooperative
from coop.people.models import Client, Person
from governance import founding as governance_founding
from payments import founding as payments_founding
from payments.founding import FirstRate
from tasks import shapes

# How panels and looks at rejected answers are done: work for the cooperative itself.
HOUSE = ("hearing", "finding")
MINUTES = """\
The minutes are a TOML file:

  name = "Our hall"
  [[members]]
  name = "Ada"
  email = "ada@example.org"
  country = "KE"
  time_zone = "Africa/Nairobi"
  post = "treasurer"          # optional; two officers of different posts are needed to pay out
  [[rates]]
  slug = "product-match"
  name = "Compare products"
  shape = "choice"
  amount = "0.09"             # US$ for each unit
  estimated_seconds = 30

Members set their password through «Forgotten password?» on the sign-in page.
"""


class Command(BaseCommand):
    """`manage.py found MINUTES.toml`: as the owner, in a database that `up --empty` made."""

    help = __doc__
    requires_system_checks: list[str] = []

    def create_parser(self, *arguments: Any, **options: Any) -> CommandParser:
        """Show the form of the minutes below the options."""
        parser = super().create_parser(*arguments, **options)
        parser.epilog, parser.formatter_class = MINUTES, argparse.RawDescriptionHelpFormatter
        return parser

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Read where the minutes are."""
        parser.add_argument("minutes", type=Path)

    def handle(self, *, minutes: Path, **_options: Any) -> None:
        """Found it, whole or not at all."""
        try:
            facts = tomllib.loads(minutes.read_text())
            with access.ready() as urls:
                access.connect(urls.owner)
                found(facts, clock.now())
        except (OSError, ValueError, KeyError, TypeError, Unavailable, IntegrityError) as error:
            message = f"Nothing was founded: {error}"
            raise CommandError(message) from error
        self.stdout.write(f"{facts['name']} is founded.")


@transaction.atomic
def found(facts: dict[str, Any], at: datetime) -> None:
    """Write the founding as the minutes have it; raises IntegrityError when a cooperative stands already."""
    Cooperative.objects.create(name=facts["name"], simulated=False, founded_at=at)
    people = [_member(entry) for entry in facts["members"]]
    offices = {entry["post"]: person for entry, person in zip(facts["members"], people, strict=True) if "post" in entry}
    mandate = governance_founding.found(members=people, offices=offices, at=at)
    if unknown := {entry["shape"] for entry in facts["rates"]} - {*shapes.names(), *HOUSE}:
        message = f"the site knows no kind of answer called {', '.join(sorted(unknown))}"
        raise ValueError(message)
    kinds = [FirstRate(**(entry | {"amount": Decimal(entry["amount"])})) for entry in facts["rates"]]
    payments_founding.open_books(mandate=mandate, at=at, kinds=kinds)
    Client.objects.create(name=facts["name"], slug="house", is_cooperative=True, created_at=at)


def _member(entry: dict[str, str]) -> Person:
    facts = {key: value for key, value in entry.items() if key != "post"}
    person = Person.objects.create_user(facts.pop("email"), **facts)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person
