"""How much of the disk a client takes with what it handed in, and the bound on it."""

from django.conf import settings
from django.db.models import Sum
from django.utils.translation import gettext as _

from coop.people.models import Client
from coop.refusals import Refusal
from tasks.models import JobFile, SketchFile, Upload

GB = 1_000_000_000


def held(client: Client) -> int:
    """Return how many bytes a client's data sets and files take, each once, however many jobs show it."""
    kept = JobFile.objects.filter(job__client=client).values("file", "source", "bytes").distinct()
    files = kept.aggregate(sum=Sum("bytes"))["sum"] or 0
    drafted = SketchFile.objects.filter(sketch__client=client).aggregate(sum=Sum("bytes"))["sum"] or 0
    names = Upload.objects.filter(job__client=client).values_list("file", flat=True).distinct()
    storage = Upload._meta.get_field("file").storage  # noqa: SLF001 - where Django keeps it
    return files + drafted + sum(storage.size(name) for name in names.iterator() if storage.exists(name))


def refusal(client: Client, more: int) -> Refusal | None:
    """Say why a client cannot hand in so many bytes more; None while it is within the site's bound."""
    most = settings.CLIENT_MAX_BYTES
    taken = held(client)
    if taken + more <= most:
        return None
    words = _("Your organisation keeps %(taken).1f GB here; with this it were more than %(most).1f GB.")
    return Refusal(
        words % {"taken": taken / GB, "most": most / GB},
        appeal=_("Nothing was kept. The cooperative can set a larger bound: write to it."),
        status=413,
    )
