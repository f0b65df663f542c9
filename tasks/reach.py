"""By what a pause or a decision can reach a job: itself, its client, its tier, its kind of work, its project."""

from tasks.models import Job, Lot


def scopes(job: Job) -> str:
    """Return all but the project as `standing.refusal` takes them: "job:12:client:3:tier:general:class:boxes"."""
    return f"job:{job.pk}:client:{job.client_id}:tier:{job.work_type.tier}:class:{job.work_type.slug}"


def all_scopes(job: Job) -> str:
    """Return the same and the project, where it is of one; one query, which only a refusal is worth."""
    project = Lot.objects.filter(job=job).values_list("project", flat=True).first()
    return f"{scopes(job)}:project:{project}" if project else scopes(job)
