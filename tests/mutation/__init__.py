"""Every guard and threshold is weakened in turn, and a test must fail: `python -m tests.mutation`."""
