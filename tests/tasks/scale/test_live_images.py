"""Live orders that show images: the jobs they join, batches of many files, lines, and texts with their places."""

import io

import pytest
from scaleapi.exceptions import ScaleInvalidRequest, ScaleNotEnabled
from scaleapi.tasks import TaskType

from coop.people.models import Client, Person
from payments import escrow
from tasks import background
from tasks.models import Batch, Order
from tasks.scale import assets
from tests.tasks import handing_in, orders
from tests.tasks.scale.conftest import ALL, Programs
from tests.tasks.scale.test_live import do, job_of
from tests.tasks.scale.test_live_kinds import BOX, uploaded

pytestmark = pytest.mark.django_db


def test_orders_that_show_files_join_one_job(program: Programs, orbit: Client, amina: Person) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    boxes = {"geometries": {"box": {"objects_to_annotate": ["cow"]}}}
    live.create_project("Cows", TaskType.ImageAnnotation, params=boxes)
    one, other = uploaded(live, 2)
    made = [live.create_task(TaskType.ImageAnnotation, project="Cows", attachment=each) for each in (one, other, one)]
    job = job_of(made[0])
    assert {job_of(each) for each in made} == {job}
    assert (job.tasks.count(), job.files.filter(usable=True).count()) == (3, 2)
    weights = dict(job.files.values_list("name", "bytes"))
    job.refresh_from_db()
    assert job.task_bytes == pytest.approx(sum(weights[task.data["image"]] for task in job.tasks.all()) / 3, abs=2)
    for each in made:
        do(job, amina, {"shapes": [{"type": "box", "label": "cow", **BOX}]})
        each.refresh()
        assert each.response["annotations"][0]["left"] == BOX["x"]
    broken = io.BytesIO(handing_in.image(100, 80)[:200])
    broken.name = "broken.png"
    address = live.upload_file(broken).attachment_url
    with pytest.raises(ScaleInvalidRequest, match="cannot be read"):
        live.create_task(TaskType.ImageAnnotation, project="Cows", attachment=address)
    assert job.tasks.count() == 3


def test_a_batch_of_many_files_goes_on_in_the_background(
    program: Programs, orbit: Client, amina: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assets, "MOST_SHOWN", 2)
    live = program(ALL)
    # Two of five can be paid.
    pay = str(round(escrow.available(orbit) / 4))
    boxes = {"geometries": {"box": {"objects_to_annotate": ["cow"]}}, "pay": pay}
    live.create_project("Cows", TaskType.ImageAnnotation, params=boxes)
    batch = live.create_batch("Cows", "many")
    made = [live.create_task(TaskType.ImageAnnotation, batch="many", attachment=each) for each in uploaded(live, 5)]
    with pytest.raises(ScaleNotEnabled, match="short"):
        batch.finalize()
    assert not Order.objects.exclude(task=None).exists(), "all of it or nothing"
    orders.deposit(orbit, "9000")
    batch.finalize()
    assert Order.objects.exclude(task=None).count() == 2
    assert live.batch_status("many")["status"] == "in_progress"
    background.place_rest(Batch.objects.get().pk)
    [job] = {order.task.job for order in Order.objects.select_related("task__job") if order.task}
    assert (job.tasks.count(), job.files.filter(usable=True).count()) == (5, 5)
    for _task in made:
        do(job, amina, {"shapes": [{"type": "box", "label": "cow", **BOX}]})
    assert live.batch_status("many") == {"status": "completed", "completed": 5}


@pytest.mark.parametrize("kind", [TaskType.LineAnnotation, TaskType.LaneAnnotation])
def test_lanes_are_drawn_as_lines(program: Programs, orbit: Client, amina: Person, kind: TaskType) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Roads", kind)
    asked = {"attachment": uploaded(live, 1)[0], "objects_to_annotate": ["lane"], "with_labels": True}
    made = live.create_task(kind, project="Roads", **asked)
    do(job_of(made), amina, {"shapes": [{"type": "line", "label": "lane", "points": [[1, 2], [30, 40], [50, 60]]}]})
    made.refresh()
    [drawn] = made.response["annotations"]
    assert drawn["label"] == "lane"
    assert drawn["vertices"] == [{"x": 1, "y": 2}, {"x": 30, "y": 40}, {"x": 50, "y": 60}]


def test_texts_of_a_document_are_told_with_their_places(program: Programs, orbit: Client, amina: Person) -> None:
    orders.deposit(orbit, "100")
    live = program(ALL)
    live.create_project("Receipts", TaskType.DocumentTranscription)
    [page] = uploaded(live, 1)
    features = [{"type": "block", "label": "shop"}, {"type": "text", "label": "total"}]
    asked = {"project": "Receipts", "attachment": page, "features": features}
    made = live.create_task(TaskType.DocumentTranscription, **asked)
    drawn = [
        {"type": "box", "label": "total", **BOX, "words": "12.40"},
        {"type": "box", "label": "shop", **BOX, "y": 40, "words": "Duka & Sons"},
    ]
    do(job_of(made), amina, {"shapes": drawn})
    made.refresh()
    place = {"left": BOX["x"], "top": BOX["y"], "width": BOX["width"], "height": BOX["height"]}
    told = [{name: one[name] for name in one if name != "id"} for one in made.response["annotations"]]
    assert told == [
        {"page": 0, "type": "text", "label": "total", "geometry": place, "transcription": "12.40", "children": []},
        {"page": 0, "type": "block", "label": "shop", "geometry": {**place, "top": 40}, "transcription": "Duka & Sons",
         "children": []},
    ]  # fmt: skip
    flagged = [{**features[0], "flags": ["money"]}]
    with pytest.raises(ScaleNotEnabled, match="flags"):
        live.create_task(TaskType.DocumentTranscription, **asked | {"features": flagged})
