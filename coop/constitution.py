"""The constitution as it is read on the page "How we decide": each rule by its id, in plain words.

The numbers of the rules that a vote can carry out come from the database (`in_force`); these words explain the rest.
An id stands in refusals, guards and tests; the page has an anchor for each.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from babel.numbers import format_percent
from django.utils.functional import Promise as Words
from django.utils.translation import get_language, gettext, gettext_noop, to_locale
from django.utils.translation import gettext_lazy as _

from coop import clock
from governance.models import WHOLE, Rule


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its title, a sentence about it, and its rules as (id, words)."""

    title: Words
    about: Words
    rules: Sequence[tuple[str, Words]]


WORDS = Part(
    _("Words that decide"),
    _("What the other rules mean by their words."),
    (
        (
            "D1",
            _(
                "A person is an applicant, then a candidate, then a member, until they leave. A pause is never more"
                " than a pause: signing in, earnings, payouts, votes and your own data stay yours."
            ),
        ),
        ("D2", _("The roll of a vote is the list of its electors, frozen when the proposal is published.")),
        ("D3", _("What can change your pay or your access is a numbered, dated version; nothing else is read.")),
        ("D4", _("A cut is any change under which some work pays less, takes longer for the same, or is paid later.")),
        ("D5", _("Kinds of work and jobs that share three of client, kind, tier, language and guide are comparable.")),
        (
            "D6",
            _(
                "You are affected by a change if in the last 90 days you took a unit of this kind of work, were kept a"
                " share of it, or met what it asks for. Where it asks for nothing, one accepted unit of it is"
                " enough until others have had such work openly for 14 weeks: whoever is kept from work, or is given"
                " none, keeps their vote."
            ),
        ),
        ("D7", _("Cuts are measured from the best pay of the last 12 months, never from the last step.")),
        ("D8", _("An officer is anyone with a right that other members lack, administrators of the machine included.")),
    ),
)
NEVER = Part(
    _("Never, not even by vote"),
    _("These stand above every vote."),
    (
        ("E1", _("Accepted work is paid in full, on the terms you saw when you took it.")),
        ("E2", _("No change reaches back: your pay is the rate stored with your task.")),
        ("E3", _("What you earned cannot be taken away, cannot expire and is not held for more than 72 hours.")),
        ("E4", _("The usual pay for an hour stays above the floor of your region.")),
        ("E5", _("No machine alone pauses, limits or expels anybody, or sends work back: a named person decides.")),
        ("E6", _("Onboarding, tests, training, rework and demanded waiting are paid work.")),
        ("E7", _("One member, one vote: no weights, and no proxies on pay and standing.")),
        ("E8", _("Nobody loses anything for speaking, organising or proposing.")),
        ("E9", _("No rule applies before it has been public for 15 days.")),
        ("E10", _("A client learns nothing about you beyond the work itself.")),
        (
            "E11",
            _("The record, your right to leave with your earnings and your data, and these rules cannot be suspended."),
        ),
    ),
)
BY_VOTE = Part(
    _("Only by vote"),
    _("Deliberation, then voting, then a waiting time before it takes effect. Staying away never helps a cut."),
    (
        ("N4", _("Stricter guides, tools or times: after a paid trial that shows nobody needs longer, or like a cut.")),
        ("N5", _("Closing a kind of work at short notice, or reopening it for less: like a cut of that size.")),
        ("3.1", _("One kind of change in a proposal; the rules of voting never together with pay.")),
        (
            "3.3",
            _(
                "One proposal to cut a kind of work in 90 days; one that failed not again for 180; at most 15 % in a"
                " year except by rule N3."
            ),
        ),
        ("3.4", _("If fewer than ten are affected, all members decide.")),
        ("3.5", _("Whatever is missing, late or unclear: nothing changes.")),
    ),
)
PROPOSALS = Part(
    _("The life of a proposal"),
    _("Draft, published, frozen, voting, counted, waiting, in force."),
    (
        (
            "P1",
            _("A proposal is named by the fingerprint of its exact text: nobody can change it once it is published."),
        ),
        ("P2", _("What takes effect is the stored change and nothing else.")),
        ("P3", _("If what it wanted to change has changed meanwhile, it fails.")),
        ("P4", _("Every step is written into the record.")),
        ("P5", _("Anybody may start a step that is due; time decides, never an officer.")),
        ("P6", _("No reset, no deletion, no early end, no count in between.")),
        ("P7", _("If the lead changes in the last 48 hours, voting goes on for 72 hours, once.")),
        ("P8", _("Any member may propose; nobody can stand in the way.")),
        ("P9", _("Who would lose how much is computed and printed on the ballot.")),
        ("P10", _("A changed proposal is a rival on the same ballot, with “leave it as it is” among the choices.")),
        ("P11", _("What a vote lost while the site stood still is given back at its end, a week at most.")),
        ("P12", _("A vote is open on five working days or more; two letters remind of it.")),
    ),
)
BALLOTS = Part(
    _("Who votes, and how"),
    _(
        "For now ballots are confidential: the database keeps them closed. Making them secret by cryptography comes"
        " later."
    ),
    (
        ("R1", _("Members of 30 days or more with 10 paid hours or more vote, and never lose this for lack of work.")),
        (
            "R2",
            _(
                "Candidates become members by themselves after 90 days or 20 paid hours, whichever is first, unless a"
                " panel objects with reasons: once, before that, for 90 days at most."
            ),
        ),
        ("R3", _("A cut must also hold among members of 180 days or more.")),
        ("R4", _("Members who are paused or have a case against them vote.")),
        ("R5", _("One person, one vote.")),
        ("B1", _("Nobody sees how you voted; while voting is open, only the number of ballots is shown.")),
        ("B2", _("You may vote again until the end; the last ballot counts.")),
        ("B3", _("You keep a receipt and can check that your ballot is in the box.")),
    ),
)
EMERGENCY = Part(
    _("Emergency"),
    _("The only pauses without a hearing first."),
    (
        (
            gettext_noop("part 6"),
            _(
                "Two officers of different posts may stop the smallest thing that is enough: the sign-ins that are"
                " open, a payout, a job, a project, a kind of work, or all new work. For five reasons only: an account"
                " taken over, payment fraud, data leaving, a threat of violence, a published legal order. It ends by"
                " itself after 72 hours, the same facts never count twice, and earnings and votes go on."
            ),
        ),
    ),
)
DUE_PROCESS = Part(
    _("A fair hearing"),
    _("Everything longer than an emergency needs one."),
    (
        (
            "7",
            _(
                "A charge in writing by a named person, the whole file, time to answer, a panel of members by lot, a"
                " written decision, an appeal. Slow work or saying no to tasks is never a ground. Work is sent back or"
                " rejected one by one, with a reason and the place, within 7 days, else it is accepted. Rejected work"
                " is paid at once; two members who see neither side decide within 72 hours who bears it."
            ),
        ),
        (
            "7.1",
            _("The charge names the rule and since when it is public, the facts, the evidence and a way to remedy."),
        ),
        ("7.2", _("The whole file is yours within 48 hours; what is not shown then cannot be used.")),
        ("7.3", _("You answer within 15 days, or 29 if you ask. Silence is no admission.")),
        (
            "7.4",
            _("Five members by lot, made by both sides and an officer together; each side refuses two; all are paid."),
        ),
        (
            "7.5",
            _(
                "Step by step: advice, paid retraining, a limit of 30 days, a pause of 60 days, expulsion. Slow work,"
                " declined tasks and ratings are never a ground."
            ),
        ),
        ("7.6", _("Decided in writing, with reasons, within 45 days; else it is void for good.")),
        ("7.7", _("You appeal within 90 days to nine others; meanwhile nothing has effect.")),
        ("7.8", _("Without a complete decision that still runs, nothing is closed to you.")),
        (
            "7.9",
            _(
                "Organising, voting, proposing, speaking, complaints, declining and leave are protected. A measure"
                " within 180 days is presumed to be retaliation; the panel must show, four of five, that it is not."
            ),
        ),
        ("7.10", _("What was wrong is repaired: your place, and your pay one and a half times.")),
        (
            "7.11",
            _(
                "No offers for 14 days, a lost tier, a held payout, a mute or mass rejections open a case by"
                " themselves, which the cooperative must explain within 7 days; else it is closed in your favour."
            ),
        ),
    ),
)
PARTS = (NEVER, PROPOSALS, BALLOTS, EMERGENCY, DUE_PROCESS, WORDS)


def in_force() -> list[tuple[Rule, list[str]]]:
    """Return the latest version of each rule that a vote can carry out, by id, with what it needs in words."""
    applying = Rule.objects.filter(applies_from__lte=clock.now())
    latest = applying.order_by("key", "-version").distinct("key")
    return [(rule, needs(rule)) for rule in sorted(latest, key=lambda rule: float(rule.key.removeprefix("N")))]


def needs(rule: Rule) -> list[str]:
    """Return, a sentence for each electorate, what a proposal under this rule needs to pass."""
    sentences = []
    if rule.affected_yes is not None:
        sentences.append(_needed(gettext("Of those affected"), rule.affected_yes, rule.affected_floor))
    if rule.whole_yes is not None:
        sentences.append(_needed(gettext("Of all members"), rule.whole_yes, rule.whole_floor))
    if rule.turnout_floor:
        sentences.append(gettext("At least %(share)s take part.") % {"share": _share(rule.turnout_floor)})
    if rule.seniors_too:
        sentences.append(gettext("The same among members of 180 days or more (R3)."))
    if rule.readings > 1:
        sentences.append(gettext("Twice, at least 30 days apart."))
    return sentences


def _needed(who: str, yes: int, floor: int) -> str:
    facts = {"who": who, "yes": _share(yes), "floor": _share(floor)}
    if yes * 2 == WHOLE:
        words = gettext("%(who)s: more yes than no, and yes from at least %(floor)s of the roll.")
        return (words if floor else gettext("%(who)s: more yes than no.")) % facts
    if not floor:
        return gettext("%(who)s: %(yes)s yes.") % facts
    return gettext("%(who)s: %(yes)s yes, and yes from at least %(floor)s of the roll.") % facts


def _share(part: int) -> str:
    return format_percent(Decimal(part) / WHOLE, format="#,##0.#%", locale=to_locale(get_language() or "en"))


def ids() -> set[str]:
    """Return every id that the page explains."""
    explained = {key for part in (*PARTS, BY_VOTE) for key, _words in part.rules}
    return explained | {rule.key for rule, _needs in in_force()}
