"""What is due by time, done by the machine: counting, carrying out, making members. Anybody may do it by hand too."""

from procrastinate.contrib.django import app

from coop import clock
from coop.people.models import Person
from governance import elections, errands, letters, notices, petitions, posting, resigning, signs, standing, voting


@app.periodic(cron="* * * * *")
@app.task(queueing_lock="governance.carry_on")
def carry_on(timestamp: int) -> int:  # noqa: ARG001 - the planned time is handed over
    """Count votes whose time is over and carry out mandates whose lock has passed; return how many moved."""
    return voting.carry_on_all(clock.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="governance.put_to_vote")
def put_to_vote(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Put to the vote the candidates of calls that are over, and recalls that enough have signed; return how many."""
    return elections.put_all(clock.now()) + petitions.call_all(clock.now())


@app.periodic(cron="7 * * * *")
@app.task(queueing_lock="governance.promote")
def promote(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Make members of the candidates whose time has come (R2); return how many."""
    return standing.promote_due(clock.now())


@app.periodic(cron="17 * * * *")
@app.task(queueing_lock="governance.leave_due")
def leave_due(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Let those leave whose seven days of notice are over; return how many."""
    return len(resigning.leave_due(clock.now()))


@app.periodic(cron="53 * * * *")
@app.task(queueing_lock="governance.look")
def look(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Open cases for members who were muted without a decision, or pressed to leave; return how many."""
    return signs.look(at=clock.now())


@app.task(name=notices.TELL, retry=5)
def tell(person_id: int, about: str, case_id: int) -> None:
    """Send a notice about a case, as deferred with the act."""
    notices.deliver(Person.objects.get(pk=person_id), about, case_id)


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="governance.write_letters")
def write_letters(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Make the letters that are due and send all that wait; return how many went out."""
    letters.make_due(clock.now())
    return posting.send_all(clock.now())


@app.periodic(cron="13 * * * *")
@app.task(queueing_lock=errands.TELL, lock=errands.TELL)
def tell_of_errands(timestamp: int) -> int:  # noqa: ARG001 - likewise
    """Have officers told of jobs that were given up; return how many."""
    return errands.tell_due(at=clock.now())


@app.task(name=errands.TELL, retry=5)
def mail_of_errands(person_id: int, counts: dict[str, int]) -> None:
    """Mail an officer what was given up, as deferred when it was found."""
    errands.tell(Person.objects.get(pk=person_id), counts)
