"""What the tables of money and work take by themselves, to the last that fits, whoever writes, guards aside."""

import psycopg
import pytest

from tests.governance.test_facts import DAY, MICROSECOND, Facts, Takes, one, rows, spans, takes

pytestmark = pytest.mark.django_db
__all__ = ["takes"]

SENT_BACK = "decision reviewer_id reason place"
POSITIVE: tuple[list[Facts], list[Facts]] = (one("amount", 1, 10**15), one("amount", 0, -1))
# Each bound: rows that fit, and rows that do not, by a step.
BOUNDS: dict[str, tuple[list[Facts], list[Facts]]] = {
    "payments_account account_above_its_floor": (
        rows("floor balance", (0, 0), (-5, -5), (None, -10**9)), rows("floor balance", (0, -1), (-5, -6)),
    ),
    "payments_account account_below_its_ceiling": (
        rows("ceiling balance", (0, 0), (5, 5), (None, 10**9)), rows("ceiling balance", (0, 1), (5, 6)),
    ),
    "payments_cardevent processors_move_amounts": POSITIVE,
    "payments_cardevent processors_say_what_is_known": (
        one("outcome", "paid", "settled", "expired", "charged_back", "won"), one("outcome", "", "refunded"),
    ),
    "payments_cardpayment card_payments_are_positive": POSITIVE,
    "payments_close closes_leave_no_debt": (
        rows("expenses income", (0, 0), (7, 7), (0, 9)), rows("expenses income", (-1, 0), (8, 7)),
    ),
    "payments_close only_a_loss_is_carried": (
        rows("carried expenses income", (0, 0, 9), (0, 7, 7), (5, 7, 7)),
        rows("carried expenses income", (-1, 7, 7), (5, 6, 7)),
    ),
    "payments_deposit deposits_are_positive": POSITIVE,
    "payments_deposit deposits_name_a_fund": (
        one("fund", "", "training", "hearing", "dispute", "floor"), one("fund", "reserve", " ", "Training"),
    ),
    "payments_entitlement entitlements_are_positive": POSITIVE,
    "payments_entitlement owing_is_known": (one("kind", 24, 25, 26, 27), one("kind", 23, 28)),
    "payments_exchangequote quotes_cost_no_more_than_was_asked": (
        rows("arrives costs asked rate", (650, 5, 5, 130), (1, 1, 2, 1)),
        rows("arrives costs asked rate", (0, 5, 5, 130), (1, 0, 5, 130), (1, 5, 4, 130), (1, 5, 5, 0)),
    ),
    "payments_expense expenses_are_positive": POSITIVE,
    "payments_expense expenses_name_a_purpose": (
        one("purpose", "hosting", "banks", "advice"), one("purpose", "", "gifts"),
    ),
    "payments_fee fee_at_most_15_percent": (one("on_wage", 0, 1500), one("on_wage", -1, 1501)),
    "payments_fee levies_within_the_fee": (
        rows("training care floor", (0, 10_000, 0), (4_000, 5_000, 1_000)),
        rows("training care floor", (1, 10_000, 0), (4_000, 5_000, 1_001), (4_000, 5_001, 1_000)),
    ),
    "payments_instrument instrument_kind_is_known": (
        one(
            "kind", "rounding", "currency", "bonus", "time_limit", "acceptance", "allocation", "qualification",
            "region", "client_block", "payout_minimum", "payout_delay", "floor", "rail", "opening", "reopening",
            "checking", "deposit", "support",
        ),
        one("kind", "", "rate", "deduction"),
    ),
    "payments_instrument instruments_are_numbered_from_one": (one("version", 1, 2), one("version", 0, -1)),
    "payments_payback paybacks_are_positive": POSITIVE,
    "payments_payback paybacks_stand_somewhere": (
        one("state", "requested", "sent", "settled", "failed"), one("state", "", "sending"),
    ),
    "payments_move moves_are_positive": POSITIVE,
    "payments_move moves_are_between_two_places": (
        rows("source target", ("main", "paypal"), ("wise", "stripe"), ("mpesa", "main")),
        rows("source target", ("main", "main"), ("main", "hand"), ("", "main")),
    ),
    "payments_move two_officers_move_money": (
        rows("noted_by_id confirmed_by_id", (1, 2), (1, None)), rows("noted_by_id confirmed_by_id", (2, 2)),
    ),
    "payments_payback a_payback_has_one_source": (
        rows("deposit_id card_id", (1, None), (None, 1)), rows("deposit_id card_id", (1, 1), (None, None)),
    ),
    "payments_payout payouts_are_positive": POSITIVE,
    "payments_payout two_officers_pay_out": (
        rows("sent_by_id settled_by_id", (1, 2), (1, None), (None, 2), (None, None)),
        rows("sent_by_id settled_by_id", (2, 2)),
    ),
    "payments_payoutdetails nothing_is_left_of_erased_details": (
        rows("erased_at hint sealed", (None, "…42", "x"), ("2026-05-04", "", "")),
        rows("erased_at hint sealed", ("2026-05-04", "…42", ""), ("2026-05-04", "", "x")),
    ),
    "payments_payrun two_officers_release_a_run": (
        rows("checked_by_id released_by_id", (1, 2), (1, None), (None, None)),
        rows("checked_by_id released_by_id", (2, 2)),
    ),
    "payments_purchase purchases_are_positive": (
        rows("bought paid", (1, 1)), rows("bought paid", (0, 1), (1, 0)),
    ),
    "payments_purchase two_officers_buy_currency": (
        rows("noted_by_id confirmed_by_id", (1, 2), (1, None)), rows("noted_by_id confirmed_by_id", (2, 2)),
    ),
    "payments_depositproof proofs_have_a_source": (
        rows("line_id by_id", (1, None), (None, 1), (1, 1)), rows("line_id by_id", (None, None)),
    ),
    "payments_railanswer answers_have_words": (one("words", "x"), one("words", "", " ")),
    "payments_railevent rails_move_amounts": POSITIVE,
    "payments_railevent rails_say_what_is_known": (
        one("outcome", "settled", "failed", "returned", "deposit", "fee", "partial", "repeated", "unknown"),
        one("outcome", "", "lost"),
    ),
    "payments_rate estimates_are_positive": (one("estimated_seconds", 1), one("estimated_seconds", 0)),
    "payments_rate rates_are_positive": POSITIVE,
    "payments_share shares_are_paid_in_part": (
        rows("capital cash worked", (0, 1, 1), (4, 1, 1), (40, 10, 3)),
        rows("capital cash worked", (-1, 1, 1), (0, 0, 1), (0, 1, 0), (5, 1, 1), (41, 10, 3)),
    ),
    "payments_support nobody_says_why_they_need_care": (
        rows("fund words", ("care", ""), ("education", "Algebra")),
        rows("fund words", ("care", "x"), ("education", ""), ("education", " "), ("training", "")),
    ),
    "payments_supportanswer a_no_says_why": (
        rows("agrees words", (True, ""), (True, "x"), (False, "x")), rows("agrees words", (False, ""), (False, " ")),
    ),
    "payments_topuppart parts_are_positive": POSITIVE,
    "payments_transfer transfers_are_positive": POSITIVE,
    "payments_correction corrections_say_why": (one("words", "x"), one("words", "", " ")),
    "payments_explanation explanations_are_of_services": (
        one("place", "stripe", "paypal", "wise", "mpesa"), one("place", "main", ""),
    ),
    "payments_explanation explanations_have_words": (one("words", "x"), one("words", "", " ")),
    "payments_verdict verdicts_name_a_statement": (one("words", "x"), one("words", "", " ")),
    "tasks_alertwish alerts_are_few": (one("most_a_day", 1, 10), one("most_a_day", 0, 11)),
    "tasks_alertwish alerts_come_in_hours_of_a_day": (
        rows("from_hour until_hour", (0, 24), (23, 24), (8, 9)),
        rows("from_hour until_hour", (8, 8), (0, 25), (24, 24)),
    ),
    "tasks_assignment assignments_expire_later": (
        spans("claimed_at", "expires_at", MICROSECOND, DAY), spans("claimed_at", "expires_at", 0 * DAY, -DAY),
    ),
    "tasks_attempt attempts_say_what_came_back": (
        rows("status problem", (200, ""), (None, "late")), rows("status problem", (200, "late"), (None, "")),
    ),
    "tasks_contentchoice caps_are_positive": (one("minutes", None, 1, 240), one("minutes", 0, -1)),
    "tasks_contentchoice topics_are_known": (
        one("topics", [], ["hate"], ["other", "sexual"]), one("topics", [""], ["war"], ["hate", "war"]),
    ),
    "tasks_difference differences_are_positive": POSITIVE,
    "tasks_finding findings_have_a_reason": (one("reason", "x", " x "), one("reason", "", " ", "\n\t")),
    "tasks_job job_pays": (one("pay", 1), one("pay", 0, -1)),
    "tasks_job overlap_within_bounds": (
        rows("is_onboarding overlap", (False, 1), (False, 25), (True, 1), (True, 30_000)),
        rows("is_onboarding overlap", (False, 0), (False, 26), (True, 0), (True, 30_001)),
    ),
    "tasks_job a_share_is_checked_by_members": (
        rows("check_share review_rule", (100, "peer"), (100, "majority"), (10, "peer"), (99, "peer")),
        rows("check_share review_rule", (9, "peer"), (101, "peer"), (0, "peer"), (99, "majority"), (10, "gold")),
    ),
    "tasks_job silence_accepts_within_7_days": (one("review_days", 1, 7), one("review_days", 0, 8)),
    "tasks_order what_failed_says_why_and_is_not_done": (
        rows("failed_at error task_id", (None, "", None), (None, "", 3), ("2026-05-04", "gone", None)),
        rows(
            "failed_at error task_id",
            (None, "gone", None), ("2026-05-04", "", None), ("2026-05-04", "gone", 3),
        ),
    ),
    "tasks_order tests_order_no_work": (
        rows("test task_id", (False, None), (False, 3), (True, None)), rows("test task_id", (True, 3)),
    ),
    "tasks_paidskip paid_skips_are_paid_something": POSITIVE,
    "tasks_review sending_back_needs_person_reason_and_place": (
        rows(SENT_BACK, ("send_back", 3, "Too dark.", "2"), ("accept", None, "", "")),
        rows(SENT_BACK, ("send_back", None, "x", "2"), ("send_back", 3, "", "2"), ("send_back", 3, "x", "")),
    ),
    "tasks_shortfall shortfalls_fall_short": (
        rows("pay least_pay", (1, 2)), rows("pay least_pay", (2, 2), (3, 2)),
    ),
    "tasks_endpoint endpoints_that_ended_are_not_asked": (
        rows("ended_at next_at", (None, None), ("2026-05-04", None), (None, "2026-05-04")),
        rows("ended_at next_at", ("2026-05-04", "2026-05-05")),
    ),
    "tasks_message messages_end_once": (
        rows("state ended_at", ("waiting", None), ("taken", "2026-05-04"), ("given_up", "2026-05-04")),
        rows("state ended_at", ("waiting", "2026-05-04"), ("taken", None), ("given_up", None), ("lost", "2026-05-04")),
    ),
    "tasks_release finished_releases_have_a_digest": (
        rows("finished_at digest", (None, ""), ("2026-05-04", "0f" * 32)),
        rows("finished_at digest", (None, "0f" * 32), ("2026-05-04", ""), ("2026-05-04", "0F" * 32)),
    ),
    "tasks_releasefile finished_files_of_versions_have_a_digest": (
        rows(
            "finished_at asked_at digest", (None, None, ""), (None, "2026-05-04", ""), (*["2026-05-04"] * 2, "0f" * 32)
        ),
        rows(
            "finished_at asked_at digest",
            (None, "2026-05-04", "0f" * 32), (*["2026-05-04"] * 2, ""), ("2026-05-04", None, "0f" * 32),
        ),
    ),
    "tasks_releasefile files_of_versions_fail_for_a_reason": (
        rows(
            "asked_at finished_at failed_at failure",
            (None, None, None, ""), (*["2026-05-04"] * 2, None, ""), *(("2026-05-04", None, "2026-05-04", why)
            for why in ("room", "disk", "fault")),
        ),
        rows(
            "asked_at finished_at failed_at failure",
            (None, None, "2026-05-04", "room"), (*["2026-05-04"] * 3, "disk"), ("2026-05-04", None, None, "fault"),
            ("2026-05-04", None, "2026-05-04", ""), ("2026-05-04", None, "2026-05-04", "other"),
        ),
    ),
    "tasks_sketch sketches_end_in_one_way": (
        rows("job_id dropped_at", (None, None), (3, None), (None, "2026-05-04")),
        rows("job_id dropped_at", (3, "2026-05-04")),
    ),
    "tasks_task predictions_hold_a_value": (
        rows("prediction gold", (None, None), (None, "{}"), ('{"value": {}}', None)),
        rows("prediction gold", ("{}", None), ('{"model": "x"}', None), ('{"value": {}}', "{}")),
    ),
    "tasks_teammember shares_are_whole_percents": (one("percent", 1, 50, 99), one("percent", 0, 100)),
    "tasks_hiddencontent found_topics_are_known": (one("topic", "hate", "other"), one("topic", "", "war")),
    "tasks_tip tips_are_positive": POSITIVE,
    "tasks_sitting no_more_right_than_answered": (
        rows(
            "correct answered needed drawn ended_at",
            (0, 0, 1, 5, None), (2, 2, 5, 5, None), (5, 5, 5, 5, "2026-01-01"),
        ),
        rows("correct answered needed drawn ended_at", (3, 2, 1, 5, None), (0, 0, 6, 5, None)),
    ),
    "tasks_sitting sittings_end_with_their_last_answer": (
        rows("answered drawn ended_at", (4, 5, None), (5, 5, "2026-01-01")),
        rows("answered drawn ended_at", (4, 5, "2026-01-01"), (5, 5, None)),
    ),
    "tasks_span spans_have_a_length": (
        spans("from_at", "to_at", MICROSECOND), spans("from_at", "to_at", 0 * DAY, -MICROSECOND),
    ),
}  # fmt: skip


@pytest.mark.parametrize("bound", BOUNDS)
def test_a_table_takes_what_fits_and_nothing_beside_it(takes: Takes, bound: str) -> None:
    table, name = bound.split()
    fits, others = BOUNDS[bound]
    assert [facts for facts in fits if not takes(table, name, facts)] == []
    assert [facts for facts in others if takes(table, name, facts)] == []


def test_each_bound_of_money_and_work_is_tried(superuser: psycopg.Connection) -> None:
    known = superuser.execute(
        "SELECT conrelid::regclass || ' ' || conname FROM pg_constraint WHERE contype = 'c' AND conname !~ '_check$'"
        " AND conrelid::regclass::text ~ '^(payments|tasks)_'"
    ).fetchall()
    assert sorted(bound for (bound,) in known) == sorted(BOUNDS)
