"""What every decision about a person says: who decided, by which rule, and what to do if one finds it wrong."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from governance.models import Bylaw, Office, Pause, Rule, Withholding


@dataclass(frozen=True, slots=True)
class Decided:
    """Who decided about a person, by which rule, since when that is public, and the way to appeal, all in words."""

    who: str
    rule: str
    since: datetime
    appeal: str
    words: str = ""

    @property
    def address(self) -> str:
        """Return where the rule stands: a rule of conduct among those in force, another in the constitution."""
        return (
            f"{reverse('governance:rules')}#rule-{self.rule}"
            if self.words
            else f"{reverse('how_we_decide')}#{self.rule}"
        )


FIRST = Rule.objects.order_by("published_at").values("published_at")[:1]
# What is read with a withheld message, so that it names the two who decided.
WITHHOLDERS = ("withholding__answer__office__person", "withholding__second_officer__person")


def public_since() -> datetime:
    """Return since when the constitution's own parts are public: the day of its first rows; one query."""
    since: datetime = FIRST.get()["published_at"]
    return since


def by_bylaw(bylaw: Bylaw, *, who: str, appeal: str) -> Decided:
    """Return a decision by a rule of conduct, in the version that was charged."""
    return Decided(who, bylaw.key, bylaw.published_at, appeal, words=_(bylaw.title))


def of_pause(pause: Pause, since: datetime) -> Decided:
    """Return who paused a member, both officers by name. `since` is when the constitution became public."""
    paid = _(
        "Write to either of the two, to any officer, or in the assembly. If it was unfounded, you are paid double for"
        " the time. What should last longer needs a hearing first."
    )
    other = _("Write to either of the two, to any officer, or in the assembly. It is not prolonged (E3).")
    appeal = paid if pause.stops_work else other
    return Decided(_named([pause.first_officer, pause.second_officer]), "part 6", since, appeal)


def of_withholding(withheld: Withholding, since: datetime) -> Decided:
    """Return who withholds a message, both officers by name. `since` is when the constitution became public."""
    appeal = _(
        "Write to either of the two, to any officer, or in the assembly. It opens by itself. Nothing else follows for"
        " its author without a charge and a hearing."
    )
    return Decided(_named([withheld.answer.office, withheld.second_officer]), "part 6", since, appeal)


def _named(officers: Iterable[Office]) -> str:
    return ", ".join(f"{office.person.name} ({_(office.post)})" for office in officers)
