"""Telling a client's programs what happened: addresses, messages made from the record, and sending them.

The record is the outbox: each act writes its event in its own transaction, and what is sealed is turned into messages
in the order in which it happened (decision 0113). So no act waits for a client's machine, and none is forgotten.
"""
