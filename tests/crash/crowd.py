"""Members and a client at work over HTTP, who remember what the site has answered."""

import http.client
import json
import random
import re
import threading
import time
import uuid
from collections.abc import Sized
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import urlencode, urlsplit

from tests.bench.visits import Visitor
from tests.crash.wish import Unanswered, until_answered

PAYOUT = "1.00"
ROWS, WIDE = 400, 4000


@dataclass(slots=True)
class Answered:
    """What the site has said yes to: keys of answers and payouts; numbers of answers accepted, payouts paid, files."""

    answers: list[str] = field(default_factory=list)
    accepted: list[int] = field(default_factory=list)
    payouts: list[str] = field(default_factory=list)
    paid: list[int] = field(default_factory=list)
    uploads: list[int] = field(default_factory=list)

    def count(self) -> int:
        """Return how many things that are."""
        said: tuple[Sized, ...] = (self.answers, self.accepted, self.payouts, self.paid, self.uploads)
        return sum(map(len, said))


class Browser(Visitor):
    """A browser of somebody that opens its connection anew after each that was cut."""

    def __init__(self, origin: str, email: str) -> None:
        """Open the connection and sign in."""
        super().__init__(origin)
        self.sign_in(email)

    def status(self, path: str, **fields: str) -> int:
        """Send a form and return the number of the answer, whatever it is."""
        body = urlencode(fields | {"csrfmiddlewaretoken": self.cookies["csrftoken"]})
        return self._ask("POST", path, body)[0].status

    def _ask(self, verb: str, path: str, body: str) -> tuple[http.client.HTTPResponse, str]:
        try:
            answer, text = super()._ask(verb, path, body)
        except (http.client.HTTPException, OSError):
            self.connection.close()
            raise
        if answer.status >= http.client.INTERNAL_SERVER_ERROR:
            raise http.client.HTTPException(answer.status)
        return answer, text


class Actor(threading.Thread):
    """Somebody who works until all rest, and goes on with what was not answered when they are woken."""

    def __init__(self, origin: str, answered: Answered) -> None:
        """Nothing is asked for yet."""
        super().__init__(daemon=True)
        self.origin, self.answered = origin, answered
        self.resting, self.over, self.idle = threading.Event(), threading.Event(), threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Do one thing after the other; whatever was cut off is begun with again."""
        try:
            while not self.over.is_set():
                if self.resting.is_set():
                    self.idle.set()
                    time.sleep(0.02)
                    continue
                self.idle.clear()
                try:
                    self.act()
                except Unanswered:
                    continue
        except BaseException as error:  # noqa: BLE001 - told by who waits for this thread
            self.failure = error
        self.idle.set()

    def act(self) -> None:
        """Do one thing, the one that was cut off before any other."""
        raise NotImplementedError


class Pair(Actor):
    """A member who works and asks for their money, and the peer who accepts what they hand in."""

    def __init__(self, origin: str, answered: Answered, job: int, emails: tuple[str, str]) -> None:
        """Both sign in."""
        super().__init__(origin, answered)
        self.job = job
        self.member, self.peer = (Browser(origin, email) for email in emails)
        self.task, self.key, self.payout = "", "", ""

    def act(self) -> None:
        """Hand in the task that is open with the key of its form, and have the peer accept it."""
        if not self.task:
            claimed, _ = until_answered(partial(self.member.post, f"/jobs/{self.job}/claim/"), self.resting)
            self.task, self.key = str(claimed.headers["Location"]), str(uuid.uuid4())
        hand_in = partial(self.member.post, self.task, key=self.key, label="Same")
        _, page = until_answered(hand_in, self.resting)
        self.answered.answers.append(self.key)
        number = int(self.task.strip("/").rpartition("/")[2])
        found = re.search(r'id="answer"\s+action="(/work/\d+/)"', page)
        self.task, self.key = found.group(1) if found else "", str(uuid.uuid4())
        self._check(number)
        self._ask_for_money()

    def _check(self, number: int) -> None:
        """Take the check and accept; when the line is cut between, nobody knows, and nothing is noted."""
        for step in ("take", "accept"):
            status = until_answered(partial(self.peer.status, f"/review/{number}/{step}/"), self.resting)
        if status == http.client.FOUND:
            self.answered.accepted.append(number)

    def _ask_for_money(self) -> None:
        self.payout = self.payout or str(uuid.uuid4())
        ask = partial(self.member.status, "/pay/ask/", amount=PAYOUT, rail="by_hand", key=self.payout)
        if until_answered(ask, self.resting) == http.client.FOUND:
            self.answered.payouts.append(self.payout)
        self.payout = ""


class Officers(Actor):
    """Two officers who pay by hand what members ask for: one sends, the other confirms that it arrived."""

    def __init__(self, origin: str, answered: Answered, emails: tuple[str, str]) -> None:
        """Both sign in."""
        super().__init__(origin, answered)
        self.sender, self.other = (Browser(origin, email) for email in emails)

    def act(self) -> None:
        """Pay each payout that the desk shows; when the line is cut, nobody knows, and nothing is noted of it."""
        _, desk = until_answered(partial(self.sender.get, "/desk/"), self.resting)
        for number in sorted({int(one) for one in re.findall(r'href="/desk/payouts/(\d+)/"', desk)}):
            sent = partial(self.sender.status, f"/desk/payouts/{number}/send/", reference=f"by hand {number}")
            until_answered(sent, self.resting)
            paid = partial(self.other.status, f"/desk/payouts/{number}/confirm/", result="arrived")
            if until_answered(paid, self.resting) == http.client.FOUND:
                self.answered.paid.append(number)
        time.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - no secret


class Uploader(Actor):
    """A client's program that sends one data set after the other, large enough for the worker to read it."""

    def __init__(self, origin: str, answered: Answered, draft: int, key: str) -> None:
        """Nothing is sent yet."""
        super().__init__(origin, answered)
        self.path, self.secret, self.number = f"/api/v1/jobs/{draft}/tasks", key, 0

    def act(self) -> None:
        """Send the next one, the same again until it is answered."""
        self.answered.uploads.append(until_answered(self._send, self.resting))
        self.number += 1
        time.sleep(random.uniform(0.1, 1))  # noqa: S311 - no secret

    def _send(self) -> int:
        pad = "x" * WIDE
        rows = [{"id": f"{self.number}-{row}", "left": f"Kettle {pad}", "right": f"{row}"} for row in range(ROWS)]
        body = "\n".join(map(json.dumps, rows))
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/x-ndjson"}
        connection = http.client.HTTPConnection(urlsplit(self.origin).netloc)
        try:
            connection.request("POST", self.path, body, headers)
            answer = connection.getresponse()
            said = answer.read()
        finally:
            connection.close()
        if answer.status >= http.client.BAD_REQUEST:
            raise http.client.HTTPException(said)
        return int(json.loads(said)["id"])
