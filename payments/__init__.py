"""The money: work types, rates, ledger, escrow, payouts. Knows governance below it, nothing of the work above."""
