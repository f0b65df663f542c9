import csv
import io
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings as site
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client as Browser
from django.urls import reverse

from coop import clock
from coop.people import clients
from coop.people.models import Client, Person
from payments import escrow, reconciling
from tasks import datasets, jobs
from tasks.models import Job, Upload
from tests.tasks import orders, writing
from tests.tasks.test_exports import answer

NEW = {
    "title": "Same or not?", "question": "Same product?", "labels": "Same\nDifferent\n", "guide": "Look twice.",
    "overlap": "3", "review_rule": "majority", "minutes": "30", "pay": "0.09", "sensitivity": "",
}  # fmt: skip


@pytest.fixture
def browser(signed_in: Callable[[Person], Browser], olga: Person) -> Browser:
    """Return a browser in which Olga is signed in."""
    return signed_in(olga)


def address(name: str, job: Job, *more: str) -> str:
    """Return the address of a page about a job."""
    return reverse(f"tasks:{name}", args=[job.client.slug, job.pk, *more])


def words(response: Any) -> str:
    """Return the text of a page, without its markup."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).replace("\u00a0", " ").split())


def upload(browser: Browser, job: Job, content: bytes, name: str = "tasks.csv") -> Any:
    """Send a file on the data page and follow where it leads."""
    return browser.post(address("client_data", job), {"file": SimpleUploadedFile(name, content)}, follow=True)


def test_a_client_posts_funds_opens_and_downloads(
    browser: Browser, orbit: Client, amina: Person, luis: Person, priya: Person
) -> None:
    kinds = browser.get(reverse("tasks:new_job", args=["orbit"]))
    assert "from US$ 0.09 an answer" in words(kinds)
    assert writing.post(browser, NEW).status_code == 302
    job = Job.objects.latest("pk")
    assert "The price is known when the tasks are here" in words(browser.get(address("client_job", job)))
    loaded = upload(browser, job, orders.rows_of(10).encode())
    assert "10 tasks added" in words(loaded)
    page = words(browser.get(address("client_job", job)))
    assert "US$ 4.59 is still to be set aside" in page
    assert "10 tasks, 3 answers to each" in page
    orders.deposit(orbit, "100")
    assert "The money is set aside." in words(browser.post(address("fund_job", job), follow=True))
    assert "The job is open." in words(browser.post(address("open_job", job), follow=True))
    answer(job, (amina, "Same"), (luis, "Same"), (priya, "Different"))
    assert "2 of 30 answers accepted" in words(browser.get(address("client_job", job)))
    response = browser.get(address("download", job, "csv"))
    assert response["Content-Disposition"] == f'attachment; filename="job-{job.pk}-answers.csv"'
    rows = list(csv.DictReader(io.StringIO(b"".join(response).decode())))
    assert [row["labels"] for row in rows] == ["Same", "Same", "Different"]
    results = orders.lines(b"".join(browser.get(address("download", job, "jsonl"), {"view": "results"})))
    assert [line["result"] for line in results] == [{"labels": ["Same"]}]
    closed = browser.post(address("close_job", job), follow=True)
    assert "The job is closed." in words(closed)
    assert escrow.set_aside(job.pk) == 0


def test_below_the_voted_rate_the_field_names_rule_and_remedy(browser: Browser, orbit: Client) -> None:
    response = writing.post(browser, NEW | {"pay": "0.08"})
    assert response.status_code == 400
    assert "(N1) Offer US$ 0.09 or more." in words(response)
    assert "0.08" in response.content.decode()
    assert not Job.objects.filter(title="Same or not?").exists()


@pytest.mark.parametrize(
    "pay", ["NaN", "sNaN", "Infinity", "-Infinity", "-1", "0", "0.0900001", "1e9", "", "x", "0,09"]
)
def test_a_pay_that_is_no_amount_is_an_error_beside_the_field(browser: Browser, orbit: Client, pay: str) -> None:
    response = writing.post(browser, NEW | {"pay": pay})
    assert response.status_code == 400
    assert 'id="id_pay_error"' in response.content.decode()
    assert not Job.objects.filter(title="Same or not?").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"labels": "One"}, {"labels": "a\na"}, {"labels": "\n".join(map(str, range(61)))}, {"overlap": "0"},
        {"overlap": "26"}, {"minutes": "4"}, {"review_rule": "gold"}, {"title": "x" * 121},
        {"guide": "x" * 20_001}, {"guide": ""}, {"question": " "},
    ],
)  # fmt: skip
def test_wrong_fields_are_shown_and_nothing_is_drafted(browser: Browser, orbit: Client, wrong: dict[str, str]) -> None:
    response = writing.post(browser, NEW | wrong)
    assert response.status_code == 400
    assert not Job.objects.filter(guide="Look twice.").exists()


def test_the_same_form_twice_makes_one_draft(browser: Browser, orbit: Client) -> None:
    draft = writing.begin(browser)
    assert writing.fill(browser, draft, NEW).status_code == 200
    assert len({browser.post(f"{draft}job/").headers["Location"] for _repeated in range(2)}) == 1
    assert Job.objects.filter(title="Same or not?").count() == 1


def test_a_comparison_asks_for_its_own_fields(browser: Browser, orbit: Client) -> None:
    draft = writing.begin(browser, "compare-answers")
    assert "Least length of the reason" in words(browser.get(f"{draft}questions/"))
    assert writing.fill(browser, draft, NEW | {"pay": "0.9", "min_reason": "20"}).status_code == 200
    assert browser.post(f"{draft}job/").status_code == 302
    assert Job.objects.latest("pk").form == {"question": "Same product?", "min_reason": 20}


@pytest.mark.parametrize("kind", ["onboarding", "unknown"])
def test_only_kinds_on_the_rate_card_can_be_ordered(browser: Browser, orbit: Client, kind: str) -> None:
    assert browser.post(reverse("tasks:new_job", args=["orbit"]), {"kind": kind}).status_code == 404


def test_script_in_a_guide_or_a_title_comes_out_as_text(browser: Browser, orbit: Client) -> None:
    script = "<script>alert(1)</script>"
    facts = NEW | {"title": script, "guide": f"{script}<img src=x onerror=alert(1)>", "question": script}
    draft = writing.begin(browser)
    shown = [draft, *(f"{draft}{step}/" for step in ("questions", "guide")), reverse("tasks:new_job", args=["orbit"])]
    assert writing.fill(browser, draft, facts).status_code == 200
    assert not [page for page in shown if script in browser.get(page).content.decode()]
    browser.post(f"{draft}job/")
    job = Job.objects.latest("pk")
    for page in (reverse("tasks:client", args=["orbit"]), address("client_job", job), address("client_data", job)):
        html = browser.get(page).content.decode()
        assert script not in html
        assert "onerror=alert" not in re.sub(r"&lt;.*?&gt;", "", html)


def test_every_bad_row_is_shown_with_its_line(browser: Browser, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    page = words(upload(browser, job, b"id,a\n1,x\n2\n3,<script>\n3,y\n"))
    assert "2 problems, nothing added" in page
    assert "3 The row has 1 fields; the first line names 2." in page
    assert "5 Line 4 has the same id." in page
    assert not job.tasks.exists()


@pytest.mark.parametrize("content", ["id,a\n1,é\n".encode("latin-1"), "id,a\n1,é\n".encode("utf-16"), b"", b"\0\0\0\0"])
def test_a_file_that_is_no_text_is_answered_with_what_to_do(
    browser: Browser, orbit: Client, olga: Person, content: bytes
) -> None:
    job = orders.draft(orbit, olga)
    response = upload(browser, job, content)
    assert response.status_code == 200
    assert "1 problem, nothing added" in words(response)


def test_without_a_file_the_form_says_so(browser: Browser, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    assert browser.post(address("client_data", job)).status_code == 400
    assert not job.uploads.exists()


def test_a_large_file_is_read_later_and_the_page_looks_again(
    browser: Browser, orbit: Client, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "AT_ONCE_MAX_BYTES", 10)
    job = orders.draft(orbit, olga)
    page = upload(browser, job, orders.rows_of(5).encode())
    assert page["Refresh"] == "3"
    datasets.load(job.uploads.get(), at=clock.now())
    page = browser.get(address("client_data", job))
    assert "Refresh" not in page
    assert "5 tasks added" in words(page)


def send_stream(browser: Browser, job: Job, size: int, announced: int) -> tuple[Any, orders.Stream]:
    """Send a multipart form with a file of any size, made as it is read."""
    head = (
        b'--B\r\nContent-Disposition: form-data; name="note"\r\n\r\nx\r\n'
        b'--B\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
    )
    stream = orders.Stream(head, size, b"\r\n--B--\r\n")
    kind = "multipart/form-data; boundary=B"
    extra: dict[str, Any] = {"wsgi.input": stream, "CONTENT_LENGTH": str(announced), "CONTENT_TYPE": kind}
    return browser.generic("POST", address("client_data", job), b"", **extra), stream


def test_a_file_of_200_mb_is_cut_off_before_it_is_read(browser: Browser, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    response, stream = send_stream(browser, job, 200_000_000, 200_000_300)
    assert response.status_code == 413
    assert "larger than 64 MB" in words(response)
    assert stream.taken < 1_000_000
    assert not Upload.objects.filter(job=job).exists()


def test_a_file_just_over_the_bound_is_cut_off_there(
    browser: Browser, orbit: Client, olga: Person, settings: object
) -> None:
    settings.DATASET_UPLOAD_MAX_BYTES = 1_000_000  # type: ignore[attr-defined]
    job = orders.draft(orbit, olga)
    response, stream = send_stream(browser, job, 1_050_000, 1_050_300)
    assert response.status_code == 413
    assert stream.taken <= 1_050_300
    assert not Upload.objects.filter(job=job).exists()


def test_nobody_signed_out_may_send_a_file(orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    response, stream = send_stream(Browser(), job, 30_000_000, 30_000_300)
    assert response.status_code == 302
    assert stream.taken < 1_000_000


def test_an_unfunded_order_says_what_is_missing_and_how_to_deposit(
    browser: Browser, orbit: Client, olga: Person
) -> None:
    job = orders.draft(orbit, olga, pay=Decimal(9999))
    orders.send(job, orders.rows_of(10))
    page = words(browser.get(address("client_job", job)))
    assert "short of US$ 509,949.00" in page
    assert "How to deposit" in page
    assert "Set US$" not in page
    refused = browser.post(address("fund_job", job))
    assert refused.status_code == 409
    assert escrow.set_aside(job.pk) == 0
    refused = browser.post(address("open_job", job))
    assert refused.status_code == 403
    assert "E1" in words(refused)


def test_the_pay_is_raised_on_the_page_and_never_lowered(browser: Browser, orbit: Client, olga: Person) -> None:
    job = orders.opened(orbit, olga)
    assert "The pay is raised" in words(browser.post(address("raise_pay", job), {"pay": "0.12"}, follow=True))
    lower = browser.post(address("raise_pay", job), {"pay": "0.11"})
    assert lower.status_code == 400
    assert "rises and never falls" in words(lower)
    assert Job.objects.get(pk=job.pk).pay == Decimal("0.12")


def test_replayed_buttons_change_nothing(browser: Browser, orbit: Client, olga: Person) -> None:
    job = orders.draft(orbit, olga)
    orders.send(job, orders.rows_of(4))
    orders.deposit(orbit, "100")
    before = escrow.available(orbit)
    for name in ("fund_job", "fund_job", "open_job", "open_job", "close_job", "close_job"):
        assert browser.post(address(name, job)).status_code == 302
    assert escrow.available(orbit) == before
    assert escrow.set_aside(job.pk) == 0


def test_money_is_shown_with_every_movement(browser: Browser, orbit: Client, olga: Person) -> None:
    job = orders.ready(orbit, olga, tasks=10)
    page = words(browser.get(reverse("tasks:client_money", args=["orbit"])))
    assert f"Set aside {job.title} \u2212US$ 4.59" in page
    assert "Deposit US$ 1,000.00" in page
    assert reconciling.client_reference(orbit) in page


GETS = [("client_job", ()), ("client_data", ()), ("download", ("csv",)), ("download", ("jsonl",))]
POSTS = ["fund_job", "open_job", "raise_pay", "close_job", "client_data"]


@pytest.fixture
def rivals(amina: Person) -> Job:
    """Return a job of another organisation, ready to open."""
    return orders.ready(clients.found("Rival", slug="rival", by=amina, at=clock.now()), amina)


@pytest.mark.parametrize(("name", "more"), GETS)
@pytest.mark.parametrize("slug", ["rival", "orbit"])
def test_another_organisations_pages_are_not_there(
    browser: Browser, rivals: Job, name: str, more: tuple[str, ...], slug: str
) -> None:
    page = reverse(f"tasks:{name}", args=[slug, rivals.pk, *more])
    assert browser.get(page).status_code == 404


@pytest.mark.parametrize("name", POSTS)
@pytest.mark.parametrize("slug", ["rival", "orbit"])
def test_another_organisations_job_cannot_be_touched(browser: Browser, rivals: Job, name: str, slug: str) -> None:
    file = SimpleUploadedFile("a.csv", b"id,a\n9,x\n")
    response = browser.post(reverse(f"tasks:{name}", args=[slug, rivals.pk]), {"pay": "1", "file": file})
    assert response.status_code == 404
    rivals.refresh_from_db()
    assert (rivals.opened_at, rivals.closed_at, rivals.pay) == (None, None, Decimal("0.09"))
    assert rivals.uploads.count() == 1


@pytest.mark.parametrize("name", ["client", "client_money", "new_job"])
def test_another_organisation_is_not_there(browser: Browser, rivals: Job, name: str) -> None:
    assert browser.get(reverse(f"tasks:{name}", args=["rival"])).status_code == 404


@pytest.mark.parametrize("name", ["client_job", "client_data", "fund_job"])
def test_nobody_signed_out_sees_anything(orbit: Client, olga: Person, name: str) -> None:
    response = Browser().get(address(name, orders.draft(orbit, olga)))
    assert response.status_code == 302
    assert response.headers["Location"].startswith(reverse(site.LOGIN_URL))


@pytest.mark.parametrize("name", ["open_job", "raise_pay", "close_job"])
def test_acts_need_a_post(browser: Browser, orbit: Client, olga: Person, name: str) -> None:
    job = orders.ready(orbit, olga)
    assert browser.get(address(name, job)).status_code == 405
    assert Job.objects.get(pk=job.pk).opened_at is None


def test_acts_need_the_forms_own_token(orbit: Client, olga: Person) -> None:
    job = orders.ready(orbit, olga)
    strict = Browser(enforce_csrf_checks=True)
    strict.force_login(olga, backend=site.AUTHENTICATION_BACKENDS[0])
    assert strict.post(address("open_job", job)).status_code == 403
    assert Job.objects.get(pk=job.pk).opened_at is None


@pytest.mark.parametrize(("ending", "view"), [("xml", "answers"), ("csv", "members"), ("../csv", "answers")])
def test_unknown_downloads_are_not_there(browser: Browser, orbit: Client, olga: Person, ending: str, view: str) -> None:
    job = orders.draft(orbit, olga)
    assert browser.get(f"{address('client_job', job)}results.{ending}", {"view": view}).status_code == 404


def test_one_seat_leads_straight_to_its_organisation(browser: Browser, orbit: Client) -> None:
    assert browser.get(reverse("tasks:clients")).headers["Location"] == reverse("tasks:client", args=["orbit"])


def test_a_rate_voted_higher_is_shown_on_an_open_job(
    browser: Browser, orbit: Client, olga: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = orders.opened(orbit, olga)
    rate = jobs.voted_rate(job.work_type)
    assert rate
    rate.amount = Decimal("0.1")
    monkeypatch.setattr(jobs, "voted_rate", lambda _kind: rate)
    assert "The members have voted US$ 0.10" in words(browser.get(address("client_job", job)))
