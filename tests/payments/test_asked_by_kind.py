"""How guards over transfers are asked (decision 0095): of their own kinds only, and of every kind they speak of."""

import re

import psycopg

# Asked of every statement: they look at all its transfers together, or at balances after they have moved.
OF_ALL = {
    "raises_move_as_voted",
    "transfers_move_balances",
    "unclaimed_money_stays_with_an_open_job",
    "wage_is_what_was_promised",
    "what_is_owed_is_repaid_first",
}
# It refuses nothing: of money that went back the tally of a job is told, whatever it was (decision 0134).
TELLS = "refunds_are_counted_anew"
AFTER_INSERT = """
SELECT t.tgname, p.prosrc, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgrelid = 'payments_transfer'::regclass AND NOT t.tgisinternal AND t.tgenabled = 'A'
AND (t.tgtype & 4) = 4 AND ((t.tgtype & 1) = 1) = %s
"""
SPEAKS_OF = re.compile(r"\bp\.kind (?:= (\d+)|IN \(([\d, ]+)\)|BETWEEN (\d+) AND (\d+))")
ASKED_OF = re.compile(r"WHEN \(\(+new\.kind = (?:ANY \(ARRAY\[([\d, ]+)\]\)|(\d+))")
HOW = "ask a guard that looks at each transfer by itself by guards.OfKinds (decision 0095)"


def kinds(source: str) -> set[int]:
    """Return the kinds of posting that a guard's question names."""
    found = set[int]()
    for one, several, first, last in SPEAKS_OF.findall(source):
        found |= {int(kind) for kind in (several or one).split(",") if kind}
        found |= set(range(int(first), int(last) + 1)) if first else set()
    return found


def test_a_posting_is_asked_only_what_concerns_it(superuser: psycopg.Connection) -> None:
    of_all = {name for name, *_ in superuser.execute(AFTER_INSERT, [False]).fetchall()}
    assert of_all == OF_ALL, HOW


def test_a_guard_is_asked_of_every_kind_it_speaks_of(superuser: psycopg.Connection) -> None:
    guards = superuser.execute(AFTER_INSERT, [True]).fetchall()
    assert len(guards) >= 13
    for name, source, trigger in guards:
        if name == TELLS:
            continue
        when = ASKED_OF.search(trigger)
        assert when, (name, trigger)
        several, one = when.groups()
        assert {int(kind) for kind in (several or one).split(",")} == kinds(source), name


def test_the_two_accounts_of_a_transfer_are_written_in_the_order_of_their_ids(superuser: psycopg.Connection) -> None:
    # As all others are, so that no two postings wait for each other: the function's settings leave its index alone.
    found = superuser.execute(
        "SELECT prosrc, proconfig FROM pg_proc WHERE proname = 'guard_transfers_move_balances'"
    ).fetchone()
    assert found
    source, settings = found
    [both] = re.findall(r"UPDATE [^;]*ANY \(ARRAY[^;]*", source)
    both = both.replace("out_of", "2").replace("into_it", "1").replace("alone", "5")
    with superuser.transaction(force_rollback=True):
        for setting in settings:
            superuser.execute(f"SET LOCAL {setting}".encode())
        plan = [line for (line,) in superuser.execute(f"EXPLAIN (COSTS OFF) {both}".encode()).fetchall()]
    assert plan[1].strip() == "->  Index Scan using payments_account_pkey on payments_account a"
