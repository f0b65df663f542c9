"""One of several visitors: `python -m tests.bench.visits JOB WORKER COUNT ORIGIN WHAT`.

WHAT is `lives` (hand in, which answers with the next task; a peer accepts), `work` (hand in alone) or `floor` (an empty
page, signed in).
"""

import http.client
import re
import sys
import time
import uuid
from urllib.parse import urlencode, urlsplit

import django

from tests.bench import crowd

FURTHER = ("Amina", "Luis")


class Visitor:
    """A browser of our own that keeps its connection and its cookies."""

    def __init__(self, origin: str) -> None:
        """Open the connection."""
        self.connection = http.client.HTTPConnection(urlsplit(origin).netloc)
        self.cookies: dict[str, str] = {}

    def sign_in(self, email: str) -> None:
        """Sign in to the demonstration."""
        self.get("/account/login/")
        self.post("/demo/sign-in/", email=email)

    def get(self, path: str) -> tuple[http.client.HTTPResponse, str]:
        """Fetch a page."""
        return self._ask("GET", path, "")

    def post(self, path: str, **fields: str) -> tuple[http.client.HTTPResponse, str]:
        """Send a form; raise SystemExit when it is refused."""
        answer, text = self._ask("POST", path, urlencode(fields | {"csrfmiddlewaretoken": self.cookies["csrftoken"]}))
        if answer.status >= http.client.BAD_REQUEST:
            message = f"{path}: {answer.status}\n{text[:2000]}"
            raise SystemExit(message)
        return answer, text

    def _ask(self, verb: str, path: str, body: str) -> tuple[http.client.HTTPResponse, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(verb, path, body, headers)
        answer = self.connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer, answer.read().decode()


def main(job: str, worker: int, count: int, origin: str, what: str) -> None:
    """Wait for the common start, then visit; tell how long each took."""
    django.setup()
    from coop.demo.founding import CHORUS, DOMAIN  # noqa: PLC0415 - after setup

    # With a peer beside each they are sixteen at most; alone more than the chorus.
    names = CHORUS[2 * worker : 2 * worker + 2] if what == "lives" else (*CHORUS, *FURTHER)[worker : worker + 1]
    visitors = [Visitor(origin) for _name in names]
    for visitor, name in zip(visitors, names, strict=True):
        visitor.sign_in(f"{name.lower()}@{DOMAIN}")
    member, peer = visitors[0], visitors[-1]
    task = ""
    if what != "floor":
        answer, _ = member.post(f"/jobs/{job}/claim/")
        task = str(answer.headers["Location"])
    times = []
    crowd.wait_for_all()
    for _time in range(count):
        began = time.perf_counter()
        task = _visit(what, member, peer, task)
        times.append(time.perf_counter() - began)
    crowd.tell(times)


def _visit(what: str, member: Visitor, peer: Visitor, task: str) -> str:
    """Hand in a task, have it accepted if asked, and return the address of the next one; or see an empty page."""
    if what == "floor":
        member.get("/robots.txt")
        return ""
    _, page = member.post(task, key=str(uuid.uuid4()), label="Same")
    if what == "lives":
        number = task.strip("/").rpartition("/")[2]
        peer.post(f"/review/{number}/take/")
        peer.post(f"/review/{number}/accept/")
    found = re.search(r'id="answer"\s+action="(/work/\d+/)"', page)
    return found.group(1) if found else ""


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5])
