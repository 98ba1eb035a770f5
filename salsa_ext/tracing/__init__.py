"""Traces across states: the asking side, the requests of the answering side, chains."""
