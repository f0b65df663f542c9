"""What happened, in plain sentences: one for each kind of event (a test compares the list with the acts)."""

import re
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal

from django.utils.functional import Promise as Words
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from coop.people.models import Person
from coop.record.models import CLOSED, Event
from payments.money import from_micro
from payments.templatetags.money import money

# What an event is about, and who had a part in it.
THINGS: "Mapping[str, Words]" = {
    "assignment": gettext_lazy("assignment"),
    "bylaw": gettext_lazy("rule of conduct"),
    "call": gettext_lazy("call"),
    "case": gettext_lazy("case"),
    "client": gettext_lazy("organisation"),
    "close": gettext_lazy("close"),
    "card_payment": gettext_lazy("card payment"),
    "alerts": gettext_lazy("letters about work"),
    "content": gettext_lazy("content"),
    "deposit": gettext_lazy("deposit"),
    "skips": gettext_lazy("skips"),
    "extensions": gettext_lazy("more time"),
    "desk": gettext_lazy("desk"),
    "dispute": gettext_lazy("dispute"),
    "fee": gettext_lazy("fee"),
    "given_statement": gettext_lazy("given statement"),
    "job": gettext_lazy("job"),
    "ledger": gettext_lazy("ledger"),
    "mandate": gettext_lazy("mandate"),
    "message": gettext_lazy("message"),
    "move": gettext_lazy("move of money"),
    "office": gettext_lazy("office"),
    "panel": gettext_lazy("panel"),
    "parameter": gettext_lazy("number"),
    "pause": gettext_lazy("pause"),
    "pause_request": gettext_lazy("pause"),
    "pauses": gettext_lazy("pauses"),
    "payback": gettext_lazy("money back"),
    "payout": gettext_lazy("payout"),
    "person": gettext_lazy("person"),
    "petition": gettext_lazy("petition"),
    "proposal": gettext_lazy("proposal"),
    "purchase": gettext_lazy("purchase"),
    "rate": gettext_lazy("rate"),
    "rule": gettext_lazy("rule"),
    "seat": gettext_lazy("seat"),
    "thread": gettext_lazy("thread"),
    "transfer": gettext_lazy("transfer"),
    "work_type": gettext_lazy("kind of work"),
    "charge": gettext_lazy("charge"),
    "gone": gettext_lazy("gone"),
    "member": gettext_lazy("member"),
    "self": gettext_lazy("self"),
    "witness": gettext_lazy("witness"),
}
SENTENCES: "Mapping[str, str | Words]" = {
    "admin.looked": gettext_lazy("%(who)s looked at %(subject)s as an officer."),
    "answers.submitted": gettext_lazy("%(who)s handed in an answer (%(subject)s)."),
    "appeals.made": gettext_lazy("A decision was appealed (%(subject)s); it has no effect meanwhile."),
    "assembly.corrected": gettext_lazy("%(who)s corrected %(subject)s; the former words stay beside it."),
    "assembly.folded": gettext_lazy("A panel decided to fold %(subject)s; it can be read as before."),
    "assembly.opened": gettext_lazy("%(who)s opened %(subject)s in the assembly."),
    "assembly.answered": gettext_lazy("%(who)s answered a report of %(subject)s."),
    "assembly.looked": gettext_lazy("%(who)s looked at a report of %(subject)s as an officer."),
    "assembly.reported": gettext_lazy("A member reported %(subject)s."),
    "assembly.withheld": gettext_lazy("Two officers withheld %(subject)s for 72 hours."),
    "assembly.wrote": gettext_lazy("%(who)s wrote %(subject)s in the assembly."),
    "bylaws.changed": gettext_lazy("A rule of conduct changed (%(subject)s); it reaches what happens 15 days later."),
    "capital.paid_in": gettext_lazy("%(who)s paid into their capital (%(subject)s)."),
    "capital.redeemed": gettext_lazy("Whoever has left was paid their capital (%(subject)s)."),
    "cases.opened": gettext_lazy("A case was opened (%(subject)s)."),
    "cases.said": gettext_lazy("Something was written in %(subject)s."),
    "cases.shown": gettext_lazy("A piece of evidence was put into the file of %(subject)s."),
    "budgets.in_force": gettext_lazy("The budget of %(period)s is in force (%(subject)s)."),
    "candidacies.put_forward": gettext_lazy("%(who)s stands for election (%(subject)s)."),
    "candidacies.rewritten": gettext_lazy("%(who)s rewrote the statement of a candidate (%(subject)s)."),
    "candidacies.withdrawn": gettext_lazy("%(who)s stands no longer (%(subject)s)."),
    "checks.taken": gettext_lazy("A member took an answer to check, for %(pay)s (%(subject)s)."),
    "checks.lapsed": gettext_lazy("The time for a check ran out (%(subject)s)."),
    "claims.claimed": gettext_lazy("%(who)s took a task of %(subject)s at %(pay)s."),
    "claims.expired": gettext_lazy("The time for a task of %(subject)s ran out; it is free again."),
    "claims.left": gettext_lazy("%(who)s gave back a task of %(subject)s."),
    "claims.skipped": gettext_lazy("%(who)s passed over a task of %(subject)s."),
    "clients.declined": gettext_lazy("An offer of a seat in %(subject)s was declined."),
    "clients.founded": gettext_lazy("An organisation was set up (%(subject)s)."),
    "clients.offered": gettext_lazy("A seat in %(subject)s was offered."),
    "clients.seated": gettext_lazy("A person accepted a seat in %(subject)s."),
    "cards.begun": gettext_lazy("%(who)s began to pay a deposit by card (%(subject)s)."),
    "cards.charged_back": gettext_lazy("A payer's bank took back a deposit by card (%(subject)s)."),
    "cards.won": gettext_lazy("A payer's bank gave back a deposit by card (%(subject)s)."),
    "cards.expired": gettext_lazy("A deposit by card was not paid (%(subject)s)."),
    "cards.paid": gettext_lazy("A deposit was paid by card; it is not settled yet (%(subject)s)."),
    "cards.settled": gettext_lazy("A deposit by card is settled (%(subject)s)."),
    "clients.unseated": gettext_lazy("A seat in %(subject)s ended."),
    "clients.withdrawn": gettext_lazy("An offer of a seat in %(subject)s was taken back."),
    "compartments.opened": gettext_lazy("%(who)s said why they look into what %(subject)s has here."),
    "data_uses.changed": gettext_lazy("What is done with data changed (%(subject)s); it begins 15 days later."),
    "datasets.loaded": gettext_lazy("A data set for %(subject)s was loaded."),
    "datasets.received": gettext_lazy("A data set for %(subject)s arrived."),
    "datasets.sent_back": gettext_lazy("A data set for %(subject)s was sent back: some lines need care."),
    "decisions.made": gettext_lazy("A panel of members decided %(subject)s."),
    "decisions.moved": gettext_lazy("A decision was moved on %(subject)s."),
    "decisions.voted": gettext_lazy("A vote was given on %(subject)s."),
    "deposits.confirmed": gettext_lazy("%(who)s confirmed that money arrived at the bank (%(subject)s)."),
    "deposits.found": gettext_lazy("%(who)s found a deposit on a statement of the bank (%(subject)s)."),
    "statements.answered": gettext_lazy("%(who)s said what became of a line that fitted nothing (%(subject)s)."),
    "deposits.recorded": gettext_lazy("%(who)s recorded money that arrived at the bank (%(subject)s)."),
    "disputes.drawn": gettext_lazy("The lot gave %(subject)s to a member to look at."),
    "disputes.found": gettext_lazy("A member looked at %(subject)s; what they found is open at its end."),
    "disputes.opened": gettext_lazy("An answer was rejected with a reason, and paid meanwhile (%(subject)s)."),
    "disputes.settled": gettext_lazy("%(subject)s was settled; who did the work keeps the pay."),
    "entitlements.paid": gettext_lazy("The hearing fund paid a member what was due for a %(source)s (%(subject)s)."),
    "deletions.done": gettext_lazy("What %(subject)s showed and what was answered was deleted, as was said."),
    "deletions.fixed": gettext_lazy("%(subject)s opened with the day on which its contents are deleted."),
    "deletions.named": gettext_lazy("It was said when the contents of %(subject)s are deleted."),
    "files.received": gettext_lazy("Files for %(subject)s arrived."),
    "files.sent_back": gettext_lazy("Files for %(subject)s were sent back: some cannot be read."),
    "files.taken_in": gettext_lazy("Files for %(subject)s were read and written again."),
    "elections.called": gettext_lazy("%(who)s called for candidates: %(post)s, seat %(seat)s (%(subject)s)."),
    "errands.given_up": gettext_lazy("The machine gave up %(count)s errands; whoever holds a post was told."),
    "escrow.funded": gettext_lazy("Money was set aside for %(subject)s."),
    "escrow.refunded": gettext_lazy("Money that was not needed for %(subject)s went back to the client."),
    "guarantee.paid": gettext_lazy("A member was paid what a week lacked to the floor of an hour (%(subject)s)."),
    "guarantee.reckoned": gettext_lazy("The week from %(week)s was counted for %(people)s members (%(subject)s)."),
    "guides.asked": gettext_lazy("A member asked the client about a task of %(subject)s."),
    "guides.published": gettext_lazy("The guide of %(subject)s is version %(number)s from now on (%(digest)s)."),
    "guides.read": gettext_lazy("A member read version %(number)s of the guide of %(subject)s, for %(pay)s."),
    "governance.founded": gettext_lazy("The cooperative was founded by %(members)s members."),
    "exchange.bought": gettext_lazy("%(who)s confirmed that foreign money was bought for payouts (%(subject)s)."),
    "exchange.noted": gettext_lazy("%(who)s noted that foreign money was bought for payouts (%(subject)s)."),
    "expenses.asked": gettext_lazy("%(who)s put a bill forward (%(subject)s)."),
    "expenses.paid": gettext_lazy("%(who)s paid a bill within the budget (%(subject)s)."),
    "alerts.chosen": gettext_lazy("%(who)s chose of which new work they want letters."),
    "content.hidden": gettext_lazy(
        "%(who)s found that %(subject)s showed what its card did not name: %(topic)s; %(people)s members reported it."
    ),
    "content.named": gettext_lazy("The client of %(subject)s named what it may show: %(topic)s."),
    "content.chosen": gettext_lazy("%(who)s chose with which content that may upset they take work."),
    "extensions.given": gettext_lazy("%(who)s took more time for a task of %(subject)s."),
    "jobs.closed": gettext_lazy("%(subject)s was closed."),
    "jobs.drafted": gettext_lazy("%(subject)s was drafted."),
    "jobs.opened": gettext_lazy("%(subject)s opened at %(pay)s an answer."),
    "jobs.grew": gettext_lazy("More tasks joined %(subject)s, with their money."),
    "jobs.halted": gettext_lazy("The client of %(subject)s paused it; what members had taken goes on."),
    "jobs.made_up": gettext_lazy(
        "%(who)s made up for pay below the floor at %(subject)s: %(answers)s answers were paid the difference."
    ),
    "jobs.paused": gettext_lazy(
        "%(subject)s is paused: half of %(units)s answers by %(people)s members took %(seconds)s seconds at most; to"
        " make the floor of an hour it takes %(pay)s an answer."
    ),
    "jobs.raised": gettext_lazy("The pay of %(subject)s was raised from %(before)s to %(pay)s an answer."),
    "jobs.resumed": gettext_lazy("The client of %(subject)s lets it go on."),
    "jobs.returned": gettext_lazy("Money that claims gave back after %(subject)s was closed returned to its client."),
    "keys.issued": gettext_lazy("An API key was made for %(subject)s."),
    "keys.revoked": gettext_lazy("An API key of %(subject)s ended."),
    "kinds.opened": gettext_lazy("The members opened a new kind of work, %(slug)s (%(subject)s)."),
    "known.said": gettext_lazy("The client of %(subject)s said what is right for one of its tasks."),
    "ledger.judged": gettext_lazy("%(who)s said that a movement on the books is wrong (%(subject)s)."),
    "ledger.proved": gettext_lazy("The books were proved: all that must hold does (%(transfers)s transfers)."),
    "ledger.reversed": gettext_lazy("%(who)s corrected %(subject)s by its mirror image."),
    "ledger.sealed": gettext_lazy("The books of a month were sealed: %(transfers)s transfers (%(subject)s)."),
    "ledger.unproved": gettext_lazy("The books do not add up: %(broken)s %(months)s (%(transfers)s transfers)."),
    "letters.chosen": gettext_lazy("%(who)s chose which letters to get."),
    "mandates.enacted": gettext_lazy("The decision of %(subject)s took effect."),
    "mandates.failed": gettext_lazy("The decision of %(subject)s could not take effect."),
    "mandates.found": gettext_lazy("The decision of %(subject)s was on record before, and counts as carried out."),
    "mandates.given": gettext_lazy("%(subject)s passed and takes effect when its waiting time is over."),
    "offices.given": gettext_lazy("A member was elected %(post)s (%(subject)s)."),
    "onboarding.opened": gettext_lazy("The paid onboarding opened (%(subject)s)."),
    "panels.convened": gettext_lazy("A panel by lot was convened (%(subject)s)."),
    "panels.drawn": gettext_lazy("The lot for %(subject)s was drawn; anybody on it can compute it again."),
    "panels.heard": gettext_lazy("A hearing of %(subject)s was held (%(minutes)s minutes)."),
    "panels.opened": gettext_lazy("A part of the lot for %(subject)s was opened (%(role)s)."),
    "panels.refused": gettext_lazy("A drawn member of %(subject)s was refused (%(side)s)."),
    "panels.sealed": gettext_lazy("A part of the lot for %(subject)s was sealed (%(role)s)."),
    "panels.seated": gettext_lazy("The next in the order of the lot sits on %(subject)s."),
    "pauses.asked": gettext_lazy("%(who)s asked a second officer for an emergency pause."),
    "pauses.began": gettext_lazy("Two officers began an emergency pause; it ends by itself within 72 hours."),
    "payments.books_opened": gettext_lazy("The books were opened with the first rates."),
    "paces.measured": gettext_lazy(
        "What %(subject)s takes was measured: half of %(units)s answers by %(people)s members took %(seconds)s seconds"
        " at most."
    ),
    "endpoints.asked_again": gettext_lazy("The model of %(subject)s is asked anew."),
    "endpoints.ended": gettext_lazy("The model of %(subject)s is asked no more."),
    "endpoints.given_up": gettext_lazy("The model of %(subject)s was asked in vain and is left alone."),
    "endpoints.named": gettext_lazy("A model was named for %(subject)s, to be asked about its tasks first."),
    "machines.asked": gettext_lazy("A machine was asked to help with %(subject)s."),
    "machines.taught": gettext_lazy("A machine learned from accepted answers to %(subject)s."),
    "quality.compared": gettext_lazy("The answers to %(subject)s were compared (%(way)s)."),
    "releases.asked": gettext_lazy("Version %(number)s of the data set of %(subject)s was asked for."),
    "releases.made": gettext_lazy("Version %(number)s of the data set of %(subject)s was made."),
    "releases.withdrawn": gettext_lazy("Items of %(subject)s were left out of later versions."),
    "paybacks.asked": gettext_lazy("A client asked unspent money back (%(subject)s)."),
    "paybacks.called_off": gettext_lazy("A client left what it had asked back where it was (%(subject)s)."),
    "paybacks.failed": gettext_lazy("%(who)s confirmed that %(subject)s came back; it is the client's as before."),
    "paybacks.sent": gettext_lazy("%(who)s sent %(subject)s back to where it came from."),
    "paybacks.stayed": gettext_lazy("What a client had asked back stays: it never came, or is owed (%(subject)s)."),
    "paybacks.settled": gettext_lazy("%(who)s confirmed that %(subject)s arrived."),
    "places.explained": gettext_lazy("%(who)s said why a service's list and the books differ (%(subject)s)."),
    "places.moved": gettext_lazy("%(who)s confirmed that the cooperative moved money of its own (%(subject)s)."),
    "places.noted": gettext_lazy("%(who)s noted that the cooperative moved money of its own (%(subject)s)."),
    "exchange.turned_down": gettext_lazy("%(who)s said that the cooperative did not buy such money (%(subject)s)."),
    "places.turned_down": gettext_lazy("%(who)s said that the cooperative did not move such money (%(subject)s)."),
    "payouts.details_cancelled": gettext_lazy("A change of where a member's money goes was cancelled (%(subject)s)."),
    "payouts.details_erased": gettext_lazy("Where a member's money went was erased (%(subject)s)."),
    "payouts.details_given": gettext_lazy("A member said where their money goes (%(subject)s)."),
    "payouts.failed": gettext_lazy("%(subject)s came back; the money is the member's as before."),
    "payouts.requested": gettext_lazy("A member asked for a payout (%(subject)s)."),
    "payouts.returned": gettext_lazy("%(subject)s came back after it had arrived; the money is the member's again."),
    "payouts.run_checked": gettext_lazy("%(who)s checked %(subject)s."),
    "payouts.run_handed_over": gettext_lazy("%(who)s handed %(subject)s over."),
    "payouts.run_made": gettext_lazy("Payouts that go together were put into %(subject)s."),
    "payouts.run_released": gettext_lazy("%(who)s released %(subject)s."),
    "payouts.run_taken_apart": gettext_lazy("%(who)s took apart what had not gone of %(subject)s."),
    "payouts.sending": gettext_lazy("%(subject)s is being sent."),
    "payouts.sent": gettext_lazy("%(who)s sent %(subject)s."),
    "payouts.judged": gettext_lazy("%(who)s read what a service's statement has of a payout (%(subject)s)."),
    "payouts.settled": gettext_lazy("%(who)s confirmed that %(subject)s arrived."),
    "people.address_asked": gettext_lazy("A change of an e-mail address was asked for; it takes seven days."),
    "people.address_changed": gettext_lazy("An e-mail address changed, seven days after the old one was told."),
    "people.address_confirmed": gettext_lazy("A new e-mail address was confirmed."),
    "people.address_stopped": gettext_lazy("A change of an e-mail address was stopped."),
    "people.changed": gettext_lazy("%(who)s changed the facts of an account."),
    "people.moved": gettext_lazy("The country of %(subject)s changed; it decides which regions' rules apply to them."),
    "people.password_set": gettext_lazy("The stored password of %(subject)s was written anew."),
    "people.joined": gettext_lazy("%(who)s joined."),
    "mandates.stopped": gettext_lazy("The decision of %(subject)s was stopped by a vote of all."),
    "offices.looked": gettext_lazy("%(who)s looked at %(subject)s as an officer; it concerns %(people)s people."),
    "offices.ended": gettext_lazy("The members recalled the %(post)s (%(subject)s)."),
    "petitions.answered": gettext_lazy("An officer answered %(subject)s."),
    "petitions.signed": gettext_lazy("A member signed %(subject)s."),
    "pilots.measured": gettext_lazy(
        "The pilot of %(subject)s was measured: %(units)s units by %(people)s members, half of them within %(seconds)s"
        " seconds; it takes %(pay)s an answer at least."
    ),
    "posts.changed": gettext_lazy("The members changed a post (%(subject)s); it is version %(version)s."),
    "proposals.backed": gettext_lazy("%(who)s spoke up about the draft %(subject)s: whether to put it to all."),
    "proposals.drafted": gettext_lazy("%(who)s drafted %(subject)s."),
    "proposals.published": gettext_lazy("%(who)s published %(subject)s; its text and its roll stand."),
    "proposals.rival_filed": gettext_lazy("%(who)s put another way on the ballot of %(subject)s."),
    "rates.changed": gettext_lazy("A new rate is in force (%(subject)s)."),
    "release.announced": gettext_lazy("What the database will promise was announced, a week ahead: %(digest)s."),
    "skills.defined": gettext_lazy("A skill was put up (%(subject)s)."),
    "skills.shown": gettext_lazy("A member showed a skill in its test (%(subject)s)."),
    "skills.test_opened": gettext_lazy("A paid test of a skill opened (%(subject)s)."),
    "skips.paid": gettext_lazy("The care fund paid a skip of a task of %(subject)s."),
    "reports.made": gettext_lazy("A member reported content in %(subject)s."),
    "reviews.accepted": gettext_lazy("An answer was accepted and paid (%(subject)s)."),
    "reviews.sent_back": gettext_lazy("An answer was sent back with a reason (%(subject)s)."),
    "rules.changed": gettext_lazy("%(subject)s was changed by a vote; version %(version)s applies 15 days later."),
    "schema.recorded": gettext_lazy("What the database promises was written down: %(digest)s."),
    "statements.given": gettext_lazy("%(who)s brought a statement of the bank; another officer looks (%(subject)s)."),
    "statements.read": gettext_lazy("%(who)s saw a statement at the bank, and it was booked (%(subject)s)."),
    "statements.sealed": gettext_lazy("The hashes of all members' statements of a month were sealed (%(subject)s)."),
    "statements.turned_down": gettext_lazy("%(who)s turned down what was brought as a statement (%(subject)s)."),
    "stages.joined": gettext_lazy("%(subject)s follows job %(after)s: its tasks are made from what that one comes to."),
    "stages.handed_on": gettext_lazy("What was settled before was handed on to %(subject)s."),
    "teams.proposed": gettext_lazy("A team was proposed for job %(job)s (%(subject)s)."),
    "teams.consented": gettext_lazy("One of %(subject)s consented to its split of the pay: %(digest)s."),
    "teams.began": gettext_lazy("Everybody consented: %(subject)s works at job %(job)s."),
    "teams.ended": gettext_lazy("%(subject)s takes nothing more at job %(job)s."),
    "teams.said": gettext_lazy("One of %(subject)s said something to the others."),
    "teams.wrote": gettext_lazy("%(who)s asked somebody by letter to be in a team."),
    "teams.letter": gettext_lazy("A letter that asks somebody to be in a team was due."),
    "teams.no_more_letters": gettext_lazy("Somebody asked for no more letters about teams."),
    "standing.applicant": gettext_lazy("%(subject)s is an applicant."),
    "standing.candidate": gettext_lazy("%(subject)s is now a candidate."),
    "standing.expelled": gettext_lazy("%(subject)s was expelled by a vote."),
    "standing.left": gettext_lazy("%(subject)s left by their own word."),
    "standing.notice": gettext_lazy("%(subject)s gave notice; it can be taken back until they have left."),
    "standing.notice_taken_back": gettext_lazy("%(subject)s took a notice back."),
    "standing.member": gettext_lazy("%(subject)s is now a member."),
    "surplus.closed": gettext_lazy("A quarter was closed: %(period)s left %(surplus)s over (%(subject)s)."),
    "tips.given": gettext_lazy("A client gave a tip for an answer (%(subject)s)."),
    "support.asked": gettext_lazy("A member asked the education fund (%(subject)s)."),
    "support.answered": gettext_lazy("%(who)s answered who asked the education fund (%(subject)s)."),
    "support.paid": gettext_lazy("A fund paid a member support (%(subject)s)."),
    "raises.in_force": gettext_lazy("The reserve pays a raise in %(period)s, as voted (%(subject)s)."),
    "raises.paid": gettext_lazy("A raise from the reserve was paid (%(subject)s)."),
    "posts.paid": gettext_lazy("A post was paid for %(month)s as the budget said (%(subject)s)."),
    "surplus.divided": gettext_lazy("The surplus of %(period)s was divided as the members voted (%(subject)s)."),
    "voting.cast": gettext_lazy("A ballot was cast in %(subject)s."),
    "voting.closed": gettext_lazy("%(subject)s was counted."),
    "webhooks.added": gettext_lazy("A webhook was added for %(subject)s."),
    "webhooks.ended": gettext_lazy("A webhook of %(subject)s ended."),
    "webhooks.renewed": gettext_lazy("A webhook of %(subject)s got another secret."),
    "webhooks.resent": gettext_lazy("A message to %(subject)s was sent again."),
    "webhooks.tried": gettext_lazy("A webhook of %(subject)s was tried out."),
}
OPEN = sorted(kind for kind in SENTENCES if not re.match(CLOSED, kind))
MONEY = {"pay", "before", "surplus"}
# Whose doing these are is known to members anyway: what officers do in office, and what members put to a vote. Who
# took, answered or checked which task is nobody else's business (E10, blind review): there readers see only their own.
NAMED = frozenset(
    kind
    for kind in SENTENCES
    if kind.startswith(
        (
            "admin.",
            "candidacies.",
            "deposits.",
            "elections.",
            "exchange.",
            "expenses.",
            "ledger.",
            "offices.",
            "pauses.",
            "places.",
            "proposals.",
        )
    )
    or kind in {"payouts.sent", "payouts.settled", "payouts.failed"}
    or kind in {"paybacks.sent", "paybacks.settled", "paybacks.failed"}
    or kind in {"compartments.opened", "assembly.answered", "assembly.looked", "assembly.withheld"}
)


def knows(reader: Person | None, event: Event) -> bool:
    """Tell whether a reader may know who acted."""
    return reader is not None and (event.kind in NAMED or event.actor_id == reader.pk)


def of(event: Event, *, reader: Person | None) -> str:
    """Return the sentence of an event for a reader, None for a visitor."""
    facts: dict[str, str] = defaultdict(lambda: "…", {key: _fact(key, value) for key, value in event.data.items()})
    facts["subject"] = _subject(event.subject)
    facts["who"] = _who(event, reader)
    sentence = SENTENCES.get(event.kind)
    return str(sentence) % facts if sentence else f"{event.kind}: {facts['subject']}"


def _who(event: Event, reader: Person | None) -> str:
    if reader is not None and event.actor_id == reader.pk:
        return _("You")
    return str(event.actor) if event.actor and knows(reader, event) else _("Somebody")


def _subject(subject: str) -> str:
    """Return "job 12" for "job:12"."""
    thing, colon, number = subject.partition(":")
    return _word(thing) + colon.replace(":", " ") + number.replace("_", " ")


def _word(said: str) -> str:
    """Return a word of the record in the reader's language, a post's name among them; else as it stands."""
    return str(THINGS[said]) if said in THINGS else _(said.replace("_", " "))


def _fact(key: str, value: object) -> str:
    """Return a fact as it is read; pay stands in the record in micro-units, or as an exact text."""
    if key in MONEY and isinstance(value, int | str):
        return money(from_micro(value) if isinstance(value, int) else Decimal(value))
    return _word(value) if isinstance(value, str) else str(value)
