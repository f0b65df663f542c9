"""A lawful history of new kinds of work, changed rules and a recall is silent; what is altered in it is found."""

import json
from collections.abc import Callable

import psycopg
import pytest

from coop import clock, demo
from coop.database import roles
from coop.database.embedded import Cluster
from governance import conduct, mandates, proposals, voting
from governance.models import Mandate, Proposal
from payments.models import WorkType
from tasks import reviews
from tests.audit.conftest import Tamper
from tests.audit.test_audit import around, audit
from tests.conftest import person, recreate
from tests.governance.conftest import cast_all, reach, support
from tests.governance.test_posts import enacted, office
from tests.governance.test_posts import row as post
from tests.governance.test_recalls import sign_all
from tests.governance.test_rules import row, twice, write
from tests.payments.test_new_kinds import alike, kind


def publish(policy: str, payload: dict[str, object]) -> Proposal:
    """Put a question of Amina's, as her page does."""
    amina = person("amina")
    draft = proposals.draft(policy=policy, payload=payload, title="Shall it?", text="…", by=amina, at=clock.now())
    return proposals.publish(support(draft), by=amina, at=clock.now())


def carry(vote: Proposal) -> Proposal:
    """Take a vote to the day it is due, and let it be carried out."""
    cast_all(vote, yes=30)
    voting.close(vote, at=reach(vote.closes_at))
    mandate = Mandate.objects.get(proposal=vote)
    assert not mandates.enact(mandate, at=reach(mandate.due_at)).failure
    return vote


def bylaw(key: str) -> dict[str, object]:
    return {"key": key, "title": "Care", "text": "We take care.", "replaces": conduct.latest(key)}


def live_by_law() -> None:
    """Open kinds of work, amend rule, number, conduct and post, ask by each version of the rule, recall an officer."""
    demo.populate(clock.now())
    amina = person("amina")
    for payload in (kind(), alike("0.086")):
        carry(publish("new_kind", payload))
    opened = WorkType.objects.get(slug="transcribe-audio")
    raised = {"work_type": opened.pk, "amount": "0.6", "currency": "USD", "estimated_seconds": 120, "replaces": 1}
    carry(publish("rate_change", raised))
    for payload, policy in (
        ({"name": "reply_days", "value": 20, "replaces": 1}, "parameter_change"),
        (row("N14", voting_days=9), "rule_change"),
    ):
        mandate = twice(write(payload, amina, policy), amina)
        assert not mandates.enact(mandate, at=clock.now()).failure
    # Asked while the new version is public and does not apply yet (E9), then when it does.
    publish("bylaw_change", bylaw("C8"))
    carry(publish("bylaw_change", bylaw("C1")))
    carry(publish("bylaw_change", bylaw("C9")))
    enacted(post("auditor", seats=2), amina)
    vote = Proposal.objects.get(petition=sign_all(office("teresa")))
    carry(vote)
    # Months passed meanwhile: silence has accepted what nobody looked at, as the worker sees to (E3).
    while reviews.accept_silent(at=clock.now()):
        pass


@pytest.fixture(scope="module")
def history() -> Callable[[], None]:
    return live_by_law


def test_a_lawful_history_of_every_kind_of_law_adds_up(tamper: Tamper) -> None:
    assert tamper() == []
    assert Proposal.objects.filter(rule__key="N14", rule__version=1, policy="bylaw_change").exists()
    assert Proposal.objects.filter(rule__key="N14", rule__version=2, policy="bylaw_change").exists()


AMENDED = "(SELECT mandate_id FROM governance_rule WHERE key = 'N14' AND version = 2)"


@pytest.mark.parametrize(
    ("table", "statement", "row", "words"),
    [
        ("governance_rule", "UPDATE governance_rule SET whole_floor = 0 WHERE version = 2", "governance_rule",
         "version 2 of N14 is not what was voted"),
        ("governance_rule", "UPDATE governance_rule SET decision = 'Anything.' WHERE version = 2", "governance_rule",
         "version 2 of N14 is not what was voted"),
        ("governance_rule", "UPDATE governance_rule SET applies_from = published_at WHERE version = 2",
         "governance_rule", "version 2 of N14 is not what was voted"),
        ("governance_rule", """UPDATE governance_rule SET published_at = published_at + interval '1 hour',
            applies_from = applies_from + interval '1 hour' WHERE version = 2""",
         "governance_rule", "no event of that time says so"),
        ("governance_rule", """INSERT INTO governance_rule (key, version, decision, deliberation_days, frozen_days,
            voting_days, lock_days, affected_yes, affected_floor, whole_yes, whole_floor, turnout_floor, readings,
            seniors_too, published_at, applies_from, mandate_id) SELECT 'N8', 2, decision, deliberation_days,
            frozen_days, voting_days, lock_days, affected_yes, affected_floor, whole_yes, 0, turnout_floor, readings,
            seniors_too, published_at, applies_from, mandate_id FROM governance_rule WHERE key = 'N8'""",
         "governance_rule", "version 2 of N8 is not what was voted"),
        ("governance_rule", "UPDATE governance_rule SET version = 5 WHERE version = 2", "record_event",
         "rule:N14 has version 2, and no such row stands"),
        ("governance_parameter", "UPDATE governance_parameter SET value = 60 WHERE version = 2",
         "governance_parameter", "version 2 of reply_days is not what was voted"),
        ("governance_parameter", "DELETE FROM governance_parameter WHERE version = 2", "record_event",
         "parameter:reply_days has version 2"),
        ("governance_parameter", f"""INSERT INTO governance_parameter (name, version, value, published_at,
            applies_from, mandate_id) SELECT 'panel_size', 2, 5, published_at, applies_from, {AMENDED}
            FROM governance_parameter WHERE name = 'reply_days' AND version = 2""",
         "governance_parameter", "version 2 of panel_size is not what was voted"),
        ("governance_bylaw", "UPDATE governance_bylaw SET text = 'Nobody complains.' WHERE version = 2",
         "governance_bylaw", "version 2 of C1 is not what was voted"),
        ("governance_bylaw", f"""INSERT INTO governance_bylaw (key, version, title, text, published_at, mandate_id)
            SELECT 'C7', 1, 'Silence', 'Nobody complains.', published_at, {AMENDED} FROM governance_rule
            WHERE version = 2""", "governance_bylaw", "version 1 of C7 is not what was voted"),
        ("governance_bylaw", "DELETE FROM governance_bylaw WHERE key = 'C9'", "record_event", "bylaw:C9 has version 1"),
        ("governance_post", "UPDATE governance_post SET seats = 3 WHERE version = 2", "governance_post",
         "version 2 of auditor is not what was voted"),
        ("governance_post", """UPDATE governance_post SET rights = '["checks_the_books", "handles_money"]'
            WHERE version = 2""", "governance_post", "version 2 of auditor is not what was voted"),
        ("governance_post", "DELETE FROM governance_post WHERE version = 2", "record_event",
         "post:auditor has version 2"),
        ("governance_officeend", f"""INSERT INTO governance_officeend (office_id, mandate_id, at)
            SELECT id, {AMENDED}, coop_now() FROM governance_office WHERE post = 'secretary'""",
         "governance_officeend", "which did not recall it"),
        ("governance_officeend", "UPDATE governance_officeend SET at = at + interval '1 hour'",
         "governance_officeend", "which did not recall it"),
        ("governance_officeend", "DELETE FROM governance_officeend", "record_event", "an office that ended stays"),
        ("payments_rate", "UPDATE payments_rate SET amount = 400000 WHERE amount = 500000 AND version = 1",
         "payments_rate", "opens transcribe-audio with 0.4"),
        ("payments_worktype", "UPDATE payments_worktype SET tier = 'general' WHERE slug = 'transcribe-audio'",
         "payments_rate", "opens transcribe-audio"),
        ("payments_rate", "UPDATE payments_rate SET amount = 400000 WHERE version = 2 AND amount = 600000",
         "payments_rate", "a change of this size needs N3"),
        ("payments_rate", "DELETE FROM payments_rate WHERE amount = 86000", "payments_worktype", "has no rate"),
        ("governance_proposal", """UPDATE governance_proposal SET rule_id = (
            SELECT id FROM governance_rule WHERE key = 'N14' AND version = 1)
            WHERE policy = 'new_kind' AND payload LIKE '%0.086%'""",
         "payments_rate", "was decided by N14; beside comparable work it is a change by N1"),
        ("governance_proposal", """UPDATE governance_proposal SET rule_id = (
            SELECT id FROM governance_rule WHERE key = 'N14' AND version = 2) WHERE payload LIKE '%"C8"%'""",
         "governance_proposal", "another version of the rule applied"),
        ("governance_proposal", """UPDATE governance_proposal SET rule_id = (
            SELECT id FROM governance_rule WHERE key = 'N14' AND version = 1) WHERE payload LIKE '%"C9"%'""",
         "governance_proposal", "another version of the rule applied"),
    ],
)  # fmt: skip
def test_a_law_that_the_owner_altered_is_found_by_its_row(
    tamper: Tamper, table: str, statement: str, row: str, words: str
) -> None:
    found = tamper(*around(table, statement))
    assert [one for one in found if one.row.startswith(row) and words in str(one)], "\n".join(map(str, found))


def test_the_command_names_the_rule_that_was_loosened(copy: str, cluster: Cluster) -> None:
    loosened = f"{copy}_2"
    recreate(cluster, loosened, template=copy)
    with psycopg.connect(cluster.url(roles.OWNER, loosened)) as owner:
        for step in around("governance_rule", "UPDATE governance_rule SET whole_floor = 0 WHERE version = 2"):
            owner.execute(step)
        (number,) = owner.execute("SELECT id FROM governance_rule WHERE version = 2").fetchone() or (0,)
    for role in (roles.WEB, roles.AUDITOR):
        found = audit(cluster.url(role, loosened), "--json")
        assert (found.returncode, found.stderr[:9]) == (1, "CommandEr"), found.stderr
        [law] = [one for one in json.loads(found.stdout)["walks"]["laws"] if one["certain"]]
        assert law["row"] == f"governance_rule {number}"
        assert law["what"] == "version 2 of N14 is not what was voted"
