"""What a change does, as the database replays it (D4), and in words: for pages and ballots."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from coop.people.models import Person
from governance.models import CUTS
from governance.policy import Payload
from payments import instruments
from payments.policies import spreads, worst
from payments.templatetags.money import change as signed
from payments.templatetags.money import money

type Lines = spreads.Lines
FINGERPRINT = 16
# The rule of who is offered which work.
OFFERS = "N9"


class Replayed:
    """What a policy says about pay when the database's replay decides: which rule, who gains or loses how much."""

    name: str
    # What a change does that no sum shows: what gets worse where it is decided as a cut, who is offered what by N9.
    worse: Promise | str = ""

    def rule_key(self, payload: Payload) -> str:
        """Return the rule that the change needs; the database decides it again at publication and enactment."""
        return needed_rule(self.name, payload)

    def impact(self, payload: Payload, at: datetime) -> dict[str, object]:
        """Return who gains or loses how much, by the replay of the last 28 days."""
        return replayed(self.name, payload)

    def impact_lines(self, impact: Payload) -> list[tuple[str, str]]:
        """Return the impact in words, made from what was stored with the proposal."""
        return lines(impact, worse=self.worse)

    def changes_for(self, person: Person, payload: Payload, at: datetime) -> str:
        """Return what it would change for this person; nothing where nobody's own money is concerned."""
        return ""


def replayed(policy: str, payload: Payload) -> dict[str, object]:
    """Return what a change does by the database's replay; the same is printed on the proposal when it is published."""
    found: dict[str, object] = json.loads(_ask("SELECT payments_impact(%s, %s)::text", policy, payload))
    return found


def needed_rule(policy: str, payload: Payload) -> str:
    """Return the rule that the database finds a change to need."""
    return _ask("SELECT payments_needed_rule(%s, %s)", policy, payload)


def _ask(question: str, policy: str, payload: Payload) -> str:
    with connection.cursor() as cursor:
        cursor.execute(question, [policy, json.dumps(payload)])
        (answer,) = cursor.fetchone()
    return str(answer)


def lines(impact: Payload, *, worse: Promise | str = "") -> Lines:
    """Return an impact in words, made from what was stored with the proposal: who, how much, where.

    `worse` is what no sum shows: said where the rule decides the change as a cut, or who is offered what.
    """
    verdict = _verdict(impact, worse)
    said = [*_sums(impact), *verdict, *spreads.lines(impact), *worst.lines(impact)]
    return [*said, (_("Fingerprint of these figures"), digest(impact))]


def digest(impact: Payload) -> str:
    """Return the beginning of the SHA-256 of an impact's canonical text; the whole text is part of the proposal's."""
    return hashlib.sha256(instruments.canonical(impact).encode()).hexdigest()[:FINGERPRINT]


def _sums(impact: Payload) -> Lines:
    """Return who did the work and what becomes of its pay; of fewer than five people that they are, and no more."""
    people: Any = impact["people"]
    who = (_("People who did this work in the last %(days)s days") % {"days": impact["days"]}, spreads.count(people))
    if people is None:
        return [who]
    return [
        who,
        (_("Units they did"), str(impact["units"])),
        (_("What the change makes of their pay for those units"), _less_or_more(impact)),
    ]


def _less_or_more(impact: Payload) -> str:
    if impact["difference"] is None:
        return str(spreads.UNTOLD)
    difference = Decimal(str(impact["difference"]))
    words = _("%(sum)s less") if difference < 0 else _("%(sum)s more")
    return words % {"sum": money(abs(difference), spreads.currency(impact))}


def _verdict(impact: Payload, worse: Promise | str) -> Lines:
    rule, question = impact.get("rule"), _("Is it a cut?")
    if not impact.get("cut") and rule not in CUTS:
        return [(question, _("No: nothing pays less, later or for longer work.")), *_offered(impact, worse)]
    said = [(question, _("Yes, by rule %(rule)s.") % {"rule": rule})]
    if not impact.get("cut"):
        said = [(question, _("No unit pays less. It is decided like one, by rule %(rule)s.") % {"rule": rule})]
    if worse and rule in CUTS:
        said.append((_("What gets worse"), str(worse)))
    if kept := _pair(impact):
        below = (kept - 1) * 100
        of = Decimal(below.numerator) / below.denominator
        said.append((_("Beside the best pay of the last 12 months"), signed(of.quantize(Decimal("0.1")))))
    losing: Any = impact["losing"]
    if losing != 0 or not worse:
        said.append((_("People who would be paid less, later or for longer work"), spreads.count(losing)))
    return said


def _offered(impact: Payload, worse: Promise | str) -> Lines:
    """Return who is offered what, and how many of those who did the work are offered less of it."""
    if not worse or impact.get("rule") != OFFERS:
        return []
    said = [(_("What it changes"), str(worse))]
    figures: spreads.Figures = impact
    if "shut_out" in figures:
        said.append((_("People who did it and could not take it any more"), spreads.count(figures["shut_out"])))
    if figures.get("over", 0) != 0:
        said.append((_("People who took more than that in the last day"), spreads.count(figures["over"])))
    return said


def _pair(impact: Payload) -> Fraction | None:
    kept = impact.get("kept")
    return Fraction(int(kept[0]), int(kept[1])) if isinstance(kept, Sequence) and kept else None
