"""Acts on a large vote: `python -m tests.bench.voting publish | count VOTE | list` prints a number and seconds."""

import sys
import time

import django


def publish() -> tuple[int, float]:
    """Publish a question to everybody and let its vote open."""
    from coop import clock  # noqa: PLC0415 - after setup
    from governance import proposals, supporting, voting  # noqa: PLC0415
    from governance.models import Standing  # noqa: PLC0415

    members = [one.person for one in Standing.objects.filter(status="member").select_related("person")[:200]]
    # By N14: one reading, after which a passed vote gives its mandate.
    payload = {"key": "C9", "title": "Care", "text": "We take care of each other.", "replaces": 0}
    draft = proposals.draft(
        policy="bylaw_change", payload=payload, title="Care?", text="Let us.", by=members[0], at=clock.now()
    )
    for member in members:
        supporting.back(draft, by=member, at=clock.now())
    began = time.perf_counter()
    vote = proposals.publish(draft, by=members[0], at=clock.now())
    seconds = time.perf_counter() - began
    assert vote.opens_at is not None
    clock.advance(vote.opens_at - clock.now())
    assert voting.entry(vote, members[-1])
    return vote.pk, seconds


def count(number: int) -> tuple[int, float]:
    """Let a vote end, count it and give its mandate."""
    from coop import clock  # noqa: PLC0415 - after setup
    from governance import voting  # noqa: PLC0415
    from governance.models import Mandate  # noqa: PLC0415

    vote = voting.listed().get(pk=number)
    assert vote.closes_at is not None
    at = clock.advance(vote.closes_at - clock.now())
    began = time.perf_counter()
    tally = voting.close(vote, at=at)
    seconds = time.perf_counter() - began
    assert tally.passed
    assert Mandate.objects.filter(proposal=vote).exists()
    return number, seconds


def listing() -> tuple[int, float]:
    """Ask for the page of votes once, warm."""
    from django.test import Client  # noqa: PLC0415 - after setup

    browser, times = Client(), []
    for _visit in range(3):
        began = time.perf_counter()
        assert browser.get("/votes/", secure=True, headers={"host": "localhost"}).status_code in {200, 301}
        times.append(time.perf_counter() - began)
    return 0, times[-1]


def main(act: str, *numbers: str) -> None:
    """Do one act and print what it came to."""
    django.setup()
    number, seconds = {"publish": publish, "count": count, "list": listing}[act](*map(int, numbers))  # type: ignore[operator]
    print(number, seconds)  # noqa: T201 - read by the process that asked


if __name__ == "__main__":
    main(*sys.argv[1:])
