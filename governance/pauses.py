"""The emergency pause: asked for by one officer, confirmed by another of a different post, over by itself (part 6).

It reaches no further than it has to (`Reach`): sign-ins, a payout, a job, a project, a kind of work, or all new work.
"""

import hashlib
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if
from governance import offices, parameters
from governance.models import Office, Pause, PauseGround, PauseRequest, Reach, Right

MOST_AT_ONCE = 5
# Sign-ins end in a moment: they are counted over this time, and for one person over 30 days.
SIGNED_OUT_WITHIN = timedelta(hours=72)
MOST_SIGN_OUTS = 2
# What is read with a pause, so that its page names the two who decided and the order that they followed.
OFFICERS = ("first_officer__person", "second_officer__person", "request")
# All pauses of a person together are no longer than that in this time, whatever the evidence.
EMERGENCY = timedelta(days=30)
# An ask that nobody confirms in a day has lapsed.
ASKED_FOR = timedelta(hours=24)


# A day begins that much earlier where it begins first.
FIRST_ZONE = timedelta(hours=14)


@dataclass(frozen=True, slots=True)
class Order:
    """Where everybody can read a legal order, and when it was published there."""

    published_in: str
    published_on: date


def evidence_of(words: str) -> str:
    """Return the SHA-256 of the evidence in hexadecimal: the same facts never carry a second pause."""
    return hashlib.sha256(words.strip().encode()).hexdigest()


def longest(at: datetime) -> int:
    """Return for how many hours an emergency pauses somebody at most, as voted (part 8)."""
    return parameters.value("emergency_hours", at)


def scope_of(reach: str, number: int | None) -> str | None:
    """Return the scope of a pause that reaches so far, or None where there is no such thing.

    `number` is a payout's, or a job's: also where its project or its kind of work is meant.
    """
    if reach in {Reach.SESSION, Reach.WORK}:
        return reach
    if not number:
        return None
    if reach == Reach.PAYOUT:
        return f"{reach}:{number}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_scopes_of(%s)", [number])
        (scopes,) = cursor.fetchone()
    return next((scope for scope in scopes or [] if scope.startswith(f"{reach}:")), None)


def hold_refusal(person: Person, scope: str, *, hours: int, at: datetime) -> Refusal | None:
    """Return why a payout cannot be held for so many hours, or None; every other scope is no payout's."""
    reach, _colon, number = scope.partition(":")
    if reach != Reach.PAYOUT:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_holdable_until(%s, %s)", [person.pk, int(number)])
        (until,) = cursor.fetchone()
    if until is None:
        return Refusal(_("This is no payout of theirs that has not gone out."), rule="part 6", status=409)
    if at + timedelta(hours=hours) <= until:
        return None
    left = max(0, (until - at) // timedelta(hours=1))
    words = _("A payout is held for 72 hours from when it was asked for; of these %(hours)s are left.")
    return Refusal(words % {"hours": left}, rule="E3", status=409)


def ask_refusal(person: Person, *, by: Person, evidence: str, at: datetime) -> Refusal | None:
    """Return why an officer cannot ask to pause this person, or None. `evidence` is its SHA-256."""
    if not offices.may(by, Right.PAUSES, at):
        return Refusal(_("Only somebody who holds a post now may ask for a pause."), rule="part 6")
    if person.pk == by.pk:
        return Refusal(_("You cannot pause yourself; you can just not take work."), rule="part 6")
    if Pause.objects.filter(person=person, evidence=evidence).exists():
        return Refusal(
            _("These facts have carried a pause already, and the same facts never carry a second one."), rule="part 6",
            status=409, appeal=_longer(at),
        )  # fmt: skip
    return None


def _longer(at: datetime) -> str:
    return _("What lasts longer than %(hours)s hours needs a hearing (part 7).") % {"hours": longest(at)}


def _too_long(at: datetime) -> Refusal:
    words = _("Officers pause nobody for more than %(hours)s hours in 30 days.") % {"hours": longest(at)}
    return Refusal(words, rule="part 6", status=409, appeal=_longer(at))


def order_refusal(ground: str, order: Order | None, *, at: datetime) -> Refusal | None:
    """Return why a pause on this ground cannot name this order, or none, or None: only what was published is one."""
    if (ground == PauseGround.LEGAL_ORDER) != (order is not None):
        words = _("A legal order is a ground where it was published: say where and when. No other ground has one.")
        return Refusal(words, rule="part 6")
    if order and (not order.published_in.strip() or order.published_on > (at + FIRST_ZONE).date()):
        return Refusal(_("A legal order that is not public yet is no ground."), rule="part 6")
    return None


def ask(  # noqa: PLR0913 - an emergency says all of this
    person: Person, *, ground: str, scope: str, reason: str, evidence: str, hours: int, by: Person, at: datetime,
    order: Order | None = None,
) -> PauseRequest:  # fmt: skip
    """Ask for an emergency pause of a person; nothing happens until a second officer confirms it.

    `ground` is one of PauseGround, `scope` as `scope_of` says, `evidence` the SHA-256 of what was seen, `hours` 1 to
    what is `longest` now; sign-ins end at once and take one. `order` is the published one, where that is the ground.
    Raises Refused when it is more, the asker holds no post, the facts were used before, a payout cannot be held for so
    long, or a legal order was not published.
    """
    hours = 1 if scope == Reach.SESSION else hours
    refuse_if(order_refusal(ground, order, at=at))
    refuse_if(ask_refusal(person, by=by, evidence=evidence, at=at))
    refuse_if(hold_refusal(person, scope, hours=hours, at=at))
    refuse_if(_too_long(at) if hours > longest(at) else None)
    with transaction.atomic():
        request = PauseRequest.objects.create(
            person=person, ground=ground, scope=scope, reason=reason, evidence=evidence, hours=hours,
            first_officer=_posts(by, at)[0], asked_at=at, **(asdict(order) if order else {}),
        )  # fmt: skip
        subject = f"pause_request:{request.pk}"
        # The record is public: it says that, when and on which evidence, not what somebody is suspected of.
        events.write("pauses.asked", by=by, subject=subject, at=at, evidence=evidence)
    return request


def waiting(at: datetime) -> list[PauseRequest]:
    """Return the asks of the last day that no second officer has confirmed, oldest first."""
    asked = PauseRequest.objects.filter(pause=None, asked_at__gt=at - ASKED_FOR)
    return list(asked.select_related("person", "first_officer__person").order_by("id"))


def _other_posts(request: PauseRequest, by: Person, at: datetime) -> list[Office]:
    """Return the posts by which this person may confirm: others than the first officer's."""
    return [office for office in _posts(by, at) if office.post != request.first_officer.post]


def _posts(person: Person, at: datetime) -> list[Office]:
    """Return the posts by which a person asks for pauses now."""
    return list(offices.with_right(Right.PAUSES, at).filter(person=person))


def confirm_refusal(request: PauseRequest, *, by: Person, at: datetime) -> Refusal | None:
    """Return why this person cannot confirm a pause, or None."""
    if by.pk in {request.first_officer.person_id, request.person_id} or not _other_posts(request, by, at):
        return Refusal(
            _("A pause needs a second officer: another person, with another post, and not the one it is about."),
            rule="part 6",
        )
    if at >= request.asked_at + ASKED_FOR:
        return Refusal(_("Nobody confirmed this within a day: it has lapsed."), rule="part 6", status=409)
    if Pause.objects.filter(request=request).exists():
        return Refusal(_("This pause is confirmed already."), rule="part 6", status=409)
    if no := _too_many(request, at) if request.scope != Reach.SESSION else _too_many_sign_outs(request, at):
        return no
    if _hours_paused(request.person, at) + request.hours > longest(at):
        return _too_long(at)
    again = ask_refusal(request.person, by=by, evidence=request.evidence, at=at)
    return again or hold_refusal(request.person, request.scope, hours=request.hours, at=at)


def _too_many(request: PauseRequest, at: datetime) -> Refusal | None:
    running = Pause.objects.filter(ends_at__gt=at).exclude(scope=Reach.SESSION).exclude(person=request.person_id)
    if running.values("person").distinct().count() < MOST_AT_ONCE:
        return None
    return Refusal(_("Five members are paused already; no more at once."), rule="part 6", status=409)


def _too_many_sign_outs(request: PauseRequest, at: datetime) -> Refusal | None:
    ended = Pause.objects.filter(scope=Reach.SESSION)
    if ended.filter(person=request.person_id, starts_at__gt=at - EMERGENCY).count() >= MOST_SIGN_OUTS:
        words = _("Officers end nobody's sign-ins more than twice in 30 days.")
        return Refusal(words, rule="part 6", status=409, appeal=_longer(at))
    others = ended.filter(starts_at__gt=at - SIGNED_OUT_WITHIN).exclude(person=request.person_id)
    if others.values("person").distinct().count() < MOST_AT_ONCE:
        return None
    words = _("The sign-ins of five members were ended in the last 72 hours; no more in that time.")
    return Refusal(words, rule="part 6", status=409)


def _hours_paused(person: Person, at: datetime) -> float:
    """Return the hours of all pauses of a person that ran in the last 30 days or run now."""
    recent = Pause.objects.filter(person=person, ends_at__gt=at - EMERGENCY)
    return sum((pause.ends_at - pause.starts_at) / timedelta(hours=1) for pause in recent)


def confirm(request: PauseRequest, *, by: Person, at: datetime) -> Pause:
    """Begin a pause as the second officer and return it; it ends by itself after the hours that were asked for.

    Raises Refused when the confirmer is no second officer, the ask has lapsed, or as many members are
    paused, or were signed out, as may be.
    """
    refuse_if(confirm_refusal(request, by=by, at=at))
    second = _other_posts(request, by, at)[0]
    with transaction.atomic():
        pause = Pause.objects.create(
            request=request, person=request.person, ground=request.ground, scope=request.scope, reason=request.reason,
            evidence=request.evidence, first_officer=request.first_officer, second_officer=second,
            starts_at=at, ends_at=at + timedelta(hours=request.hours),
        )  # fmt: skip
        subject = f"pause:{pause.pk}"
        events.write("pauses.began", by=by, subject=subject, at=at, evidence=pause.evidence, ends_at=pause.ends_at)
    return pause


def running(person: Person, at: datetime) -> list[Pause]:
    """Return the pauses that reach a person now, the one that ends last first."""
    of_person = Pause.objects.filter(person=person, starts_at__lte=at, ends_at__gt=at)
    return list(of_person.select_related(*OFFICERS).order_by("-ends_at"))


def holding(at: datetime) -> dict[int, Pause]:
    """Return the pauses by which payouts are held now, by the payout's number; one query."""
    now = Pause.objects.filter(scope__startswith=f"{Reach.PAYOUT}:", starts_at__lte=at, ends_at__gt=at)
    return {int(pause.scope.partition(":")[2]): pause for pause in now.select_related("person", *OFFICERS)}


def held(payout: int, at: datetime) -> Pause | None:
    """Return the pause by which a payout, by its number, is held now; one query."""
    now = Pause.objects.filter(scope=f"{Reach.PAYOUT}:{payout}", starts_at__lte=at, ends_at__gt=at)
    return now.order_by("pk").last()


def running_now(at: datetime) -> list[Pause]:
    """Return every pause that runs now, for the officers."""
    now = Pause.objects.filter(starts_at__lte=at, ends_at__gt=at)
    return list(now.select_related("person", *OFFICERS).order_by("ends_at"))


def all_of(person: Person) -> list[Pause]:
    """Return every pause a person ever had, newest first."""
    of_person = Pause.objects.filter(person=person).select_related(*OFFICERS)
    return list(of_person.order_by("-starts_at"))
