"""Participation: which of its registers a state lets the service search."""
