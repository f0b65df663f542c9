"""The chart of accounts: what each account is called and what its balance means.

Balances are credits minus debits: what we owe stands positive, what we hold at the bank negative. The database knows
the same chart (`payments_chart()`), opens no other account and keeps each within its bounds.
"""

BANK = "bank:main"
"""Money we hold at the bank; never above zero, as it is an asset."""
STRIPE = "bank:stripe"
"""Money we hold at the card service; above zero where payers' banks took back more than lay there."""
CLEARING_OUT = "clearing:out"
"""Payouts asked for or sent, of which nobody has said yet that they arrived."""
CLEARING_IN = "clearing:in"
"""Paid by card and not settled yet: what the processor owes us; never above zero, as it is an asset."""
RAIL_FEES = "coop:expense:banks"
"""What banks and services took for sending money; the cooperative bears it."""
FEE = "coop:fee"
"""Fee income."""
TRAINING = "fund:training"
"""Pays for onboarding; fed by grants and by its share of the fee."""
HEARING = "fund:hearing"
"""Pays panels, and members for the time they are paused; fed by grants."""
DISPUTE = "fund:dispute"
"""Advances the pay of answers a client contests, and pays who looks at them; fed by grants and by settlements."""
FLOOR = "fund:floor"
"""Pays what a week lacked to the floor and no job's deposit pays; fed by grants and by its share of the fee."""
CARE = "fund:care"
"""Pays for help after disturbing content, by rule; fed by its share of the fee."""
RESERVE = "reserve:collective"
"""The indivisible reserve: what the members voted into it from surpluses, nobody's own."""
EDUCATION = "fund:education"
"""Pays what members learn, once two officers agree; from voted shares of surpluses."""


def place(name: str) -> str:
    """Return the code of the money that lies at a place (`models.Place`), as `bank:paypal`; an asset as the bank's."""
    return f"bank:{name}"


def fund(name: str) -> str:
    """Return the code of a fund, as `fund:training`."""
    return f"fund:{name}"


def client(client_id: int) -> str:
    """Return the code of a client's prepaid balance, refundable."""
    return f"client:{client_id}:available"


def held(client_id: int) -> str:
    """Return the code of what a client has paid by card and is not settled: theirs, and it funds nothing yet."""
    return f"client:{client_id}:held"


def receivable(client_id: int) -> str:
    """Return the code of what a client owes: taken back by a payer's bank after it was spent. Never above zero."""
    return f"client:{client_id}:receivable"


def escrow(job_id: int) -> str:
    """Return the code of a job's money that is funded, not claimed, and refundable."""
    return f"job:{job_id}:escrow"


def deposit(job_id: int) -> str:
    """Return the code of a job's deposit for the hourly floor: it pays what weeks at the job lack, the rest returns."""
    return f"job:{job_id}:floor"


def commitment(job_id: int, person_id: int) -> str:
    """Return the code of the money locked behind a member's claims in a job; the client cannot have it back."""
    return f"job:{job_id}:commit:{person_id}"


def payable(person_id: int) -> str:
    """Return the code of the wages a member has earned and may take out."""
    return f"member:{person_id}:payable"


def capital(person_id: int) -> str:
    """Return the code of a member's capital: their part of surpluses that was kept, paid out when they leave."""
    return f"member:{person_id}:capital"


def expense(purpose: str) -> str:
    """Return the code of what the house spent on a purpose since the last close, as `coop:expense:hosting`."""
    return f"coop:expense:{purpose}"


def fx(currency: str) -> str:
    """Return the code of what exchange brought into or took out of a currency, as `fx:KES`; it may be below zero."""
    return f"fx:{currency}"


def for_raise(number: int) -> str:
    """Return the code of what the reserve set aside for a raise, as `raise:3`; nothing once its quarter is paid."""
    return f"raise:{number}"


def surplus(period: str) -> str:
    """Return the code of what a quarter left over, as `surplus:2026-Q4`; nothing once it is divided."""
    return f"surplus:{period}"
