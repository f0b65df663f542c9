"""Teams: members who do a job together, for a split of its pay that each consented to before the work.

A team is an agreement: who, at which job, for how many percent. It never changes; another split is another team, to
which all consent anew. While it stands, every task that one of them takes at that job is everybody's: each can write,
say something to the others, and hand it in; each is paid their part in the act of acceptance. Who took a task keeps its
time and alone gives it back.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from coop.database.kept import Given
from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, guard_of, refuse_if
from payments.escrow import Acceptance
from payments.money import from_micro, to_micro
from tasks import notices
from tasks.models import Assignment, Job, ReviewRule, Team, TeamMember, TeamNote

LEAST, MOST, WHOLE = 2, 5, 100
LONGEST_NOTE = 2000


def refusal(job: Job, shares: Mapping[Person, int], *, by: Person) -> Refusal | None:
    """Say why a person cannot propose this split of a job's pay, in percent for each; None if they can."""
    if no := refusal_at(job):
        return no
    if by not in shares:
        return Refusal(_("A team is you and one to four others."), status=422)
    return split_refusal(list(shares.values()))


def split_refusal(percents: Sequence[int]) -> Refusal | None:
    """Say why a pay cannot be split like this, or nothing."""
    if not LEAST <= len(percents) <= MOST:
        return Refusal(_("A team is you and one to four others."), status=422)
    if sum(percents) != WHOLE or min(percents) < 1:
        return Refusal(_("The shares are whole percents, for everybody at least 1, and 100 in all."), status=422)
    return None


def refusal_at(job: Job) -> Refusal | None:
    """Say why no team can be formed at a job; None if one can."""
    if not job.opened_at or job.closed_at or job.is_onboarding:
        return Refusal(_("A team is formed at an open job."), status=409)
    if job.review_rule != ReviewRule.PEER:
        reason = _("At this job answers are compared with each other, so everybody answers alone.")
        return Refusal(reason, "", _("Teams work where a member checks each answer."), status=409)
    if job.content:
        reason = _("This job shows what may upset: everybody chooses that, and rests, for themselves.")
        return Refusal(reason, status=409)
    return None


def propose(job: Job, *, shares: Mapping[Person, int], by: Person, at: datetime) -> Team:
    """Ask others to be a team for a split of the pay, in percent; whoever proposes consents by that. The rest are told.

    Raises Refused for a job or a split that cannot be, and for somebody who may not do this work.
    """
    refuse_if(refusal(job, shares, by=by))
    try:
        with transaction.atomic():
            return _propose(job, shares, by, at)
    except IntegrityError as error:
        if guard_of(error) not in {"nobody_is_in_a_team_unasked", "teams_are_formed_where_members_check"}:
            raise
        reason = _("Somebody of them cannot do this work at this moment.")
        raise Refused(Refusal(reason, "", _("Ask them what their own page of this job says."), status=409)) from error


def _propose(job: Job, shares: Mapping[Person, int], by: Person, at: datetime) -> Team:
    team = Team.objects.create(job=job, proposed_by=by)
    for person, percent in shares.items():
        TeamMember.objects.create(team=team, person=person, percent=percent)
        if person != by:
            notices.tell(person, "teamed", job.pk)
    events.write("teams.proposed", by=by, subject=f"team:{team.pk}", at=at, job=job.pk)
    consent(team, digest=digest(team), by=by, at=at)
    return team


def digest(team: Team) -> str:
    """Return what everybody in a team consents to, as the database names it: who, at which job, for how much."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tasks_team_digest(%s)", [team.pk])
        return str(cursor.fetchone()[0])


def refusal_to_consent(team: Team, *, by: Person) -> Refusal | None:
    """Say why a person cannot consent to a team; None if they can."""
    mine = TeamMember.objects.filter(team=team, person=by).first()
    if mine is None:
        return Refusal(_("You were not asked to be in this team."), status=404)
    if team.ended_at or team.began_at or mine.consent:
        return Refusal(_("This is settled: you consented, or somebody said no."), "", _("Propose another one."), 409)
    return refusal_at(team.job)


@transaction.atomic
def consent(team: Team, *, digest: str, by: Person, at: datetime) -> Team:
    """Consent to the split that `digest` names; the last one lets the team begin, in place of others they were in.

    Raises Refused for anybody who was not asked, a second time, or for a split that stands otherwise by now.
    """
    refuse_if(refusal_to_consent(team, by=by))
    try:
        with transaction.atomic():
            TeamMember.objects.filter(team=team, person=by).update(consent=digest)
            events.write("teams.consented", by=by, subject=f"team:{team.pk}", at=at, digest=digest)
    except IntegrityError as error:
        if guard_of(error) != "consents_name_what_was_agreed":
            raise
        reason = _("You cannot consent to this split now: it is not as you saw it, or you cannot do this work.")
        raise Refused(Refusal(reason, "", _("Look at it again."), status=409)) from error
    if not team.members.filter(consent="").exists():
        _begin(team, by, at)
    return team


def _begin(team: Team, by: Person, at: datetime) -> None:
    people = team.members.values("person")
    for former in standing_at(team.job).filter(members__person__in=people).distinct():
        mine = former.members.filter(person__in=people).select_related("person").order_by("pk")[0]
        end(former, by=mine.person, at=at)
    Team.objects.filter(pk=team.pk).update(began_at=at)
    team.refresh_from_db()
    events.write("teams.began", by=by, subject=f"team:{team.pk}", at=at, job=team.job_id)


@transaction.atomic
def end(team: Team, *, by: Person, at: datetime) -> None:
    """Say no to a team, or leave it: nothing more is taken by it. What is taken stays everybody's, with its split.

    Raises Refused for anybody who is not in it, or when it has ended.
    """
    if not team.members.filter(person=by).exists():
        raise Refused(Refusal(_("You are not in this team."), status=404))
    if not Team.objects.filter(pk=team.pk, ended_at=None).update(ended_at=at, ended_by=by):
        raise Refused(Refusal(_("This team has ended."), "", _("Nothing was changed."), status=409))
    events.write("teams.ended", by=by, subject=f"team:{team.pk}", at=at, job=team.job_id)


def standing_at(job: Job) -> QuerySet[Team]:
    """Return the teams that work at a job."""
    return Team.objects.filter(job=job, began_at__isnull=False, ended_at=None)


def share(job: Job, *, of: Person) -> TeamMember | None:
    """Return a person's share in the team that they work with at a job, or None where they work alone."""
    return TeamMember.objects.filter(person=of, team__in=standing_at(job)).select_related("team").first()


def of(person: Person, job: Job) -> QuerySet[Team]:
    """Return the teams at a job that a person is in or was asked to be in, and that did not end; newest first."""
    asked = TeamMember.objects.filter(team=OuterRef("pk"), person=person)
    teams = Team.objects.filter(Exists(asked), job=job, ended_at=None)
    return teams.select_related("job", "proposed_by").prefetch_related("members__person").order_by("-pk")


def places(team: Team, pay: Decimal) -> list[tuple[TeamMember, Decimal]]:
    """Return who is in a team or asked to be, with what each would have of a pay."""
    amounts = dict(split(team.pk, pay))
    return [(one, amounts[one.person_id]) for one in team.members.all()]


def theirs(person: Person | Given) -> Q:
    """Return what finds the assignments that a person took, or one of their team."""
    return Q(person=person) | Q(team__in=TeamMember.objects.filter(person=person).values("team"))


def works_on(assignment: Assignment, person: Person) -> bool:
    """Tell whether a task is a person's to do: they took it, or one of the team that it was taken for."""
    if assignment.person_id == person.pk or assignment.team_id is None:
        return assignment.person_id == person.pk
    return TeamMember.objects.filter(team=assignment.team_id, person=person).exists()


def authors(assignment: Assignment) -> list[Person]:
    """Return who an answer is by: who took the task, or all of the team that it was taken for."""
    if assignment.team_id is None:
        return [assignment.person]
    return [one.person for one in TeamMember.objects.filter(team=assignment.team_id).select_related("person")]


def parts(assignment: Assignment, amount: Decimal) -> tuple[tuple[int, Decimal], ...]:
    """Divide an amount among who an answer is by, exactly."""
    if assignment.team_id is None:
        return ((assignment.person_id, amount),)
    return split(assignment.team_id, amount)


def split(team_id: int, amount: Decimal) -> tuple[tuple[int, Decimal], ...]:
    """Divide an amount by a team's percents, as the database does: what is over goes to who was cut most."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT person_id, amount FROM tasks_split(%s, %s)", [team_id, to_micro(amount)])
        return tuple((person, from_micro(int(micro))) for person, micro in cursor.fetchall())


def shown(assignment: Assignment) -> list[tuple[Person, Decimal]]:
    """Return who a team's task is by, with the part of its pay of each."""
    amounts = dict(parts(assignment, assignment.pay))
    return [(person, amounts[person.pk]) for person in authors(assignment)]


def accepted(one: Assignment) -> Acceptance:
    """Return what is posted when an answer is accepted; its fee is loaded."""
    made = parts(one, one.pay) if one.team_id else ()
    return Acceptance(one.job_id, one.person_id, one.pk, one.pay, one.fee, one.fee_version, made)


def refusal_to_say(assignment: Assignment, words: str, *, by: Person) -> Refusal | None:
    """Say why a person cannot say this about a team's task; None if they can."""
    if assignment.team_id is None or not works_on(assignment, by):
        return Refusal(_("This task is no team's of yours."), status=404)
    if not words.strip() or len(words) > LONGEST_NOTE or "\0" in words:
        return Refusal(_("Write something, in 2,000 characters at most."), status=422)
    return None


@transaction.atomic
def say(assignment: Assignment, *, words: str, by: Person, at: datetime) -> TeamNote:
    """Say something about a task to one's team, and to nobody else. Raises Refused for others, or no words."""
    refuse_if(refusal_to_say(assignment, words, by=by))
    note = TeamNote.objects.create(assignment=assignment, person=by, words=words.strip())
    events.write("teams.said", by=by, subject=f"team:{assignment.team_id}", at=at)
    return note
