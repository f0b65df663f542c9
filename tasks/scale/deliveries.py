"""Deliveries: versions of the data sets of a client's jobs, in v2's words. What try things out has none."""

from collections.abc import Collection, Iterable, Mapping
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from django.http import Http404, QueryDict
from django.shortcuts import get_object_or_404

from coop.people.models import Client
from tasks.models import Order, Project, Release
from tasks.scale import answered, finding


def of(client: Client, *, test: bool, project: Project | None = None) -> QuerySet[Release]:
    """Find the versions that are written of a client's jobs, of one project where it is given, the newest first."""
    lots = {"job__lot__project__client": client} | ({"job__lot__project": project} if project else {})
    found = Release.objects.none() if test else Release.objects.filter(finished_at__isnull=False, **lots)
    return found.select_related("job__client", "job__work_type", "job__lot__project", "job__lot__batch").order_by("-pk")


def find(found: QuerySet[Release], said: QueryDict) -> Release:
    """Return the delivery that a query names by `delivery_id` or `delivery_name`; Http404 without one."""
    if key := said.get("delivery_id"):
        found = found.filter(folder=finding.key_of(key))
    named = said.get("delivery_name")
    release = next((one for one in found if key or name(one) == named), None)
    if release is None:
        raise Http404
    return release


def page(found: QuerySet[Release], asked: QueryDict) -> tuple[list[Release], dict[str, str]]:
    """Return a page of deliveries, and the `next_token` while more follow; all of them where no `limit` is said."""
    if token := asked.get("next_token"):
        found = found.filter(pk__lt=get_object_or_404(found, folder=finding.key_of(token)).pk)
    if not asked.get("limit"):
        return list(found), {}
    limit = finding.number(asked, "limit", finding.MOST)
    some = list(found[: limit + 1])
    return some[:limit], {"next_token": some[limit - 1].folder.hex} if len(some) > limit else {}


def name(release: Release) -> str:
    """Return what a delivery is called: its batch or its project, the job, and which version of it."""
    lot = release.job.lot
    return f"{lot.batch.name if lot.batch else lot.project.name}, job {release.job_id}, version {release.number}"


def latest(found: Iterable[Release]) -> list[Release]:
    """Return the newest version of each job."""
    of_jobs: dict[int, Release] = {}
    for release in found:
        of_jobs.setdefault(release.job_id, release)
    return list(of_jobs.values())


def orders(client: Client, releases: Collection[Release]) -> QuerySet[Order]:
    """Find the orders that stand in deliveries, each of another job."""
    within = (
        Q(task__job=one.job_id, task__position__lte=one.place)
        & (Q(task__withdrawal=None) | Q(task__withdrawal__at__gt=one.asked_at))
        for one in releases
    )
    return finding.of(client, test=False).filter(reduce(or_, within, Q(pk=None)))


def said(page: Collection[Order], releases: Collection[Release]) -> Mapping[int, answered.Said]:
    """Return what orders were answered when each delivery was asked for, by their number."""
    found: dict[int, answered.Said] = {}
    for release in releases:
        together = [order for order in page if order.task and order.task.job_id == release.job_id]
        found |= answered.of(together, until=release.asked_at)
    return found
