"""Panels by lot: sealing the three parts, opening them in turn, drawing, seating, refusing, hearing (7.4).

Who sits follows from the parts alone: the database recomputes it, and so can anybody (`governance.lots`).
"""

from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext as _

from coop.people.models import Person
from coop.record import events
from coop.refusals import Refusal, Refused, refuse_if
from governance import lots, notices, offices
from governance.models import (
    Case,
    Draw,
    DrawPart,
    DrawReveal,
    Hearing,
    Panel,
    PanelSeat,
    Role,
    Said,
    SeatRefusal,
    Side,
    Stage,
)

REFUSALS, REFUSE_WITHIN = 2, timedelta(hours=72)


def convene(case: Case, *, stage: Stage, by: Person, at: datetime) -> Panel:
    """Convene a panel of a later stage: an appeal's nine, or five for an equivalent that is contested."""
    with transaction.atomic():
        panel = Panel.objects.create(case=case, stage=stage, asked_by=by, convened_at=at)
        panel.refresh_from_db()
        events.write("panels.convened", by=by, subject=f"panel:{panel.pk}", at=at, case=case.pk, stage=stage)
    return panel


def charging(case: Case) -> int | None:
    """Return the number of the charging person; for an equivalent, of the officer who explained."""
    if case.charged_by_id is not None:
        return case.charged_by_id
    explained = case.statements.filter(kind=Said.EXPLANATION).values_list("author", flat=True)
    return explained.first()


def role_of(panel: Panel, person: Person, at: datetime) -> Role | None:
    """Return whose part of the lot a person makes, or None."""
    if person.pk == panel.case.person_id:
        return Role.MEMBER
    if person.pk == charging(panel.case):
        return Role.CHARGE
    return Role.WITNESS if _may_witness(panel, person, at) else None


def _may_witness(panel: Panel, person: Person, at: datetime) -> bool:
    """Tell whether somebody holds another post than the charging side does, and no seat at the client."""
    held = {office.post for office in offices.held_by(person, at)}
    charger = Person.objects.filter(pk=charging(panel.case) or 0).first()
    theirs = {office.post for office in offices.held_by(charger, at)} if charger else set()
    client = panel.case.client
    return bool(held - theirs) and not (client and client.seats.filter(person=person).exists())


def seal_refusal(panel: Panel, *, by: Person, at: datetime) -> Refusal | None:
    """Return why this person cannot seal a part of the lot now, or None."""
    role = role_of(panel, by, at)
    if role is None:
        return Refusal(_("The lot is made by both sides and by an officer of another post."), rule="7.4")
    if panel.parts.filter(role=role).exists():
        return Refusal(_("This part of the lot is sealed already."), rule="7.4", status=409)
    opened = DrawReveal.objects.filter(part__panel=panel).exists()
    if opened or panel.commit_by is None or at > panel.commit_by:
        return Refusal(_("The time to seal a part of the lot is over."), rule="7.4", status=409)
    return None


def commit(panel: Panel, seal: str, *, by: Person, at: datetime) -> DrawPart:
    """Seal a part of the lot: `seal` is the SHA-256 of words that nobody else knows (`lots.seal`)."""
    refuse_if(seal_refusal(panel, by=by, at=at))
    role = role_of(panel, by, at) or Role.WITNESS
    with transaction.atomic():
        part = DrawPart.objects.create(panel=panel, role=role, person=by, commitment=seal, committed_at=at)
        events.write("panels.sealed", by=by, subject=f"panel:{panel.pk}", at=at, role=role, seal=seal)
    return part


def member_by(panel: Panel) -> datetime:
    """Return until when the member may open their part; after that the others open theirs without it."""
    assert panel.commit_by is not None  # noqa: S101 - the database sets it
    assert panel.reveal_by is not None  # noqa: S101 - likewise
    return panel.commit_by + (panel.reveal_by - panel.commit_by) / 2


def open_refusal(part: DrawPart, words: str, *, at: datetime) -> Refusal | None:
    """Return why a part of the lot cannot be opened now with these words, or None."""
    panel = part.panel
    if lots.seal(words) != part.commitment:
        return Refusal(_("These are not the words that were sealed."), rule="7.4")
    all_sealed = panel.parts.count() == len(Role) or (panel.commit_by is not None and at > panel.commit_by)
    if part.role == Role.MEMBER:
        in_turn = all_sealed and at <= member_by(panel)
    else:
        in_turn = (
            all_sealed and _member_part_stands(panel, at) and panel.reveal_by is not None and at <= panel.reveal_by
        )
    if in_turn:
        return None
    return Refusal(_("The member opens first, then the others: so nobody chooses by waiting."), rule="7.4", status=409)


def _member_part_stands(panel: Panel, at: datetime) -> bool:
    """Tell whether the member's part is opened or missed for good."""
    part = panel.parts.filter(role=Role.MEMBER).first()
    if part is None:
        return panel.commit_by is not None and at > panel.commit_by
    return hasattr(part, "reveal") or at > member_by(panel)


def reveal(part: DrawPart, words: str, *, at: datetime) -> DrawReveal:
    """Open a sealed part; the last one draws the lot and seats the panel. Raises Refused out of turn."""
    refuse_if(open_refusal(part, words, at=at))
    with transaction.atomic():
        opened = DrawReveal.objects.create(part=part, words=words, revealed_at=at)
        events.write("panels.opened", by=part.person, subject=f"panel:{part.panel_id}", at=at, role=part.role)
        if opened_parts(part.panel) >= {Role.CHARGE, Role.WITNESS}:
            draw(part.panel, at=at)
    return opened


def opened_parts(panel: Panel) -> set[str]:
    """Return the roles whose parts are open."""
    return set(panel.parts.exclude(reveal=None).values_list("role", flat=True))


def draw(panel: Panel, *, at: datetime) -> Draw:
    """Draw the lot and seat the panel. Anybody may, once the parts are open (P5); it cannot come out otherwise."""
    with transaction.atomic():
        drawn = Draw.objects.create(panel=panel, drawn_at=at)
        drawn.refresh_from_db()
        events.write("panels.drawn", by=None, subject=f"panel:{panel.pk}", at=at, seed=drawn.seed)
        fill(panel, at=at)
    return drawn


def drawn_order(panel: Panel) -> list[int]:
    """Return all candidates in the order of the lot, computed here without the database's help."""
    witness = set(panel.parts.filter(role=Role.WITNESS).values_list("person", flat=True))
    return lots.order(panel.draw.seed, panel.candidates, without=witness)


def fill(panel: Panel, *, at: datetime) -> list[PanelSeat]:
    """Seat the next in the order of the lot until the panel is full, and return the new seats."""
    order, sitting = drawn_order(panel), sitting_on(panel).count()
    begun = panel.seats.count()
    people = Person.objects.in_bulk(order[begun : begun + panel.size - sitting])
    seats = []
    for rank, number in enumerate(order[begun : begun + panel.size - sitting], begun + 1):
        seat = PanelSeat.objects.create(panel=panel, person=people[number], rank=rank, seated_at=at)
        events.write("panels.seated", by=None, subject=f"panel:{panel.pk}", at=at, rank=rank)
        notices.tell(seat.person, "seated", panel.case)
        seats.append(seat)
    return seats


def sitting_on(panel: Panel) -> "models.QuerySet[PanelSeat]":
    """Return the seats of those who sit on a panel and were not refused, in their order."""
    return panel.seats.filter(refused=None).select_related("person").order_by("rank")


def seat_of(panel: Panel, person: Person) -> PanelSeat:
    """Return a person's seat on a panel; raise Refused when they do not sit on it."""
    seat = sitting_on(panel).filter(person=person).first()
    if seat is None:
        raise Refused(Refusal(_("Only those who sit on this panel do that."), rule="7.4"))
    return seat


def side_of(panel: Panel, seat: PanelSeat, by: Person) -> Side | None:
    """Return as which side a person would refuse a seat, or None."""
    if by.pk == seat.person_id:
        return Side.SELF
    if by.pk == panel.case.person_id:
        return Side.MEMBER
    return Side.CHARGE if by.pk == charging(panel.case) else None


def refuse_refusal(seat: PanelSeat, *, by: Person, at: datetime) -> Refusal | None:
    """Return why a person cannot refuse a member of a panel, or None."""
    panel = seat.panel
    side = side_of(panel, seat, by)
    if side is None:
        return Refusal(_("The two sides may refuse members of a panel, and drawn members may say no."), rule="7.4")
    if hasattr(seat, "refused"):
        return Refusal(_("This seat was refused already."), rule="7.4", status=409)
    if side == Side.SELF:
        return _declining(panel)
    used = SeatRefusal.objects.filter(seat__panel=panel, side=side).count()
    if used >= REFUSALS or at > seat.seated_at + REFUSE_WITHIN or panel.motions.exists():
        return Refusal(
            _("Each side refuses two members of a panel at most, within three days."), rule="7.4", status=409
        )
    return None


def _declining(panel: Panel) -> Refusal | None:
    if SeatRefusal.objects.filter(seat__panel=panel, side=Side.SELF).count() < panel.size * 2 // 5:
        return None
    return Refusal(
        _("Two in five of a panel have declined already; more would choose the lot by declining."),
        rule="7.4",
        status=409,
    )


def refuse(seat: PanelSeat, *, by: Person, at: datetime) -> SeatRefusal:
    """Refuse a member of a panel, or decline one's own seat; the next in the order takes the place."""
    refuse_if(refuse_refusal(seat, by=by, at=at))
    side = side_of(seat.panel, seat, by) or Side.SELF
    with transaction.atomic():
        refused = SeatRefusal.objects.create(seat=seat, side=side, by=by, refused_at=at)
        events.write("panels.refused", by=by, subject=f"panel:{seat.panel_id}", at=at, rank=seat.rank, side=side)
        fill(seat.panel, at=at)
    return refused


def hear_refusal(panel: Panel, *, began_at: datetime, by: Person) -> Refusal | None:
    """Return why somebody cannot write down a hearing that began at a moment, or None."""
    if began_at < seat_of(panel, by).seated_at:
        return Refusal(_("A hearing is held after the panel was seated."), rule="7.4", status=409)
    return None


def hear(panel: Panel, *, began_at: datetime, ended_at: datetime, text: str, by: Person, at: datetime) -> Hearing:
    """Write down a hearing that was held, as somebody who sits on the panel; what a seat is paid pays for it too.

    Raise Refused for who does not sit there, or a hearing before they did.
    """
    refuse_if(hear_refusal(panel, began_at=began_at, by=by))
    seat = seat_of(panel, by)
    with transaction.atomic():
        hearing = Hearing.objects.create(
            panel=panel, seat=seat, began_at=began_at, ended_at=ended_at, text=text, written_at=at
        )
        events.write("panels.heard", by=by, subject=f"panel:{panel.pk}", at=at, minutes=hearing.minutes)
    return hearing


def waiting_for_a_witness(person: Person, at: datetime) -> list[Panel]:
    """Return the panels whose lot still needs an officer's part and for which this person may make it."""
    open_ = Panel.objects.filter(commit_by__gte=at).exclude(parts__role=Role.WITNESS)
    panels = open_.select_related("case__client").order_by("commit_by")
    return [panel for panel in panels if role_of(panel, person, at) == Role.WITNESS]


def proof(panel: Panel) -> dict[str, object]:
    """Return everything from which anybody can compute the draw again, in plain values."""
    parts = panel.parts.select_related("reveal").order_by("role")
    return {
        "panel": panel.pk,
        "size": panel.size,
        "candidates": panel.candidates,
        "roll_digest": panel.roll_digest,
        "parts": [{"role": p.role, "person": p.person_id, "seal": p.commitment, "words": _words(p)} for p in parts],
        "seed": panel.draw.seed if hasattr(panel, "draw") else None,
        "seats": [{"rank": seat.rank, "person": seat.person_id} for seat in panel.seats.order_by("rank")],
        "refused": list(SeatRefusal.objects.filter(seat__panel=panel).values_list("seat__rank", flat=True)),
    }


def _words(part: DrawPart) -> str | None:
    return part.reveal.words if hasattr(part, "reveal") else None
