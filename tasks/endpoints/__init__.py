"""A job's own model behind an address: an ML backend as Label Studio speaks to it, asked for predictions.

It says something first and decides nothing; a server that is gone, slow or hostile stops nobody's work.
"""
