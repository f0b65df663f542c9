"""What is owed by time, paid by the machine; whoever looks at their pay is paid at once, without waiting for this."""

from procrastinate.contrib.django import app

from coop import clock
from coop.people.models import Person
from payments import (
    came_back,
    capital,
    cards,
    entitlements,
    guarantee,
    open_ledger,
    paybacks,
    payouts,
    post_pay,
    proof,
    raises,
    runs,
    sealed_statements,
    sealing,
    sending,
    surplus,
    watch,
)
from payments.details import TELL, erase_due, tell
from payments.models import CardEvent, Payout, PayoutDetails


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="payments.settle")
def settle(timestamp: int) -> int:  # noqa: ARG001 - procrastinate hands the planned time over
    """Pay what the hearing fund owes; return how many payments that were."""
    return entitlements.settle(at=clock.now())


@app.periodic(cron="32 4 * * *")
@app.task(queueing_lock="payments.pay_posts", lock="payments.pay_posts")
def pay_posts(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Pay the months of posts that are over; return how many."""
    return post_pay.settle(at=clock.now())


@app.periodic(cron="22 4 * * *")
@app.task(queueing_lock="payments.pay_raises", lock="payments.pay_raises")
def pay_raises(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Pay the raises whose quarter is over; return how many."""
    return raises.settle(at=clock.now())


@app.periodic(cron="37 3 * * *")
@app.task(queueing_lock="payments.guarantee", lock="payments.guarantee")
def top_up(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Count the weeks that are over and pay what lacks to the floor; return how many payments that were."""
    return guarantee.settle(at=clock.now())


@app.periodic(cron="23 * * * *")
@app.task(queueing_lock="payments.look")
def look(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Open cases for payouts that are held; return how many."""
    return watch.look(at=clock.now())


@app.periodic(cron="41 * * * *")
@app.task(queueing_lock="payments.seal", lock="payments.seal")
def seal(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Seal the books of the months that are over; return how many."""
    return sealing.seal_due(clock.now())


@app.periodic(cron="47 * * * *")
@app.task(queueing_lock="payments.keep_figures", lock="payments.keep_figures")
def keep_figures(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Work out what the open ledger tells of the months that are over and not kept yet; return how many."""
    return open_ledger.keep_due(clock.now())


@app.periodic(cron="43 * * * *")
@app.task(queueing_lock="payments.seal_statements", lock="payments.seal_statements")
def seal_statements(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Seal members' statements of the months that are over, whether the books are sealed or not; return how many."""
    return sealed_statements.seal_due(clock.now())


@app.periodic(cron="12 3 * * *")
@app.task(queueing_lock="payments.prove", lock="payments.prove")
def prove(timestamp: int) -> bool:  # noqa: ARG001 - likewise
    """Prove the books, once a night; return whether everything holds."""
    found = proof.prove_due(clock.now())
    return found is None or found.good


@app.task(name=proof.TELL, retry=5)
def tell_of_proof(person_id: int, day: str) -> None:
    """Mail an officer what the proof of a day found."""
    proof.tell(Person.objects.get(pk=person_id), day)


@app.periodic(cron="47 * * * *")
@app.task(queueing_lock="payments.close", lock="payments.close")
def close(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Close the quarters that are over; return how many."""
    return len(surplus.close_due(clock.now()))


@app.task(name=TELL, retry=5)
def tell_of_details(details: int) -> None:
    """Write the letter about where somebody's money goes; a second time does nothing."""
    tell(PayoutDetails.objects.select_related("person").get(pk=details), at=clock.now())


@app.task(name=cards.TELL, retry=5)
def tell_of_dispute(person_id: int, event_id: int) -> None:
    """Mail somebody who sits for a client that a payer's bank took money back, or gave it back."""
    event = CardEvent.objects.select_related("payment__client").get(pk=event_id)
    cards.tell(Person.objects.get(pk=person_id), event)


@app.task(name=payouts.TELL, retry=5)
def tell_of_payout(payout: int, why: str) -> None:
    """Mail a member that their payout came back."""
    came_back.tell(Payout.objects.select_related("person").get(pk=payout), why=why)


@app.periodic(cron="52 4 * * *")
@app.task(queueing_lock="payments.erase")
def erase(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Erase payout details that nothing needs any more; return how many."""
    return erase_due(at=clock.now())


@app.periodic(cron="27 * * * *")
@app.task(queueing_lock="payments.redeem")
def redeem(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Pay out the capital of who has left; return of how many."""
    return capital.redeem_due(at=clock.now())


@app.periodic(cron="7 6 * * *")
@app.task(queueing_lock="payments.prepare_runs")
def prepare_runs(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Prepare the pay runs that are due; return how many."""
    return runs.prepare_due(at=clock.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="payments.go_on", lock="payments.go_on")
def go_on(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Hand payouts to the services and ask after them; return how many moved on."""
    return sending.go_on(at=clock.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="payments.ask_after_cards", lock="payments.ask_after_cards")
def ask_after_cards(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Ask after the deposits by card that are not settled; return how many moved on."""
    return cards.go_on(at=clock.now())


@app.periodic(cron="33 * * * *")
@app.task(queueing_lock="payments.ask_after_disputes", lock="payments.ask_after_disputes")
def ask_after_disputes(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Ask which deposits by card were taken back or given back there; return how many words of it are new."""
    at = clock.now()
    return cards.heard_of(at=at) + cards.refunded(at=at) if cards.offered() else 0


@app.periodic(cron="48 * * * *")
@app.task(queueing_lock="payments.let_stay", lock="payments.let_stay")
def let_stay(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Let stay what was asked back and is not to be sent, whether the card service answers or not; return how many."""
    return paybacks.stay(at=clock.now())
