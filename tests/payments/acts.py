"""What is drawn in a walk: what is done several times a day, and what takes weeks or a vote."""

from collections.abc import Callable
from decimal import Decimal

from tests.payments.at_work import AtWork
from tests.payments.test_books_property import JOBS

type Acts = dict[str, Callable[[], object]]
# How often an act is drawn beside the others, where not once.
OFTENER = {
    "take a task": 6, "answer": 5, "claim": 3, "accept": 2, "fund": 2, "accept an answer": 3, "take a check": 2,
    "a peer looks": 3, "ask by bank": 2, "reject an answer": 2,
}  # fmt: skip


def often(books: AtWork) -> Acts:
    """Return what is done several times a day, by name."""
    return {**_in_and_out(books), **_on_the_books(books), **_at_work(books)}


def _in_and_out(books: AtWork) -> Acts:
    """Return what money comes in and goes out by."""
    return {
        "pay in": books.pays_in,
        "take a deposit back": books.takes_a_deposit_back,
        "ask money back": books.asks_money_back,
        "send money back": books.ends_what_goes_back,
        "pay by card": books.pays_by_card,
        "settle cards": books.settles_cards,
        "charge a card back": books.charges_a_card_back,
        "win a dispute of a card": books.loses_a_dispute_of_a_card,
        "train": books.is_trained,
        "pay into capital": books.pays_into_capital,
        "ask for care": books.asks_for_care,
        "learn": books.learns,
        "pay a bill": books.pays_a_bill,
        "move money between places": books.moves_money,
        "pay posts": books.pays_posts,
        "ask by bank": books.asks_by_bank,
        "read a statement": books.reads_what_the_bank_did,
    }


def _on_the_books(books: AtWork) -> Acts:
    """Return what work does on the books, without the work."""
    chance = books.chance
    return {
        "fund": lambda: books.fund(chance.choice(JOBS), books.some()),
        "claim": lambda: books.claim(chance.choice(JOBS), chance.randrange(3), books.some(900_000)),
        "give back": lambda: books.give_back(books.one_of(books.open)),
        "accept": lambda: books.accept(books.one_of(books.open), chance.randint(1, 3)),
        "take a check": lambda: books.take_a_check(chance.choice(JOBS), books.who, books.some()),
        "end a check": lambda: books.end_a_check(
            books.one_of(books.checked), chance.random() < 0.5, chance.randint(1, 3)
        ),
        "give to the dispute fund": lambda: books.give_to_the_dispute_fund(books.some()),
        "give to the floor fund": lambda: books.give_to_the_floor_fund(books.some()),
        "find that a week lacks": lambda: books.find_that_a_week_lacks(books.who, books.some(900_000)),
        "pay what weeks lack": lambda: books.pay_what_weeks_lack(chance.randint(1, 3)),
        "reject": lambda: books.reject(books.one_of(books.open), chance.randint(1, 3)),
        "settle": lambda: books.settle(books.one_of(books.disputed), chance.random() < 0.5, chance.randint(1, 3)),
        "pay a look": lambda: books.pay_a_look(books.who, books.some(900_000)),
        "ask": lambda: books.ask(chance.randrange(3), Decimal(chance.randint(1, 500)) / 100),
        "pay out": lambda: books.pay_out(chance.random() < 0.5),
        "refund": lambda: books.refund(chance.choice(JOBS)),
        "buy money": lambda: books.buy(chance.randint(1, 400), chance.randint(10_000, 20_000)),
        "take other money": lambda: books.take(books.who, chance.randint(100, 900)),
        "end an exchange": lambda: books.end_one(chance.random() < 0.5),
    }


def _at_work(books: AtWork) -> Acts:
    """Return what is done at real jobs."""
    return {
        "let days pass": books.lets_days_pass,
        "open a job": books.opens_a_job,
        "close a job": books.closes_a_job,
        "take a task": books.takes_a_task,
        "answer": books.answers,
        "leave a task": books.leaves_a_task,
        "check an answer": books.takes_a_real_check,
        "accept an answer": books.accepts_an_answer,
        "send an answer back": books.sends_an_answer_back,
        "reject an answer": books.rejects_an_answer,
        "a peer looks": books.a_peer_looks,
        "tip": books.gives_a_tip,
        "time runs out": books.time_runs_out,
    }


def seldom(books: AtWork) -> Acts:
    """Return what takes weeks, an officer, a panel or a vote."""
    return {
        "pause": lambda: books.pause_for_a_while(books.who, books.chance.randint(1, 12)),
        "a panel finds a pause unfounded": lambda: books.find_a_pause_unfounded(books.who),
        "a panel reinstates": lambda: books.reinstate(books.who),
        "a quarter ends": books.ends_a_quarter,
        "divide a surplus": books.divides_a_surplus,
        "vote a budget": books.votes_a_budget,
        "vote a raise": books.votes_a_raise,
        "leave": books.leave,
        "a job shows what it did not name": books.a_job_shows_what_it_did_not_name,
    }
