"""A version of marked texts: what the marks come to, and its own formats."""

import json
import uuid
from pathlib import Path
from typing import Any

import pytest

from coop import clock
from coop.people.models import Client, Person
from tasks import answers, claims, exports, formats, releases
from tasks.models import Job, Release
from tasks.quality import estimates
from tests.tasks.opening import order, vote_kind
from tests.tasks.releases.conftest import Made

TEXT = "Ada Lovelace wrote to Charles Babbage."
FORM = {"question": "Who?", "labels": ["person", "firm"]}
ADA, CHARLES = ({"start": start, "end": end, "label": "person"} for start, end in ((0, 12), (22, 37)))


@pytest.fixture
def marked(orbit: Client, olga: Person, amina: Person, luis: Person, priya: Person) -> Job:
    """Return a job of one text that three people marked: two of them both names."""
    kind = vote_kind("spans", amina)
    job = order(orbit, olga, kind, FORM, [{"id": "t", "text": TEXT}], overlap=3)
    for who, spans in ((amina, [ADA, CHARLES]), (luis, [CHARLES, ADA]), (priya, [ADA])):
        mine = claims.claim_next(job, by=who, at=clock.now())
        answers.submit(mine, value={"spans": spans}, key=uuid.uuid4(), seconds=9, by=who, at=clock.now())
    return job


def test_the_result_is_what_most_marked(marked: Job) -> None:
    (result,) = exports.results(marked)
    assert result.value == {"spans": [ADA, CHARLES]}
    assert result.agreement == result.confidence == pytest.approx(4 / 5)


def test_things_written_or_marked_are_no_labels(marked: Job) -> None:
    found = estimates.estimate(marked, at=clock.now())
    assert found
    assert found.way == "majority"


def test_conll_has_a_word_a_line(marked: Job, made: Made) -> None:
    release = made(marked)
    assert "conll" in formats.of(marked)
    text = b"".join(formats.find("conll", marked).write(release)).decode()
    assert text.splitlines() == [
        "-DOCSTART-\tt",
        "Ada\tB-person", "Lovelace\tI-person", "wrote\tO", "to\tO", "Charles\tB-person", "Babbage\tI-person",
        ".\tO", "",
    ]  # fmt: skip


def test_nltk_reads_conll(marked: Job, made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nltk  # noqa: PLC0415 - loads much
    from nltk.corpus.reader import ConllCorpusReader  # noqa: PLC0415 - likewise

    (tmp_path / "out.conll").write_bytes(b"".join(formats.find("conll", marked).write(made(marked))) * 2)
    # It opens no file elsewhere.
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    found: Any = ConllCorpusReader(str(tmp_path), ["out.conll"], ("words", "pos"), separator="\t")
    names = [("Ada", "B-person"), ("Lovelace", "I-person"), ("Charles", "B-person"), ("Babbage", "I-person")]
    sentences = [list(one) for one in found.tagged_sents()]
    assert [[word for word in one if word[1] != "O"] for one in sentences] == [names, names]


def test_label_studios_converter_makes_the_same_conll(marked: Job, made: Made, tmp_path: Path) -> None:
    from label_studio_sdk.converter.converter import Converter  # noqa: PLC0415 - loads much

    release = made(marked)
    path = tmp_path / "tasks.json"
    path.write_bytes(b"".join(formats.find("label-studio", marked).write(release)))
    config = (
        '<View><Text name="item" value="$text"/>'
        '<Labels name="answer" toName="item"><Label value="person"/><Label value="firm"/></Labels></View>'
    )
    converter: Any = Converter(config=config, project_dir=str(tmp_path))  # type: ignore[no-untyped-call]
    converter.convert_to_conll2003(str(path), str(tmp_path / "out"), is_dir=False)
    (written,) = (tmp_path / "out").glob("*.conll")
    tags = [line.split()[0::3] for line in written.read_text().splitlines() if line and "DOCSTART" not in line]
    assert ["Ada", "B-person"] in tags
    assert ["Lovelace", "I-person"] in tags


def test_a_mark_inside_a_word_takes_it_whole_and_the_first_of_two_counts() -> None:
    from tasks.formats import conll  # noqa: PLC0415 - beside the one test of it

    one = {
        "data": {"text": "reopened it"},
        "result": {"spans": [{"start": 2, "end": 4, "label": "a b"}, {"start": 3, "end": 11, "label": "c"}]},
    }
    assert list(conll.tagged(one)) == [("reopened", "B-a_b"), ("it", "B-c")]


def test_other_kinds_have_no_conll(job: Job, made: Made) -> None:
    assert "conll" not in formats.of(job)
    with pytest.raises(KeyError):
        formats.find("conll", job)


def test_items_keep_what_was_marked(marked: Job, made: Made) -> None:
    release: Release = made(marked)
    (one,) = releases.items(release)
    assert json.loads(json.dumps(one))["result"] == {"spans": [ADA, CHARLES]}
