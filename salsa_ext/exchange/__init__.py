"""Signed envelopes between states: outbox, inbox, order, handlers."""
