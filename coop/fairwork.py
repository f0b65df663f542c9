"""The ten points of Fairwork for cloudwork: what holds here, what keeps it, what tests it, and what is not met yet.

The points are told in our own words after Fairwork's principles (https://fair.work/en/fw/principles/); nobody from
Fairwork has rated this cooperative. Guards are named as in `docs/promises.md`, tests as pytest names
them; a test compares.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.functional import Promise as Words
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Point:
    """One point: its number, what it asks, what holds here, the guards behind it, their attacks, what is missing."""

    number: str
    asks: Words
    holds: Words
    guards: Sequence[str]
    tests: Sequence[str]
    missing: Words

    @property
    def attacks(self) -> list[tuple[str, str]]:
        """Return each test with the name of its function, by which the site shows its lines."""
        return [(test, test.partition("::")[2]) for test in self.tests]


@dataclass(frozen=True, slots=True)
class Principle:
    """One of the five principles, with its two points."""

    title: Words
    points: tuple[Point, Point]


PAY = Principle(
    _("Fair pay"),
    (
        Point(
            "1.1",
            _("Workers are paid in time, for all work they complete."),
            _(
                "A job opens only with its money set aside. Accepted work is paid in the same moment, what nobody"
                " checks is accepted by itself, and a payout goes by two officers. What a client rejects a fund pays at"
                " once; two members who see neither side say who bears it, and are paid for looking. Checking what"
                " others handed in pays a voted share of the answer."
            ),
            (
                "job_opens_with_money",
                "money_follows_the_work",
                "wage_is_what_was_promised",
                "transfers_move_balances",
                "rejections_stay_few",
                "looks_are_paid",
                "checks_are_paid",
                "payouts_go_by_two_officers",
            ),
            (
                "tests/tasks/test_promises.py::test_a_job_opens_without_tasks_without_money_or_below_the_rate",
                "tests/tasks/test_promises.py::test_work_that_ends_without_its_money",
                "tests/tasks/test_promises.py::test_a_wage_paid_twice_too_high_or_as_onboarding",
                "tests/payments/test_attacks.py::test_the_books_are_not_switched_off",
                "tests/tasks/test_reviews.py::test_wage_and_fee_move_in_one_journal_to_the_last_unit",
                "tests/tasks/test_dispute_promises.py::test_a_rejection_that_holds_the_pay_back",
                "tests/tasks/test_dispute_promises.py::test_many_answers_rejected_at_once",
                "tests/tasks/test_dispute_promises.py::test_a_finding_without_words_or_without_its_pay",
                "tests/tasks/test_checks.py::test_a_review_without_its_pay",
                "tests/payments/test_attacks.py::test_a_payout_is_sent_by_an_officer_who_handles_money",
            ),
            _(
                "An answer that was sent back and is not done again is not paid, and neither is a part of an answer."
                " Earnings are in US dollars. A bank, or an officer by hand, pays them out from the founding on;"
                " PayPal, M-Pesa, Stripe and Wise do only once members vote them open."
            ),
        ),
        Point(
            "1.2",
            _("Workers earn at least the minimum wage of where they live."),
            _(
                "Rates are voted by members for an estimated time, and what a change would do is computed first. No"
                " vote, job or task goes below the floor that members voted for a region, and whose week paid less"
                " than that for an hour is paid what lacks."
            ),
            (
                "rate_is_what_the_vote_said",
                "no_vote_goes_below_the_floor",
                "nobody_works_below_the_floor_at_a_job",
                "job_pay_never_falls",
                "top_ups_are_what_lacks",
            ),
            (
                "tests/payments/test_policies.py::test_a_rate_that_differs_from_its_vote_is_refused",
                "tests/payments/test_floors.py::test_no_vote_is_put_that_goes_below_the_floor",
                "tests/tasks/test_shortfalls.py::test_a_job_below_the_floor_is_paused_with_the_reason",
                "tests/tasks/test_promises.py::test_pay_of_an_open_job_falls",
                "tests/tasks/test_guarantee.py::test_a_top_up_by_hand_or_of_another_sum",
            ),
            _(
                "A floor is zero until members vote one. No minimum wages are kept here to compare it with, and what it"
                " costs to work at home is not counted."
            ),
        ),
    ),
)
CONDITIONS = Principle(
    _("Fair conditions"),
    (
        Point(
            "2.1",
            _("Insecure work and overwork are made less."),
            _(
                "Onboarding and tests of skills are paid. Whoever gets no work for 14 days while others do has a case"
                " opened for them. A client cannot reopen comparable work for less."
            ),
            (
                "job_reopens_no_lower",
                "work_is_for_people_in_good_standing",
                "entitlement_is_what_the_facts_say",
            ),
            (
                "tests/tasks/test_comparable.py::test_closed_and_reopened_lower_is_refused_whatever_it_is_called",
                "tests/tasks/test_promises.py::test_work_while_paused",
                "tests/payments/test_entitlements.py::test_amount_and_kind_are_bounded",
                "tests/tasks/test_watch.py::test_no_offer_for_14_days_while_others_work_opens_one_case_without_signing_in",
                "tests/tasks/test_onboarding.py::test_each_question_is_paid_at_once_right_or_wrong",
                "tests/tasks/test_skills.py::test_each_answer_of_a_test_is_paid_right_or_wrong",
            ),
            _(
                "Nobody is promised an amount of work. There is no sick pay and no holiday, nothing warns of too many"
                " hours a day, and time spent looking for work is not paid."
            ),
        ),
        Point(
            "2.2",
            _("Risks to health and safety are made less, those to private data among them."),
            _(
                "The card says before the work what may upset, by topic and how often. Members get it only if they"
                " chose the topic, covered first, for a voted number of minutes a day, with paid rests. They report"
                " content from within a task; a report stays as it was written. A fund pays for help of one's own"
                " choice, at once and without asking why. Who may see a field is declared for every field."
            ),
            (
                "card_is_named_by_its_words",
                "tasks_report_is_append_only",
                "care_is_paid_at_once",
                "upsetting_work_is_chosen",
            ),
            (
                "tests/tasks/test_promises.py::test_a_card_with_another_name",
                "tests/tasks/test_promises.py::test_what_was_written_stays",
                "tests/tasks/test_content.py::test_a_claim_past_the_page_without_the_choice",
                "tests/payments/test_support.py::test_care_is_not_written_down_without_the_money",
                "tests/test_privacy.py::test_every_field_says_who_may_see_it",
            ),
            _(
                "Nobody arranges counselling. What may upset is the client's own word until two members report"
                " more and an officer finds it so. Nobody from outside has examined how private data is kept."
            ),
        ),
    ),
)
CONTRACTS = Principle(
    _("Fair contracts"),
    (
        Point(
            "3.1",
            _("Terms are clear and can be read by those they bind."),
            _(
                "Each task has a card with its terms, kept as it was shown. A rule is public for 15 days before it"
                " applies, and nobody is charged by one that came later."
            ),
            (
                "card_is_named_by_its_words",
                "rule_is_what_the_vote_said",
                "rule_was_public_before_the_facts",
            ),
            (
                "tests/tasks/test_promises.py::test_a_card_with_another_name",
                "tests/governance/test_rules.py::test_a_rule_is_not_written_by_hand",
                "tests/governance/test_cases.py::test_a_rule_published_later_carries_no_charge",
            ),
            _(
                "Pages are translated into Spanish only, and what members and clients write is not. There is no"
                " contract in one document that names the law it stands under."
            ),
        ),
        Point(
            "3.2",
            _("The contract fits how the work is really done, and puts no unfair terms on workers."),
            _("The terms of a task stand from the moment it is taken; those of an open job do not get worse."),
            (
                "assignment_terms_are_frozen",
                "job_terms_are_frozen",
                "job_pay_never_falls",
            ),
            (
                "tests/tasks/test_promises.py::test_even_the_owner_cannot_change_the_terms",
                "tests/tasks/test_promises.py::test_what_an_open_job_asks_changes",
                "tests/tasks/test_promises.py::test_pay_of_an_open_job_falls",
            ),
            _(
                "No lawyer has looked at whether members are employed or work for themselves, or at who is liable."
                " The cooperative pays no social insurance."
            ),
        ),
    ),
)
MANAGEMENT = Principle(
    _("Fair management"),
    (
        Point(
            "4.1",
            _("Decisions about a worker have due process."),
            _(
                "Nobody is restricted without a charge, a hearing, five members by lot and reasons; nine others hear an"
                " appeal. A pause needs two officers and ends by itself."
            ),
            (
                "restriction_follows_a_decision",
                "decision_is_the_panels",
                "appeal_is_the_members_for_90_days",
                "pause_needs_two_officers",
            ),
            (
                "tests/governance/test_decisions.py::test_only_a_decision_restricts_anybody",
                "tests/governance/test_decisions.py::test_nothing_is_decided_without_enough_votes",
                "tests/governance/test_appeals.py::test_the_member_alone_appeals_once_and_for_90_days",
                "tests/governance/test_pauses.py::test_one_officer_is_not_enough",
            ),
            _(
                "Whoever takes over the site can vote as a panel's members; they find it, nobody prevents it. There is"
                " no mediator from outside."
            ),
        ),
        Point(
            "4.2",
            _("Workers are treated alike, and nobody is put at a disadvantage."),
            _(
                "Panels are drawn by a lot that anybody in the case can compute again. Neither country, address nor"
                " device shuts anybody out; officers are elected, and nobody holds two posts that check each other."
            ),
            (
                "lot_follows_from_its_parts",
                "seat_goes_to_whoever_was_drawn",
                "office_keeps_to_its_post",
            ),
            (
                "tests/governance/test_panels.py::test_nobody_opens_before_all_are_sealed_nor_out_of_turn",
                "tests/governance/test_panels.py::test_nobody_is_seated_but_by_the_lot",
                "tests/governance/test_offices.py::test_an_office_keeps_to_its_post",
                "tests/governance/test_void_rule.py::test_no_address_country_or_device_is_shut_out",
            ),
            _(
                "There is no written policy against discrimination, and nobody measures whether groups of members get"
                " less work or more returns. Pages are checked for access by a program, not by people who need it."
            ),
        ),
    ),
)
REPRESENTATION = Principle(
    _("Fair representation"),
    (
        Point(
            "5.1",
            _("Workers can be represented, and can join together and speak freely."),
            _(
                "Members talk in an assembly that clients do not read and officers cannot edit. Only a panel's decision"
                " that stands mutes anybody."
            ),
            (
                "mute_is_a_decision_that_stands",
                "message_is_written_by_a_member",
            ),
            (
                "tests/governance/test_assembly.py::test_a_panels_decision_mutes_in_its_time_and_no_longer",
                "tests/governance/test_assembly.py::test_nobody_corrects_for_another_an_officer_neither",
                "tests/governance/test_assembly.py::test_nobody_edits_or_deletes_what_was_said",
            ),
            _(
                "There is no agreement with a trade union. Whoever runs the site can read the assembly."
                " Whoever wants to speak without a name cannot."
            ),
        ),
        Point(
            "5.2",
            _("Workers decide together, or bargain together."),
            _(
                "Members own the cooperative. Pay and access change only by a mandate of a vote, one member one vote,"
                " and anybody can count the vote again."
            ),
            (
                "mandate_needs_a_passed_vote",
                "tally_is_what_the_ballots_say",
                "ballot_is_cast_by_an_elector",
            ),
            (
                "tests/governance/test_mandates.py::test_a_mandate_is_not_invented",
                "tests/governance/test_voting.py::test_a_count_that_the_ballots_do_not_say_is_refused",
                "tests/governance/test_voting.py::test_nobody_votes_who_is_not_on_the_roll",
            ),
            _(
                "Ballots are not signed on the member's own device: whoever takes over the site can vote for somebody"
                " who has not. No agreement binds clients beyond what this site makes them do."
            ),
        ),
    ),
)
PRINCIPLES = (PAY, CONDITIONS, CONTRACTS, MANAGEMENT, REPRESENTATION)


def source(name: str) -> str | None:
    """Return the lines of a test behind a point, by the name of its function; None for any other name."""
    known = [test for principle in PRINCIPLES for point in principle.points for test in point.tests]
    path = next((test.partition("::")[0] for test in known if test.endswith(f"::{name}")), None)
    if path is None or not (file := Path(settings.BASE_DIR) / path).exists():
        return None
    words = file.read_text(encoding="utf-8")
    (found,) = (one for one in ast.parse(words).body if isinstance(one, ast.FunctionDef) and one.name == name)
    first = min([found.lineno, *(one.lineno for one in found.decorator_list)])
    return "\n".join(words.splitlines()[first - 1 : found.end_lineno])
