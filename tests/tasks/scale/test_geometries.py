"""Labels stay with their geometries, and shapes within the bounds that an order sets them."""

import uuid
from typing import Any

import pytest
import scaleapi
from scaleapi.exceptions import ScaleInvalidRequest
from scaleapi.tasks import TaskType

from coop import clock
from coop.people.models import Person
from coop.refusals import Refused
from tasks import answers, claims, shapes
from tests.tasks.scale.test_live import job_of
from tests.tasks.scale.test_live_kinds import uploaded

pytestmark = pytest.mark.django_db
STREET: dict[str, Any] = {
    "box": {"objects_to_annotate": ["car", "sign"], "min_width": 12, "min_height": "8"},
    "line": {"objects_to_annotate": ["lane"], "min_vertices": 3, "max_vertices": 4},
    "polygon": {"objects_to_annotate": ["sign"]},
}
CAR = {"type": "box", "label": "car", "x": 10, "y": 10, "width": 20, "height": 10}
LANE = {"type": "line", "label": "lane", "points": [[1, 1], [10, 20], [20, 60]]}
SIGN = {"type": "polygon", "label": "sign", "points": [[1, 1], [20, 1], [20, 20]]}
WRONG: tuple[tuple[dict[str, Any], str], ...] = (
    ({**CAR, "label": "lane"}, "drawn as: Line"),
    ({**LANE, "label": "sign"}, "drawn as: Box, Polygon"),
    ({**SIGN, "label": "car"}, "drawn as: Box"),
    ({**CAR, "width": 11.5}, "less than 12 pixels wide"),
    ({**CAR, "height": 7}, "less than 8 pixels high"),
    ({**LANE, "points": LANE["points"][:2]}, "less than 3 corners"),
    ({**LANE, "points": [*LANE["points"], [30, 70], [40, 75]]}, "more than 4 corners"),
)


def test_a_lane_that_is_a_line_comes_back_as_no_box(live: scaleapi.ScaleClient, amina: Person) -> None:
    live.create_project("Streets", TaskType.ImageAnnotation, params={"geometries": STREET})
    [picture] = uploaded(live, 1)
    task = live.create_task(TaskType.ImageAnnotation, project="Streets", attachment=picture)
    job = job_of(task)
    assert job.form["only"] == {"car": ["box"], "lane": ["line"], "sign": ["box", "polygon"]}
    taken = claims.claim_next(job, by=amina, at=clock.now())

    def hand_in(*drawn: dict[str, Any]) -> None:
        answers.submit(taken, value={"shapes": [*drawn]}, key=uuid.uuid4(), seconds=30, by=amina, at=clock.now())

    for shape, words in WRONG:
        with pytest.raises(Refused, match=rf"Shape 2 .*{words}"):
            hand_in(CAR, shape)
    hand_in(CAR, LANE, SIGN, {**CAR, "label": "sign", "width": 12, "height": 8})
    task.refresh()
    told = [(one["type"], one["label"]) for one in task.response["annotations"]]
    assert told == [("box", "car"), ("line", "lane"), ("polygon", "sign"), ("box", "sign")]
    # What a machine drew is held to it as well.
    guess = {"annotations": [{"type": "box", "label": "lane", "left": 1, "top": 1, "width": 20, "height": 20}]}
    with pytest.raises(ScaleInvalidRequest, match="drawn as"):
        live.create_task(TaskType.ImageAnnotation, project="Streets", attachment=picture, hypothesis=guess)


def test_what_all_geometries_share_is_asked_without_a_map(live: scaleapi.ScaleClient) -> None:
    shared = {kind: {"objects_to_annotate": ["cow"]} for kind in ("box", "point")}
    [picture] = uploaded(live, 1)
    live.create_project("Cows", TaskType.ImageAnnotation)
    task = live.create_task(TaskType.ImageAnnotation, project="Cows", attachment=picture, geometries=shared)
    assert job_of(task).form.keys() == {"question", "labels", "types"}
    old = {"objects_to_annotate": ["cow"], "with_labels": True, "min_width": "30"}
    task = live.create_task(TaskType.Annotation, project="Cows", attachment=picture, **old)
    assert job_of(task).form["bounds"] == {"box": {"min_width": 30}}


@pytest.mark.parametrize(
    "more", [{"only": {"cat": ["box"]}}, {"only": {"cow": ["point"]}}, {"bounds": {"point": {"min_width": 1}}}]
)
def test_a_form_names_its_own_labels_and_types(more: dict[str, Any]) -> None:
    form = {"question": "Where?", "labels": ["cow"], "types": ["box"], **more}
    (problem,) = shapes.form_problems("image", form)
    assert "none of the labels or types" in str(problem)
    assert shapes.form_problems("image", {**form, "only": {"cow": ["box"]}, "bounds": {"box": {"min_width": 1}}}) == []
