"""How guards over transfers are asked (decision 0095): of their own kinds only, and of every kind they speak of."""

import re

import psycopg

# Asked of every statement: they look at all its transfers together, or at balances after they have moved.
OF_ALL = {"transfers_move_balances", "wage_is_what_was_promised"}
# Likewise, of statements that post what is seldom posted (decision 0241).
OF_SELDOM = {
    "raises_move_as_voted",
    "unclaimed_money_stays_with_an_open_job",
    "what_is_owed_is_repaid_first",
    "what_stripe_pays_lies_there",
}
# A claim is posted every day, the reading of a guide with it.
EVERY_DAYS_OWN = {"readings_are_paid_as_published"}
# It refuses nothing: of money that went back the tally of a job is told, whatever it was (decision 0134).
TELLS = "refunds_are_counted_anew"
ASKED = """
SELECT t.tgname, p.prosrc, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
WHERE t.tgrelid = %s::regclass AND NOT t.tgisinternal AND t.tgenabled = 'A'
AND ((t.tgtype & 4) = 4 OR t.tgrelid = 'payments_seldom'::regclass) AND ((t.tgtype & 1) = 1) = %s
"""
BOOKS = "SELECT prosrc FROM pg_proc WHERE proname = 'guard_transfers_move_balances'"
LAID = re.compile(
    r"NOT kinds <@ ARRAY\[([\d, ]+)\] THEN\s+PERFORM [^;]+;\s+"
    r"INSERT INTO public.payments_seldom SELECT \* FROM posted p WHERE p.kind NOT IN \(([\d, ]+)\);"
)
# What functions of the database post themselves: how often, and of which kinds.
POSTS = r"SELECT proname, prosrc FROM pg_proc WHERE prosrc ~* '\minsert\s+into\s+(public\.)?payments_transfer\M'"
POSTED = re.compile(r"\binsert\s+into\s+(?:public\.)?payments_transfer\b", re.IGNORECASE)
OF_ITS_OWN = re.compile(
    r"INSERT INTO public\.payments_transfer\s+\(key, journal, kind, [\w, ]+\)\s+SELECT [^,]+, [^,]+, (\d+),"
)
SPEAKS_OF = re.compile(r"\bp\.kind (?:= (\d+)|IN \(([\d, ]+)\)|BETWEEN (\d+) AND (\d+))")
ASKED_OF = re.compile(r"WHEN \(\(+new\.kind = (?:ANY \(ARRAY\[([\d, ]+)\]\)|(\d+))")
HOW = "ask a guard that looks at each transfer by guards.OfKinds on payments_seldom (decisions 0095, 0241)"


def kinds(source: str) -> set[int]:
    """Return the kinds of posting that a guard's question names."""
    found = set[int]()
    for one, several, first, last in SPEAKS_OF.findall(source):
        found |= {int(kind) for kind in (several or one).split(",") if kind}
        found |= set(range(int(first), int(last) + 1)) if first else set()
    return found


def asked(superuser: psycopg.Connection, table: str, *, each: bool) -> dict[str, tuple[str, str]]:
    """Return the guards that a table's statements, or each of their rows, are asked: what they ask, and when."""
    found = superuser.execute(ASKED, [table, each]).fetchall()
    return {name: (source, trigger) for name, source, trigger in found}


def of_kinds(trigger: str) -> set[int]:
    """Return the kinds of posting that a trigger's condition names."""
    when = ASKED_OF.search(trigger)
    assert when, trigger
    several, one = when.groups()
    return {int(kind) for kind in (several or one).split(",")}


def every_day(superuser: psycopg.Connection) -> set[int]:
    """Return the kinds of posting that the books do not lay where the guards of what is seldom posted stand."""
    [laid] = LAID.findall(superuser.execute(BOOKS).fetchone()[0])  # type: ignore[index]  # it stands
    [found] = {frozenset(map(int, one.split(","))) for one in laid}
    return set(found)


def test_a_posting_is_asked_only_what_concerns_it(superuser: psycopg.Connection) -> None:
    assert asked(superuser, "payments_transfer", each=False).keys() == OF_ALL, HOW
    assert asked(superuser, "payments_transfer", each=True).keys() == EVERY_DAYS_OWN, HOW
    assert asked(superuser, "payments_seldom", each=False).keys() == OF_SELDOM, HOW


def test_a_guard_is_asked_of_every_kind_it_speaks_of(superuser: psycopg.Connection) -> None:
    guards = asked(superuser, "payments_seldom", each=True)
    assert len(guards) >= 13
    for name, (source, trigger) in (guards | asked(superuser, "payments_transfer", each=True)).items():
        assert name == TELLS or of_kinds(trigger) == kinds(source), name


def test_what_is_posted_every_day_has_no_guard_where_it_is_never_laid(superuser: psycopg.Connection) -> None:
    daily = every_day(superuser)
    for name, (_source, trigger) in asked(superuser, "payments_seldom", each=True).items():
        assert not of_kinds(trigger) & daily, name
    for name, (source, _trigger) in asked(superuser, "payments_seldom", each=False).items():
        assert kinds(source), name
        assert not kinds(source) & daily, name


def test_what_the_database_posts_itself_is_of_every_day(superuser: psycopg.Connection) -> None:
    # The books take away all that lies there. A guard that posts what is seldom posted would take away the transfers it
    # is asked of, before other guards have seen them (decision 0241).
    found = superuser.execute(POSTS).fetchall()
    posted = {name: {int(kind) for kind in OF_ITS_OWN.findall(source)} for name, source in found}
    assert posted == {"payments_repay": {35}, "tasks_join": {2}}
    assert {name: len(POSTED.findall(source)) for name, source in found} == dict.fromkeys(posted, 1)
    assert set().union(*posted.values()) <= every_day(superuser)


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
