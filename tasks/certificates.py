"""The pay certificate: what was paid for a version of a data set, to how many, by which votes; signed.

It travels with the version. `tasks/check_certificate.py` reads it without us: one file of the standard library.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from operator import itemgetter
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection

from payments.money import from_micro
from tasks.models import GuideVersion, RateCard, Release

# Fewer people, and a quarter would tell what one of them made.
LEAST_PEOPLE = 5
# An hour is told of who answered alone: an answer of a team has one time and several people.
PAID = """
WITH given AS (
    SELECT a.id, a.person_id, a.team_id, a.pay, a.fee, a.state,
        (SELECT sum(w.seconds) FROM tasks_answer w WHERE w.assignment_id = a.id) AS seconds
    FROM tasks_assignment a WHERE a.job_id = %(job)s AND a.state IN ('accepted', 'disputed', 'rejected')
), authors AS (
    SELECT person_id FROM given WHERE team_id IS NULL
    UNION SELECT m.person_id FROM tasks_teammember m WHERE m.team_id IN (SELECT team_id FROM given)
), alone AS (
    SELECT person_id, sum(pay) * 3600 / nullif(sum(seconds), 0) AS hourly
    FROM given WHERE team_id IS NULL GROUP BY person_id
)
SELECT (SELECT count(*) FROM given), (SELECT count(*) FROM given WHERE team_id IS NOT NULL),
    (SELECT array_agg(person_id) FROM authors), (SELECT coalesce(sum(pay), 0) FROM given),
    (SELECT coalesce(sum(fee), 0) FROM given WHERE state = 'accepted'),
    (SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY hourly) FROM alone),
    (SELECT count(hourly) FROM alone), (SELECT coalesce(sum(pay), 0) FROM given WHERE state = 'rejected'),
    (SELECT coalesce(sum(o.pay), 0) FROM tasks_assignment o JOIN tasks_job t ON t.id = o.job_id
     WHERE t.is_onboarding AND o.state = 'accepted' AND o.person_id IN (SELECT person_id FROM authors))
"""
# What members got beside the pay of answers, by what it was for.
BESIDE = """
SELECT what, sum(amount), array_agg(DISTINCT person_id) FROM (
    SELECT 'checks' AS what, c.person_id, c.pay AS amount
    FROM tasks_check c JOIN tasks_assignment a ON a.id = c.assignment_id WHERE a.job_id = %(job)s AND c.state = 'done'
    UNION ALL SELECT 'readings', r.person_id, r.pay
    FROM tasks_reading r JOIN tasks_guideversion v ON v.id = r.version_id WHERE v.job_id = %(job)s
    UNION ALL SELECT 'skips', a.person_id, p.amount
    FROM tasks_paidskip p JOIN tasks_assignment a ON a.id = p.assignment_id WHERE a.job_id = %(job)s
    UNION ALL SELECT 'differences', a.person_id, d.amount
    FROM tasks_difference d JOIN tasks_assignment a ON a.id = d.assignment_id WHERE a.job_id = %(job)s
    UNION ALL SELECT 'looks', p.person_id, f.pay
    FROM tasks_settlement s JOIN tasks_dispute d ON d.id = s.dispute_id JOIN tasks_peer p ON p.dispute_id = d.id
    JOIN tasks_finding f ON f.peer_id = p.id JOIN tasks_assignment a ON a.id = d.assignment_id WHERE a.job_id = %(job)s
    UNION ALL SELECT 'top_ups', t.person_id, p.amount
    FROM payments_topuppart p JOIN payments_topup t ON t.id = p.topup_id WHERE p.job = %(job)s
    UNION ALL SELECT 'tips', a.person_id, t.amount
    FROM tasks_tip t JOIN tasks_assignment a ON a.id = t.assignment_id WHERE a.job_id = %(job)s
) paid GROUP BY what
"""
# A tip is no pay by any rule: it stands beside the wages.
WAGES = ("checks", "readings", "skips", "differences", "looks", "top_ups")
LEAVES_OUT = (
    "What funds added to members' weeks that paid too little an hour: it is of all their work, not of one job. Looks "
    "at rejected answers that are not decided yet."
)
DISPUTES = """
SELECT count(*), count(*) FILTER (WHERE s.stands), count(*) FILTER (WHERE NOT s.stands)
FROM tasks_dispute d JOIN tasks_assignment a ON a.id = d.assignment_id
LEFT JOIN tasks_settlement s ON s.dispute_id = d.id WHERE a.job_id = %(job)s
"""
RATES = """
SELECT r.id, r.amount, r.currency, m.proposal_id FROM payments_rate r
LEFT JOIN governance_mandate m ON m.id = r.mandate_id
WHERE r.id IN (SELECT DISTINCT rate_id FROM tasks_assignment WHERE job_id = %(job)s) ORDER BY r.id
"""


def of(release: Release, cards: Mapping[str, int]) -> str:
    """Return the certificate of a version whose parts are written, as canonical JSON; amounts are US$ as text.

    `cards` says how many of its answers were given at which rate card: a card names its guide.
    """
    opened, stood, fell = _row(DISPUTES, release)
    paid, hourly = _paid(release)
    told = {
        "from": settings.ORIGIN, "job": release.job_id, "release": release.number, "digest": release.digest,
        "items": release.items, "answers": release.answers, "currency": "USD", "paid": paid, "hourly": hourly,
        "disputes": {"opened": opened, "stood": stood, "found_wrong": fell},
        "rates": [
            {"rate": number, "amount": _usd(amount), "currency": currency, "vote": vote}
            for number, amount, currency, vote in _rows(RATES, release)
        ],
        "guides": _guides(release, cards), "made_at": release.finished_at and release.finished_at.isoformat(),
    }  # fmt: skip
    return json.dumps(told, sort_keys=True, separators=(",", ":"))


def _guides(release: Release, cards: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return the versions of the guide that answers were given under: the SHA-256 of each, and how many answers."""
    said = Counter[str]()
    for card in RateCard.objects.filter(pk__in=cards):
        said[json.loads(card.body)["guide"]] += cards[card.pk]
    later = GuideVersion.objects.filter(job=release.job_id, digest__in=said).order_by("-number")
    numbers = dict(later.values_list("digest", "number"))
    told = [{"version": numbers.get(one, 1), "digest": one, "answers": count} for one, count in said.items()]
    return sorted(told, key=itemgetter("version"))


def _paid(release: Release) -> tuple[dict[str, Any], dict[str, str] | None]:
    """Return what was paid for, and what an hour of answering made.

    `wages` is all that members got for the job, `of_wages` what for, `of_funds` what of it funds bore and not the
    client: answers that peers found wrong, looks at rejected ones, and paid skips. `leaves_out` tells what is not in
    it. `people` is whoever got some of it, `authors` those who answered, alone or in a team.
    """
    answers, by_teams, authors, pay, fee, hourly, alone, wrong, training = _row(PAID, release)
    beside = {what: (amount, people) for what, amount, people in _rows(BESIDE, release)}
    parts = {"answers": pay, **{what: beside.get(what, (0, ()))[0] for what in WAGES}}
    people = set(authors or ()).union(*(beside[what][1] for what in WAGES if what in beside))
    told = {
        "answers": answers, "by_teams": by_teams, "people": len(people), "authors": len(authors or ()),
        "wages": _usd(sum(parts.values())), "of_wages": {what: _usd(part) for what, part in parts.items()},
        "of_funds": _usd(wrong + parts["skips"] + parts["looks"]), "tips": _usd(beside.get("tips", (0, ()))[0]),
        "fee": _usd(fee), "training": _usd(training), "leaves_out": LEAVES_OUT,
    }  # fmt: skip
    return told, _quarters(hourly, alone)


def _rows(sql: str, release: Release) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"job": release.job_id})
        return list(cursor.fetchall())


def _row(sql: str, release: Release) -> tuple[Any, ...]:
    return _rows(sql, release)[0]


def _usd(micro: Decimal | int) -> str:
    return format(from_micro(int(micro)), "f")


def _quarters(hourly: list[float] | None, people: int) -> dict[str, str] | None:
    """Return what an hour made, where the quarters of people end; nothing of fewer than five."""
    if people < LEAST_PEOPLE or not hourly or None in hourly:
        return None
    return {name: _usd(round(hour)) for name, hour in zip(("lower", "median", "upper"), hourly, strict=True)}


def _key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(settings.SIGNING_KEY.encode()).digest())


def sign(certificate: str) -> str:
    """Return the Ed25519 signature of a certificate (RFC 8032), as hexadecimal digits."""
    return _key().sign(certificate.encode()).hex()


def public_key() -> str:
    """Return the key that signatures are checked with, as hexadecimal digits."""
    return _key().public_key().public_bytes_raw().hex()
