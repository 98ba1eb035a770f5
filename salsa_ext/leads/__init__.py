"""Leads: patterns over many seized guns, such as one dealer or a short time to crime."""
