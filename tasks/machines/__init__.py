"""A machine's first guess and the order it proposes: of tasks alone, never of people.

What it guesses is shown as its own, what it orders is which task comes next. Pay, terms and who may work ignore it.
"""
