"""Matches of records that may be of one gun: search, proposal, decision, notices."""
