"""Drafts that nobody touches: after ninety days their clients are told, and two weeks later they go, files and all.

Whoever saves anything of a draft keeps it. That no draft goes unannounced the database asks; that one is left by people
who have no seat any more makes no difference.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from coop import due
from coop.people import clients
from coop.people.models import Client
from tasks import notices, sketches
from tasks.models import Sketch
from tasks.models.sketches import NOTICE


def tell_due(*, at: datetime) -> int:
    """Tell each client once of its drafts that nobody touched; return of how many drafts. Anybody may call it."""
    left = Client.objects.filter(pk__in=_untouched(at).values("client"))
    return due.each_of(lambda one: _tell(one, at), left, failed="nobody could be told of the drafts of client %s")


def _untouched(at: datetime) -> QuerySet[Sketch]:
    return sketches.written().filter(told_at=None, at__lte=at - sketches.UNTOUCHED)


@transaction.atomic
def _tell(client: Client, at: datetime) -> int:
    told = _untouched(at).filter(client=client).update(told_at=at)
    for person in clients.people(client) if told else ():
        notices.tell(person, "drafts_go", client.pk)
    return told


def drop_due(*, at: datetime) -> int:
    """Drop the drafts that were told of two weeks ago and nobody touched since, each by itself; return how many."""
    told = sketches.written().filter(told_at__lte=at - NOTICE)
    return due.each_of(lambda one: sketches.let_go(one, at=at), told, failed="draft %s could not be dropped")
