"""Every page of a decision about a person names who decided, the rule with its day, and the way to appeal (issue 3)."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.test import Client as Browser
from django.utils.formats import date_format

from coop import clock
from coop.people.models import Client, Person
from governance import assembly, cases, lots, panels, pauses, reporting, standing
from governance.models import (
    CaseGround,
    Measure,
    Message,
    Outcome,
    Panel,
    Pause,
    PauseGround,
    ReportGround,
    Rule,
    Said,
    Stage,
    Status,
)
from tasks import reviews
from tasks.models import Ground
from tests.conftest import person
from tests.governance import charging
from tests.governance.conftest import reach
from tests.governance.test_folding import NOT_RETALIATION, charged
from tests.tasks.conftest import SAME, work
from tests.tasks.disputing import checked, learned, reject

pytestmark = pytest.mark.django_db
type SignedIn = Callable[[Person], Browser]
# What one page says: its address, who decided, and the words by which it says what to do.
type Told = tuple[str, list[str], str]
OFFICERS = ["Samuel", "Teresa"]


def officers() -> list[str]:
    return [person(name.lower()).name for name in OFFICERS]


def sitting(panel: Panel) -> list[str]:
    return [str(seat.person) for seat in panels.sitting_on(panel)]


def paused() -> Pause:
    asked = pauses.ask(
        person("amina"), ground=PauseGround.ACCOUNT_TAKEN_OVER, scope="work", reason="Two continents at once.",
        evidence=pauses.evidence_of("the log-ins"), hours=24, by=person("samuel"), at=clock.now(),
    )  # fmt: skip
    return pauses.confirm(asked, by=person("teresa"), at=clock.now())


def written() -> Message:
    return assembly.open_thread(
        topic="other", title="The guide", text="Whoever wrote this is a walrus.", by=person("amina"), at=clock.now()
    )


def running_pause() -> Told:
    paused()
    return "/standing/", officers(), "you are paid double for the time"


def pause_that_is_over() -> Told:
    reach(paused().ends_at)
    return "/standing/", officers(), "you are paid double for the time"


def pause_prolonged() -> Told:
    pause = paused()
    case = cases.open_emergency(
        pause, facts="It goes on.", seal=lots.seal("hazel-heron-hill"), by=person("samuel"), at=clock.now()
    )
    panel = case.panels.get()
    charging.seat(panel, person("amina"), person("teresa"))
    charging.agree(panel, charging.finding(case, measure=Measure.PROLONG, days=3))
    return f"/cases/{case.pk}/", sitting(panel), "needs a charge and a hearing"


def advice() -> Told:
    decision = charging.decide(person("amina"), person("samuel"), person("teresa"))
    until = day(decision.decided_at + timedelta(days=90), person("amina"))
    return f"/cases/{decision.case_id}/", sitting(decision.panel), f"can appeal to nine others until {until}"


def objected() -> Told:
    standing.admit(person("nia"), status=Status.CANDIDATE, rule="onboarding", by=None, at=clock.now())
    decision = charging.decide(
        person("nia"), person("samuel"), person("teresa"), measure=Measure.OBJECTION, scope=standing.MEMBERSHIP, days=90
    )
    until = day(decision.decided_at + timedelta(days=90), person("nia"))
    return "/standing/", sitting(decision.panel), f"can appeal to nine others until {until}"


def equivalent() -> Told:
    case = charging.unexplained(person("amina"))
    cases.say(case, kind=Said.EXPLANATION, text="There was less work.", by=person("samuel"), at=clock.now())
    cases.say(case, kind=Said.CONTESTED, text="Others had some.", by=person("amina"), at=clock.now())
    panel = panels.convene(case, stage=Stage.FIRST, by=person("amina"), at=clock.now())
    charging.seat(panel, person("amina"), person("teresa"))
    charging.agree(panel, charging.finding(case, measure=Measure.NOTHING, scope="", days=0))
    return f"/cases/{case.pk}/", sitting(panel), "Say in the assembly what is wrong with it"


def folded() -> Told:
    said = written()
    panel = charged(said, person("samuel"), ground=CaseGround.HARASSMENT)
    decision = charging.agree(panel, charging.finding(panel.case, folds=(said,), rebuttal=NOT_RETALIATION)).decision
    reach(decision.decided_at + timedelta(hours=168))
    return f"/assembly/{said.thread_id}/", sitting(panel), "Its author can appeal"


def withheld() -> Told:
    said = written()
    report = reporting.report(
        said, ground=ReportGround.CHILD_ABUSE, quote="walrus", words="Look at it.", by=person("luis"), at=clock.now()
    )
    reporting.answer(
        report, outcome=Outcome.WITHHOLD, words="It is to be looked at.", by=person("samuel"), at=clock.now()
    )
    reporting.withhold(report, by=person("teresa"), at=clock.now())
    return f"/assembly/{said.thread_id}/", officers(), "without a charge and a hearing"


def sent_back_by_the_client() -> Told:
    mine = work(checked(client(), person("olga")), person("amina"), SAME)
    reviews.send_back(
        mine, reason="The sizes are not the same.", place="labels", by=person("olga"), at=clock.now(),
        ground=Ground.CLIENT,
    )  # fmt: skip
    return f"/work/{mine.pk}/back/", [f"{person('olga').name} (Orbit"], "another member checks it then"


def rejected_by_the_client() -> Told:
    learned(client(), person("olga"))
    mine = work(checked(client(), person("olga")), person("amina"), SAME)
    reject(mine, person("olga"))
    return f"/work/{mine.pk}/dispute/", [person("olga").name], "Say in the assembly what is wrong with it"


def client() -> Client:
    return Client.objects.get(slug="orbit")


def day(moment: datetime, reader: Person) -> str:
    """Return a moment's day as it is where its reader lives."""
    return date_format(moment.astimezone(ZoneInfo(reader.time_zone)), "DATE_FORMAT")


def text(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).replace("&#x27;", "'").replace("\xa0", " ").split())


@pytest.mark.parametrize(
    "decided",
    [running_pause, pause_that_is_over, pause_prolonged, advice, objected, equivalent, folded, withheld,
     sent_back_by_the_client, rejected_by_the_client],
)  # fmt: skip
def test_it_says_who_by_which_rule_and_how_to_appeal(
    orbit: Client, olga: Person, amina: Person, signed_in: SignedIn, decided: Callable[[], Told]
) -> None:
    address, names, appeal = decided()
    reader = person("nia") if decided is objected else amina
    founded = day(Rule.objects.order_by("published_at")[0].published_at, reader)
    page = text(signed_in(reader).get(address).text)
    assert names
    for name in names:
        assert name in page
    assert re.search(rf"Rule (part 6|7|7\.11|C\d)\b.{{0,60}}public since {re.escape(founded)}", page), page
    assert appeal in page
