"""What has fallen due for a member without anybody having acted: asked for before their pay is shown or paid out."""

from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from coop.people.models import Person


def settle(person: Person, *, at: datetime) -> None:
    """Let each act that PAYMENTS_DUE lists do what is due for this person by time, as acceptance by silence.

    The apps that know the work name their acts there, as they do their policies; each takes `person=` and `at=`.
    """
    for path in settings.PAYMENTS_DUE:
        import_string(path)(person=person, at=at)
