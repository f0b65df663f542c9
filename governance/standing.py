"""Who may do what: a person's status, and the pauses on top of it. Without a valid decision the answer is yes."""

from datetime import datetime
from itertools import batched

from django.db import OperationalError, connection, transaction
from django.db.models import OuterRef, Subquery
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from coop import due
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, refuse_if, try_again
from governance import parameters
from governance.models import Mandate, Pause, Restriction, Standing, Status

# R2: a candidate becomes a member by themselves after this paid time, if the days that were voted are not over before.
CANDIDATE_SECONDS = 20 * 3600
# What counts as new work; everything else (log-in, pay, payout, votes, own data) no pause reaches.
WORK = {"work", "claim", "review", "onboarding"}
VOTE = {"vote", "propose"}
# What a panel may limit beside work: writing in the assembly (a mute).
SPEAK = {"speak"}
# What a panel objects to (R2): that a candidate becomes a member by themselves.
MEMBERSHIP = "membership"


def status(person: Person) -> Status:
    """Return a person's status now; whoever was never admitted is an applicant."""
    latest = Standing.objects.filter(person=person).order_by("-id").values_list("status", flat=True).first()
    return Status(latest or Status.APPLICANT)


def since(person: Person) -> datetime | None:
    """Return from when a person has this status, or None for an applicant without a decision."""
    return Standing.objects.filter(person=person).order_by("-id").values_list("since", flat=True).first()


def refusal(person: Person, *, doing: str, at: datetime) -> Refusal | None:
    """Return why a person may not do something now, or None; one query.

    `doing` is "work", "claim:job:12" (new work of one job; "claim:job:12:client:3:tier:general" also says whose and of
    what tier, and likewise of what class and project), "review" (likewise), "onboarding", "speak", "vote" or "propose";
    anything else is allowed to everybody.
    Only a status, an unexpired pause or a panel's decision that stands is in the way (7.8): no row, no bar.
    """
    act = doing.partition(":")[0]
    if act not in WORK | VOTE | SPEAK:
        return None
    current, pause, restriction = _facts(person, _scopes(doing), at)
    if act in WORK and pause is not None:
        return _paused(pause)
    if act not in VOTE and restriction is not None:
        return _restricted(restriction)
    return None if act in SPEAK else _by_status(person, Status(current or Status.APPLICANT), act, at)


def _scopes(doing: str) -> list[str]:
    """Return the scopes of a pause or restriction that reach what is done: all work, a job, a client and so on."""
    act, *named = doing.split(":")
    if act in SPEAK:
        return ["mute"]
    return ["work", *(f"{kind}:{number}" for kind, number in batched(named, 2, strict=True))]


def _facts(person: Person, scopes: list[str], at: datetime) -> tuple[str | None, int | None, int | None]:
    latest = Standing.objects.filter(person=OuterRef("pk")).order_by("-id").values("status")[:1]
    running = Pause.objects.filter(person=OuterRef("pk"), scope__in=scopes, starts_at__lte=at, ends_at__gt=at)
    last = running.order_by("-ends_at").values("pk")[:1]
    # An appeal takes the effect away until others have decided.
    stands = Restriction.objects.filter(person=OuterRef("pk"), scope__in=scopes, starts_at__lte=at, ends_at__gt=at)
    bar = stands.filter(decision__appeal=None).order_by("-ends_at").values("pk")[:1]
    known = Person.objects.filter(pk=person.pk).values_list(Subquery(latest), Subquery(last), Subquery(bar))
    current: str | None
    pause: int | None
    restriction: int | None
    current, pause, restriction = known.get()
    return current, pause, restriction


def _restricted(restriction: int) -> Refusal:
    bar = Restriction.objects.select_related("decision").get(pk=restriction)
    return Refusal(
        _("A panel of members decided in case %(number)s that this is closed to you until %(end)s UTC.")
        % {"number": bar.decision.case_id, "end": date_format(bar.ends_at, "d M H:i")},
        rule=gettext_noop("part 7"),
        appeal=_("You can appeal; from then on it has no effect until nine others have decided. See your case."),
    )


def _paused(pause: int) -> Refusal:
    ends = Pause.objects.values_list("ends_at", flat=True).get(pk=pause)
    return Refusal(
        _("New work is paused for you until %(end)s UTC; then the pause ends by itself.")
        % {"end": date_format(ends, "d M H:i")},
        rule="part 6",
        appeal=_(
            "Your pay, payouts and votes go on. See “My standing” for the reason, who decided, and how to answer."
        ),
    )


def _by_status(person: Person, current: Status, act: str, at: datetime) -> Refusal | None:
    """Return what a status alone forbids."""
    if current == Status.MEMBER or (current == Status.CANDIDATE and act in WORK):
        return None
    if current in {Status.LEFT, Status.EXPELLED}:
        return _gone(current)
    if act in VOTE:
        return Refusal(_("Members vote, and you are not one yet."), rule="R1", appeal=_way_in(person, current, at))
    if act == "onboarding":
        return None
    return Refusal(
        _("This work is open to you after the onboarding."),
        rule="R2",
        appeal=_("Do the onboarding first: it is paid, whether you pass or not."),
    )


def _way_in(person: Person, current: Status, at: datetime) -> str:
    """Return how somebody becomes a member who is none yet."""
    if current == Status.CANDIDATE and (bar := objection(person, at)):
        return _(
            "A panel objected in case %(number)s: until %(end)s UTC you do not become a member by yourself, then you"
            " do. You can appeal, and it has no effect from then on."
        ) % {"number": bar.decision.case_id, "end": date_format(bar.ends_at, "d M H:i")}
    days = _days(person, current, at)
    return _("You become a member %(days)s days after your onboarding, or after 20 paid hours.") % {"days": days}


def objection(person: Person, at: datetime) -> Restriction | None:
    """Return the panel's objection that keeps a candidate from becoming a member, now or soon, or None (R2)."""
    stands = Restriction.objects.filter(person=person, scope=MEMBERSHIP, ends_at__gt=at, decision__appeal=None)
    return stands.select_related("decision").order_by("-ends_at").first()


def objection_refusal(person: Person, *, as_client: bool) -> Refusal | None:
    """Return why a charge against a person cannot ask a panel to object to their membership, or None (R2).

    Only of us to a candidate whose days and paid hours are not over, and once: what was appealed does not count.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT governance_may_be_objected_to(%s)", [person.pk])
        (open_to_it,) = cursor.fetchone()
    if open_to_it and not as_client:
        return None
    words = _(
        "A panel is asked to object only to a candidate whose days and paid hours are not over, once, and by somebody"
        " of the cooperative."
    )
    return Refusal(words, rule="R2", status=409)


def _days(person: Person, current: Status, at: datetime) -> int:
    """Return for how many days a person is a candidate: their own, or of whoever begins now."""
    if current != Status.CANDIDATE:
        return parameters.value("candidate_days", at)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT governance_candidate_time(governance_has_been(person_id, status, since), %s)"
            " FROM governance_standing WHERE person_id = %s ORDER BY id DESC LIMIT 1", [at, person.pk],
        )  # fmt: skip
        (time,) = cursor.fetchone()
    days: int = time.days
    return days


def _gone(current: Status) -> Refusal:
    if current == Status.LEFT:
        return Refusal(
            _("You have left the cooperative."),
            rule="D1",
            appeal=_("Your pay and your data stay yours. You can come back as what you were: see “My standing”."),
        )
    return Refusal(
        _("Your membership was ended by a decision of the members."),
        rule="N7",
        appeal=_("Your pay stays yours. You can appeal to the general meeting; see “My standing”."),
    )


def admit(person: Person, *, status: Status, rule: str, by: Person | None, at: datetime) -> Standing:
    """Raise a person one step, applicant → candidate → member, and return the row.

    Raises IntegrityError by `standing_rises_in_order` when the step is not theirs to take yet.
    """
    return _record(person, status, rule=rule, by=by, at=at)


def leave(person: Person, *, at: datetime) -> Standing:
    """Let a person leave by their own word, given seven days ago (`resigning`); what they earned stays theirs (E3)."""
    return _record(person, Status.LEFT, rule="D1", by=person, at=at)


def come_back(person: Person, *, at: datetime) -> Standing:
    """Let a person who left by their own word be what they were (D1), for half a year as if they had never left.

    Raises IntegrityError by `standing_rises_in_order` for whoever has not left.
    """
    before = Standing.objects.filter(person=person).exclude(status=Status.LEFT).order_by("-id").first()
    return _record(person, Status(before.status) if before else Status.APPLICANT, rule="D1", by=person, at=at)


def expel(person: Person, *, mandate: Mandate, at: datetime) -> Standing:
    """End a membership by the mandate of a passed vote; the database refuses any other."""
    return _record(person, Status.EXPELLED, rule="N7", by=None, at=at, mandate=mandate)


def _record(
    person: Person, status: Status, *, rule: str, by: Person | None, at: datetime, mandate: Mandate | None = None
) -> Standing:
    """Write a person's next standing. Raises Refused where another was written while this one waited for its turn."""
    try:
        with transaction.atomic():
            row = Standing.objects.create(
                person=person, status=status, since=at, rule=rule, recorded_by=by, mandate=mandate
            )
            events.write(f"standing.{status}", by=by, subject=f"person:{person.pk}", at=at, rule=rule)
    except OperationalError as error:
        refuse_if(try_again(error, doing=f"standing of {person.pk}"))
        raise
    return row


DUE = """
SELECT person_id, governance_has_been(person_id, status, since) AS since FROM (
    SELECT DISTINCT ON (person_id) person_id, status, since FROM governance_standing ORDER BY person_id, id DESC
) latest WHERE status = 'candidate'
"""


def promote_due(at: datetime) -> int:
    """Make members of all candidates whose days or 20 paid hours are over (R2); return how many. Anybody may call it.

    The days are the fewest that applied at any time since they began. To whom a panel objects waits until that ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT person_id FROM ({DUE}) latest LEFT JOIN governance_paid_time paid USING (person_id)"  # noqa: S608
            " WHERE (since <= %s - governance_candidate_time(since, %s)"
            " OR coalesce(paid.seconds, 0) >= %s) AND NOT governance_bars(person_id, ARRAY[%s])",
            [at, at, CANDIDATE_SECONDS, MEMBERSHIP],
        )
        ready = Person.objects.filter(pk__in=[person for (person,) in cursor.fetchall()])
    return due.each(lambda one: _promote(one, at), ready, failed="person %s could not become a member")


def _promote(person: Person, at: datetime) -> bool:
    return bool(admit(person, status=Status.MEMBER, rule="R2", by=None, at=at))
