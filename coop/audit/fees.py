"""The fee: on each task the voted percentage of its pay, and divided among the funds and the house as was voted."""

from collections.abc import Iterator

from coop.audit.findings import Finding, Tick, faults

# What the version that was locked when the task was taken says of the fee, in parts: each rounded down, the rest kept.
DIVIDED = """
WITH said AS (
    SELECT 'assignment:' || a.id AS ref, a.fee, a.fee * f.training / 10000 AS training, a.fee * f.care / 10000 AS care,
        a.fee * f.floor / 10000 AS floor
    FROM tasks_assignment a JOIN payments_fee f ON f.id = a.fee_version_id WHERE a.state = 'accepted' AND a.fee > 0
), paid AS (
    SELECT t.ref, sum(t.amount) FILTER (WHERE c.kind = 'coop:fee') AS kept,
        sum(t.amount) FILTER (WHERE c.kind = 'fund:training') AS training,
        sum(t.amount) FILTER (WHERE c.kind = 'fund:care') AS care,
        sum(t.amount) FILTER (WHERE c.kind = 'fund:floor') AS floor
    FROM payments_transfer t JOIN payments_account c ON c.id = t.credit_id
    WHERE t.kind IN (6, 7) AND t.ref LIKE 'assignment:%' GROUP BY t.ref
)
SELECT coalesce(s.ref, p.ref) AS ref, coalesce(p.kept, 0) / 1e6 AS kept, coalesce(p.training, 0) / 1e6 AS training,
    coalesce(p.care, 0) / 1e6 AS care, coalesce(p.floor, 0) / 1e6 AS floor, coalesce(s.fee, 0) / 1e6 AS fee,
    coalesce(s.training, 0) / 1e6 AS for_training, coalesce(s.care, 0) / 1e6 AS for_care,
    coalesce(s.floor, 0) / 1e6 AS for_floor
FROM said s FULL JOIN paid p ON p.ref = s.ref
WHERE (coalesce(p.kept, 0), coalesce(p.training, 0), coalesce(p.care, 0), coalesce(p.floor, 0))
    IS DISTINCT FROM (coalesce(s.fee - s.training - s.care - s.floor, 0), coalesce(s.training, 0),
        coalesce(s.care, 0), coalesce(s.floor, 0))
"""


def walk(tick: Tick) -> Iterator[Finding]:
    """Work the fee of every task out again, and what each part of it came to."""
    tick(1)
    yield from on_wages()
    yield from divided()


def on_wages() -> Iterator[Finding]:
    """Compare the fee of each task with the percentage that was in force when it was taken (I6)."""
    yield from faults(
        """
        SELECT a.id, a.fee / 1e6 AS fee, f.version, f.on_wage, a.claimed_at,
            CASE WHEN j.is_onboarding THEN 0 ELSE a.pay * f.on_wage / 10000 END / 1e6 AS voted
        FROM tasks_assignment a JOIN tasks_job j ON j.id = a.job_id JOIN payments_fee f ON f.id = a.fee_version_id
        WHERE a.fee <> CASE WHEN j.is_onboarding THEN 0 ELSE a.pay * f.on_wage / 10000 END""",
        "tasks_assignment {id}",
        "has a fee of {fee:f}",
        "version {version} of the fee, {on_wage} of 10,000, makes it {voted:f}",
    )
    yield from faults(
        """
        SELECT a.id, f.version, a.claimed_at FROM tasks_assignment a JOIN payments_fee f ON f.id = a.fee_version_id
        LEFT JOIN payments_fee n ON n.version = f.version + 1
        WHERE f.since > a.claimed_at + interval '1 minute' OR n.since < a.claimed_at - interval '1 minute'""",
        "tasks_assignment {id}",
        "names version {version} of the fee",
        "another was in force when it was taken, {claimed_at}",
    )


def divided() -> Iterator[Finding]:
    """Compare what each accepted task gave the house and the funds with the shares that were voted."""
    yield from faults(
        DIVIDED,
        "{ref}",
        "gave the house {kept:f}, training {training:f}, care {care:f}, the floor {floor:f}",
        "of its fee of {fee:f} training has {for_training:f}, care {for_care:f}, the floor {for_floor:f}",
    )
