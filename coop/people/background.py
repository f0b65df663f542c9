"""What is done for accounts in the background: letters about a change of address, and the change when it is due."""

from procrastinate.contrib.django import app

from coop import clock
from coop.people import addresses
from coop.people.models import AddressChange


@app.task(name=addresses.TELL, retry=5)
def tell(change: int) -> None:
    """Write the letters about a change of address; a second time does nothing."""
    addresses.tell(AddressChange.objects.select_related("person").get(pk=change), at=clock.now())


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="people.take_effect")
def take_effect(timestamp: int) -> int:  # noqa: ARG001 - procrastinate hands the planned time over
    """Carry out the changes of address that are due; return how many."""
    return addresses.take_effect_all(clock.now())
