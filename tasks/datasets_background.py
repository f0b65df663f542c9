"""Reading large data sets in the background."""

from procrastinate.contrib.django import app

from coop import clock
from tasks import datasets
from tasks.models import Upload


@app.task(name=datasets.LOAD, retry=5)
def load_data_set(upload_id: int) -> None:
    """Load an upload, as deferred with it; a second time changes nothing."""
    datasets.load(Upload.objects.get(pk=upload_id), at=clock.now())
