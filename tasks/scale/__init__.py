"""The interface that programs written for Scale AI speak (`/v1`, `/v2`), over jobs as everybody else's.

A test key tries things out: its orders are answered at once by made-up answers, no job is drafted and no money moves.
The words here are English, as that interface's are: programs read them.
"""
